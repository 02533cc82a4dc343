/* SPDX-License-Identifier: MIT
 *
 * Channels and their ends, as the core's own files see them.
 *
 * Invariants, all under `lock`
 *  - A receiver waits only while nothing is buffered; a sender waits only while the buffer is full. Both wait at once only
 *    if an alternative offers both directions, and it never pairs with itself.
 *  - Closed never reopens. After the last receiving end nothing is buffered; after the last sending end what is buffered stays.
 *  - ends[d] holds exactly the open handles of direction d; open[d] is their number.
 */
#ifndef CSP_CHANNEL_H
#define CSP_CHANNEL_H

#include <assert.h>

#include "csp/csp.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

struct csp_end {
    _Atomic int64_t references; /* its owner, and a fence at work */
    csp_channel *channel;
    _Atomic(csp_holder *) holder; /* NULL: in transit inside a message */
    csp_direction direction;
    _Atomic bool closed;
    int64_t held; /* of a synchronisation object: units that this handle has acquired; guarded by the channel's lock */
    bool alone;   /* of a barrier: the last to wait through this handle was its holder's only thread; likewise */
    csp_node of_channel; /* guarded by the channel's lock */
    csp_node of_holder;  /* guarded by the holder's lock */
};

struct csp_channel {
    /* Seldom written. */
    alignas(128) csp_message *ring;
    uint32_t room; /* allocated places of the ring, a power of two, 0 at first */
    uint32_t capacity;
    csp_overflow overflow;
    uint64_t id;
    struct csp_sync *sync;           /* NULL: a channel and no more; see sync.h */
    _Atomic(csp_waiter *) likely[2]; /* who waited last in queue[d]; only to fetch its cache line early */
    _Atomic int64_t references;      /* one per end */
    /* One cache line for every operation. Atomics are written under the lock, and read without it as hints by an
     * alternative's first look. */
    alignas(64) csp_lock lock;
    _Atomic uint32_t buffered;   /* messages to be had without a sender: ring and returned */
    _Atomic uint32_t waiting[2]; /* cases in queue[d] */
    _Atomic uint32_t watched;    /* reusable alternatives that watch the receiving direction */
    _Atomic bool over[2];        /* no end of direction d is left */
    bool aborted;
    _Atomic uint32_t last; /* who had the lock last, by csp_waiter.id; only to tell a stretch from a tug-of-war */
    uint32_t head;
    uint32_t count;    /* messages in the ring */
    csp_node queue[2]; /* waiting cases, first come first served */
    alignas(64) uint64_t sent;
    uint64_t dropped, undelivered; /* received is what is left of `sent`: see csp__statistics_locked */
    csp_node ends[2];
    alignas(64) csp_wait_statistics waits;
    uint32_t open[2];
    uint32_t peak[2];      /* most cases in queue[d] ever */
    csp_node watchers;     /* their watches; see alternative.h */
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

/* csp_send by another holder than the end's, which has none. */
csp_status csp__send_as(csp_end *end, csp_message *message, csp_holder *holder, int64_t deadline,
                        const csp_hooks *hooks);

/* Under the lock: the first case of the queue that is not self's own, or NULL. */
csp_case *csp__first_other(csp_channel *channel, csp_direction direction, const csp_waiter *self);
/* Under the lock: unlink the case, claim its waiter, and touch nothing of either any more. False: that waiter timed out or
 * won elsewhere. A sleeper is added to `wakes`, which must have room. */
bool csp__win(csp_channel *channel, csp_case *c, csp_status outcome, csp_wakes *wakes);

/* Under the lock: join or leave the channel's queue. Leaving twice is a no-op. */
void csp__enqueue(csp_channel *channel, csp_case *c);
void csp__dequeue(csp_channel *channel, csp_case *c);

/* What the close of the last receiving end does, for a channel whose receiving ends nobody can reach. */
void csp__end_receiving(csp_channel *channel);

void csp__end_retain(csp_end *end);
void csp__end_release(csp_end *end);
/* Give an end in transit to a holder, or (NULL) put it in transit. */
void csp__end_rehold(csp_end *end, csp_holder *holder);
void csp__statistics_locked(csp_channel *channel, csp_statistics *out);
/* A channel without ends, zeroed; NULL when out of memory. And its first ends (no sending one if `sending` is NULL): false
 * when out of memory, the channel is then freed. */
csp_channel *csp__channel_alloc(void);
bool csp__channel_open(csp_channel *channel, csp_holder *holder, csp_end **sending, csp_end **receiving);
void csp__channel_release(csp_channel *channel);
int64_t csp__ends_alive(void);

/* The table of all channels, for looking in from outside. Adding sets channel->id, before anybody can find the channel;
 * false when out of memory. */
bool csp__table_add(csp_channel *channel);
void csp__table_remove(uint64_t id);
/* The channel with one more reference, or NULL when it is gone. */
csp_channel *csp__table_find(uint64_t id);
/* The next living id after `id` (0 to begin), or 0. */
uint64_t csp__table_next(uint64_t id);
int64_t csp__channels_alive(void);

/* The scheduler gate; NULL when off. */
extern _Atomic(const csp_gate *) csp__gate;
static inline void csp__pass_gate(csp_gate_operation operation, const csp_holder *holder, uint64_t channel) {
    const csp_gate *gate = atomic_load_explicit(&csp__gate, memory_order_acquire);
    if (__builtin_expect(gate != NULL, 0)) {
        gate->pass(operation, csp_holder_id(holder), channel, gate->context);
    }
}

#endif
