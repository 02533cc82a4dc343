/* SPDX-License-Identifier: MIT
 *
 * Semaphores, locks, recursive locks, events and counters. */
#include "sync/locks.h"

#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/end.h"
#include "channels/opening.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "holding/holder.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

/* A granted waiter's message must not look empty; nothing is in it. */
enum { GRANTED = 1 };

csp_sync_kind csp_end_sync(const csp_end *end) {
    return end->channel->sync != NULL ? end->channel->sync->kind : CSP_SYNC_NONE;
}

static bool is_counted(const csp_sync *sync) {
    return sync->kind == CSP_SYNC_LOCK || sync->kind == CSP_SYNC_SEMAPHORE || sync->kind == CSP_SYNC_BROADCAST;
}

/* What an alternative's first look goes by. */
static void publish(csp_channel *channel) {
    const csp_sync *sync = channel->sync;
    bool ready = sync->abandoned || (sync->kind == CSP_SYNC_RLOCK     ? sync->owner == NULL
                                     : sync->kind == CSP_SYNC_BARRIER ? false
                                                                      : sync->units > 0);
    int64_t units = is_counted(sync) && sync->units > 1 ? sync->units : 1;
    atomic_store_explicit(&channel->buffered,
                          !ready               ? 0
                          : units < UINT32_MAX ? (uint32_t)units
                                               : UINT32_MAX,
                          memory_order_relaxed);
}

csp_status csp__sync_make(csp_sync_kind kind, int64_t value, int64_t limit, csp_holder *holder, csp_end **handle) {
    bool counted = kind == CSP_SYNC_LOCK || kind == CSP_SYNC_SEMAPHORE || kind == CSP_SYNC_BROADCAST;
    if (kind == CSP_SYNC_LOCK || kind == CSP_SYNC_BROADCAST) {
        limit = 1;
    }
    if (kind <= CSP_SYNC_NONE || kind > CSP_SYNC_BROADCAST || (counted && (value < 0 || limit < 1 || value > limit)) ||
        (kind == CSP_SYNC_BARRIER && limit < 1)) {
        return CSP_INVALID;
    }
    csp_channel *channel = csp__channel_alloc();
    csp_sync *sync = calloc(1, sizeof *sync);
    if (channel == NULL || sync == NULL) {
        free(channel);
        free(sync);
        return CSP_NO_MEMORY;
    }
    sync->kind = kind;
    sync->limit = limit;
    sync->units = counted || kind == CSP_SYNC_EVENT ? value : 0;
    atomic_init(&sync->count, kind == CSP_SYNC_COUNTER ? value : 0);
    channel->sync = sync;
    publish(channel);
    return csp__channel_open(channel, holder, NULL, handle) ? CSP_OK : CSP_NO_MEMORY;
}

csp_status csp_sync_new(csp_sync_kind kind, int64_t value, int64_t limit, csp_holder *holder, csp_end **handle) {
    return kind == CSP_SYNC_BROADCAST ? CSP_INVALID : csp__sync_make(kind, value, limit, holder, handle);
}

/* Note that `thread` acquired through `end`. */
static void grant(csp_channel *channel, csp_end *end, uint64_t thread) {
    csp_sync *sync = channel->sync;
    sync->acquired++;
    if (is_counted(sync)) {
        sync->units--;
        sync->thread = thread;
        end->acquired++;
    } else if (sync->kind == CSP_SYNC_RLOCK) {
        sync->owner = end;
        sync->thread = thread;
        sync->depth = 1;
    }
}

static bool can_grant(const csp_sync *sync) {
    switch (sync->kind) {
        case CSP_SYNC_LOCK:
        case CSP_SYNC_SEMAPHORE:
        case CSP_SYNC_BROADCAST:
        case CSP_SYNC_EVENT:
            return sync->units > 0;
        case CSP_SYNC_RLOCK:
            return sync->owner == NULL;
        default:
            return false;
    }
}

csp_status csp__sync_take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self) {
    csp_sync *sync = channel->sync;
    if (sync->kind == CSP_SYNC_BARRIER || sync->kind == CSP_SYNC_COUNTER) {
        return CSP_INVALID;
    }
    if (sync->abandoned) {
        sync->abandoned = false;
        publish(channel);
        return CSP_ABANDONED;
    }
    if (sync->kind == CSP_SYNC_RLOCK && sync->owner != NULL && sync->thread == csp__thread_id(self)) {
        sync->depth++;
        sync->acquired++;
    } else if (can_grant(sync)) {
        grant(channel, end, csp__thread_id(self));
        publish(channel);
    } else {
        return CSP_WOULD_BLOCK;
    }
    message->kind = GRANTED;
    return CSP_OK;
}

void csp__sync_settle(csp_channel *channel, csp_wakes *wakes) {
    csp_sync *sync = channel->sync;
    csp_case *c;
    while ((sync->abandoned || can_grant(sync)) && (c = csp__first_other(channel, CSP_RECEIVING, NULL)) != NULL) {
        if (wakes->count == CSP_WAKES) {
            csp__wakes_flush(wakes);
        }
        /* Read before the claim; the end is there as long as we have the lock. */
        csp_end *end = csp__case_end(c);
        uint64_t thread = csp__thread_id(csp__case_waiter(c));
        bool abandoned = sync->abandoned;
        csp__case_message(c)->kind = abandoned ? 0 : GRANTED;
        if (!csp__win(channel, c, abandoned ? CSP_ABANDONED : CSP_OK, wakes)) {
            continue;
        }
        if (abandoned) {
            sync->abandoned = false;
        } else {
            grant(channel, end, thread);
        }
    }
    publish(channel);
    if (csp__has_registrations(channel) && (sync->abandoned || can_grant(sync))) {
        csp__notify_registered(channel, NULL, wakes);
    }
}

/* ---- giving back ---------------------------------------------------------------------------------------------- */

/* Units come back: they are taken off the releasing handle, or off others where it does not hold as many (a lock may be
 * released by another than who took it, and a semaphore may count things instead of owners). */
static void disown(csp_channel *channel, csp_end *first, int64_t count) {
    int64_t mine = first->acquired < count ? first->acquired : count;
    first->acquired -= mine;
    count -= mine;
    csp_node *ends = &channel->ends[CSP_RECEIVING];
    for (csp_node *n = ends->next; n != ends && count > 0; n = n->next) {
        csp_end *end = CSP_CONTAINER(n, csp_end, of_channel);
        int64_t theirs = end->acquired < count ? end->acquired : count;
        end->acquired -= theirs;
        count -= theirs;
    }
}

enum { FORGIVEN = sizeof(((csp_waiter *)0)->forgiven) / sizeof(uint64_t) };

static void forgive(csp_waiter *self, uint64_t lock) {
    uint32_t place = 0;
    while (place < FORGIVEN - 1 && self->forgiven[place] != 0) {
        place++;
    }
    self->forgiven[place] = lock;
}

static bool was_forgiven(csp_waiter *self, uint64_t lock) {
    for (uint32_t i = 0; i < FORGIVEN; i++) {
        if (self->forgiven[i] == lock) {
            self->forgiven[i] = 0;
            return true;
        }
    }
    return false;
}

static csp_status release_locked(csp_channel *channel, csp_end *end, int64_t count, csp_waiter *self) {
    csp_sync *sync = channel->sync;
    if (atomic_load_explicit(&end->closed, memory_order_relaxed)) {
        return CSP_CLOSED_END;
    }
    bool taken = sync->kind == CSP_SYNC_LOCK ? sync->units == 0 : sync->owner != NULL;
    bool mine = taken && sync->thread == csp__thread_id(self);
    if (!mine && was_forgiven(self, channel->id)) {
        return CSP_OK; /* whoever has it now keeps it */
    }
    if (is_counted(sync) && count >= 1 && count <= sync->limit - sync->units) {
        disown(channel, end, count);
        sync->units += count;
        return CSP_OK;
    }
    if (sync->kind == CSP_SYNC_RLOCK && count == 1 && sync->owner != NULL && sync->thread == csp__thread_id(self)) {
        if (--sync->depth == 0) {
            sync->owner = NULL;
        }
        return CSP_OK;
    }
    return CSP_INVALID;
}

csp_status csp_sync_release(csp_end *handle, int64_t count) {
    csp_channel *channel = handle->channel;
    csp_waiter *self = csp__self();
    csp_wakes wakes = {.count = 0};
    if (channel->sync == NULL) {
        return CSP_INVALID;
    }
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    csp__pass_gate(CSP_GATE_SEND, atomic_load_explicit(&handle->holder, memory_order_relaxed), channel->id);
    csp__lock(&channel->lock);
    csp_status status = release_locked(channel, handle, count, self);
    if (status == CSP_OK) {
        csp__sync_settle(channel, &wakes);
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    return status;
}

void csp__sync_untake(csp_end *end, csp_message *message) {
    csp_channel *channel = end->channel;
    csp_waiter *self = csp__self(); /* not NULL: this thread has just acquired */
    csp_wakes wakes = {.count = 0};
    csp__lock(&channel->lock);
    if (message->kind == 0) {
        channel->sync->abandoned = true; /* somebody else is told */
    } else if (channel->sync->kind != CSP_SYNC_LOCK || channel->sync->thread == csp__thread_id(self)) {
        /* An event has nothing to give back; and a signal handler may have released the lock, which is another's now. */
        release_locked(channel, end, 1, self);
    }
    csp__sync_settle(channel, &wakes);
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    message->kind = 0;
}

csp_status csp_event_put(csp_end *event, bool set) {
    csp_channel *channel = event->channel;
    csp_wakes wakes = {.count = 0};
    if (csp_end_sync(event) != CSP_SYNC_EVENT) {
        return CSP_INVALID;
    }
    csp__pass_gate(CSP_GATE_SEND, atomic_load_explicit(&event->holder, memory_order_relaxed), channel->id);
    csp__lock(&channel->lock);
    bool closed = atomic_load_explicit(&event->closed, memory_order_relaxed);
    if (!closed) {
        channel->sync->units = set ? 1 : 0;
        csp__sync_settle(channel, &wakes);
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    return closed ? CSP_CLOSED_END : CSP_OK;
}

/* ---- who ended ------------------------------------------------------------------------------------------------ */

static void note_abandoner(csp_sync *sync, const csp_end *end) {
    const csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
    memset(sync->abandoner, 0, sizeof sync->abandoner);
    if (holder != NULL) {
        strncpy(sync->abandoner, csp_holder_name(holder), sizeof sync->abandoner - 1);
    }
}

static void barrier_left(csp_channel *channel, csp_end *end, csp_wakes *wakes) {
    csp_sync *sync = channel->sync;
    if (sync->broken) {
        return;
    }
    note_abandoner(sync, end);
    /* Who is told to stop, or cut off, comes no more; and leaves, killed or not, as if in good order. */
    bool stops = csp__holder_stops(atomic_load_explicit(&end->holder, memory_order_relaxed));
    /* Who waited through this very handle has just been told that it is closed. */
    bool waited = sync->units > atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed);
    sync->abandoned = stops || csp__barrier_is_forsaken(channel);
    if (sync->abandoned || waited) {
        csp__barrier_break_locked(channel, wakes);
    }
}

void csp__sync_left(csp_channel *channel, csp_end *end, csp_wakes *wakes) {
    csp_sync *sync = channel->sync;
    if (sync->kind == CSP_SYNC_BARRIER) {
        barrier_left(channel, end, wakes);
        return;
    }
    bool held = end->acquired > 0 || sync->owner == end;
    if (held) {
        note_abandoner(sync, end);
        sync->abandoned = true;
        sync->units += end->acquired;
        end->acquired = 0;
        if (sync->owner == end) {
            sync->owner = NULL;
        }
        csp__sync_settle(channel, wakes);
    }
}

bool csp__sync_can_wake(const csp_channel *channel, const csp_end *end) {
    const csp_sync *sync = channel->sync;
    if (sync->kind == CSP_SYNC_RLOCK) {
        return sync->owner == end;
    }
    if (!is_counted(sync)) {
        return true;
    }
    bool anybody = false;
    const csp_node *ends = &channel->ends[CSP_RECEIVING];
    for (csp_node *n = ends->next; n != ends; n = n->next) {
        anybody = anybody || CSP_CONTAINER(n, csp_end, of_channel)->acquired > 0;
    }
    return anybody ? end->acquired > 0 : true;
}

/* ---- a condition's lock --------------------------------------------------------------------------------------- */

int64_t csp__lock_depth(const csp_end *lock, const csp_waiter *self) {
    const csp_sync *sync = lock->channel->sync;
    if (sync->kind == CSP_SYNC_LOCK) {
        return 1 - sync->units;
    }
    return sync->owner != NULL && sync->thread == csp__thread_id(self) ? sync->depth : 0;
}

void csp__lock_give_up(csp_end *lock, csp_wakes *wakes) {
    csp_channel *channel = lock->channel;
    csp_sync *sync = channel->sync;
    if (sync->kind == CSP_SYNC_LOCK) {
        disown(channel, lock, 1);
        sync->units = 1;
    } else {
        sync->owner = NULL;
    }
    csp__sync_settle(channel, wakes);
}

csp_status csp__lock_again(csp_end *lock, int64_t depth, int64_t deadline, const csp_hooks *hooks) {
    csp_channel *channel = lock->channel;
    csp_sync *sync = channel->sync;
    csp_waiter *self = csp__self();
    csp_message token;
    csp_status status = csp_recv(lock, &token, deadline, hooks);
    if (status != CSP_OK) {
        forgive(self, channel->id); /* the caller's `with` will release what it could not get back */
    } else if (sync->kind == CSP_SYNC_RLOCK) {
        csp__lock(&channel->lock);
        if (sync->owner != NULL && sync->thread == csp__thread_id(self)) { /* our handle may have been closed since */
            sync->depth = depth;
        }
        csp__unlock(&channel->lock);
    }
    return status;
}

/* ---- counters and looking in ---------------------------------------------------------------------------------- */

/* NULL for what is no counter. */
static _Atomic int64_t *count_of(csp_end *counter) {
    return csp_end_sync(counter) == CSP_SYNC_COUNTER ? &counter->channel->sync->count : NULL;
}

/* seq_cst: what was written before an addition is seen by whoever sees its result, in one order for all counters. */
int64_t csp_counter_add(csp_end *counter, int64_t amount) {
    _Atomic int64_t *count = count_of(counter);
    if (count == NULL) {
        return 0;
    }
    /* Signed overflow wraps here by the standard: atomics are two's complement. */
    return (int64_t)((uint64_t)atomic_fetch_add_explicit(count, amount, memory_order_seq_cst) + (uint64_t)amount);
}

int64_t csp_counter_exchange(csp_end *counter, int64_t value) {
    _Atomic int64_t *count = count_of(counter);
    return count != NULL ? atomic_exchange_explicit(count, value, memory_order_seq_cst) : 0;
}

bool csp_counter_compare_exchange(csp_end *counter, int64_t *expected, int64_t value) {
    _Atomic int64_t *count = count_of(counter);
    return count != NULL &&
           atomic_compare_exchange_strong_explicit(count, expected, value, memory_order_seq_cst, memory_order_seq_cst);
}

void csp_sync_read(csp_end *handle, csp_sync_state *out) {
    csp_channel *channel = handle->channel;
    csp_sync *sync = channel->sync;
    *out = (csp_sync_state){.kind = CSP_SYNC_NONE};
    if (sync == NULL) {
        return;
    }
    csp__lock(&channel->lock);
    out->kind = sync->kind;
    out->value = sync->kind == CSP_SYNC_RLOCK     ? (sync->owner != NULL ? sync->depth : 0)
                 : sync->kind == CSP_SYNC_COUNTER ? atomic_load_explicit(&sync->count, memory_order_seq_cst)
                                                  : sync->units;
    out->limit = sync->limit;
    out->waiting = atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed);
    out->broken = sync->broken;
    memcpy(out->abandoner, sync->abandoner, sizeof out->abandoner);
    csp__unlock(&channel->lock);
}
