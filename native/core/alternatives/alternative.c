/* SPDX-License-Identifier: MIT
 *
 * The reusable alternative. It waits by a record of its own, not by its thread's: so a watch that stays with its channel can
 * be claimed exactly while a select of this very alternative is under way, and at no other time. */
#include "alternatives/alternative.h"

#include <stdlib.h>

#include "channels/channel.h"
#include "channels/registration.h"
#include "holding/holder.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "sync/locks.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

/* ---- making and changing -------------------------------------------------------------------------------------- */

csp_alternative *csp_alternative_new(csp_holder *holder) {
    csp_alternative *alternative = aligned_alloc(alignof(csp_wait_statistics), sizeof *alternative);
    csp_waiter *waiter = csp__self() != NULL ? csp__waiter_new(csp__wake_thread) : NULL;
    if (alternative == NULL || waiter == NULL) {
        free(alternative);
        if (waiter != NULL) {
            csp__waiter_recycle(waiter);
        }
        return NULL;
    }
    *alternative = (csp_alternative){.waiter = waiter, .holder = holder != NULL ? csp_holder_retain(holder) : NULL};
    csp__lock_init(&alternative->lock);
    csp__list_init(&alternative->ready);
    csp__list_init(&alternative->timers);
    csp__list_init(&alternative->reentrant);
    csp__wait_statistics_init(&alternative->waits);
    return alternative;
}

/* The first place that is free, which needs no memory, or a new one. NULL when out of memory. */
static watch *new_place(csp_alternative *alternative) {
    for (; alternative->free_from < alternative->count; alternative->free_from++) {
        if (!alternative->places[alternative->free_from]->used) {
            return alternative->places[alternative->free_from];
        }
    }
    if (alternative->count == alternative->room) {
        uint32_t room = alternative->room == 0 ? 8 : alternative->room * 2;
        watch **larger = room <= CSP_GUARDS_MAX * 2 ? realloc(alternative->places, sizeof *larger * room) : NULL;
        if (larger == NULL) {
            return NULL;
        }
        alternative->places = larger;
        alternative->room = room;
    }
    watch *w = calloc(1, sizeof *w);
    if (w != NULL) {
        csp__list_init(&w->of_channel);
        csp__list_init(&w->of_ready);
        csp__list_init(&w->of_asked);
        w->alternative = alternative;
        w->place = alternative->count;
        alternative->places[alternative->count++] = w;
    }
    return w;
}

/* Under the channel's lock: whether something might be received. */
static bool may_be_ready(csp_channel *channel, const csp_end *end) {
    return atomic_load_explicit(&channel->buffered, memory_order_relaxed) > 0 ||
           atomic_load_explicit(&channel->waiting[CSP_SENDING], memory_order_relaxed) > 0 ||
           csp__is_over(channel, CSP_SENDING) || atomic_load_explicit(&end->closed, memory_order_relaxed);
}

static bool is_reentrant(const csp_end *end) { return csp_end_sync(end) == CSP_SYNC_RLOCK; }

csp_status csp_alternative_add(csp_alternative *alternative, csp_end *end, uint32_t *place) {
    csp_sync_kind kind = csp_end_sync(end);
    /* A notification is for who waits in the queue, and nobody acquires the other two: a watch would never be told. */
    bool unwatchable = kind == CSP_SYNC_CONDITION || kind == CSP_SYNC_BARRIER || kind == CSP_SYNC_COUNTER;
    if (end->direction != CSP_RECEIVING || unwatchable || alternative->used >= CSP_GUARDS_MAX) {
        return CSP_INVALID;
    }
    watch *w = new_place(alternative);
    if (w == NULL) {
        return CSP_NO_MEMORY;
    }
    csp_channel *channel = end->channel;
    csp__end_retain(end);
    csp__lock(&channel->lock);
    w->end = end;
    w->used = w->on = true;
    w->set_aside = false;
    alternative->used++;
    if (is_reentrant(end)) {
        csp__list_append(&alternative->reentrant, &w->of_asked);
    }
    csp__list_append(&channel->watchers, &w->of_channel);
    atomic_fetch_add_explicit(&channel->watched, 1, memory_order_relaxed);
    w->listed = may_be_ready(channel, end);
    if (w->listed) {
        csp__watch_list(w);
    }
    csp__unlock(&channel->lock);
    *place = w->place;
    return CSP_OK;
}

csp_status csp_alternative_add_timer(csp_alternative *alternative, uint32_t *place) {
    if (alternative->used >= CSP_GUARDS_MAX) {
        return CSP_INVALID;
    }
    watch *w = new_place(alternative);
    if (w == NULL) {
        return CSP_NO_MEMORY;
    }
    w->end = NULL;
    w->used = w->on = true;
    w->listed = w->set_aside = false;
    w->deadline = CSP_FOREVER;
    alternative->used++;
    csp__list_append(&alternative->timers, &w->of_asked);
    *place = w->place;
    return CSP_OK;
}

void csp_alternative_remove(csp_alternative *alternative, uint32_t place) {
    watch *w = alternative->places[place];
    csp_end *end = w->end;
    if (end != NULL) {
        csp__lock(&end->channel->lock);
        csp__list_remove(&w->of_channel);
        atomic_fetch_sub_explicit(&end->channel->watched, 1, memory_order_relaxed);
    }
    csp__list_remove(&w->of_asked);
    csp__lock(&alternative->lock);
    csp__list_remove(&w->of_ready);
    csp__unlock(&alternative->lock);
    w->used = false;
    w->end = NULL;
    alternative->used--;
    if (place < alternative->free_from) {
        alternative->free_from = place;
    }
    if (end != NULL) {
        csp__unlock(&end->channel->lock);
        csp__end_release(end);
    }
}

void csp_alternative_enable(csp_alternative *alternative, uint32_t place, bool on) {
    watch *w = alternative->places[place];
    if (w->on == on) {
        return;
    }
    if (w->end != NULL) {
        csp__lock(&w->end->channel->lock);
        w->on = on;
        csp__unlock(&w->end->channel->lock);
    } else {
        w->on = on;
    }
    if (on && w->set_aside) {
        w->set_aside = false;
        csp__watch_list(w);
    }
}

void csp_alternative_set_timer(csp_alternative *alternative, uint32_t place, int64_t deadline) {
    alternative->places[place]->deadline = deadline;
}

void csp_alternative_free(csp_alternative *alternative) {
    for (uint32_t i = 0; i < alternative->count; i++) {
        if (alternative->places[i]->used) {
            csp_alternative_remove(alternative, i);
        }
    }
    for (uint32_t i = 0; i < alternative->count; i++) {
        free(alternative->places[i]);
    }
    csp__waiter_recycle(alternative->waiter);
    csp_holder_release(alternative->holder);
    free(alternative->places);
    free(alternative);
}

/* ---- selecting ------------------------------------------------------------------------------------------------ */

typedef struct {
    csp_alternative *alternative;
    csp_waiter *self;
    csp_message *message;
    int64_t next_timer;
    watch *chosen;
    csp_status status; /* of the chosen one */
} selection;

/* Timers that are due join the list like a channel that became ready, and so have their turn. Gives the next deadline. */
static int64_t list_due_timers(csp_alternative *alternative) {
    int64_t next = CSP_FOREVER, now = csp__list_empty(&alternative->timers) ? 0 : csp_now();
    for (csp_node *n = alternative->timers.next; n != &alternative->timers; n = n->next) {
        watch *w = CSP_CONTAINER(n, watch, of_asked);
        if (w->on && !w->listed) {
            if (w->deadline <= now) {
                w->listed = true;
                csp__watch_list(w);
            } else if (w->deadline < next) {
                next = w->deadline;
            }
        }
    }
    return next;
}

/* A recursive lock is ready to nobody but the thread that has it, so no channel could have listed it. While that thread
 * waits here it can neither get the lock nor give it up: one look per select is enough. */
static void list_own_locks(csp_alternative *alternative, const csp_waiter *self) {
    for (csp_node *n = alternative->reentrant.next; n != &alternative->reentrant; n = n->next) {
        watch *w = CSP_CONTAINER(n, watch, of_asked);
        if (w->on) {
            csp_channel *channel = w->end->channel;
            csp__lock(&channel->lock);
            if (!w->listed && channel->sync->owner != NULL && channel->sync->thread == csp__thread_id(self)) {
                w->listed = true;
                csp__watch_list(w);
            }
            csp__unlock(&channel->lock);
        }
    }
}

/* Carry out what a watch is for, if it is ready; its place in the list goes to the end, or is lost. */
static bool try_watch(selection *s, watch *w, bool first_of_all, csp_wakes *wakes) {
    csp_alternative *alternative = s->alternative;
    if (w->end == NULL) {
        w->listed = false;
        s->status = CSP_OK;
        /* Who is told to stop goes on for no time that is up. */
        bool due = w->deadline <= csp_now() && csp__told(alternative->holder, s->self) == CSP_OK;
        if (!due && w->deadline < s->next_timer) {
            s->next_timer = w->deadline; /* a tick that was listed, and then taken elsewhere */
        }
        return due;
    }
    csp_channel *channel = w->end->channel;
    csp__lock(&channel->lock);
    if (first_of_all) {
        /* One instant: whatever goes before it and became ready meanwhile is on the list by now. */
        csp__lock(&alternative->lock);
        for (csp_node *n = alternative->ready.next; n != &alternative->ready; n = n->next) {
            watch *other = CSP_CONTAINER(n, watch, of_ready);
            if (other->on && other->place < w->place) {
                csp__list_append(&alternative->ready, &w->of_ready);
                csp__unlock(&alternative->lock);
                csp__unlock(&channel->lock);
                return false;
            }
        }
        csp__unlock(&alternative->lock);
    }
    s->status = atomic_load_explicit(&w->end->closed, memory_order_relaxed)
                    ? CSP_CLOSED_END
                    : csp__take(channel, w->end, s->message, s->self, wakes);
    w->listed = s->status != CSP_WOULD_BLOCK && may_be_ready(channel, w->end);
    if (w->listed) {
        csp__watch_list(w);
    }
    csp__unlock(&channel->lock);
    return s->status != CSP_WOULD_BLOCK;
}

/* The watch whose turn it is, taken off the list: the one that is there longest, or the first in order. NULL: none. */
static watch *next_listed(csp_alternative *alternative, bool priority) {
    watch *found = NULL;
    csp__lock(&alternative->lock);
    for (csp_node *n = alternative->ready.next; n != &alternative->ready;) {
        watch *w = CSP_CONTAINER(n, watch, of_ready);
        n = n->next;
        if (!w->on) {
            csp__list_remove(&w->of_ready);
            w->set_aside = true;
        } else if (found == NULL || w->place < found->place) {
            found = w;
            if (!priority) {
                break;
            }
        }
    }
    if (found != NULL) {
        csp__list_remove(&found->of_ready);
    }
    csp__unlock(&alternative->lock);
    return found;
}

static bool look(selection *s, bool priority) {
    csp_wakes wakes = {.count = 0};
    watch *w = NULL;
    s->next_timer = list_due_timers(s->alternative);
    while ((w = next_listed(s->alternative, priority)) != NULL && !try_watch(s, w, priority, &wakes)) {
    }
    csp__wakes_flush(&wakes);
    s->chosen = w;
    return w != NULL;
}

bool csp__alternative_interrupted(csp_alternative *alternative) {
    csp__lock(&alternative->lock);
    bool interrupted = alternative->interrupted;
    alternative->interrupted = false;
    csp__unlock(&alternative->lock);
    return interrupted;
}

void csp__alternative_waits(csp_alternative *alternative, csp_waiter *waiter) {
    bool unused;
    csp__lock(&alternative->lock);
    alternative->selecting = waiter;
    if (waiter != NULL && alternative->interrupted) {
        csp__claim(waiter, CSP_NOTIFIED, &unused);
    }
    csp__unlock(&alternative->lock);
}

void csp_alternative_interrupt(csp_alternative *alternative) {
    csp_waiter *waiters[2] = {alternative->waiter, NULL};
    bool must_wake[2] = {false, false};
    csp__lock(&alternative->lock);
    alternative->interrupted = true;
    waiters[1] = alternative->selecting;
    for (int i = 0; i < 2; i++) {
        if (waiters[i] == NULL || !csp__claim(waiters[i], CSP_NOTIFIED, &must_wake[i])) {
            must_wake[i] = false;
        }
    }
    csp__unlock(&alternative->lock);
    for (int i = 0; i < 2; i++) {
        if (must_wake[i]) {
            waiters[i]->wake(waiters[i]);
        }
    }
}

/* Armed, and nothing listed nor interrupted since the look: then nobody can have missed us. */
static bool may_wait(csp_alternative *alternative) {
    csp__lock(&alternative->lock);
    bool nothing = csp__list_empty(&alternative->ready) && !alternative->interrupted;
    csp__unlock(&alternative->lock);
    bool unused;
    return nothing || !csp__claim(alternative->waiter, CSP_NOTIFIED, &unused);
}

csp_status csp_alternative_select(csp_alternative *alternative, int flags, int64_t deadline, const csp_hooks *hooks,
                                  csp_message *message, uint32_t *place, csp_status *outcome) {
    bool priority = (flags & CSP_SELECT_PRIORITY) != 0;
    selection s = {.alternative = alternative, .self = csp__self(), .message = message};
    csp_waiter *waiter = alternative->waiter;
    message->kind = 0;
    csp_status begins = csp__may_begin(s.self, deadline != CSP_POLL);
    if (begins != CSP_OK) {
        return begins;
    }
    csp__pass_gate(CSP_GATE_SELECT, alternative->holder, 0);
    atomic_store_explicit(&waiter->thread, s.self, memory_order_relaxed);
    list_own_locks(alternative, s.self);
    for (;;) {
        if (csp__alternative_interrupted(alternative)) {
            return CSP_INTERRUPTED;
        }
        if (look(&s, priority)) {
            *place = s.chosen->place;
            *outcome = s.status;
            return CSP_OK;
        }
        if (deadline == CSP_POLL) {
            return csp__nothing_yet(alternative->holder, s.self);
        }
        int64_t until = s.next_timer < deadline ? s.next_timer : deadline;
        csp__arm(waiter, alternative->holder, until);
        uint32_t code = may_wait(alternative) ? csp__wait(waiter, &alternative->waits, until, hooks) : CSP_NOTIFIED;
        if (code >= CSP_WON) {
            watch *w = alternative->places[code - CSP_WON];
            *message = w->slot;
            *place = w->place;
            *outcome = (csp_status)w->outcome;
            return CSP_OK;
        }
        if (code == CSP_STOPPED || code == CSP_SIGNALLED || code == CSP_CALLED_OFF) {
            return csp__unmet(code);
        }
        if (code == CSP_TIMEDOUT && until == deadline && s.next_timer > deadline) {
            return CSP_TIMEOUT;
        }
    }
}

csp_status csp_alternative_select_among(csp_alternative *alternative, csp_guard *guards, uint32_t count, int flags,
                                        int64_t deadline, const csp_hooks *hooks, uint32_t *chosen) {
    if (csp__alternative_interrupted(alternative)) {
        return CSP_INTERRUPTED;
    }
    return csp__select(alternative, guards, count, flags, deadline, hooks, chosen);
}
