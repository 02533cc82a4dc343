/* SPDX-License-Identifier: MIT
 *
 * Sending and receiving: the hand-over itself, under the lock, and the two single operations built on it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/extended.h"
#include "channels/registration.h"
#include "holding/holder.h"
#include "platform/list.h"
#include "platform/load.h"
#include "platform/lock.h"
#include "platform/park.h"
#include "sync/locks.h"
#include "waiting/running.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
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
    if (csp__is_watched(channel) && first && csp__offer_to_watchers(channel, message, self, wakes)) {
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
    if (csp__is_watched(channel)) {
        csp__notify_watchers(channel, NULL, wakes);
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
    if (channel->sync != NULL) {
        return csp__sync_take(channel, end, message, self);
    }
    return csp__is_over(channel, CSP_SENDING) ? CSP_END_OF_CHANNEL : CSP_WOULD_BLOCK;
}

/* ---- single operations ---------------------------------------------------------------------------------------- */

/* Two threads that send and receive back to back would pull the channel's cache line from core to core at every message,
 * and lose four fifths of their speed to it. So whoever comes in full swing, and finds that the other had the line last, lets
 * the other finish a stretch first, if nobody is left waiting by that. "In full swing": this thread's latest operation was on
 * this very channel and just now. */
enum { SWING_TICKS = 1500, STRETCH_PAUSES = 32, ENOUGH = 8 };

static void pause_for(int pauses) {
    for (int i = 0; i < pauses; i++) {
        csp__pause();
    }
}

static bool in_full_swing(csp_channel *channel, csp_waiter *self) {
    uint64_t now = csp__ticks();
    bool swing = self->last_channel == channel->id && now - self->last_operation < SWING_TICKS;
    self->last_channel = channel->id;
    self->last_operation = now;
    if (swing && atomic_load_explicit(&channel->last, memory_order_relaxed) != (uint32_t)csp__thread_id(self) &&
        atomic_load_explicit(&channel->buffered, memory_order_relaxed) >= ENOUGH && csp__may_spin()) {
        pause_for(STRETCH_PAUSES);
        self->last_operation = csp__ticks();
    }
    return swing;
}

/* Before joining a buffered channel's queue: look on for a moment, with growing pauses, whether the peer makes the wait
 * unnecessary. A sender and a receiver that run at once then work in stretches instead of handing over every message, which
 * would move five cache lines for each. True: worth another try. */
static bool look_on(csp_channel *channel, csp_direction direction, bool swing, const csp_hooks *hooks) {
    enum { FIRST_PAUSE = 8, LAST_PAUSE = 64, LOOKS = 12 };
    if (channel->capacity == 0 ||
        (hooks != NULL && hooks->spin_detached != NULL && hooks->spin_detached(hooks->context)) ||
        !csp__spin_pays(&channel->waits)) {
        return false;
    }
    int pause = swing ? STRETCH_PAUSES : FIRST_PAUSE;
    for (int look = 0; look < LOOKS && csp__may_spin(); look++) {
        pause_for(pause);
        pause = pause < LAST_PAUSE ? pause * 2 : LAST_PAUSE;
        uint32_t buffered = atomic_load_explicit(&channel->buffered, memory_order_relaxed);
        csp_direction other = direction == CSP_SENDING ? CSP_RECEIVING : CSP_SENDING;
        if ((direction == CSP_SENDING ? buffered < channel->capacity : buffered > 0) || csp__is_over(channel, other) ||
            atomic_load_explicit(&channel->waiting[other], memory_order_relaxed) > 0) {
            csp__spin_hit(&channel->waits);
            return true;
        }
    }
    return false;
}

/* One try under the lock; with `wait`, join the queue when it finds nothing. */
static csp_status try_once(csp_end *end, csp_message *message, csp_waiter *self, csp_holder *holder, bool wait,
                           int64_t deadline, csp_reply **engaged) {
    csp_channel *channel = end->channel;
    csp_direction direction = end->direction;
    csp_wakes wakes;
    wakes.count = 0;
    wakes.may_engage = wait;
    wakes.engaged = NULL;
    csp_message dropped;
    dropped.kind = 0;
    csp_status status = CSP_CLOSED_END;
    csp__lock(&channel->lock);
    atomic_store_explicit(&channel->last, (uint32_t)csp__thread_id(self), memory_order_relaxed);
    if (!atomic_load_explicit(&end->closed, memory_order_relaxed)) {
        status = direction == CSP_SENDING ? csp__offer(channel, message, self, &wakes, &dropped)
                                          : csp__take(channel, end, message, self, &wakes);
        if (status == CSP_WOULD_BLOCK && wait) {
            self->single.index = 0;
            self->single.direction = (uint8_t)direction;
            self->single_end = end;
            if (direction == CSP_SENDING) {
                self->slot = *message;
            }
            csp__arm(self, holder, deadline);
            csp__enqueue(channel, &self->single);
            if (csp__is_watched(channel) && direction == CSP_SENDING) {
                csp__notify_watchers(channel, NULL, &wakes);
            }
            if (atomic_load_explicit(&channel->likely[direction], memory_order_relaxed) != self) {
                atomic_store_explicit(&channel->likely[direction], self, memory_order_relaxed);
            }
        }
    }
    csp__check(channel);
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    csp_message_drop(&dropped);
    *engaged = wakes.engaged;
    return status;
}

static csp_status operate(csp_end *end, csp_message *message, csp_holder *holder, int64_t deadline,
                          const csp_hooks *hooks) {
    csp_channel *channel = end->channel;
    csp_direction direction = end->direction;
    csp_waiter *self = csp__self();
    csp_status status = csp__may_begin(self, deadline != CSP_POLL);
    if (status != CSP_OK) {
        return status;
    }
    csp__pass_gate(direction == CSP_SENDING ? CSP_GATE_SEND : CSP_GATE_RECV, holder, channel->id);
    bool buffered = channel->capacity > 0, may_wait = deadline != CSP_POLL;
    if (!buffered) {
        /* The peer's line travels between the cores while we get the lock's line, not after it. */
        csp_direction other = direction == CSP_SENDING ? CSP_RECEIVING : CSP_SENDING;
        csp_waiter *likely = atomic_load_explicit(&channel->likely[other], memory_order_relaxed);
        if (likely != NULL) {
            __builtin_prefetch(&likely->state, 1);
        }
    }
    bool swing = buffered && in_full_swing(channel, self);
    csp_reply *engaged = NULL;
    status = try_once(end, message, self, holder, may_wait && !buffered, deadline, &engaged);
    if (engaged != NULL) {
        return csp__wait_engaged(engaged, holder, message, hooks);
    }
    if (status == CSP_WOULD_BLOCK && may_wait && buffered) {
        /* Bounded: a third party may take what we saw, again and again. */
        for (int tries = 0; tries < 8 && look_on(channel, direction, swing, hooks); tries++) {
            status = try_once(end, message, self, holder, false, deadline, &engaged);
            if (status != CSP_WOULD_BLOCK) {
                return status;
            }
        }
        status = try_once(end, message, self, holder, true, deadline, &engaged);
    }
    if (status != CSP_WOULD_BLOCK) {
        return status;
    }
    if (!may_wait) {
        return csp__nothing_yet(holder, self);
    }

    uint32_t code = csp__wait(self, &channel->waits, deadline, hooks);
    if (code >= CSP_WON) {
        assert(!self->single.linked);
        status = (csp_status)self->single.outcome;
        if (self->single.outcome == CSP_ENGAGED) {
            return csp__wait_engaged(self->single_reply, holder, message, hooks);
        }
        if (status == CSP_OK) {
            if (direction == CSP_RECEIVING) {
                *message = self->slot;
            } else {
                message->kind = 0;
            }
        }
        return status;
    }
    csp__lock(&channel->lock);
    csp__dequeue(channel, &self->single);
    csp__unlock(&channel->lock);
    return csp__unmet(code);
}

csp_status csp_send(csp_end *end, csp_message *message, int64_t deadline, const csp_hooks *hooks) {
    csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
    return end->direction == CSP_SENDING ? operate(end, message, holder, deadline, hooks) : CSP_INVALID;
}

csp_status csp__send_as(csp_end *end, csp_message *message, csp_holder *holder, int64_t deadline,
                        const csp_hooks *hooks) {
    return operate(end, message, holder, deadline, hooks);
}

csp_status csp_recv(csp_end *end, csp_message *message, int64_t deadline, const csp_hooks *hooks) {
    if (end->direction != CSP_RECEIVING) {
        return CSP_INVALID;
    }
    message->kind = 0;
    return operate(end, message, atomic_load_explicit(&end->holder, memory_order_relaxed), deadline, hooks);
}

void csp_unreceive(csp_end *receiving, csp_message *message) {
    csp_channel *channel = receiving->channel;
    csp_wakes wakes;
    wakes.count = 0;
    csp_reply *engaged = NULL; /* an extended receiver's, whose sender is long gone: nobody will ask */
    if (channel->sync != NULL) {
        csp__sync_untake(receiving, message);
        return;
    }
    csp__lock(&channel->lock);
    if (!csp__is_over(channel, CSP_RECEIVING)) {
        csp_case *receiver;
        while (message->kind != 0 && (receiver = csp__first_other(channel, CSP_RECEIVING, NULL)) != NULL) {
            csp_reply *unasked = receiver->extended ? *csp__case_reply(receiver) : NULL;
            *csp__case_message(receiver) = *message;
            if (csp__win(channel, receiver, CSP_OK, &wakes)) {
                message->kind = 0;
                engaged = unasked;
            }
        }
        if (message->kind != 0 && channel->returned_count == channel->returned_room) {
            uint32_t room = channel->returned_room == 0 ? 2 : channel->returned_room * 2;
            csp_message *larger = realloc(channel->returned, sizeof *larger * room);
            if (larger != NULL) {
                channel->returned = larger;
                channel->returned_room = room;
            }
        }
        if (message->kind != 0 && channel->returned_count < channel->returned_room) {
            channel->returned[channel->returned_count++] = *message;
            message->kind = 0;
            count_buffered(channel);
            if (csp__is_watched(channel)) {
                csp__notify_watchers(channel, NULL, &wakes);
            }
        }
    }
    if (message->kind != 0) {
        channel->undelivered++;
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    if (engaged != NULL) {
        csp_reply_abandon(engaged);
    }
    csp_message_drop(message);
}
