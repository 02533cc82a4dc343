/* SPDX-License-Identifier: MIT
 *
 * Blocks: what a message carries beyond 16 bytes; and what travels in it, of whatever kind. */
#include "holding/payload.h"

#include <stdalign.h>
#include <stdlib.h>

#include "holding/held.h"
#include "platform/lock.h"

struct csp_block {
    _Atomic int64_t references;
    csp_block *next_dying;
    size_t size;
    uint32_t attachments;
    csp_lock lock; /* guards the attachments: two interpreters may open one aborted channel's cause */
    alignas(16) unsigned char bytes[];
};

static _Atomic int64_t blocks_alive;

static size_t attachments_offset(size_t size) { return (size + alignof(csp_held *) - 1) & ~(alignof(csp_held *) - 1); }

static csp_held **attachments_of(csp_block *block) {
    return (csp_held **)(void *)(block->bytes + attachments_offset(block->size));
}

csp_block *csp_block_new(size_t size, uint32_t attachments) {
    size_t places = sizeof(csp_held *) * (size_t)attachments;
    if (size > SIZE_MAX / 2 - places - sizeof(csp_block) - alignof(csp_held *)) {
        return NULL;
    }
    csp_block *block = malloc(sizeof *block + attachments_offset(size) + places);
    if (block == NULL) {
        return NULL;
    }
    atomic_init(&block->references, 1);
    block->size = size;
    block->attachments = attachments;
    csp__lock_init(&block->lock);
    for (uint32_t i = 0; i < attachments; i++) {
        attachments_of(block)[i] = NULL;
    }
    atomic_fetch_add_explicit(&blocks_alive, 1, memory_order_relaxed);
    return block;
}

uint32_t csp__block_attachments(const csp_block *block) { return block->attachments; }
csp_held *csp__block_attached(csp_block *block, uint32_t index) { return attachments_of(block)[index]; }

bool csp__block_is_shared(const csp_block *block) {
    return atomic_load_explicit(&block->references, memory_order_relaxed) > 1;
}

csp_block *csp_block_retain(csp_block *block) {
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

static void destroy(csp_block *block) {
    for (uint32_t i = 0; i < block->attachments; i++) {
        csp_held *held = attachments_of(block)[i];
        if (held != NULL) {
            held->kind->drop(held);
        }
    }
    free(block);
    atomic_fetch_sub_explicit(&blocks_alive, 1, memory_order_relaxed);
}

/* A block may hold the last end of a channel whose buffer holds blocks, and so on down. One after the other, because no stack
 * is deep enough for all: what comes up while a block is destroyed waits until that one is gone. */
void csp_block_release(csp_block *block) {
    static _Thread_local csp_block *dying __attribute__((tls_model("initial-exec")));
    static _Thread_local bool destroying __attribute__((tls_model("initial-exec")));
    /* acq_rel: whoever frees has seen everything that the others did with the bytes. */
    if (atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    block->next_dying = dying;
    dying = block;
    if (destroying) {
        return;
    }
    destroying = true;
    while (dying != NULL) {
        csp_block *next = dying;
        dying = next->next_dying;
        destroy(next);
    }
    destroying = false;
}

unsigned char *csp_block_bytes(csp_block *block) { return block->bytes; }
size_t csp_block_size(const csp_block *block) { return block->size; }
int64_t csp_blocks_alive(void) { return atomic_load_explicit(&blocks_alive, memory_order_relaxed); }

void csp__block_attach(csp_block *block, uint32_t index, csp_held *held) {
    held->kind->give(held, NULL);
    attachments_of(block)[index] = held;
}

csp_held *csp__block_take(csp_block *block, uint32_t index, const csp_held_kind *kind, csp_holder *holder) {
    csp_held *taken = NULL;
    if (index < block->attachments) {
        csp__lock(&block->lock);
        csp_held **place = &attachments_of(block)[index];
        if (*place != NULL && (*place)->kind == kind) {
            taken = *place;
            *place = NULL;
        }
        csp__unlock(&block->lock);
    }
    if (taken != NULL) {
        kind->give(taken, holder);
    }
    return taken;
}

void csp_message_drop(csp_message *message) {
    if ((message->kind & CSP_KIND_BLOCK) != 0) {
        csp_block_release(message->as.block);
    }
    message->kind = 0;
}
