/* SPDX-License-Identifier: MIT
 *
 * The reusable alternative. It waits through a waiter of its own, not its thread's. So its registrations can stay with
 * their channels: they can be claimed only while a select of this alternative is under way. */
#include <stdlib.h>

#include "alternatives/select.h"
#include "channels/channel.h"
#include "channels/end.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

static csp_waiter_pool pool;
static const csp_waiter_kind kind = {.wake = csp__wake_thread, .pool = &pool};

/* ---- making and changing -------------------------------------------------------------------------------------- */

csp_alternative *csp_alternative_new(csp_holder *holder) {
    csp_alternative *alternative = aligned_alloc(alignof(csp_wait_statistics), sizeof *alternative);
    csp_waiter *waiter = csp__self() != NULL ? csp__waiter_new(&kind) : NULL;
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
    if (holder != NULL) {
        csp__may_wait_for(holder, waiter);
    }
    return alternative;
}

/* The first free registration, which needs no memory, or a new one. NULL: out of memory. */
static registration *new_registration(csp_alternative *alternative) {
    for (; alternative->free_from < alternative->count; alternative->free_from++) {
        if (!alternative->registrations[alternative->free_from]->used) {
            return alternative->registrations[alternative->free_from];
        }
    }
    if (alternative->count == alternative->room) {
        uint32_t room = alternative->room == 0 ? 8 : alternative->room * 2;
        registration **larger =
            room <= CSP_GUARDS_MAX * 2 ? realloc(alternative->registrations, sizeof *larger * room) : NULL;
        if (larger == NULL) {
            return NULL;
        }
        alternative->registrations = larger;
        alternative->room = room;
    }
    registration *r = calloc(1, sizeof *r);
    if (r != NULL) {
        csp__list_init(&r->of_channel);
        csp__list_init(&r->of_ready);
        csp__list_init(&r->of_asked);
        r->alternative = alternative;
        r->index = alternative->count;
        alternative->registrations[alternative->count++] = r;
    }
    return r;
}

/* Under the channel's lock: whether a receive might succeed. */
static bool may_be_ready(csp_channel *channel, const csp_end *end) {
    return atomic_load_explicit(&channel->buffered, memory_order_relaxed) > 0 ||
           atomic_load_explicit(&channel->waiting[CSP_SENDING], memory_order_relaxed) > 0 ||
           csp__is_over(channel, CSP_SENDING) || atomic_load_explicit(&end->closed, memory_order_relaxed);
}

static bool is_reentrant(const csp_end *end) {
    return end->channel->kind != NULL && end->channel->kind->is_mine != NULL;
}

csp_status csp_alternative_add(csp_alternative *alternative, csp_end *end, uint32_t *index) {
    csp_sync_kind kind = csp_end_sync(end);
    /* A registration would never be told: a condition notifies its queue only, and nobody acquires the other two. */
    bool unregistrable = kind == CSP_SYNC_CONDITION || kind == CSP_SYNC_BARRIER || kind == CSP_SYNC_COUNTER;
    if (end->direction != CSP_RECEIVING || unregistrable || alternative->used >= CSP_GUARDS_MAX) {
        return CSP_INVALID;
    }
    registration *r = new_registration(alternative);
    if (r == NULL) {
        return CSP_NO_MEMORY;
    }
    csp_channel *channel = end->channel;
    csp__end_retain(end);
    csp__lock(&channel->lock);
    r->end = end;
    r->used = r->on = true;
    r->set_aside = false;
    alternative->used++;
    if (is_reentrant(end)) {
        csp__list_append(&alternative->reentrant, &r->of_asked);
    }
    csp__list_append(&channel->registered, &r->of_channel);
    atomic_fetch_add_explicit(&channel->registrations, 1, memory_order_relaxed);
    r->listed = may_be_ready(channel, end);
    if (r->listed) {
        csp__list_registration(r);
    }
    csp__unlock(&channel->lock);
    *index = r->index;
    return CSP_OK;
}

csp_status csp_alternative_add_timer(csp_alternative *alternative, uint32_t *index) {
    if (alternative->used >= CSP_GUARDS_MAX) {
        return CSP_INVALID;
    }
    registration *r = new_registration(alternative);
    if (r == NULL) {
        return CSP_NO_MEMORY;
    }
    r->end = NULL;
    r->used = r->on = true;
    r->listed = r->set_aside = false;
    r->deadline = CSP_FOREVER;
    alternative->used++;
    csp__list_append(&alternative->timers, &r->of_asked);
    *index = r->index;
    return CSP_OK;
}

void csp_alternative_remove(csp_alternative *alternative, uint32_t index) {
    registration *r = alternative->registrations[index];
    csp_end *end = r->end;
    if (end != NULL) {
        csp__lock(&end->channel->lock);
        csp__list_remove(&r->of_channel);
        atomic_fetch_sub_explicit(&end->channel->registrations, 1, memory_order_relaxed);
    }
    csp__list_remove(&r->of_asked);
    csp__lock(&alternative->lock);
    csp__list_remove(&r->of_ready);
    csp__unlock(&alternative->lock);
    r->used = false;
    r->end = NULL;
    alternative->used--;
    if (index < alternative->free_from) {
        alternative->free_from = index;
    }
    if (end != NULL) {
        csp__unlock(&end->channel->lock);
        csp__end_release(end);
    }
}

void csp_alternative_enable(csp_alternative *alternative, uint32_t index, bool on) {
    registration *r = alternative->registrations[index];
    if (r->on == on) {
        return;
    }
    if (r->end != NULL) {
        csp__lock(&r->end->channel->lock);
        r->on = on;
        csp__unlock(&r->end->channel->lock);
    } else {
        r->on = on;
    }
    if (on && r->set_aside) {
        r->set_aside = false;
        csp__list_registration(r);
    }
}

void csp_alternative_set_timer(csp_alternative *alternative, uint32_t index, int64_t deadline) {
    alternative->registrations[index]->deadline = deadline;
}

void csp_alternative_free(csp_alternative *alternative) {
    for (uint32_t i = 0; i < alternative->count; i++) {
        if (alternative->registrations[i]->used) {
            csp_alternative_remove(alternative, i);
        }
    }
    for (uint32_t i = 0; i < alternative->count; i++) {
        free(alternative->registrations[i]);
    }
    if (alternative->holder != NULL) {
        csp__waits_no_more(alternative->holder, alternative->waiter);
    }
    csp__waiter_recycle(alternative->waiter);
    csp_holder_release(alternative->holder);
    free(alternative->registrations);
    free(alternative);
}

/* ---- selecting ------------------------------------------------------------------------------------------------ */

typedef struct {
    csp_alternative *alternative;
    csp_waiter *self;
    csp_holder *holder; /* who waits */
    csp_message *message;
    int64_t next_timer;
    registration *chosen;
    csp_status status; /* of the chosen one */
} selection;

/* Put timers that are due on the ready list: so they take turns with channels. Returns the next deadline. */
static int64_t list_due_timers(csp_alternative *alternative) {
    int64_t next = CSP_FOREVER, now = csp__list_empty(&alternative->timers) ? 0 : csp_now();
    for (csp_node *n = alternative->timers.next; n != &alternative->timers; n = n->next) {
        registration *r = CSP_CONTAINER(n, registration, of_asked);
        if (r->on && !r->listed) {
            if (r->deadline <= now) {
                r->listed = true;
                csp__list_registration(r);
            } else if (r->deadline < next) {
                next = r->deadline;
            }
        }
    }
    return next;
}

/* A taken recursive lock is ready for its own thread only, so its channel does not list it. While that thread waits
 * here it can neither acquire nor release the lock: one poll per select is enough. */
static void list_own_locks(csp_alternative *alternative, const csp_waiter *self) {
    for (csp_node *n = alternative->reentrant.next; n != &alternative->reentrant; n = n->next) {
        registration *r = CSP_CONTAINER(n, registration, of_asked);
        if (r->on) {
            csp_channel *channel = r->end->channel;
            csp__lock(&channel->lock);
            if (!r->listed && channel->kind->is_mine(channel, self)) {
                r->listed = true;
                csp__list_registration(r);
            }
            csp__unlock(&channel->lock);
        }
    }
}

/* Carry out what a registration is for, if it is ready. It goes to the end of the list, or is listed no more. */
static bool try_registration(selection *s, registration *r, bool first_of_all, csp_wakes *wakes) {
    csp_alternative *alternative = s->alternative;
    if (r->end == NULL) {
        r->listed = false;
        s->status = CSP_OK;
        /* A thread that is told to stop must not go on because of a timer. */
        bool due = r->deadline <= csp_now() && csp__told(s->holder, s->self) == CSP_OK;
        if (!due && r->deadline < s->next_timer) {
            s->next_timer = r->deadline; /* it was due when it was listed; its tick was taken elsewhere since */
        }
        return due;
    }
    csp_channel *channel = r->end->channel;
    csp__lock(&channel->lock);
    if (first_of_all) {
        /* Under both locks: whatever has priority and became ready meanwhile is on the list by now. */
        csp__lock(&alternative->lock);
        for (csp_node *n = alternative->ready.next; n != &alternative->ready; n = n->next) {
            registration *other = CSP_CONTAINER(n, registration, of_ready);
            if (other->on && other->index < r->index) {
                csp__list_append(&alternative->ready, &r->of_ready);
                csp__unlock(&alternative->lock);
                csp__unlock(&channel->lock);
                return false;
            }
        }
        csp__unlock(&alternative->lock);
    }
    s->status = atomic_load_explicit(&r->end->closed, memory_order_relaxed)
                    ? CSP_CLOSED_END
                    : csp__take(channel, r->end, s->message, s->self, wakes);
    r->listed = s->status != CSP_WOULD_BLOCK && may_be_ready(channel, r->end);
    if (r->listed) {
        csp__list_registration(r);
    }
    csp__unlock(&channel->lock);
    return s->status != CSP_WOULD_BLOCK;
}

/* Take the next registration off the list: the one listed longest, or with `priority` the first in order; or NULL. */
static registration *next_listed(csp_alternative *alternative, bool priority) {
    registration *found = NULL;
    csp__lock(&alternative->lock);
    for (csp_node *n = alternative->ready.next; n != &alternative->ready;) {
        registration *r = CSP_CONTAINER(n, registration, of_ready);
        n = n->next;
        if (!r->on) {
            csp__list_remove(&r->of_ready);
            r->set_aside = true;
        } else if (found == NULL || r->index < found->index) {
            found = r;
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

static bool poll_listed(selection *s, bool priority) {
    csp_wakes wakes = {.count = 0};
    registration *r = NULL;
    s->next_timer = list_due_timers(s->alternative);
    while ((r = next_listed(s->alternative, priority)) != NULL && !try_registration(s, r, priority, &wakes)) {
    }
    csp__wakes_flush(&wakes);
    s->chosen = r;
    return r != NULL;
}

/* The waiter is armed. If nothing was listed and nobody interrupted since the poll, nobody can have missed us. */
static bool may_wait(csp_alternative *alternative) {
    csp__lock(&alternative->lock);
    bool nothing = csp__list_empty(&alternative->ready) && !alternative->interrupted;
    csp__unlock(&alternative->lock);
    bool unused;
    return nothing || !csp__claim(alternative->waiter, CSP_NOTIFIED, &unused);
}

/* From now on it waits for that holder. It joins the holder's list, where a cancel finds it. */
static void wait_for(csp_alternative *alternative, csp_holder *holder) {
    if (alternative->holder != NULL) {
        csp__waits_no_more(alternative->holder, alternative->waiter);
        csp_holder_release(alternative->holder);
    }
    alternative->holder = csp_holder_retain(holder);
    csp__may_wait_for(holder, alternative->waiter);
}

csp_status csp_alternative_select(csp_alternative *alternative, int flags, int64_t deadline, const csp_hooks *hooks,
                                  csp_message *message, uint32_t *index, csp_status *outcome) {
    bool priority = (flags & CSP_SELECT_PRIORITY) != 0;
    if (hooks != NULL && hooks->holder != NULL && hooks->holder != alternative->holder) {
        wait_for(alternative, hooks->holder);
    }
    csp_holder *holder = alternative->holder;
    selection s = {.alternative = alternative, .self = csp__self(), .holder = holder, .message = message};
    csp_waiter *waiter = alternative->waiter;
    message->kind = 0;
    csp_status begins = csp__may_begin(s.self, deadline != CSP_POLL);
    if (begins != CSP_OK) {
        return begins;
    }
    CSP_PASS_GATE(CSP_GATE_SELECT, holder, 0);
    atomic_store_explicit(&waiter->thread, s.self, memory_order_relaxed);
    list_own_locks(alternative, s.self);
    for (;;) {
        if (csp__alternative_interrupted(alternative)) {
            return CSP_INTERRUPTED;
        }
        if (poll_listed(&s, priority)) {
            *index = s.chosen->index;
            *outcome = s.status;
            return CSP_OK;
        }
        if (deadline == CSP_POLL) {
            return csp__nothing_yet(holder, s.self);
        }
        int64_t until = s.next_timer < deadline ? s.next_timer : deadline;
        csp__arm(waiter, holder, until);
        uint32_t code = may_wait(alternative) ? csp__wait(waiter, &alternative->waits, until, hooks) : CSP_NOTIFIED;
        if (code >= CSP_WON) {
            registration *r = alternative->registrations[code - CSP_WON];
            *message = r->slot;
            *index = r->index;
            *outcome = (csp_status)r->outcome;
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
