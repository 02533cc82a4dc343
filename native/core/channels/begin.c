/* SPDX-License-Identifier: MIT
 *
 * Sending and receiving without a thread. */
#include <assert.h>

#include "channels/asking.h"
#include "channels/asleep.h"
#include "channels/channel_kind.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "holding/gate.h"
#include "platform/lock.h"
#include "waiting/operation.h"
#include "waiting/stopping.h"
#include "waiting/wait.h"

static bool is_over(csp_operation *operation, uint32_t code) {
    csp_waiter *waiter = &operation->waiter;
    if (code < CSP_WON || waiter->single.outcome != CSP_ENGAGED || operation->engaged) {
        return true;
    }
    csp__operation_engages(operation, waiter->single_reply);
    return csp__operation_is_over(operation);
}

/* What was claimed by somebody else is what it is; and who gave up, and left the queue, can be given nothing any more. */
static bool leave(csp_operation *operation, uint32_t code) {
    if (operation->engaged) {
        return csp__operation_asked(operation);
    }
    if (code < CSP_WON) {
        csp_channel *channel = operation->waiter.single_end->channel;
        csp__lock(&channel->lock);
        csp__dequeue(channel, &operation->waiter.single);
        csp__unlock(&channel->lock);
    }
    return false;
}

static csp_status tell(csp_operation *operation, uint32_t code, csp_message *message, uint32_t *chosen) {
    (void)chosen;
    csp_waiter *waiter = &operation->waiter;
    if (operation->engaged) {
        return csp__operation_let_go(operation, code, message);
    }
    assert(!waiter->single.linked);
    csp_status status = code >= CSP_WON ? (csp_status)waiter->single.outcome : csp__unmet(code);
    if ((status == CSP_OK) == (waiter->single.direction == CSP_RECEIVING)) {
        *message = waiter->slot; /* what was received; or what did not go */
    }
    return status;
}

static void give_back(csp_operation *operation, csp_message *message, uint32_t chosen) {
    (void)chosen;
    if (operation->waiter.single.direction == CSP_RECEIVING) {
        csp_unreceive(operation->waiter.single_end, message);
    }
}

static void rest(csp_operation *operation) { csp__end_release(operation->waiter.single_end); }

static const csp_operation_kind single = {
    .over = is_over,
    .leave = leave,
    .tell = tell,
    .give_back = give_back,
    .rest = rest,
};

/* A recursive lock belongs to a thread, and there is none. */
static bool has_owner(const csp_end *end) { return end->channel->kind != NULL && end->channel->kind->is_mine != NULL; }

static csp_status begin(csp_operation *operation, csp_end *end, csp_message *message, int64_t deadline) {
    if (operation->kind != NULL || deadline == CSP_POLL || has_owner(end)) {
        return CSP_INVALID;
    }
    csp_waiter *waiter = &operation->waiter;
    csp_holder *holder =
        operation->own != NULL ? operation->own : atomic_load_explicit(&end->holder, memory_order_relaxed);
    csp_reply *engaged = NULL;
    CSP_PASS_GATE(end->direction == CSP_SENDING ? CSP_GATE_SEND : CSP_GATE_RECV, holder, end->channel->id);
    csp_status status = csp__try_asleep(end, message, waiter, &engaged);
    if (status != CSP_WOULD_BLOCK && engaged == NULL) {
        return status;
    }
    csp_status told = engaged == NULL ? csp__told(holder, waiter) : CSP_OK;
    if (told != CSP_OK) {
        return told;
    }
    csp__operation_begins(operation, &single, holder, deadline);
    csp__end_retain(end);
    waiter->single_end = end;
    waiter->single.direction = (uint8_t)end->direction;
    if (engaged == NULL) {
        csp__operation_retain(operation); /* for whoever wakes it */
        status = csp__try_or_join_asleep(end, message, waiter, holder, deadline, &engaged);
        if (status == CSP_WOULD_BLOCK) {
            return csp__operation_goes_on(operation, message, NULL);
        }
        csp__operation_release(operation);
    }
    if (engaged != NULL) {
        csp__operation_engages(operation, engaged);
        return csp_operation_finish(operation, message, NULL);
    }
    csp__operation_rests(operation);
    return status;
}

csp_status csp_begin_send(csp_operation *operation, csp_end *end, csp_message *message, int64_t deadline) {
    return end->direction == CSP_SENDING ? begin(operation, end, message, deadline) : CSP_INVALID;
}

csp_status csp_begin_recv(csp_operation *operation, csp_end *end, csp_message *message, int64_t deadline) {
    message->kind = 0;
    return end->direction == CSP_RECEIVING ? begin(operation, end, message, deadline) : CSP_INVALID;
}
