/* SPDX-License-Identifier: MIT
 *
 * Locks, semaphores, events, conditions, barriers and counters, as the core's own files see them.
 *
 * Each is a channel that only has receiving ends, one per holder, and instead of messages a state. So handles are counted,
 * travel and end with their holder, waiters stand in the channel's queue and are claimed like any other, and an alternative
 * can wait for them. To acquire is to receive.
 *
 * Invariants, all under the channel's lock
 *  - Nobody waits for what could be granted: whoever changes the state settles it (csp__sync_settle) before unlocking.
 *  - A semaphore's units and what its handles hold add up to what was put in, or less if somebody released for a holder.
 *  - A recursive lock is owned by one thread through one handle, or by nobody.
 */
#ifndef CSP_LOCKS_H
#define CSP_LOCKS_H

#include "channels/channel.h"

/* What a broadcast has beside the turn to send; see broadcast.c. */
typedef struct csp_subscribers {
    csp_end **ends;       /* sending ends, held by nobody */
    uint32_t count, room; /* those who are gone are counted until somebody looks */
    bool keep;
    csp_message latest;
    csp_end *waits; /* the handle whose sender has the turn and waits for a subscriber; NULL: none does ... */
    csp_end *by;    /* ... and the sending end by which it waits */
} csp_subscribers;

typedef struct csp_sync {
    csp_sync_kind kind;
    int64_t limit;      /* semaphore: most units; barrier: parties */
    int64_t units;      /* semaphore: free ones; event: 1 when set; barrier: how many have arrived */
    csp_end *owner;     /* recursive lock: the handle that owns it; NULL: free */
    uint64_t thread;    /* ... and the thread, by csp_waiter.id; lock: who took it last */
    int64_t depth;      /* ... and how often it was taken */
    uint64_t round;     /* barrier: how many were completed or reset */
    csp_status outcome; /* barrier: how the latest round ended */
    bool broken;        /* barrier */
    bool abandoned;     /* somebody ended while it held this, and nobody was told yet */
    uint64_t acquired;  /* how often */
    _Atomic int64_t count;
    char abandoner[64]; /* name of who did */
    csp_subscribers subscribers;
} csp_sync;

/* csp_sync_new, for every kind. */
csp_status csp__sync_make(csp_sync_kind kind, int64_t value, int64_t limit, csp_holder *holder, csp_end **handle);
/* Under the lock: acquire without waiting. CSP_OK, WOULD_BLOCK, ABANDONED, or INVALID where there is nothing to acquire. */
csp_status csp__sync_take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self);
/* Under the lock: give waiters what can be granted now. More than fit into `wakes` are woken under the lock, because all
 * that are released together belong to one instant. */
void csp__sync_settle(csp_channel *channel, csp_wakes *wakes);
/* Under the lock: a handle was closed, and with it goes what it held. Settles. */
void csp__sync_left(csp_channel *channel, csp_end *end, csp_wakes *wakes);
/* Under the lock: whether the holder of this handle could wake somebody who waits here. */
bool csp__sync_can_wake(const csp_channel *channel, const csp_end *end);

/* Under the lock: whether everybody waits already who could come to this barrier. */
bool csp__barrier_is_forsaken(const csp_channel *channel);
/* Under the lock: tell all who wait that this barrier is broken, and who comes. */
void csp__barrier_break_locked(csp_channel *channel, csp_wakes *wakes);

/* Undo an acquisition, or (an empty message) the news that a lock was abandoned: see csp_unreceive. */
void csp__sync_untake(csp_end *end, csp_message *message);

/* Under the lock, when a handle is closed: what goes with it, to be freed with the second after it. That is what its sender
 * waits by; and with the last handle the list of subscribers. */
csp_subscribers csp__broadcast_left(csp_channel *channel, const csp_end *handle, bool last);
void csp__subscribers_free(csp_subscribers *subscribers);
/* csp_end_abort of a broadcast; *cause is moved if it is the first. */
void csp__broadcast_abort(csp_channel *channel, csp_message *cause);

/* For a condition, under the lock's lock: what `self` holds of it (0: it does not), and giving it up whole. */
int64_t csp__lock_depth(const csp_end *lock, const csp_waiter *self);
void csp__lock_give_up(csp_end *lock, csp_wakes *wakes);
/* Take it again as often; not OK: the next release by this thread is forgiven. */
csp_status csp__lock_again(csp_end *lock, int64_t depth, int64_t deadline, const csp_hooks *hooks);

#endif
