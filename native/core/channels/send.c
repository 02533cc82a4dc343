/* SPDX-License-Identifier: MIT
 *
 * Sending and receiving: the two single operations, and undoing a receive. */
#include "channels/send.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "platform/load.h"
#include "platform/lock.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

/* SPDX-License-Identifier: MIT
 *
 * Sending and receiving: the hand-over itself, under the lock, and the two single operations built on it. */

/* Two threads that send and receive back to back would pull the channel's cache line from core to core at every
 * message, and lose four fifths of their speed to it. So a thread in full swing that finds the peer owned the line
 * last pauses, so that the peer can finish a run; but not if somebody would be left waiting. "In full swing": this
 * thread's latest operation was just now, and on this channel. */
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

/* Before joining a buffered channel's queue: look for a moment, with growing pauses, whether the peer makes the wait
 * unnecessary. Then a sender and a receiver that run at once work in runs. Handing over every message would move five
 * cache lines each time. True: worth another try. */
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
            if (csp__has_registrations(channel) && direction == CSP_SENDING) {
                csp__notify_registered(channel, NULL, &wakes);
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
    CSP_PASS_GATE(direction == CSP_SENDING ? CSP_GATE_SEND : CSP_GATE_RECV, holder, channel->id);
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
    return end->direction == CSP_SENDING ? operate(end, message, csp__who_waits(end, hooks), deadline, hooks)
                                         : CSP_INVALID;
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
    return operate(end, message, csp__who_waits(end, hooks), deadline, hooks);
}

void csp__put_back(csp_channel *channel, csp_message *message, csp_wakes *wakes, csp_reply **engaged) {
    csp_case *receiver;
    if (csp__is_over(channel, CSP_RECEIVING)) {
        return;
    }
    while (message->kind != 0 && (receiver = csp__first_other(channel, CSP_RECEIVING, NULL)) != NULL) {
        csp_reply *unasked = receiver->extended ? *csp__case_reply(receiver) : NULL;
        *csp__case_message(receiver) = *message;
        if (csp__win(channel, receiver, CSP_OK, wakes)) {
            message->kind = 0;
            *engaged = unasked;
        }
    }
    if (message->kind != 0 && csp__return(channel, message)) {
        if (csp__has_registrations(channel)) {
            csp__notify_registered(channel, NULL, wakes);
        }
    }
}

void csp_unreceive(csp_end *receiving, csp_message *message) {
    csp_channel *channel = receiving->channel;
    csp_wakes wakes;
    wakes.count = 0;
    csp_reply *engaged = NULL; /* an extended receiver's, whose sender is long gone: nobody will ask */
    CSP_PASS_GATE(CSP_GATE_SEND, atomic_load_explicit(&receiving->holder, memory_order_relaxed), channel->id);
    if (channel->kind != NULL) {
        channel->kind->untake(receiving, message);
        return;
    }
    csp__lock(&channel->lock);
    csp__put_back(channel, message, &wakes, &engaged);
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
