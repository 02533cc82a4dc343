/* SPDX-License-Identifier: MIT
 *
 * What a handle tells of itself, without a lock. */
#include "channels/channel.h"
#include "channels/channel_kind.h"
#include "channels/end.h"

bool csp_end_is_closed(const csp_end *end) { return atomic_load_explicit(&end->closed, memory_order_acquire); }
csp_direction csp_end_direction(const csp_end *end) { return end->direction; }
csp_holder *csp_end_holder(const csp_end *end) { return atomic_load_explicit(&end->holder, memory_order_relaxed); }
uint64_t csp_end_channel(const csp_end *end) { return end->channel->id; }

csp_sync_kind csp_end_sync(const csp_end *end) {
    const csp_channel_kind *kind = end->channel->kind;
    return kind != NULL ? kind->sync : CSP_SYNC_NONE;
}

uint32_t csp_end_length(const csp_end *end) {
    const csp_channel *channel = end->channel;
    return channel->kind != NULL ? 0 : atomic_load_explicit(&channel->buffered, memory_order_relaxed);
}
