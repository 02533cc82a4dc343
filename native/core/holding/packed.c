/* SPDX-License-Identifier: MIT
 *
 * Packed messages: kept unopened by whoever wants to open them again and again, and carried so inside other messages. Each is one
 * reference of its payload. What is in the payload is in transit, and stays so: it is never taken out, because whoever opens has a
 * reference beside this one.
 *
 * Invariant: `message` is written by who makes it, and once more when its holder is cut off, under the lock. */
#include "holding/packed.h"

#include <stdlib.h>

#include "holding/held.h"
#include "holding/holder.h"
#include "holding/payload.h"
#include "platform/list.h"
#include "platform/lock.h"

struct csp_packed {
    csp_held held;
    _Atomic int64_t references; /* its owner, and a fence at work */
    csp_lock lock;
    csp_message message; /* kind 0: cut off */
    csp_holder *holder;  /* its owner's to write; NULL: in transit */
};

static csp_packed *packed_of(csp_held *held) { return CSP_CONTAINER(held, csp_packed, held); }

static void empty(csp_packed *packed) {
    csp__lock(&packed->lock);
    csp_message message = packed->message;
    packed->message.kind = 0;
    csp__unlock(&packed->lock);
    csp_message_drop(&message);
}

static void release(csp_held *held) {
    csp_packed *packed = packed_of(held);
    if (atomic_fetch_sub_explicit(&packed->references, 1, memory_order_acq_rel) == 1) {
        empty(packed);
        free(packed);
    }
}

static void retain(csp_held *held) {
    atomic_fetch_add_explicit(&packed_of(held)->references, 1, memory_order_relaxed);
}

static void cut_off(csp_held *held) { empty(packed_of(held)); }

static void give(csp_held *held, csp_holder *holder) {
    csp_packed *packed = packed_of(held);
    if (packed->holder != NULL) {
        csp__holder_loses(packed->holder, held);
        csp_holder_release(packed->holder);
    }
    packed->holder = holder != NULL ? csp_holder_retain(holder) : NULL;
    if (holder != NULL && !csp__holder_keeps(holder, held)) {
        cut_off(held);
    }
}

/* Others may still look at it, but they do not hold it. */
static void drop(csp_held *held) {
    give(held, NULL);
    empty(packed_of(held));
    release(held);
}

static csp_held *clone(csp_held *held, csp_holder *holder) {
    csp_message message;
    if (!csp_packed_message(packed_of(held), &message)) {
        return NULL;
    }
    csp_packed *made = csp_packed_new(&message, holder);
    csp_message_drop(&message);
    return made != NULL ? &made->held : NULL;
}

static void say_whether_open(csp_payload *payload, void *open) { *(bool *)open = csp__payload_keeps_open(payload); }

static bool keeps_nothing_open(csp_held *held) {
    bool open = false;
    csp__packed_look(held, say_whether_open, &open);
    return !open;
}

static void forsaken(csp_held *held) {
    csp_message message;
    if (csp_packed_message(packed_of(held), &message)) {
        csp_message_drop(&message); /* gone and come back: whoever looks, looks after that */
    }
}

const csp_held_kind csp__packed_kind = {
    .turn = CSP_CUT_OFF_LAST,
    .give = give,
    .cut_off = cut_off,
    .drop = drop,
    .clone = clone,
    .keeps_nothing_open = keeps_nothing_open,
    .forsaken = forsaken,
    .retain = retain,
    .release = release,
};

void csp__packed_look(csp_held *held, void (*look)(csp_payload *payload, void *context), void *context) {
    csp_packed *packed = packed_of(held);
    csp__lock(&packed->lock);
    if ((packed->message.kind & CSP_KIND_PAYLOAD) != 0) {
        look(packed->message.as.payload, context);
    }
    csp__unlock(&packed->lock);
}

csp_packed *csp_packed_new(csp_message *message, csp_holder *holder) {
    csp_packed *packed = calloc(1, sizeof *packed);
    if (packed == NULL) {
        return NULL;
    }
    atomic_init(&packed->references, 1);
    csp__lock_init(&packed->lock);
    csp__held_init(&packed->held, &csp__packed_kind);
    packed->message = *message;
    message->kind = 0;
    give(&packed->held, holder);
    return packed;
}

csp_packed *csp_packed_clone(csp_packed *packed, csp_holder *holder) {
    csp_held *held = clone(&packed->held, holder);
    return held != NULL ? packed_of(held) : NULL;
}

bool csp_packed_message(csp_packed *packed, csp_message *message) {
    csp__lock(&packed->lock);
    *message = packed->message;
    if ((message->kind & CSP_KIND_PAYLOAD) != 0) {
        csp_payload_retain(message->as.payload);
    }
    csp__unlock(&packed->lock);
    return message->kind != 0;
}

void csp_packed_free(csp_packed *packed) { drop(&packed->held); }

void csp_payload_attach_packed(csp_payload *payload, uint32_t index, csp_packed *packed) {
    csp__payload_attach(payload, index, &packed->held);
}

csp_packed *csp_payload_take_packed(csp_payload *payload, uint32_t index, csp_holder *holder) {
    csp_held *held = csp__payload_take(payload, index, &csp__packed_kind, holder);
    return held != NULL ? packed_of(held) : NULL;
}
