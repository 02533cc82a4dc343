/* SPDX-License-Identifier: MIT
 *
 * What a channel counts. */
#include "channels/channel.h"
#include "channels/channel_table.h"
#include "channels/end.h"
#include "channels/registration.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

static void read_locked(csp_channel *channel, csp_statistics *out) {
    csp_wait_statistics *waits = &channel->waits;
    uint32_t watching = csp__has_registrations(channel) ? csp__registered_waiting(channel, NULL, NULL) : 0;
    if (channel->kind != NULL) {
        *out = (csp_statistics){
            .id = channel->id,
            .waiting_receivers =
                atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed) + watching,
            .peak_receivers = channel->peak[CSP_RECEIVING],
            .receiving_ends = channel->open[CSP_RECEIVING],
            .aborted = channel->aborted,
            .parks = atomic_load_explicit(&waits->parks, memory_order_relaxed),
            .wakes = atomic_load_explicit(&waits->wakes, memory_order_relaxed),
            .spins_hit = atomic_load_explicit(&waits->spins_hit, memory_order_relaxed),
            .spins_missed = atomic_load_explicit(&waits->spins_missed, memory_order_relaxed),
        };
        channel->kind->statistics(channel, out);
        return;
    }
    *out = (csp_statistics){
        .id = channel->id,
        .capacity = channel->capacity,
        .overflow = channel->overflow,
        .length = atomic_load_explicit(&channel->buffered, memory_order_relaxed),
        .waiting_senders = atomic_load_explicit(&channel->waiting[CSP_SENDING], memory_order_relaxed),
        .waiting_receivers = atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed) + watching,
        .peak_senders = channel->peak[CSP_SENDING],
        .peak_receivers = channel->peak[CSP_RECEIVING],
        .sending_ends = channel->open[CSP_SENDING],
        .receiving_ends = channel->open[CSP_RECEIVING],
        .sent = channel->sent,
        /* Not counted apart: sender and receiver would fight for one more cache line at every message. */
        .received = channel->sent - channel->dropped - channel->undelivered -
                    atomic_load_explicit(&channel->buffered, memory_order_relaxed),
        .dropped = channel->dropped,
        .undelivered = channel->undelivered,
        .parks = atomic_load_explicit(&waits->parks, memory_order_relaxed),
        .wakes = atomic_load_explicit(&waits->wakes, memory_order_relaxed),
        .spins_hit = atomic_load_explicit(&waits->spins_hit, memory_order_relaxed),
        .spins_missed = atomic_load_explicit(&waits->spins_missed, memory_order_relaxed),
        .aborted = channel->aborted,
    };
}

void csp_end_statistics(csp_end *end, csp_statistics *out) {
    csp__lock(&end->channel->lock);
    read_locked(end->channel, out);
    csp__unlock(&end->channel->lock);
}

csp_status csp_channel_statistics(uint64_t id, csp_statistics *out) {
    csp_channel *channel = csp__table_find(id);
    if (channel == NULL) {
        return CSP_STALE;
    }
    csp__lock(&channel->lock);
    read_locked(channel, out);
    csp__unlock(&channel->lock);
    csp__channel_release(channel);
    return CSP_OK;
}
