/* SPDX-License-Identifier: MIT */
#include "channels/asleep.h"

#include "channels/channel.h"
#include "channels/end.h"
#include "channels/registration.h"
#include "platform/lock.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

/* Under the lock. */
static void join(csp_end *end, csp_message *message, csp_waiter *waiter, csp_holder *holder, int64_t deadline,
                 csp_wakes *wakes) {
    csp_channel *channel = end->channel;
    waiter->single.index = 0;
    waiter->single.direction = (uint8_t)end->direction;
    waiter->single_end = end;
    if (end->direction == CSP_SENDING) {
        waiter->slot = *message;
        message->kind = 0;
    }
    csp__arm_asleep(waiter, holder, deadline);
    csp__enqueue(channel, &waiter->single);
    if (csp__has_registrations(channel) && end->direction == CSP_SENDING) {
        csp__notify_registered(channel, NULL, wakes);
    }
}

static csp_status try_once(csp_end *end, csp_message *message, csp_waiter *self, bool joins, csp_holder *holder,
                           int64_t deadline, csp_reply **engaged) {
    csp_channel *channel = end->channel;
    csp_wakes wakes = {.count = 0, .may_engage = true};
    csp_message dropped = {.kind = 0};
    csp_status status = CSP_CLOSED_END;
    csp__lock(&channel->lock);
    if (!atomic_load_explicit(&end->closed, memory_order_relaxed)) {
        status = end->direction == CSP_SENDING ? csp__offer(channel, message, self, &wakes, &dropped)
                                               : csp__take(channel, end, message, self, &wakes);
        if (status == CSP_WOULD_BLOCK && joins) {
            join(end, message, self, holder, deadline, &wakes);
        }
    }
    csp__check(channel);
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    csp_message_drop(&dropped);
    *engaged = wakes.engaged;
    return status;
}

csp_status csp__try_asleep(csp_end *end, csp_message *message, csp_waiter *self, csp_reply **engaged) {
    return try_once(end, message, self, false, NULL, CSP_FOREVER, engaged);
}

csp_status csp__try_or_join_asleep(csp_end *end, csp_message *message, csp_waiter *self, csp_holder *holder,
                                   int64_t deadline, csp_reply **engaged) {
    return try_once(end, message, self, true, holder, deadline, engaged);
}
