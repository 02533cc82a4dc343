/* SPDX-License-Identifier: MIT
 *
 * Blocks: what a message carries beyond 16 bytes, and the ends and replies that travel in it. */
#include "holding/payload.h"

#include <stdlib.h>

#include "channels/end.h"
#include "channels/reply.h"
#include "platform/lock.h"

typedef struct {
    csp_end *end; /* in transit, or NULL */
    csp_reply *reply;
} attachment;

struct csp_block {
    _Atomic int64_t references;
    csp_block *next_dying;
    size_t size;
    uint32_t attachments;
    csp_lock lock; /* guards the attachments: two interpreters may open one aborted channel's cause */
    alignas(16) unsigned char bytes[];
};

static _Atomic int64_t blocks_alive;

static size_t attachments_offset(size_t size) { return (size + alignof(attachment) - 1) & ~(alignof(attachment) - 1); }

static attachment *attachments_of(csp_block *block) {
    return (attachment *)(void *)(block->bytes + attachments_offset(block->size));
}

csp_block *csp_block_new(size_t size, uint32_t attachments) {
    size_t places = sizeof(attachment) * (size_t)attachments;
    if (size > SIZE_MAX / 2 - places - sizeof(csp_block) - alignof(attachment)) {
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
        attachments_of(block)[i] = (attachment){NULL, NULL};
    }
    atomic_fetch_add_explicit(&blocks_alive, 1, memory_order_relaxed);
    return block;
}

uint32_t csp__block_attachments(const csp_block *block) { return block->attachments; }
csp_end *csp__block_end(csp_block *block, uint32_t index) { return attachments_of(block)[index].end; }

bool csp__block_is_shared(const csp_block *block) {
    return atomic_load_explicit(&block->references, memory_order_relaxed) > 1;
}

csp_block *csp_block_retain(csp_block *block) {
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

static void destroy(csp_block *block) {
    for (uint32_t i = 0; i < block->attachments; i++) {
        attachment *a = &attachments_of(block)[i];
        if (a->end != NULL) {
            csp_end_free(a->end);
        }
        if (a->reply != NULL) {
            csp_reply_break(a->reply, false);
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

void csp_block_attach_end(csp_block *block, uint32_t index, csp_end *end) {
    csp__end_rehold(end, NULL);
    attachments_of(block)[index].end = end;
}

void csp_block_attach_reply(csp_block *block, uint32_t index, csp_reply *reply) {
    csp__reply_taken(reply, NULL);
    attachments_of(block)[index].reply = reply;
}

csp_end *csp_block_take_end(csp_block *block, uint32_t index, csp_holder *holder) {
    csp_end *taken = NULL;
    if (index < block->attachments) {
        csp__lock(&block->lock);
        taken = attachments_of(block)[index].end;
        attachments_of(block)[index].end = NULL;
        csp__unlock(&block->lock);
    }
    if (taken != NULL) {
        csp__end_rehold(taken, holder);
    }
    return taken;
}

csp_reply *csp_block_take_reply(csp_block *block, uint32_t index, csp_holder *holder) {
    csp_reply *taken = NULL;
    if (index < block->attachments) {
        csp__lock(&block->lock);
        taken = attachments_of(block)[index].reply;
        attachments_of(block)[index].reply = NULL;
        csp__unlock(&block->lock);
    }
    if (taken != NULL) {
        csp__reply_taken(taken, holder);
    }
    return taken;
}

void csp_message_drop(csp_message *message) {
    if ((message->kind & CSP_KIND_BLOCK) != 0) {
        csp_block_release(message->as.block);
    }
    message->kind = 0;
}
