/* SPDX-License-Identifier: MIT
 *
 * Payloads: what a message carries beyond 16 bytes; and what travels in it, of whatever kind. */
#include "holding/payload.h"

#include <stdalign.h>
#include <stdlib.h>

#include "holding/held.h"
#include "platform/lock.h"

struct csp_payload {
    _Atomic int64_t references;
    csp_payload *next_dying;
    size_t size;
    uint32_t attachments;
    bool is_once;    /* one of the attachments cannot be cloned; written before the payload is shared ... */
    bool keeps_open; /* ... as is this: one of them keeps something open */
    csp_lock lock;   /* guards the attachments: several may open it at once */
    alignas(16) unsigned char bytes[];
};

static _Atomic int64_t payloads_alive;

static size_t attachments_offset(size_t size) { return (size + alignof(csp_held *) - 1) & ~(alignof(csp_held *) - 1); }

static csp_held **attachments_of(csp_payload *payload) {
    return (csp_held **)(void *)(payload->bytes + attachments_offset(payload->size));
}

csp_payload *csp_payload_new(size_t size, uint32_t attachments) {
    size_t places = sizeof(csp_held *) * (size_t)attachments;
    if (size > SIZE_MAX / 2 - places - sizeof(csp_payload) - alignof(csp_held *)) {
        return NULL;
    }
    csp_payload *payload = malloc(sizeof *payload + attachments_offset(size) + places);
    if (payload == NULL) {
        return NULL;
    }
    atomic_init(&payload->references, 1);
    payload->size = size;
    payload->attachments = attachments;
    payload->is_once = payload->keeps_open = false;
    csp__lock_init(&payload->lock);
    for (uint32_t i = 0; i < attachments; i++) {
        attachments_of(payload)[i] = NULL;
    }
    atomic_fetch_add_explicit(&payloads_alive, 1, memory_order_relaxed);
    return payload;
}

uint32_t csp__payload_attachments(const csp_payload *payload) { return payload->attachments; }
bool csp__payload_is_once(const csp_payload *payload) { return payload->is_once; }
bool csp__payload_keeps_open(const csp_payload *payload) { return payload->keeps_open; }

csp_held *csp__payload_attached(csp_payload *payload, uint32_t index) {
    csp__lock(&payload->lock);
    csp_held *held = attachments_of(payload)[index];
    bool stays =
        held != NULL && held->kind->clone != NULL; /* else whoever else has the payload may take it any time */
    csp__unlock(&payload->lock);
    return stays ? held : NULL;
}

/* acquire: whoever finds himself alone has seen all that the others did to the attachments. */
int64_t csp__payload_references(const csp_payload *payload) {
    return atomic_load_explicit(&payload->references, memory_order_acquire);
}

csp_payload *csp_payload_retain(csp_payload *payload) {
    atomic_fetch_add_explicit(&payload->references, 1, memory_order_relaxed);
    return payload;
}

static void destroy(csp_payload *payload) {
    for (uint32_t i = 0; i < payload->attachments; i++) {
        csp_held *held = attachments_of(payload)[i];
        if (held != NULL) {
            held->kind->drop(held);
        }
    }
    free(payload);
    atomic_fetch_sub_explicit(&payloads_alive, 1, memory_order_relaxed);
}

/* One reference goes, and others stay: what is in there may have been within reach by this one alone. */
static bool release_one_of_several(csp_payload *payload) {
    enum { LOOKED_AT = 64, DEEPEST = 8 /* packed messages in packed messages: each may be released in here */ };
    static _Thread_local int depth __attribute__((tls_model("initial-exec")));
    csp_held *forsaken[LOOKED_AT];
    uint32_t count = 0;
    csp__lock(&payload->lock);
    for (uint32_t i = 0; i < payload->attachments && count < LOOKED_AT && depth < DEEPEST; i++) {
        csp_held *held = attachments_of(payload)[i];
        if (held != NULL && held->kind->forsaken != NULL) {
            held->kind->retain(held);
            forsaken[count++] = held;
        }
    }
    csp__unlock(&payload->lock);
    bool last = atomic_fetch_sub_explicit(&payload->references, 1, memory_order_acq_rel) == 1;
    depth++;
    for (uint32_t i = 0; i < count; i++) {
        if (!last) {
            forsaken[i]->kind->forsaken(forsaken[i]);
        }
        forsaken[i]->kind->release(forsaken[i]);
    }
    depth--;
    return last;
}

/* A payload may hold the last end of a channel whose buffer holds payloads, and so on down. One after the other, because no stack
 * is deep enough for all: what comes up while a payload is destroyed waits until that one is gone. */
void csp_payload_release(csp_payload *payload) {
    static _Thread_local csp_payload *dying __attribute__((tls_model("initial-exec")));
    static _Thread_local bool destroying __attribute__((tls_model("initial-exec")));
    /* acq_rel: whoever frees has seen everything that the others did with the bytes. */
    bool last = payload->keeps_open && csp__payload_references(payload) > 1
                    ? release_one_of_several(payload)
                    : atomic_fetch_sub_explicit(&payload->references, 1, memory_order_acq_rel) == 1;
    if (!last) {
        return;
    }
    payload->next_dying = dying;
    dying = payload;
    if (destroying) {
        return;
    }
    destroying = true;
    while (dying != NULL) {
        csp_payload *next = dying;
        dying = next->next_dying;
        destroy(next);
    }
    destroying = false;
}

unsigned char *csp_payload_bytes(csp_payload *payload) { return payload->bytes; }
size_t csp_payload_size(const csp_payload *payload) { return payload->size; }
int64_t csp_payloads_alive(void) { return atomic_load_explicit(&payloads_alive, memory_order_relaxed); }

void csp__payload_attach(csp_payload *payload, uint32_t index, csp_held *held) {
    held->kind->give(held, NULL);
    payload->is_once = payload->is_once || held->kind->clone == NULL;
    payload->keeps_open =
        payload->keeps_open || held->kind->keeps_nothing_open == NULL || !held->kind->keeps_nothing_open(held);
    attachments_of(payload)[index] = held;
}

/* Whoever opens has a reference: so who finds himself alone stays alone, and everybody else finds others until he is done. */
csp_held *csp__payload_take(csp_payload *payload, uint32_t index, const csp_held_kind *kind, csp_holder *holder) {
    csp_held *held = NULL;
    bool stays = kind->clone != NULL && csp__payload_references(payload) > 1;
    if (index < payload->attachments) {
        csp__lock(&payload->lock);
        csp_held **place = &attachments_of(payload)[index];
        if (*place != NULL && (*place)->kind == kind) {
            held = *place;
            if (stays) {
                kind->retain(held);
            } else {
                *place = NULL;
            }
        }
        csp__unlock(&payload->lock);
    }
    if (held != NULL && stays) {
        csp_held *clone = kind->clone(held, holder);
        kind->release(held);
        return clone;
    }
    if (held != NULL) {
        kind->give(held, holder);
    }
    return held;
}

void csp_message_drop(csp_message *message) {
    if ((message->kind & CSP_KIND_PAYLOAD) != 0) {
        csp_payload_release(message->as.payload);
    }
    message->kind = 0;
}
