/* SPDX-License-Identifier: MIT
 *
 * Making channels. */
#include "channels/opening.h"

#include <stdlib.h>
#include <string.h>

#include "channels/channel_kind.h"
#include "channels/channel_table.h"
#include "channels/end.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

csp_channel *csp__channel_alloc(void) {
    csp_channel *channel = aligned_alloc(alignof(csp_channel), sizeof *channel);
    if (channel == NULL) {
        return NULL;
    }
    memset(channel, 0, sizeof *channel);
    csp__lock_init(&channel->lock);
    csp__wait_statistics_init(&channel->waits);
    for (int d = 0; d < 2; d++) {
        csp__list_init(&channel->queue[d]);
        csp__list_init(&channel->ends[d]);
    }
    csp__list_init(&channel->registered);
    csp__list_init(&channel->engaged);
    return channel;
}

bool csp__channel_open(csp_channel *channel, csp_holder *holder, csp_end **sending, csp_end **receiving) {
    csp_end **places[2] = {sending, receiving};
    csp_end *ends[2] = {NULL, NULL};
    bool made = true;
    for (int d = 0; d < 2 && made; d++) {
        if (places[d] != NULL) {
            ends[d] = csp__end_alloc(channel, (csp_direction)d);
            made = ends[d] != NULL;
        }
    }
    if (made) { /* no lock: nobody finds the channel before it stands in the table, and then it is complete */
        for (int d = 0; d < 2; d++) {
            if (ends[d] != NULL) {
                csp__end_join(ends[d]);
            }
        }
        made = csp__table_add(channel);
    }
    for (int d = 0; d < 2; d++) {
        if (ends[d] != NULL && made) {
            csp__end_rehold(ends[d], holder);
            *places[d] = ends[d];
        } else if (ends[d] != NULL) {
            csp__end_discard(ends[d]);
        }
    }
    if (!made) {
        if (channel->kind != NULL) {
            channel->kind->free(channel->state);
        }
        free(channel);
    }
    return made;
}

csp_status csp_channel_new(uint32_t capacity, csp_overflow overflow, csp_holder *holder, csp_end **sending,
                           csp_end **receiving) {
    if (overflow > CSP_OVERFLOW_REFUSE || (overflow != CSP_OVERFLOW_BLOCK && capacity == 0) ||
        (capacity != CSP_UNBOUNDED && capacity > UINT32_C(1) << 30)) {
        return CSP_INVALID;
    }
    csp_channel *channel = csp__channel_alloc();
    if (channel == NULL) {
        return CSP_NO_MEMORY;
    }
    channel->capacity = capacity;
    channel->overflow = overflow;
    return csp__channel_open(channel, holder, sending, receiving) ? CSP_OK : CSP_NO_MEMORY;
}

csp_status csp__channel_open_of(const csp_channel_kind *kind, void *state, uint32_t ready, csp_holder *holder,
                                csp_end **handle) {
    csp_channel *channel = state != NULL ? csp__channel_alloc() : NULL;
    if (channel == NULL) {
        if (state != NULL) {
            kind->free(state);
        }
        return CSP_NO_MEMORY;
    }
    channel->kind = kind;
    channel->state = state;
    atomic_store_explicit(&channel->buffered, ready, memory_order_relaxed);
    return csp__channel_open(channel, holder, NULL, handle) ? CSP_OK : CSP_NO_MEMORY;
}
