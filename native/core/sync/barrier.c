/* SPDX-License-Identifier: MIT
 *
 * Barriers: a number of parties wait until all have come. One that leaves without the others breaks it for all. */
#include "sync/barrier.h"

#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/channel_kind.h"
#include "channels/opening.h"
#include "holding/gate.h"
#include "holding/holder.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "sync/locks.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

typedef struct {
    int64_t parties, arrived;
    uint64_t round;     /* how many were completed or reset */
    csp_status outcome; /* how the latest round ended */
    bool broken;
    bool abandoned; /* because somebody ended */
    uint64_t waits; /* how often anybody came */
    char abandoner[64];
} barrier_state;

static barrier_state *state_of(const csp_channel *channel) { return channel->state; }

/* Each handle that is left is one of a holder whose only thread waits here. A handle inside a message is not, and one that
 * several threads may use never is: those could come. */
static bool is_forsaken(const csp_channel *channel) {
    const csp_node *ends = &channel->ends[CSP_RECEIVING], *queue = &channel->queue[CSP_RECEIVING];
    for (const csp_node *n = ends->next; n != ends; n = n->next) {
        const csp_end *end = CSP_CONTAINER(n, csp_end, of_channel);
        const csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
        bool waits = false;
        for (const csp_node *q = queue->next; q != queue && !waits; q = q->next) {
            const csp_end *waiting = csp__case_end(CSP_CONTAINER(q, csp_case, node));
            waits = waiting->alone && holder != NULL &&
                    atomic_load_explicit(&waiting->holder, memory_order_relaxed) == holder;
        }
        if (!waits) {
            return false;
        }
    }
    return !csp__list_empty(queue);
}

static void release_all(csp_channel *channel, csp_status outcome, csp_wakes *wakes) {
    csp_case *c;
    while ((c = csp__first_other(channel, CSP_RECEIVING, NULL)) != NULL) {
        if (wakes->count == CSP_WAKES) {
            csp__wakes_flush(wakes);
        }
        csp__win(channel, c, outcome, wakes);
    }
    state_of(channel)->arrived = 0;
    state_of(channel)->round++;
    state_of(channel)->outcome = outcome;
}

static void break_locked(csp_channel *channel, csp_wakes *wakes) {
    state_of(channel)->broken = true;
    release_all(channel, state_of(channel)->abandoned ? CSP_ABANDONED : CSP_BROKEN, wakes);
}

/* What is there to say before anybody waits; on CSP_WOULD_BLOCK we have arrived and are in the queue. */
static csp_status arrive(csp_end *barrier, csp_waiter *self, csp_holder *holder, int64_t deadline, bool alone,
                         uint64_t *round, int64_t *index, csp_wakes *wakes) {
    csp_channel *channel = barrier->channel;
    barrier_state *state = state_of(channel);
    if (atomic_load_explicit(&barrier->closed, memory_order_relaxed)) {
        return CSP_CLOSED_END;
    }
    if (state->broken) {
        return state->abandoned ? CSP_ABANDONED : CSP_BROKEN;
    }
    *index = state->arrived++;
    *round = state->round;
    state->waits++;
    if (state->arrived == state->parties) {
        release_all(channel, CSP_OK, wakes);
        return CSP_OK;
    }
    self->single.index = 0;
    self->single.direction = CSP_RECEIVING;
    self->single_end = barrier;
    csp__arm(self, holder, deadline);
    csp__enqueue(channel, &self->single);
    barrier->alone = alone;
    if (is_forsaken(channel)) {
        state->abandoned = true;
        break_locked(channel, wakes); /* which wins our own case, too: the wait will end at once */
    }
    return CSP_WOULD_BLOCK;
}

csp_status csp_barrier_wait(csp_end *barrier, int64_t deadline, const csp_hooks *hooks, int64_t *index) {
    csp_channel *channel = barrier->channel;
    csp_waiter *self = csp__self();
    csp_wakes wakes = {.count = 0};
    uint64_t round = 0;
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    if (csp_end_sync(barrier) != CSP_SYNC_BARRIER) {
        return CSP_INVALID;
    }
    csp_holder *holder = atomic_load_explicit(&barrier->holder, memory_order_relaxed);
    CSP_PASS_GATE(CSP_GATE_RECV, holder, channel->id);
    csp__lock(&channel->lock);
    bool alone = hooks != NULL && hooks->alone;
    csp_status status = arrive(barrier, self, holder, deadline, alone, &round, index, &wakes);
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    if (status != CSP_WOULD_BLOCK) {
        return status;
    }
    uint32_t code = csp__wait(self, &channel->waits, deadline, hooks);
    if (code >= CSP_WON) {
        return (csp_status)self->single.outcome;
    }
    csp__lock(&channel->lock);
    csp__dequeue(channel, &self->single);
    if (state_of(channel)->round != round) {
        /* All had come, or it broke, in the instant in which we gave up: what happened to the others happened to us. */
        status = state_of(channel)->outcome;
    } else {
        status = csp__unmet(code);
        break_locked(channel, &wakes);
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    return status;
}

csp_status csp_barrier_put(csp_end *barrier, bool broken) {
    csp_channel *channel = barrier->channel;
    csp_wakes wakes = {.count = 0};
    if (csp_end_sync(barrier) != CSP_SYNC_BARRIER) {
        return CSP_INVALID;
    }
    CSP_PASS_GATE(CSP_GATE_SEND, atomic_load_explicit(&barrier->holder, memory_order_relaxed), channel->id);
    csp__lock(&channel->lock);
    csp_status status = atomic_load_explicit(&barrier->closed, memory_order_relaxed) ? CSP_CLOSED_END : CSP_OK;
    if (status == CSP_OK) {
        state_of(channel)->abandoned = false;
        break_locked(channel, &wakes); /* who waits now is told, also by a reset */
        state_of(channel)->broken = broken;
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    return status;
}

/* ---- as a kind of channel ------------------------------------------------------------------------------------- */

static csp_status take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self) {
    (void)channel, (void)end, (void)message, (void)self;
    return CSP_INVALID; /* to wait is not to acquire */
}

static void untake(csp_end *end, csp_message *message) {
    (void)end;
    message->kind = 0;
}

static void left(csp_channel *channel, csp_end *end, bool last, csp_wakes *wakes, csp_leavings *leavings) {
    (void)last;
    (void)leavings;
    barrier_state *state = state_of(channel);
    if (state->broken) {
        return;
    }
    csp__name_abandoner(state->abandoner, end);
    /* Who is told to stop, or cut off, comes no more; and leaves, killed or not, as if in good order. */
    bool stops = csp__holder_stops(atomic_load_explicit(&end->holder, memory_order_relaxed));
    /* Who waited through this very handle has just been told that it is closed. */
    bool waited = state->arrived > atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed);
    state->abandoned = stops || is_forsaken(channel);
    if (state->abandoned || waited) {
        break_locked(channel, wakes);
    }
}

static bool can_wake(const csp_channel *channel, const csp_end *end) {
    (void)channel, (void)end;
    return true;
}

static void statistics(const csp_channel *channel, csp_statistics *out) { out->received = state_of(channel)->waits; }

static void read(const csp_channel *channel, csp_sync_state *out) {
    const barrier_state *state = state_of(channel);
    out->value = state->arrived;
    out->limit = state->parties;
    out->broken = state->broken;
    memcpy(out->abandoner, state->abandoner, sizeof out->abandoner);
}

static const csp_channel_kind kind = {
    .sync = CSP_SYNC_BARRIER,
    .take = take,
    .untake = untake,
    .left = left,
    .can_wake = can_wake,
    .statistics = statistics,
    .read = read,
    .free = free,
};

csp_status csp__barrier_new(int64_t parties, csp_holder *holder, csp_end **handle) {
    if (parties < 1) {
        return CSP_INVALID;
    }
    barrier_state *state = calloc(1, sizeof *state);
    if (state != NULL) {
        state->parties = parties;
    }
    return csp__channel_open_of(&kind, state, 0, holder, handle);
}
