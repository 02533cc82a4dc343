/* SPDX-License-Identifier: MIT
 *
 * The alternative: wait until one of several guards is ready and carry it out.
 *
 * First a poll with one channel's lock at a time (not by priority: only there a find needs a common instant). Then, with all
 * channels locked in the order of their ids, a poll that is one instant; and if that finds nothing, a case in each queue and
 * a wait. Because an operation that runs is in no queue while it claims, only one party is ever claimed.
 *
 * Fair: any of the ready guards, each as likely as the others. To start anywhere and take the first ready one from there on
 * would be cheaper, but gives a guard also the share of all the quiet ones before it. */
#include "alternatives/select.h"

#include <stdlib.h>

#include "channels/channel.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "platform/lock.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

enum { ON_STACK = 16 };

_Static_assert(sizeof(csp_select_case) <= sizeof(((csp_guard *)0)->internal), "csp_guard.internal holds a case");

static csp_select_case *case_of(csp_guard *guard) { return (csp_select_case *)(void *)guard->internal; }

static bool on_channel(const csp_guard *guard) {
    return guard->kind == CSP_GUARD_RECV || guard->kind == CSP_GUARD_SEND;
}

static uint64_t next_random(csp_waiter *self) {
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return self->random;
}

/* Without the lock: whether a poll under it could find the guard ready. May be wrong both ways for an instant. */
static bool seems_ready(const csp_guard *guard) {
    csp_channel *channel = guard->end->channel;
    if (atomic_load_explicit(&guard->end->closed, memory_order_relaxed) || csp__is_over(channel, CSP_SENDING) ||
        csp__is_over(channel, CSP_RECEIVING)) {
        return true;
    }
    uint32_t buffered = atomic_load_explicit(&channel->buffered, memory_order_relaxed);
    if (guard->kind == CSP_GUARD_RECV) {
        return buffered > 0 || atomic_load_explicit(&channel->waiting[CSP_SENDING], memory_order_relaxed) > 0 ||
               (channel->kind != NULL && channel->kind->is_mine != NULL); /* taken, it is ready to its owner */
    }
    return buffered < channel->capacity || channel->overflow != CSP_OVERFLOW_BLOCK ||
           atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed) > 0 ||
           csp__has_registrations(channel);
}

/* Under the guard's channel's lock: carry it out if it is ready. */
static bool try_locked(csp_guard *guard, const csp_waiter *self, csp_wakes *wakes, csp_message *dropped) {
    csp_channel *channel = guard->end->channel;
    if (atomic_load_explicit(&guard->end->closed, memory_order_relaxed)) {
        guard->status = CSP_CLOSED_END;
    } else if (guard->kind == CSP_GUARD_SEND) {
        guard->status = csp__offer(channel, guard->message, self, wakes, dropped);
    } else {
        guard->status = csp__take(channel, guard->end, guard->message, self, wakes);
    }
    return guard->status != CSP_WOULD_BLOCK;
}

static int by_id(const void *a, const void *b) {
    uint64_t x = (*(csp_channel *const *)a)->id, y = (*(csp_channel *const *)b)->id;
    return x < y ? -1 : x > y;
}

/* The distinct channels of the guards, in the order of their ids. */
static uint32_t sort_channels(csp_guard *guards, uint32_t count, csp_channel **channels) {
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (on_channel(&guards[i])) {
            channels[used++] = guards[i].end->channel;
        }
    }
    if (used > 1) {
        qsort(channels, used, sizeof *channels, by_id);
    }
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < used; i++) {
        if (distinct == 0 || channels[distinct - 1] != channels[i]) {
            channels[distinct++] = channels[i];
        }
    }
    return distinct;
}

static void lock_all(csp_channel **channels, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        csp__lock(&channels[i]->lock);
    }
}

static void unlock_all(csp_channel **channels, uint32_t count) {
    for (uint32_t i = count; i-- > 0;) {
        csp__check(channels[i]);
        csp__unlock(&channels[i]->lock);
    }
}

/* The earliest timer that is due at `now`, or `count`. */
static uint32_t due_timer(const csp_guard *guards, uint32_t count, int64_t now) {
    uint32_t found = count;
    for (uint32_t i = 0; i < count; i++) {
        if (guards[i].kind == CSP_GUARD_TIMER && guards[i].deadline <= now &&
            (found == count || guards[i].deadline < guards[found].deadline)) {
            found = i;
        }
    }
    return found;
}

/* ---- polling -------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_guard *guards;
    uint32_t count;
    uint32_t start; /* where a poll in order begins */
    bool priority, rotates;
    bool locked;     /* every channel is: one instant */
    csp_status told; /* to stop, or cancelled: time that is up, and leave to go on, are no reasons to go on */
    int64_t now;
    csp_waiter *self;
    csp_wakes *wakes;
    csp_message *dropped;
} polling;

/* Carry the guard out if it is ready. A due timer has its turn like any other, or busy channels would hide it. */
static bool try_guard(const polling *p, uint32_t i) {
    csp_guard *guard = &p->guards[i];
    if (!on_channel(guard)) {
        return guard->kind == CSP_GUARD_TIMER && guard->deadline <= p->now && p->told == CSP_OK;
    }
    if (p->locked) {
        return try_locked(guard, p->self, p->wakes, p->dropped);
    }
    if (!seems_ready(guard)) {
        return false;
    }
    csp_channel *channel = guard->end->channel;
    csp__lock(&channel->lock);
    bool done = try_locked(guard, p->self, p->wakes, p->dropped);
    csp__unlock(&channel->lock);
    return done;
}

/* One of those that seem ready, each as likely as the others; then one of the rest, if that one was lost to somebody else. */
static uint32_t poll_fairly(const polling *p) {
    csp_guard *guards = p->guards;
    uint32_t ready = 0; /* the n-th of them is noted in guards[n].internal, which is not in use yet */
    for (uint32_t i = 0; i < p->count; i++) {
        if (on_channel(&guards[i])
                ? seems_ready(&guards[i])
                : guards[i].kind == CSP_GUARD_TIMER && guards[i].deadline <= p->now && p->told == CSP_OK) {
            guards[ready++].internal[0] = (void *)(uintptr_t)i;
        }
    }
    while (ready > 0) {
        uint32_t at = ready > 1 ? (uint32_t)(next_random(p->self) % ready) : 0;
        uint32_t i = (uint32_t)(uintptr_t)guards[at].internal[0];
        if (try_guard(p, i)) {
            return i;
        }
        guards[at].internal[0] = guards[--ready].internal[0];
    }
    return p->count;
}

/* The first one that is ready, from `start` on; with priority, a skip in its place. */
static uint32_t poll_in_order(const polling *p) {
    for (uint32_t k = 0; k < p->count; k++) {
        uint32_t i = p->start + k < p->count ? p->start + k : p->start + k - p->count;
        if (try_guard(p, i) || (p->priority && p->told == CSP_OK && p->guards[i].kind == CSP_GUARD_SKIP)) {
            return i;
        }
    }
    return p->count;
}

static uint32_t first_skip(const polling *p) {
    for (uint32_t k = 0; k < p->count; k++) {
        uint32_t i = p->start + k < p->count ? p->start + k : p->start + k - p->count;
        if (p->guards[i].kind == CSP_GUARD_SKIP) {
            return i;
        }
    }
    return p->count;
}

/* With every channel locked: the one instant that decides. */
static uint32_t poll_all_locked(const polling *p) {
    uint32_t winner = p->priority || p->rotates ? p->count : poll_fairly(p);
    winner = winner < p->count ? winner : poll_in_order(p); /* also after a fair poll, which goes by hints */
    return winner < p->count || p->priority || p->told != CSP_OK ? winner : first_skip(p);
}

/* ---- waiting -------------------------------------------------------------------------------------------------- */

static void enqueue_all(csp_guard *guards, uint32_t count, csp_waiter *self, csp_wakes *wakes) {
    for (uint32_t i = 0; i < count; i++) {
        if (on_channel(&guards[i])) {
            csp_select_case *c = case_of(&guards[i]);
            *c = (csp_select_case){
                .base = {.index = (uint16_t)i, .direction = (uint8_t)guards[i].end->direction},
                .waiter = self,
                .end = guards[i].end,
                .message = guards[i].message,
            };
            csp__enqueue(guards[i].end->channel, &c->base);
            if (csp__has_registrations(guards[i].end->channel) && guards[i].kind == CSP_GUARD_SEND) {
                csp__notify_registered(guards[i].end->channel, NULL, wakes);
            }
        }
    }
}

/* Leave every queue but the winner's, which the claimer left for us. Also waits out a claimer that still writes into a
 * loser's slot: it holds that channel's lock. */
static void dequeue_all(csp_guard *guards, uint32_t count, uint32_t winner) {
    for (uint32_t i = 0; i < count; i++) {
        if (i != winner && on_channel(&guards[i])) {
            csp_channel *channel = guards[i].end->channel;
            csp__lock(&channel->lock);
            csp__dequeue(channel, &case_of(&guards[i])->base);
            csp__check(channel);
            csp__unlock(&channel->lock);
            if (guards[i].kind == CSP_GUARD_RECV) {
                guards[i].message->kind = 0; /* a claimer that lost may have scribbled here */
            }
        }
    }
}

static csp_status wait_for_one(csp_alternative *alternative, csp_guard *guards, uint32_t count, csp_waiter *self,
                               csp_wait_statistics *waits, int64_t until, const csp_hooks *hooks, uint32_t *chosen) {
    uint32_t code = csp__wait(self, waits, until, hooks);
    if (alternative != NULL) {
        csp__alternative_waits(alternative, NULL);
    }
    uint32_t winner = code >= CSP_WON ? code - CSP_WON : count;
    dequeue_all(guards, count, winner);
    if (winner < count) {
        csp_guard *guard = &guards[winner];
        guard->status = (csp_status)case_of(guard)->base.outcome;
        if (case_of(guard)->base.outcome == CSP_ENGAGED) {
            guard->status =
                csp__wait_engaged(case_of(guard)->reply, csp__who_waits(guard->end, hooks), guard->message, hooks);
        }
        if (guard->kind == CSP_GUARD_SEND && guard->status == CSP_OK) {
            guard->message->kind = 0;
        }
        *chosen = winner;
        return CSP_OK;
    }
    if (code == CSP_TIMEDOUT) {
        uint32_t timer = due_timer(guards, count, until);
        if (timer < count) {
            guards[timer].status = CSP_OK;
            *chosen = timer;
            return CSP_OK;
        }
        return CSP_TIMEOUT;
    }
    if (code == CSP_NOTIFIED) {
        csp__alternative_interrupted(alternative);
    }
    return csp__unmet(code);
}

csp_status csp_select(csp_guard *guards, uint32_t count, int flags, int64_t deadline, const csp_hooks *hooks,
                      uint32_t *chosen) {
    return csp__select(NULL, guards, count, flags, deadline, hooks, chosen);
}

csp_status csp__select(csp_alternative *alternative, csp_guard *guards, uint32_t count, int flags, int64_t deadline,
                       const csp_hooks *hooks, uint32_t *chosen) {
    csp_waiter *self = csp__self();
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    if (count > CSP_GUARDS_MAX) {
        return CSP_INVALID;
    }
    bool priority = (flags & CSP_SELECT_PRIORITY) != 0, rotates = !priority && (flags & CSP_SELECT_ROTATE) != 0;
    int64_t until = deadline; /* the next timer, or the deadline */
    bool can_end = deadline != CSP_FOREVER, has_timer = false, has_skip = false;
    csp_holder *holder = hooks != NULL ? hooks->holder : NULL; /* or that of the first end, if there is one */
    bool of_end = false;
    csp_wait_statistics *waits = &self->replies;
    for (uint32_t i = 0; i < count; i++) {
        csp_guard *guard = &guards[i];
        if (on_channel(guard)) {
            if (guard->end->direction != (guard->kind == CSP_GUARD_SEND ? CSP_SENDING : CSP_RECEIVING)) {
                return CSP_INVALID;
            }
            if (guard->kind == CSP_GUARD_RECV) {
                guard->message->kind = 0;
            }
            if (!of_end) {
                of_end = true;
                holder = csp__who_waits(guard->end, hooks);
                waits = &guard->end->channel->waits;
            }
            can_end = true;
        } else if (guard->kind == CSP_GUARD_TIMER && guard->deadline != CSP_FOREVER) {
            has_timer = can_end = true;
            if (deadline != CSP_POLL && guard->deadline < until) {
                until = guard->deadline > 0 ? guard->deadline : 1;
            }
        } else if (guard->kind == CSP_GUARD_SKIP) {
            has_skip = can_end = true;
        }
    }
    if (!can_end) {
        return CSP_INVALID;
    }

    csp_wakes wakes;
    wakes.count = 0;
    wakes.may_engage = deadline != CSP_POLL;
    wakes.engaged = NULL;
    csp_message dropped;
    dropped.kind = 0;
    csp__pass_gate(CSP_GATE_SELECT, holder, 0);
    if (deadline != CSP_POLL && !has_skip && csp__calls_off(self)) {
        return CSP_SCOPE_CANCELLED;
    }
    polling p = {.guards = guards, .count = count, .priority = priority, .rotates = rotates, .self = self};
    p.start = rotates && count > 0 ? ((uint32_t)flags >> 8) % count : 0;
    p.now = has_timer ? csp_now() : 0;
    p.told = has_timer || has_skip ? csp__told(holder, self) : CSP_OK;
    p.wakes = &wakes;
    p.dropped = &dropped;
    uint32_t winner = priority ? count : rotates ? poll_in_order(&p) : poll_fairly(&p);
    if (winner == count) {
        csp_channel *few[ON_STACK], **channels = few;
        if (count > ON_STACK && (channels = malloc(sizeof(csp_channel *) * count)) == NULL) {
            return CSP_NO_MEMORY;
        }
        uint32_t distinct = sort_channels(guards, count, channels);
        p.now = has_timer ? csp_now() : 0;
        p.locked = true;
        p.start = priority || rotates || count < 2 ? p.start : (uint32_t)(next_random(self) % count);
        lock_all(channels, distinct);
        winner = poll_all_locked(&p);
        if (winner == count && deadline != CSP_POLL && p.told == CSP_OK) {
            csp__arm(self, holder, until);
            enqueue_all(guards, count, self, &wakes);
            if (alternative != NULL) {
                csp__alternative_waits(alternative, self);
            }
        }
        unlock_all(channels, distinct);
        if (channels != few) {
            free(channels);
        }
    }
    csp__wakes_flush(&wakes);
    csp_message_drop(&dropped);
    if (winner < count) {
        if (!on_channel(&guards[winner])) {
            guards[winner].status = CSP_OK;
        } else if (wakes.engaged != NULL) {
            guards[winner].status = csp__wait_engaged(wakes.engaged, csp__who_waits(guards[winner].end, hooks),
                                                      guards[winner].message, hooks);
        }
        *chosen = winner;
        return CSP_OK;
    }
    if (p.told != CSP_OK) {
        return p.told;
    }
    if (deadline == CSP_POLL) {
        return csp__nothing_yet(holder, self);
    }
    return wait_for_one(alternative, guards, count, self, waits, until, hooks, chosen);
}
