/* SPDX-License-Identifier: MIT
 *
 * One-shot replies. A call allocates one of these and no channel. The answering right travels inside the call's message; so
 * whatever becomes of the message, dropped unread or taken by somebody who then dies, the caller learns it at once. */
#include "channels/reply.h"

#include <stdlib.h>
#include <string.h>

#include "holding/gate.h"
#include "holding/held.h"
#include "holding/holder.h"
#include "holding/payload.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/calling.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

static _Atomic int64_t replies_alive;
static const csp_held_kind reply_kind; /* below */

csp_reply *csp__reply_alloc(size_t size, int64_t references, const csp_reply_sink *sink) {
    csp_reply *reply = aligned_alloc(alignof(csp_reply), size);
    if (reply != NULL) {
        memset(reply, 0, size);
        csp__lock_init(&reply->lock);
        csp__held_init(&reply->held, &reply_kind);
        csp__list_init(&reply->of_channel);
        atomic_init(&reply->references, references);
        reply->sink = sink;
        reply->envelope.deadline = CSP_FOREVER;
        atomic_fetch_add_explicit(&replies_alive, 1, memory_order_relaxed);
    }
    return reply;
}

csp_reply *csp_reply_new(void) {
    csp_reply *reply = csp__reply_alloc(sizeof(csp_reply), 2, NULL);
    if (reply != NULL) {
        csp__envelope_begin(&reply->envelope);
    }
    return reply;
}

void csp__reply_retain(csp_reply *reply) { atomic_fetch_add_explicit(&reply->references, 1, memory_order_relaxed); }

void csp__reply_release(csp_reply *reply) {
    if (atomic_fetch_sub_explicit(&reply->references, 1, memory_order_acq_rel) == 1) {
        csp_message_drop(&reply->message);
        if (reply->sink != NULL) {
            reply->sink->close(reply);
        }
        free(reply);
        atomic_fetch_sub_explicit(&replies_alive, 1, memory_order_relaxed);
    }
}

int64_t csp__replies_alive(void) { return atomic_load_explicit(&replies_alive, memory_order_relaxed); }

static void leave_holder(csp_reply *reply) {
    csp_holder *holder = reply->holder;
    if (holder != NULL) {
        csp__holder_loses(holder, &reply->held);
        reply->holder = NULL;
        csp_holder_release(holder);
    }
}

void csp__reply_taken(csp_reply *reply, csp_holder *holder) {
    leave_holder(reply); /* a call that is passed on had one before */
    atomic_store_explicit(&reply->callee, csp_holder_id(holder), memory_order_relaxed);
    if (holder == NULL) {
        return;
    }
    reply->holder = csp_holder_retain(holder);
    if (!csp__holder_keeps(holder, &reply->held)) {
        csp__reply_force_break(reply);
    }
}

/* Put the answer in place, once. False if there was one, or nobody waits for it any more; the message is then unchanged. */
static bool settle(csp_reply *reply, csp_message *answer, uint64_t flags) {
    bool must_wake = false, settled = false;
    csp_waiter *waiter = NULL;
    csp__lock(&reply->lock);
    if (!reply->done && !atomic_load_explicit(&reply->abandoned, memory_order_relaxed)) {
        reply->done = settled = true;
        reply->message = *answer;
        reply->message.tag = flags;
        answer->kind = 0;
        waiter = reply->waiter;
        reply->waiter = NULL;
        if (waiter != NULL && !csp__claim(waiter, CSP_WON, &must_wake)) {
            must_wake = false; /* it timed out: it will look at `done` once more before it leaves */
        }
    }
    csp__unlock(&reply->lock);
    if (must_wake) {
        csp__wake(waiter);
    }
    if (settled && reply->sink != NULL) {
        csp_message message = reply->message;
        reply->message.kind = 0;
        return reply->sink->deliver(reply, &message, flags);
    }
    return settled;
}

/* A broken reply still needs a kind that is not "empty", so that it can travel: the tag says what it is. */
static csp_message broken_message(void) { return (csp_message){.kind = 1}; }

bool csp_reply_complete(csp_reply *reply, csp_message *answer, uint64_t flags) {
    CSP_PASS_GATE(CSP_GATE_ANSWER, reply->holder, 0);
    leave_holder(reply);
    bool settled = settle(reply, answer, flags);
    csp_message_drop(answer);
    csp__reply_release(reply);
    return settled;
}

void csp_reply_break(csp_reply *reply, bool maybe_ran) {
    csp_message broken = broken_message();
    CSP_PASS_GATE(CSP_GATE_ANSWER, reply->holder, 0);
    leave_holder(reply);
    settle(reply, &broken, CSP_REPLY_BROKEN | (maybe_ran ? CSP_REPLY_MAYBE_RAN : 0));
    csp__reply_release(reply);
}

void csp__reply_force_break(csp_reply *reply) {
    csp_message broken = broken_message();
    if (settle(reply, &broken, CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN) && reply->sink != NULL) {
        reply->sink->close(
            reply); /* whoever has the answering right may keep it for ever, and this must not wait for that */
    }
}

/* ---- as something that is held -------------------------------------------------------------------------------- */

static csp_reply *reply_of(csp_held *held) { return CSP_CONTAINER(held, csp_reply, held); }
static void give(csp_held *held, csp_holder *holder) { csp__reply_taken(reply_of(held), holder); }
static void cut_off(csp_held *held) { csp__reply_force_break(reply_of(held)); }
static void drop(csp_held *held) { csp_reply_break(reply_of(held), false); }
static void retain(csp_held *held) { csp__reply_retain(reply_of(held)); }
static void release(csp_held *held) { csp__reply_release(reply_of(held)); }

static const csp_held_kind reply_kind = {
    .turn = CSP_CUT_OFF_LAST,
    .give = give,
    .cut_off = cut_off,
    .drop = drop,
    .retain = retain,
    .release = release,
};

void csp_payload_attach_reply(csp_payload *payload, uint32_t index, csp_reply *reply) {
    csp__payload_attach(payload, index, &reply->held);
}

csp_reply *csp_payload_take_reply(csp_payload *payload, uint32_t index, csp_holder *holder) {
    csp_held *held = csp__payload_take(payload, index, &reply_kind, holder);
    return held != NULL ? reply_of(held) : NULL;
}

/* ---- asking --------------------------------------------------------------------------------------------------- */

/* The wait graph reads who asks whom through the waiter; it must not find a reply that is gone. */
static void set_asking(csp_waiter *self, csp_reply *reply) {
    csp__lock(&self->asking_lock);
    atomic_store_explicit(&self->asking, reply, memory_order_relaxed);
    csp__unlock(&self->asking_lock);
}

bool csp__reply_join(csp_reply *reply, csp_waiter *waiter, csp_holder *holder, int64_t deadline) {
    csp__lock(&reply->lock);
    bool done = reply->done;
    if (!done) {
        reply->waiter = waiter;
        csp__arm_asleep(waiter, holder, deadline);
    }
    csp__unlock(&reply->lock);
    return !done;
}

bool csp__reply_leave(csp_reply *reply) {
    csp__lock(&reply->lock);
    reply->waiter = NULL;
    bool done = reply->done;
    csp__unlock(&reply->lock);
    return done;
}

/* Nobody writes a settled reply again: no lock needed. The claim, or the lock before, published the message. */
csp_message csp__reply_take(csp_reply *reply) {
    csp_message answer = reply->message;
    reply->message.kind = 0;
    return answer;
}

csp_status csp_reply_wait(csp_reply *reply, csp_holder *waiting, csp_message *answer, int64_t deadline,
                          const csp_hooks *hooks) {
    csp_waiter *self = csp__self();
    answer->kind = 0;
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    CSP_PASS_GATE(CSP_GATE_ASK, waiting, 0);
    csp__lock(&reply->lock);
    bool done = reply->done;
    if (!done && deadline != CSP_POLL) {
        reply->waiter = self;
        csp__arm(self, waiting, deadline);
    }
    csp__unlock(&reply->lock);
    if (!done) {
        if (deadline == CSP_POLL) {
            return csp__nothing_yet(waiting, self);
        }
        set_asking(self, reply);
        uint32_t code = csp__wait(self, &self->replies, deadline, hooks);
        set_asking(self, NULL);
        if (code != CSP_WON) {
            if (!csp__reply_leave(reply)) {
                return csp__unmet(code);
            }
        }
    }
    *answer = csp__reply_take(reply);
    return CSP_OK;
}

void csp_reply_abandon(csp_reply *reply) {
    csp__lock(&reply->lock);
    atomic_store_explicit(&reply->abandoned, true, memory_order_relaxed);
    csp__unlock(&reply->lock);
    csp__reply_release(reply);
}

/* ---- what a call brings with it ------------------------------------------------------------------------------- */

/* Written before the reply is attached and never again: the channel that the call goes through publishes it. */
const csp_envelope *csp_reply_envelope(const csp_reply *reply) { return &reply->envelope; }
void csp_reply_set_envelope(csp_reply *reply, const csp_envelope *envelope) { reply->envelope = *envelope; }

csp_reply *csp_reply_asking(csp_reply *reply) {
    csp__reply_retain(reply);
    return reply;
}

bool csp_reply_wanted(csp_reply *reply) {
    if (atomic_load_explicit(&reply->abandoned, memory_order_relaxed)) {
        return false;
    }
    if (reply->sink == NULL || reply->sink->wanted == NULL) {
        return true;
    }
    csp__lock(&reply->lock); /* a fence settles it under the lock, before it closes the sink */
    bool wanted = !reply->done && reply->sink->wanted(reply);
    csp__unlock(&reply->lock);
    return wanted;
}
