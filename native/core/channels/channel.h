/* SPDX-License-Identifier: MIT
 *
 * Channels: what they consist of, and the hand-over under their lock.
 *
 * Invariants, all under `lock`
 *  - A receiver waits only while nothing is buffered; a sender waits only while the buffer is full. Both wait at once only
 *    if an alternative offers both directions, and it never pairs with itself.
 *  - Closed never reopens. After the last receiving end nothing is buffered; after the last sending end what is buffered stays.
 */
#ifndef CSP_CHANNEL_H
#define CSP_CHANNEL_H

#include <assert.h>

#include "channels/channel_kind.h"
#include "csp/csp.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

struct csp_channel {
    /* Seldom written. */
    alignas(128) csp_message *ring;
    uint32_t room; /* allocated places of the ring, a power of two, 0 at first */
    uint32_t capacity;
    csp_overflow overflow;
    uint64_t id;
    const csp_channel_kind *kind;    /* NULL: a channel and no more */
    void *state;                     /* the kind's */
    _Atomic(csp_waiter *) likely[2]; /* who waited last in queue[d]; only to fetch its cache line early */
    _Atomic int64_t references;      /* one per end */
    /* One cache line for every operation. Atomics are written under the lock, and read without it as hints by an
     * alternative's first look. */
    alignas(64) csp_lock lock;
    _Atomic uint32_t buffered;      /* messages to be had without a sender: ring and returned */
    _Atomic uint32_t waiting[2];    /* cases in queue[d] */
    _Atomic uint32_t registrations; /* of reusable alternatives, for the receiving direction */
    _Atomic bool over[2];           /* no end of direction d is left */
    bool aborted;
    _Atomic uint32_t last; /* who had the lock last, by csp_waiter.id; only to tell a stretch from a tug-of-war */
    uint32_t head;
    uint32_t count;    /* messages in the ring */
    csp_node queue[2]; /* waiting cases, first come first served */
    alignas(64) uint64_t sent;
    uint64_t dropped, undelivered; /* received is what is left of `sent`: see statistics.c */
    csp_node ends[2];
    alignas(64) csp_wait_statistics waits;
    uint32_t open[2];
    uint32_t peak[2];      /* most cases in queue[d] ever */
    csp_node registered;   /* see registration.h */
    csp_node engaged;      /* replies for which senders wait that an extended receiver holds; see extended.h */
    csp_message *returned; /* undone receives, last in first out */
    uint32_t returned_count, returned_room;
    csp_message cause;
};

static inline bool csp__is_over(csp_channel *channel, csp_direction direction) {
    return atomic_load_explicit(&channel->over[direction], memory_order_relaxed);
}

/* The first two invariants above, where assert() is alive; for the ends of critical sections. */
static inline void csp__check(const csp_channel *channel) {
    uint32_t buffered = channel->count + channel->returned_count;
    assert(csp__list_empty(&channel->queue[CSP_RECEIVING]) || buffered == 0);
    assert(csp__list_empty(&channel->queue[CSP_SENDING]) || channel->count >= channel->capacity);
    assert(!csp__is_over((csp_channel *)(uintptr_t)channel, CSP_RECEIVING) || buffered == 0);
    (void)buffered;
}

/* The two halves of every transfer, under the channel's lock. `self` is never paired with. On CSP_OK offer has moved
 * *message out, take has filled it. *dropped is filled when an overflow policy pushed a message out: drop it after unlock.
 * The waiter that was claimed and sleeps is added to `wakes`: wake it after unlock. CSP_WOULD_BLOCK: nothing happened. */
csp_status csp__offer(csp_channel *channel, csp_message *message, const csp_waiter *self, csp_wakes *wakes,
                      csp_message *dropped);
csp_status csp__take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self,
                     csp_wakes *wakes);

/* Under the lock: the first case of the queue that is not self's own, or NULL. */
csp_case *csp__first_other(csp_channel *channel, csp_direction direction, const csp_waiter *self);
/* Under the lock: unlink the case, claim its waiter, and touch nothing of either any more. False: that waiter timed out or
 * won elsewhere. A sleeper is added to `wakes`, which must have room. */
bool csp__win(csp_channel *channel, csp_case *c, csp_status outcome, csp_wakes *wakes);

/* Under the lock: join or leave the channel's queue. Leaving twice is a no-op. */
void csp__enqueue(csp_channel *channel, csp_case *c);
void csp__dequeue(csp_channel *channel, csp_case *c);

/* Under the lock: an undone receive, to be received next. False when out of memory. */
bool csp__return(csp_channel *channel, csp_message *message);
/* See to it that the next one will find memory. False when out of it. */
bool csp__can_return(csp_channel *channel);

static inline bool csp__has_registrations(const csp_channel *channel) {
    return atomic_load_explicit(&channel->registrations, memory_order_relaxed) > 0;
}

#endif
