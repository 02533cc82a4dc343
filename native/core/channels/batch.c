/* SPDX-License-Identifier: MIT
 *
 * Batches: many messages under one lock. What cannot be done at once is done by a single operation, which waits. */
#include "channels/channel.h"
#include "channels/end.h"
#include "holding/gate.h"
#include "platform/lock.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

/* As many as can be done without waiting. *done counts up. */
static csp_status many_at_once(csp_end *end, csp_message *messages, size_t count, size_t *done,
                               const csp_waiter *self) {
    csp_channel *channel = end->channel;
    csp_status status = CSP_OK;
    CSP_PASS_GATE(end->direction == CSP_SENDING ? CSP_GATE_SEND : CSP_GATE_RECV,
                  atomic_load_explicit(&end->holder, memory_order_relaxed), channel->id);
    while (status == CSP_OK && *done < count) {
        csp_wakes wakes;
        csp_message dropped[CSP_WAKES];
        int drops = 0;
        wakes.count = 0;
        wakes.may_engage = false; /* who would hold us is met by the single send that follows */
        csp__lock(&channel->lock);
        /* Each message wakes one waiter at most and pushes out one message at most: leave the lock when a list is full. */
        while (status == CSP_OK && *done < count && wakes.count < CSP_WAKES && drops < CSP_WAKES) {
            if (atomic_load_explicit(&end->closed, memory_order_relaxed)) {
                status = CSP_CLOSED_END;
                break;
            }
            dropped[drops].kind = 0;
            status = end->direction == CSP_SENDING
                         ? csp__offer(channel, &messages[*done], self, &wakes, &dropped[drops])
                         : csp__take(channel, end, &messages[*done], self, &wakes);
            drops += dropped[drops].kind != 0;
            *done += status == CSP_OK;
        }
        csp__unlock(&channel->lock);
        csp__wakes_flush(&wakes);
        for (int i = 0; i < drops; i++) {
            csp_message_drop(&dropped[i]);
        }
    }
    return status;
}

csp_status csp_send_many(csp_end *end, csp_message *messages, size_t count, size_t *done, int64_t deadline,
                         const csp_hooks *hooks) {
    *done = 0;
    csp_waiter *self = csp__self();
    if (end->direction != CSP_SENDING) {
        return CSP_INVALID;
    }
    csp_status status = csp__may_begin(self, deadline != CSP_POLL);
    if (status != CSP_OK) {
        return status;
    }
    for (;;) {
        status = many_at_once(end, messages, count, done, self);
        if (status != CSP_WOULD_BLOCK) {
            return status;
        }
        if (deadline == CSP_POLL) {
            return csp__nothing_yet(csp__who_waits(end, hooks), self);
        }
        status = csp_send(end, &messages[*done], deadline, hooks);
        if (status != CSP_OK) {
            return status;
        }
        ++*done;
    }
}

csp_status csp_recv_many(csp_end *end, csp_message *messages, size_t count, size_t *done, int64_t deadline,
                         const csp_hooks *hooks) {
    *done = 0;
    csp_waiter *self = csp__self();
    if (end->direction != CSP_RECEIVING || count == 0) {
        return CSP_INVALID;
    }
    csp_status status = csp__may_begin(self, deadline != CSP_POLL);
    if (status != CSP_OK) {
        return status;
    }
    status = many_at_once(end, messages, count, done, self);
    if (*done > 0) {
        return CSP_OK; /* the end of the channel, if it is that, comes with the next call */
    }
    if (status != CSP_WOULD_BLOCK) {
        return status;
    }
    if (deadline == CSP_POLL) {
        return csp__nothing_yet(csp__who_waits(end, hooks), self);
    }
    status = csp_recv(end, &messages[0], deadline, hooks);
    if (status == CSP_OK) {
        *done = 1;
        many_at_once(end, messages, count, done, self);
    }
    return status;
}
