/* SPDX-License-Identifier: MIT
 *
 * All channels of the process, by handles that go stale: slot in the low half, generation in the high one. Off the hot
 * path: ends hold pointers; only making, freeing and looking in from outside come here. */
#include "channels/channel_table.h"

#include <stdlib.h>

#include "channels/channel.h"
#include "platform/lock.h"

typedef struct {
    csp_channel *channel; /* NULL: free */
    uint32_t generation;
    uint32_t next_free; /* slot + 1 */
} slot;

static csp_lock table_lock = CSP_LOCK_INIT; /* guards all below */
static slot *slots;
static uint32_t allocated;
static uint32_t first_free, last_free; /* slot + 1; a queue, so that a handle does not come straight back */
static int64_t alive;

static uint64_t id_of(uint32_t index) { return ((uint64_t)slots[index].generation << 32) | (index + 1); }

static void free_slot(uint32_t index) {
    slots[index].next_free = 0;
    if (last_free != 0) {
        slots[last_free - 1].next_free = index + 1;
    } else {
        first_free = index + 1;
    }
    last_free = index + 1;
}

static bool grow(void) {
    if (allocated > UINT32_MAX / 4) {
        return false;
    }
    uint32_t wanted = allocated == 0 ? 64 : allocated * 2;
    slot *larger = realloc(slots, sizeof *slots * wanted);
    if (larger == NULL) {
        return false;
    }
    slots = larger;
    for (uint32_t i = allocated; i < wanted; i++) {
        slots[i] = (slot){NULL, 1, 0};
        free_slot(i);
    }
    allocated = wanted;
    return true;
}

bool csp__table_add(csp_channel *channel) {
    csp__lock(&table_lock);
    bool found = first_free != 0 || grow();
    if (found) {
        uint32_t index = first_free - 1;
        first_free = slots[index].next_free;
        if (first_free == 0) {
            last_free = 0;
        }
        slots[index].channel = channel;
        channel->id = id_of(index); /* under the lock: whoever finds the channel reads it */
        alive++;
    }
    csp__unlock(&table_lock);
    return found;
}

static uint32_t index_of(uint64_t id) { return (uint32_t)(id & UINT32_MAX) - 1; }

void csp__table_remove(uint64_t id) {
    csp__lock(&table_lock);
    uint32_t index = index_of(id);
    slots[index].channel = NULL;
    slots[index].generation++;
    free_slot(index);
    alive--;
    csp__unlock(&table_lock);
}

csp_channel *csp__table_find(uint64_t id) {
    csp_channel *found = NULL;
    csp__lock(&table_lock);
    uint32_t index = index_of(id);
    if ((uint32_t)id != 0 && index < allocated && slots[index].channel != NULL && id_of(index) == id) {
        found = slots[index].channel;
        /* A channel whose last reference is gone stands here until its freer gets the lock: do not revive it. */
        int64_t references = atomic_load_explicit(&found->references, memory_order_relaxed);
        do {
            if (references == 0) {
                found = NULL;
                break;
            }
        } while (!atomic_compare_exchange_weak_explicit(&found->references, &references, references + 1,
                                                        memory_order_relaxed, memory_order_relaxed));
    }
    csp__unlock(&table_lock);
    return found;
}

uint64_t csp__table_next(uint64_t id) {
    uint64_t next = 0;
    csp__lock(&table_lock);
    for (uint32_t i = (uint32_t)id; i < allocated; i++) { /* the low half is slot + 1: already the slot behind it */
        if (slots[i].channel != NULL) {
            next = id_of(i);
            break;
        }
    }
    csp__unlock(&table_lock);
    return next;
}

int64_t csp__channels_alive(void) {
    csp__lock(&table_lock);
    int64_t count = alive;
    csp__unlock(&table_lock);
    return count;
}
