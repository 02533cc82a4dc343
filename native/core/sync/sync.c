/* SPDX-License-Identifier: MIT
 *
 * Synchronisation objects of any kind: made, and looked at. */
#include "platform/lock.h"
#include "sync/barrier.h"
#include "sync/counter.h"
#include "sync/locks.h"

csp_status csp_sync_new(csp_sync_kind kind, int64_t value, int64_t limit, csp_holder *holder, csp_end **handle) {
    return kind == CSP_SYNC_BARRIER   ? csp__barrier_new(limit, holder, handle)
           : kind == CSP_SYNC_COUNTER ? csp__counter_new(value, limit, holder, handle)
                                      : csp__lock_new(kind, value, limit, holder, handle);
}

void csp_sync_read(csp_end *handle, csp_sync_state *out) {
    csp_channel *channel = handle->channel;
    *out = (csp_sync_state){.kind = csp_end_sync(handle)};
    if (channel->kind == NULL) {
        return;
    }
    csp__lock(&channel->lock);
    out->waiting = atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed);
    channel->kind->read(channel, out);
    csp__unlock(&channel->lock);
}
