/* SPDX-License-Identifier: MIT
 *
 * Forwarding: messages go from one channel into another as they are, and nobody opens them.
 *
 * Both channels are locked, in the order of their ids as wherever there are several. So a message is in one of the two at every
 * instant, and nobody can receive what comes behind it before it is where it stays. */
#include "channels/channel.h"
#include "channels/end.h"
#include "channels/registration.h"
#include "channels/send.h"
#include "holding/gate.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

static void lock_both(csp_channel *one, csp_channel *other) {
    csp__lock(one->id < other->id ? &one->lock : &other->lock);
    csp__lock(one->id < other->id ? &other->lock : &one->lock);
}

static void unlock_both(csp_channel *one, csp_channel *other) {
    csp__unlock(&one->lock);
    csp__unlock(&other->lock);
}

/* Whether a receiver waits whom an offer would find, as csp__offer looks for one; he may still be claimed elsewhere. */
static bool somebody_takes(csp_channel *channel) {
    for (csp_node *node = channel->queue[CSP_RECEIVING].next; node != &channel->queue[CSP_RECEIVING];
         node = node->next) {
        if (!CSP_CONTAINER(node, csp_case, node)->extended) {
            return true;
        }
    }
    return atomic_load_explicit(&channel->buffered, memory_order_relaxed) == 0 &&
           atomic_load_explicit(&channel->waiting[CSP_SENDING], memory_order_relaxed) == 0 &&
           csp__registered_waiting(channel, NULL, NULL) > 0;
}

/* Whether it is worth a try to offer something: what is taken for nothing goes back, but a sender who has met somebody is gone. A
 * full buffer is full, whatever its policy: nothing is to be lost. */
static bool may_take_more(csp_channel *channel) {
    return channel->count < channel->capacity || (channel->capacity == 0 && somebody_takes(channel));
}

/* Under both locks: move one. */
static csp_status move_one(csp_end *receiving, csp_end *sending, csp_wakes *wakes, csp_reply **engaged) {
    csp_channel *from = receiving->channel, *to = sending->channel;
    csp_message message, dropped = {.kind = 0};
    if (atomic_load_explicit(&receiving->closed, memory_order_relaxed) ||
        atomic_load_explicit(&sending->closed, memory_order_relaxed)) {
        return CSP_CLOSED_END;
    }
    if (csp__is_over(to, CSP_RECEIVING)) {
        return CSP_BROKEN;
    }
    if (!may_take_more(to)) {
        return CSP_WOULD_BLOCK;
    }
    if (!csp__can_return(from)) {
        return CSP_NO_MEMORY;
    }
    csp_status status = csp__take(from, receiving, &message, NULL, wakes);
    if (status != CSP_OK) {
        return status;
    }
    status = csp__offer(to, &message, NULL, wakes, &dropped);
    if (status != CSP_OK) {
        csp__put_back(from, &message, wakes, engaged); /* there is room */
    }
    return status;
}

csp_status csp_forward(csp_end *receiving, csp_end *sending, uint32_t most, uint32_t *moved) {
    enum { WAKES_OF_ONE = 3 }; /* a sender, a receiver; or, given back, another receiver */
    csp_channel *from = receiving->channel, *to = sending->channel;
    csp_status status = CSP_OK;
    *moved = 0;
    if (receiving->direction != CSP_RECEIVING || sending->direction != CSP_SENDING || from == to ||
        from->kind != NULL || to->kind != NULL) {
        return CSP_INVALID;
    }
    csp__passage taking =
        csp__pass(CSP_GATE_RECV, atomic_load_explicit(&receiving->holder, memory_order_relaxed), from->id);
    csp__passage giving =
        csp__pass(CSP_GATE_SEND, atomic_load_explicit(&sending->holder, memory_order_relaxed), to->id);
    while (status == CSP_OK && *moved < most) {
        csp_wakes wakes;
        csp_reply *engaged = NULL;
        wakes.count = 0;
        wakes.may_engage = false; /* who would hold its sender is left alone: there is none */
        lock_both(from, to);
        while (status == CSP_OK && *moved < most && wakes.count + WAKES_OF_ONE <= CSP_WAKES) {
            status = move_one(receiving, sending, &wakes, &engaged);
            *moved += status == CSP_OK;
        }
        csp__check(from);
        csp__check(to);
        unlock_both(from, to);
        csp__wakes_flush(&wakes);
        if (engaged != NULL) {
            csp_reply_abandon(engaged);
        }
    }
    csp__passed(&giving);
    csp__passed(&taking);
    return status;
}
