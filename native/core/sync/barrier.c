/* SPDX-License-Identifier: MIT
 *
 * Barriers: a number of parties wait until all have come. One that leaves without the others breaks it for all. */
#include "channels/channel.h"
#include "channels/end.h"
#include "holding/gate.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "sync/locks.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

/* Each handle that is left is one of a holder whose only thread waits here. A handle inside a message is not, and one that
 * several threads may use never is: those could come. */
bool csp__barrier_is_forsaken(const csp_channel *channel) {
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
    channel->sync->units = 0;
    channel->sync->round++;
    channel->sync->outcome = outcome;
}

void csp__barrier_break_locked(csp_channel *channel, csp_wakes *wakes) {
    channel->sync->broken = true;
    release_all(channel, channel->sync->abandoned ? CSP_ABANDONED : CSP_BROKEN, wakes);
}

/* What is there to say before anybody waits; on CSP_WOULD_BLOCK we have arrived and are in the queue. */
static csp_status arrive(csp_end *barrier, csp_waiter *self, csp_holder *holder, int64_t deadline, bool alone,
                         uint64_t *round, int64_t *index, csp_wakes *wakes) {
    csp_channel *channel = barrier->channel;
    csp_sync *sync = channel->sync;
    if (atomic_load_explicit(&barrier->closed, memory_order_relaxed)) {
        return CSP_CLOSED_END;
    }
    if (sync->broken) {
        return sync->abandoned ? CSP_ABANDONED : CSP_BROKEN;
    }
    *index = sync->units++;
    *round = sync->round;
    sync->acquired++;
    if (sync->units == sync->limit) {
        release_all(channel, CSP_OK, wakes);
        return CSP_OK;
    }
    self->single.index = 0;
    self->single.direction = CSP_RECEIVING;
    self->single_end = barrier;
    csp__arm(self, holder, deadline);
    csp__enqueue(channel, &self->single);
    barrier->alone = alone;
    if (csp__barrier_is_forsaken(channel)) {
        sync->abandoned = true;
        csp__barrier_break_locked(channel, wakes); /* which wins our own case, too: the wait will end at once */
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
    csp__pass_gate(CSP_GATE_RECV, holder, channel->id);
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
    if (channel->sync->round != round) {
        /* All had come, or it broke, in the instant in which we gave up: what happened to the others happened to us. */
        status = channel->sync->outcome;
    } else {
        status = csp__unmet(code);
        csp__barrier_break_locked(channel, &wakes);
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
    csp__pass_gate(CSP_GATE_SEND, atomic_load_explicit(&barrier->holder, memory_order_relaxed), channel->id);
    csp__lock(&channel->lock);
    csp_status status = atomic_load_explicit(&barrier->closed, memory_order_relaxed) ? CSP_CLOSED_END : CSP_OK;
    if (status == CSP_OK) {
        channel->sync->abandoned = false;
        csp__barrier_break_locked(channel, &wakes); /* who waits now is told, also by a reset */
        channel->sync->broken = broken;
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    return status;
}
