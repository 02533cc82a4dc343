/* SPDX-License-Identifier: MIT */
#include "channels/extended.h"

#include "channels/channel.h"
#include "channels/end.h"
#include "channels/reply.h"
#include "holding/gate.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

void csp__engage(csp_reply *reply) {
    csp_channel *channel = reply->channel;
    csp__lock(&channel->lock);
    bool aborted = channel->aborted;
    if (!aborted) {
        csp__list_append(&channel->engaged, &reply->of_channel);
    }
    csp__unlock(&channel->lock);
    if (aborted) {
        csp__reply_force_break(reply); /* unless the answer has come already: then that is what we get */
    }
}

csp_status csp__engagement_over(csp_reply *reply, csp_status status, csp_message *answer, csp_message *message) {
    csp_channel *channel = reply->channel;
    csp__lock(&channel->lock);
    csp__list_remove(&reply->of_channel); /* an abort may have taken it out before */
    csp__unlock(&channel->lock);
    csp_reply_abandon(reply);
    if (status != CSP_OK) {
        return status;
    }
    if ((answer->tag & (CSP_REPLY_FAILED | CSP_REPLY_BROKEN)) == 0) {
        csp_message_drop(answer);
        return CSP_OK;
    }
    if ((answer->tag & CSP_REPLY_BROKEN) != 0) {
        csp_message_drop(answer);
    } else {
        answer->tag = 0;
        *message = *answer;
    }
    return CSP_FAILED;
}

csp_status csp__wait_engaged(csp_reply *reply, csp_holder *holder, csp_message *message, const csp_hooks *hooks) {
    csp_message answer;
    message->kind = 0;
    csp__engage(reply);
    csp_status status = csp_reply_wait(reply, holder, &answer, CSP_FOREVER, hooks);
    return csp__engagement_over(reply, status, &answer, message);
}

void csp__release_engaged(csp_channel *channel) {
    csp__lock(&channel->lock);
    while (!csp__list_empty(&channel->engaged)) {
        csp_reply *reply = CSP_CONTAINER(channel->engaged.next, csp_reply, of_channel);
        csp__list_remove(&reply->of_channel);
        csp__reply_retain(reply); /* its sender may be on its way out */
        csp__unlock(&channel->lock);
        csp__reply_force_break(reply);
        csp__reply_release(reply);
        csp__lock(&channel->lock);
    }
    csp__unlock(&channel->lock);
}

/* Under the lock: meet a sender that waits. */
static csp_status take_and_hold(csp_channel *channel, csp_message *message, csp_waiter *self, csp_reply *reply,
                                bool *held, csp_wakes *wakes) {
    if (channel->returned_count > 0) { /* an undone receive: its sender is long gone */
        return csp__take(channel, NULL, message, self, wakes);
    }
    csp_case *sender;
    while ((sender = csp__first_other(channel, CSP_SENDING, self)) != NULL) {
        csp_message next = *csp__case_message(sender);
        *csp__case_reply(sender) = reply;
        if (csp__win(channel, sender, (csp_status)CSP_ENGAGED, wakes)) {
            *message = next;
            *held = true;
            channel->sent++;
            return CSP_OK;
        }
    }
    return csp__is_over(channel, CSP_SENDING) ? CSP_END_OF_CHANNEL : CSP_WOULD_BLOCK;
}

/* The reply was not needed. */
static csp_status give_up(csp_reply *reply, csp_status status) {
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    return status;
}

csp_status csp_recv_extended(csp_end *end, csp_message *message, csp_reply **reply, int64_t deadline,
                             const csp_hooks *hooks) {
    csp_channel *channel = end->channel;
    csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
    csp_waiter *self = csp__self();
    csp_wakes wakes = {.count = 0};
    bool held = false;
    message->kind = 0;
    *reply = NULL;
    if (end->direction != CSP_RECEIVING || channel->capacity > 0 || channel->kind != NULL) {
        return CSP_INVALID;
    }
    csp_status status = csp__may_begin(self, deadline != CSP_POLL);
    if (status != CSP_OK) {
        return status;
    }
    csp_reply *mine = csp__reply_alloc(sizeof(csp_reply), 2, NULL);
    if (mine == NULL) {
        return CSP_NO_MEMORY;
    }
    mine->channel = channel;
    csp__reply_taken(mine, holder); /* from now on: if the holder is cut off, whoever it holds is let go */
    CSP_PASS_GATE(CSP_GATE_RECV, holder, channel->id);
    status = CSP_CLOSED_END;
    csp__lock(&channel->lock);
    if (!atomic_load_explicit(&end->closed, memory_order_relaxed)) {
        status = take_and_hold(channel, message, self, mine, &held, &wakes);
        if (status == CSP_WOULD_BLOCK && deadline != CSP_POLL) {
            self->single.index = 0;
            self->single.direction = CSP_RECEIVING;
            self->single.extended = true;
            self->single_end = end;
            self->single_reply = mine;
            csp__arm(self, holder, deadline);
            csp__enqueue(channel, &self->single);
        }
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    if (status == CSP_WOULD_BLOCK && deadline != CSP_POLL) {
        uint32_t code = csp__wait(self, &channel->waits, deadline, hooks);
        if (code >= CSP_WON) {
            status = (csp_status)self->single.outcome;
            held = status == CSP_OK;
            if (held) {
                *message = self->slot;
            }
        } else {
            csp__lock(&channel->lock);
            csp__dequeue(channel, &self->single);
            csp__unlock(&channel->lock);
            status = csp__unmet(code);
        }
        self->single.extended = false;
    } else if (status == CSP_WOULD_BLOCK) {
        status = csp__nothing_yet(holder, self);
    }
    if (!held) {
        return give_up(mine, status);
    }
    *reply = mine;
    return CSP_OK;
}
