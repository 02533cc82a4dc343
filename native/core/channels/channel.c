/* SPDX-License-Identifier: MIT
 *
 * The hand-over itself, under the channel's lock: buffer, queues, and the two halves of every transfer. */
#include "channels/channel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "channels/registration.h"
#include "platform/list.h"
#include "platform/park.h"
#include "waiting/waiter.h"

/* ---- the ring ------------------------------------------------------------------------------------------------- */

/* Room for one more message. The ring grows as it is used: a channel of capacity 1024 that never holds more than three
 * messages stays small. */
static bool ring_reserve(csp_channel *channel) {
    if (channel->count < channel->room) {
        return true;
    }
    uint32_t room = channel->room == 0 ? 8 : channel->room * 2;
    csp_message *ring = room > channel->room ? malloc(sizeof *ring * room) : NULL;
    if (ring == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < channel->count; i++) {
        ring[i] = channel->ring[(channel->head + i) & (channel->room - 1)];
    }
    free(channel->ring);
    channel->ring = ring;
    channel->room = room;
    channel->head = 0;
    return true;
}

static void count_buffered(csp_channel *channel) {
    atomic_store_explicit(&channel->buffered, channel->count + channel->returned_count, memory_order_relaxed);
}

static void ring_push(csp_channel *channel, const csp_message *message) {
    channel->ring[(channel->head + channel->count) & (channel->room - 1)] = *message;
    channel->count++;
    count_buffered(channel);
}

static csp_message ring_pop(csp_channel *channel) {
    csp_message message = channel->ring[channel->head];
    channel->head = (channel->head + 1) & (channel->room - 1);
    channel->count--;
    count_buffered(channel);
    return message;
}

/* Undone receives stand beside the ring and take none of its places. What has been here longest is the one that was undone
 * last; its place goes to the oldest of the ring, which is younger than all that were undone. */
static csp_message drop_oldest(csp_channel *channel) {
    if (channel->returned_count == 0) {
        return ring_pop(channel);
    }
    csp_message oldest = channel->returned[channel->returned_count - 1];
    memmove(&channel->returned[1], &channel->returned[0], sizeof oldest * (channel->returned_count - 1));
    channel->returned[0] = ring_pop(channel);
    return oldest;
}

bool csp__can_return(csp_channel *channel) {
    if (channel->returned_count == channel->returned_room) {
        uint32_t room = channel->returned_room == 0 ? 2 : channel->returned_room * 2;
        csp_message *larger = realloc(channel->returned, sizeof *larger * room);
        if (larger == NULL) {
            return false;
        }
        channel->returned = larger;
        channel->returned_room = room;
    }
    return true;
}

bool csp__return(csp_channel *channel, csp_message *message) {
    if (!csp__can_return(channel)) {
        return false;
    }
    channel->returned[channel->returned_count++] = *message;
    message->kind = 0;
    count_buffered(channel);
    return true;
}

/* ---- queues --------------------------------------------------------------------------------------------------- */

void csp__enqueue(csp_channel *channel, csp_case *c) {
    _Atomic uint32_t *waiting = &channel->waiting[c->direction];
    uint32_t now = atomic_load_explicit(waiting, memory_order_relaxed) + 1;
    assert(!c->linked);
    csp__list_append(&channel->queue[c->direction], &c->node);
    c->linked = true;
    atomic_store_explicit(waiting, now, memory_order_relaxed);
    if (now > channel->peak[c->direction]) {
        channel->peak[c->direction] = now;
    }
}

void csp__dequeue(csp_channel *channel, csp_case *c) {
    if (c->linked) {
        _Atomic uint32_t *waiting = &channel->waiting[c->direction];
        csp__list_remove(&c->node);
        c->linked = false;
        atomic_store_explicit(waiting, atomic_load_explicit(waiting, memory_order_relaxed) - 1, memory_order_relaxed);
    }
}

csp_case *csp__first_other(csp_channel *channel, csp_direction direction, const csp_waiter *self) {
    csp_node *queue = &channel->queue[direction];
    for (csp_node *node = queue->next; node != queue; node = node->next) {
        csp_case *c = CSP_CONTAINER(node, csp_case, node);
        if (csp__case_waiter(c) != self) {
            return c;
        }
    }
    return NULL;
}

bool csp__win(csp_channel *channel, csp_case *c, csp_status outcome, csp_wakes *wakes) {
    csp_waiter *waiter = csp__case_waiter(c);
    uint32_t index = c->index;
    bool must_wake = false;
    assert(c->linked);
    c->outcome = (uint8_t)outcome;
    csp__dequeue(channel, c);
    if (!csp__claim(waiter, CSP_WON + index, &must_wake)) {
        return false;
    }
    if (must_wake) {
        wakes->waiters[wakes->count++] = waiter;
        atomic_store_explicit(&channel->waits.waker_cpu, csp__platform_cpu(), memory_order_relaxed);
    }
    return true;
}

/* The first receiver that this sender may meet: not its own, and one that will hold it only if it can wait. */
static csp_case *first_receiver(csp_channel *channel, const csp_waiter *self, bool may_engage) {
    csp_node *queue = &channel->queue[CSP_RECEIVING];
    for (csp_node *node = queue->next; node != queue; node = node->next) {
        csp_case *c = CSP_CONTAINER(node, csp_case, node);
        if (csp__case_waiter(c) != self && (may_engage || !c->extended)) {
            return c;
        }
    }
    return NULL;
}

/* ---- the two halves ------------------------------------------------------------------------------------------- */

csp_status csp__offer(csp_channel *channel, csp_message *message, const csp_waiter *self, csp_wakes *wakes,
                      csp_message *dropped) {
    if (csp__is_over(channel, CSP_RECEIVING)) {
        return CSP_BROKEN;
    }
    csp_case *receiver;
    while ((receiver = first_receiver(channel, self, wakes->may_engage)) != NULL) {
        csp_reply *engaged = receiver->extended ? *csp__case_reply(receiver) : NULL;
        *csp__case_message(receiver) =
            *message; /* a loser's slot is its own: writing there for nothing harms nobody */
        if (csp__win(channel, receiver, CSP_OK, wakes)) {
            wakes->engaged = engaged;
            message->kind = 0;
            channel->sent++;
            return CSP_OK;
        }
    }
    /* What is there goes first: an alternative that has just armed, and will see that it must not wait, may be met too soon. */
    bool first = atomic_load_explicit(&channel->buffered, memory_order_relaxed) == 0 &&
                 atomic_load_explicit(&channel->waiting[CSP_SENDING], memory_order_relaxed) == 0;
    if (csp__has_registrations(channel) && first && csp__offer_to_registered(channel, message, self, wakes)) {
        channel->sent++;
        return CSP_OK;
    }
    if (channel->capacity == 0) {
        return CSP_WOULD_BLOCK;
    }
    if (channel->count >= channel->capacity) {
        switch (channel->overflow) {
            case CSP_OVERFLOW_BLOCK:
                return CSP_WOULD_BLOCK;
            case CSP_OVERFLOW_REFUSE:
                return CSP_OVERFLOW;
            case CSP_OVERFLOW_NEWEST:
                *dropped = *message;
                message->kind = 0;
                channel->sent++;
                channel->dropped++;
                return CSP_OK;
            case CSP_OVERFLOW_OLDEST:
                *dropped = drop_oldest(channel);
                channel->dropped++;
                break;
        }
    }
    if (!ring_reserve(channel)) {
        return CSP_NO_MEMORY;
    }
    ring_push(channel, message);
    message->kind = 0;
    channel->sent++;
    if (csp__has_registrations(channel)) {
        csp__notify_registered(channel, NULL, wakes);
    }
    return CSP_OK;
}

csp_status csp__take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self,
                     csp_wakes *wakes) {
    if (channel->returned_count > 0) {
        *message = channel->returned[--channel->returned_count];
        count_buffered(channel);
        return CSP_OK;
    }
    if (channel->count > 0) {
        *message = ring_pop(channel);
        /* The freed place goes to the sender that waited longest: it need not come back for the lock, and order holds. */
        csp_case *sender;
        while ((sender = csp__first_other(channel, CSP_SENDING, self)) != NULL) {
            csp_message next = *csp__case_message(sender); /* before the claim; afterwards its frame may be gone */
            if (csp__win(channel, sender, CSP_OK, wakes)) {
                ring_push(channel, &next);
                channel->sent++;
                break;
            }
        }
        return CSP_OK;
    }
    csp_case *sender;
    while ((sender = csp__first_other(channel, CSP_SENDING, self)) != NULL) {
        csp_message next = *csp__case_message(sender);
        if (csp__win(channel, sender, CSP_OK, wakes)) {
            *message = next;
            channel->sent++;
            return CSP_OK;
        }
    }
    if (channel->kind != NULL) {
        return channel->kind->take(channel, end, message, self);
    }
    return csp__is_over(channel, CSP_SENDING) ? CSP_END_OF_CHANNEL : CSP_WOULD_BLOCK;
}
