/* SPDX-License-Identifier: MIT
 *
 * Locks, recursive locks, semaphores and events; and what broadcasts and conditions share with them. */
#include "sync/locks.h"

#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/channel_kind.h"
#include "channels/opening.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

/* The kind of a granted waiter's message. It carries nothing, but must not look empty. */
enum { GRANTED = 1 };

static bool is_counted(const csp_sync *sync) {
    return sync->kind == CSP_SYNC_LOCK || sync->kind == CSP_SYNC_SEMAPHORE || sync->kind == CSP_SYNC_BROADCAST;
}

/* How many could acquire now: an alternative's first poll reads it as the number of buffered messages. */
static uint32_t ready(const csp_sync *sync) {
    bool any = sync->abandoned || (sync->kind == CSP_SYNC_RLOCK ? sync->owner == NULL : sync->units > 0);
    int64_t units = is_counted(sync) && sync->units > 1 ? sync->units : 1;
    return !any ? 0 : units < UINT32_MAX ? (uint32_t)units : UINT32_MAX;
}

static void publish(csp_channel *channel) {
    atomic_store_explicit(&channel->buffered, ready(csp__sync_of(channel)), memory_order_relaxed);
}

/* Record that `thread` acquired through `end`. */
static void grant(csp_channel *channel, csp_end *end, uint64_t thread) {
    csp_sync *sync = csp__sync_of(channel);
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
    csp_sync *sync = csp__sync_of(channel);
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
    csp_sync *sync = csp__sync_of(channel);
    csp_case *c;
    while ((sync->abandoned || can_grant(sync)) && (c = csp__first_other(channel, CSP_RECEIVING, NULL)) != NULL) {
        if (wakes->count == CSP_WAKES) {
            csp__wakes_flush(wakes);
        }
        /* Read before the claim: after it the waiter goes on. The end stays as long as we hold the lock. */
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

/* Returned units are taken off the releasing handle, and off others if it holds too few. (A lock may be released
 * through another handle than it was taken through, and a semaphore may count things instead of owners.) */
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
    if (atomic_load_explicit(&end->closed, memory_order_relaxed)) {
        return CSP_CLOSED_END;
    }
    if (channel->kind->take != csp__sync_take) {
        return CSP_INVALID; /* a barrier, or a counter */
    }
    csp_sync *sync = csp__sync_of(channel);
    bool taken = sync->kind == CSP_SYNC_LOCK ? sync->units == 0 : sync->owner != NULL;
    bool mine = taken && sync->thread == csp__thread_id(self);
    if (!mine && was_forgiven(self, channel->id)) {
        return CSP_OK; /* somebody else may have it now, and keeps it */
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
    if (channel->kind == NULL) {
        return CSP_INVALID;
    }
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    CSP_PASS_GATE(CSP_GATE_SEND, atomic_load_explicit(&handle->holder, memory_order_relaxed), channel->id);
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
        csp__sync_of(channel)->abandoned = true; /* the next taker is told instead */
    } else if (csp__sync_of(channel)->kind != CSP_SYNC_LOCK || csp__sync_of(channel)->thread == 0 ||
               csp__sync_of(channel)->thread == csp__thread_id(self)) {
        /* Thread 0: an operation took it. Not a lock that another thread has: a signal handler may have released ours,
         * and somebody acquired it since. (An event has nothing to give back.) */
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
    CSP_PASS_GATE(CSP_GATE_SEND, atomic_load_explicit(&event->holder, memory_order_relaxed), channel->id);
    csp__lock(&channel->lock);
    bool closed = atomic_load_explicit(&event->closed, memory_order_relaxed);
    if (!closed) {
        csp__sync_of(channel)->units = set ? 1 : 0;
        csp__sync_settle(channel, &wakes);
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    return closed ? CSP_CLOSED_END : CSP_OK;
}

/* ---- who ended ------------------------------------------------------------------------------------------------ */

void csp__sync_left(csp_channel *channel, csp_end *end, bool last, csp_wakes *wakes, csp_leavings *leavings) {
    (void)last;
    (void)leavings;
    csp_sync *sync = csp__sync_of(channel);
    bool held = end->acquired > 0 || sync->owner == end;
    if (held) {
        csp__name_abandoner(sync->abandoner, end);
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
    const csp_sync *sync = csp__sync_of(channel);
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
    const csp_sync *sync = csp__sync_of(lock->channel);
    if (sync->kind == CSP_SYNC_LOCK) {
        return 1 - sync->units;
    }
    return sync->owner != NULL && sync->thread == csp__thread_id(self) ? sync->depth : 0;
}

void csp__lock_give_up(csp_end *lock, csp_wakes *wakes) {
    csp_channel *channel = lock->channel;
    csp_sync *sync = csp__sync_of(channel);
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
    csp_sync *sync = csp__sync_of(channel);
    csp_waiter *self = csp__self();
    csp_message token;
    csp_status status = csp_recv(lock, &token, deadline, hooks);
    if (status != CSP_OK) {
        forgive(self, channel->id); /* the caller's `with` will release a lock that it did not get back */
    } else if (sync->kind == CSP_SYNC_RLOCK) {
        csp__lock(&channel->lock);
        if (sync->owner != NULL && sync->thread == csp__thread_id(self)) { /* our handle may have been closed since */
            sync->depth = depth;
        }
        csp__unlock(&channel->lock);
    }
    return status;
}

/* ---- looking in, and the tables ------------------------------------------------------------------------------- */

void csp__sync_statistics(const csp_channel *channel, csp_statistics *out) {
    out->received = csp__sync_of(channel)->acquired;
}

void csp__sync_read(const csp_channel *channel, csp_sync_state *out) {
    const csp_sync *sync = csp__sync_of(channel);
    out->value = sync->kind == CSP_SYNC_RLOCK ? (sync->owner != NULL ? sync->depth : 0) : sync->units;
    out->limit = sync->limit;
    memcpy(out->abandoner, sync->abandoner, sizeof out->abandoner);
}

static bool is_mine(const csp_channel *channel, const csp_waiter *self) {
    const csp_sync *sync = csp__sync_of(channel);
    return sync->owner != NULL && sync->thread == csp__thread_id(self);
}

/* All kinds share these functions. A recursive lock alone has `is_mine`, because it knows its owner. */
#define KIND(name, mine)                    \
    {                                       \
        .sync = CSP_SYNC_##name,            \
        .take = csp__sync_take,             \
        .untake = csp__sync_untake,         \
        .is_mine = mine,                    \
        .left = csp__sync_left,             \
        .can_wake = csp__sync_can_wake,     \
        .statistics = csp__sync_statistics, \
        .read = csp__sync_read,             \
        .free = free,                       \
    }

static const csp_channel_kind kinds[] = {
    KIND(LOCK, NULL), KIND(RLOCK, is_mine), KIND(SEMAPHORE, NULL), KIND(EVENT, NULL), KIND(CONDITION, NULL),
};

bool csp__sync_init(csp_sync *sync, csp_sync_kind kind, int64_t value, int64_t limit) {
    *sync = (csp_sync){.kind = kind, .limit = kind == CSP_SYNC_LOCK ? 1 : limit};
    if (is_counted(sync) && (value < 0 || sync->limit < 1 || value > sync->limit)) {
        return false;
    }
    sync->units = is_counted(sync) || kind == CSP_SYNC_EVENT ? value : 0;
    return true;
}

csp_status csp__lock_new(csp_sync_kind kind, int64_t value, int64_t limit, csp_holder *holder, csp_end **handle) {
    csp_sync made;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].sync == kind && csp__sync_init(&made, kind, value, limit)) {
            csp_sync *sync = malloc(sizeof *sync);
            if (sync != NULL) {
                *sync = made;
            }
            return csp__channel_open_of(&kinds[i], sync, ready(&made), holder, handle);
        }
    }
    return CSP_INVALID;
}
