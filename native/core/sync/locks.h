/* SPDX-License-Identifier: MIT
 *
 * Locks, semaphores, events and conditions: kinds of channels. Handles are counted, travel and end with their holder, waiters
 * stand in the channel's queue and are claimed like any other, and an alternative can wait for them. To acquire is to receive.
 *
 * Invariants, all under the channel's lock
 *  - Nobody waits for what could be granted: whoever changes the state settles it (csp__sync_settle) before unlocking.
 *  - A semaphore's units and what its handles have acquired add up to what was put in, or less if somebody released for a
 *    holder.
 *  - A recursive lock is owned by one thread through one handle, or by nobody. */
#ifndef CSP_LOCKS_H
#define CSP_LOCKS_H

#include <string.h>

#include "channels/channel.h"
#include "channels/end.h"
#include "holding/holder.h"

typedef struct csp_sync {
    csp_sync_kind kind;
    int64_t limit;      /* semaphore: most units */
    int64_t units;      /* free ones; event: 1 when set */
    csp_end *owner;     /* recursive lock: the handle that owns it; NULL: free */
    uint64_t thread;    /* ... and the thread, by csp_waiter.id; lock: who took it last */
    int64_t depth;      /* ... and how often it was taken */
    bool abandoned;     /* somebody ended while it held this, and nobody was told yet */
    uint64_t acquired;  /* how often */
    char abandoner[64]; /* name of who did */
} csp_sync;

/* The state of a channel of these kinds, or of one whose state begins with it: a broadcast. */
static inline csp_sync *csp__sync_of(const csp_channel *channel) { return channel->state; }

/* Note who ended: the name of the handle's holder. */
static inline void csp__name_abandoner(char name[64], const csp_end *end) {
    const csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
    memset(name, 0, 64);
    if (holder != NULL) {
        strncpy(name, csp_holder_name(holder), 63);
    }
}

/* csp_sync_new of these. */
csp_status csp__lock_new(csp_sync_kind kind, int64_t value, int64_t limit, csp_holder *holder, csp_end **handle);
/* A new state; false: INVALID. */
bool csp__sync_init(csp_sync *sync, csp_sync_kind kind, int64_t value, int64_t limit);

/* Under the lock: give waiters what can be granted now. More than fit into `wakes` are woken under the lock, because all
 * that are released together belong to one instant. */
void csp__sync_settle(csp_channel *channel, csp_wakes *wakes);

/* What the tables of these kinds consist of, for that of a broadcast; see channel_kind.h. */
csp_status csp__sync_take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self);
void csp__sync_untake(csp_end *end, csp_message *message);
void csp__sync_left(csp_channel *channel, csp_end *end, bool last, csp_wakes *wakes, csp_leavings *leavings);
bool csp__sync_can_wake(const csp_channel *channel, const csp_end *end);
void csp__sync_statistics(const csp_channel *channel, csp_statistics *out);
void csp__sync_read(const csp_channel *channel, csp_sync_state *out);

/* For a condition, under the lock's lock: what `self` holds of it (0: it does not), and giving it up whole. */
int64_t csp__lock_depth(const csp_end *lock, const csp_waiter *self);
void csp__lock_give_up(csp_end *lock, csp_wakes *wakes);
/* Take it again as often; not OK: the next release by this thread is forgiven. */
csp_status csp__lock_again(csp_end *lock, int64_t depth, int64_t deadline, const csp_hooks *hooks);

#endif
