/* SPDX-License-Identifier: MIT
 *
 * A waiter: the record of one that waits for one of several things to happen, with the word that decides which.
 *
 * Invariants
 *  - `state` is sequence<<16 | code. Only the owner goes IDLE..WON -> ARMED, which bumps the sequence. Any other
 *    thread may only claim: ARMED or PARKED -> a code above, once per sequence. From NOTIFIED the owner may go on to
 *    SIGNALLED. PARKED -> ARMED is csp__nudge: the owner looks again how long it may sleep, and parks again.
 *  - A case is linked only while its waiter's operation is under way, and only under its channel's lock. The claimer
 *    first unlinks the case, then claims. After that it touches neither case nor slot: the owner may have returned.
 *  - Whoever claims a PARKED waiter wakes it, once. The record exists until then: it is recycled within its kind and
 *    never freed, or it counts the wakes to come; see csp_waiter_kind. So a late wake finds a living word. */
#ifndef CSP_WAITER_H
#define CSP_WAITER_H

#include <stdalign.h>
#include <stdatomic.h>

#include "csp/csp.h"
#include "holding/gate.h"
#include "platform/list.h"
#include "platform/lock.h"

enum {
    CSP_IDLE = 0,
    CSP_ARMED = 1,      /* can be claimed; the owner is awake */
    CSP_PARKED = 2,     /* can be claimed; the owner must be woken afterwards */
    CSP_NOTIFIED = 3,   /* a reusable alternative: something may be ready, look again */
    CSP_TIMEDOUT = 4,   /* claimed by its own owner: deadline */
    CSP_STOPPED = 5,    /* claimed by csp_holder_cancel, or by its owner on seeing the flag */
    CSP_SIGNALLED = 6,  /* claimed by its own owner: csp_hooks.interrupted */
    CSP_CALLED_OFF = 7, /* claimed by whoever cancels a scope that its owner is in, or by its owner on seeing that */
    CSP_WON = 16,       /* + index of the winning case */
};

typedef struct csp_waiter csp_waiter;
typedef struct csp_scopes csp_scopes;

/* Records of one kind that nobody uses; guarded by a lock of waiter.c. */
typedef struct {
    csp_waiter *free;
} csp_waiter_pool;

/* How the waiters of a kind wait. To add a kind: a file with its wake, and a table. A waiter never changes kind. */
typedef struct csp_waiter_kind {
    /* The waiter was claimed while its owner slept (PARKED): make the owner look at its word. Called once for each
     * such claim, by the claimer; mostly under no lock, but under a channel's lock where many are released at once. */
    void (*wake)(csp_waiter *waiter);
    /* Records are reused within the kind and never freed, so that a late wake finds a living word. NULL: the kind
     * counts the wakes that are still to come, and frees its records itself. */
    csp_waiter_pool *pool;
    bool thread; /* each belongs to a thread, and is in the list of all: csp__waiters */
} csp_waiter_kind;

/* One guard's place in one channel's queue. Every field is guarded by that channel's lock while linked. */
typedef struct csp_case {
    csp_node node;
    uint16_t index; /* position in the alternative; a won waiter's code is CSP_WON + index */
    uint8_t direction;
    uint8_t outcome; /* csp_status, written before the claim */
    bool linked;
    bool single;   /* csp_waiter.single; otherwise the head of a csp_select_case */
    bool extended; /* a receiver that will hold its sender; see extended.h */
} csp_case;

typedef struct csp_select_case {
    csp_case base;
    csp_waiter *waiter;
    csp_end *end;
    csp_message *message;
    csp_reply *reply;
} csp_select_case;

/* How waits went on one channel, or for the replies to one thread. */
typedef struct {
    _Atomic uint32_t spin_score;  /* 0..256: how often spinning paid lately */
    _Atomic uint32_t until_probe; /* how many waits will not spin before one tries again */
    _Atomic uint32_t probe_gap;
    _Atomic int32_t waker_cpu; /* the CPU of the last thread that had to wake a sleeper; -1: unknown */
    _Atomic uint64_t parks, wakes, spins_hit, spins_missed;
} csp_wait_statistics;

/* Begin half-way: spin until it is known whether that pays. */
static inline void csp__wait_statistics_init(csp_wait_statistics *statistics) {
    atomic_init(&statistics->spin_score, 128);
    atomic_init(&statistics->waker_cpu, -1);
}

enum { CSP_PARTNERS = 4 };
typedef struct {
    _Atomic(csp_waiter *) thread;
    _Atomic uint32_t strength;
} csp_partner;

struct csp_waiter {
    /* One cache line holds all that a hand-over to a single operation reads and writes: three lines instead of one
     * would cost a third of a round trip between two cores. */
    alignas(128) _Atomic uint32_t state;
    csp_case single;
    csp_message slot;
    csp_end *single_end;
    csp_reply *single_reply;
    const csp_waiter_kind *kind; /* set once, because a late wake reads it */
    /* For csp_holder_cancel and the wait graph: who waits. Set before arming. */
    alignas(64) _Atomic(csp_holder *) holder;
    _Atomic int64_t deadline, since; /* `since`: when it fell asleep, for whoever finds it PARKED */
    _Atomic(csp_reply *) asking;     /* guarded by `asking_lock` against the graph's readers */
    csp_lock asking_lock;
    _Atomic uint64_t id;             /* read by csp_thread_stays while the record changes hands */
    csp_scopes *scopes;              /* the owner's: those it is in, or NULL; see scope.h */
    _Atomic int64_t platform_thread; /* read by csp__running_refresh while the record changes hands */
    _Atomic uint32_t counted;        /* 1: in csp__load.running */
    _Atomic uint32_t used;           /* 1: belongs to a live thread */
    uint64_t random;
    uint32_t drawn_from;     /* which of the numbers given to csp_seed */
    uint64_t last_operation; /* csp__ticks of the latest single operation on a buffered channel ... */
    uint64_t last_channel;   /* ... and that channel's id */
    uint64_t forgiven[4];    /* ids of locks whose next release by this thread is no mistake; see csp_condition_wait */
    csp_wait_statistics replies;
    /* The waiter of the thread that waits through this one: itself, or that of the user of a reusable alternative. */
    _Atomic(csp_waiter *) thread;
    /* A thread's: by which record it sleeps, or slept last. Whoever moves the clock looks there. */
    _Atomic(csp_waiter *) sleeps_by;
    /* Placement; see placement.h. The owner's, but for the atomics and what is the watch's. */
    _Atomic int32_t home;   /* the CPU it has settled on, -1: none */
    _Atomic int32_t target; /* the one that the watch has found for it */
    _Atomic int32_t ran_on; /* where it ran when last it had none */
    _Atomic bool talks;     /* counted as a talker */
    _Atomic uint32_t waits;
    _Atomic bool evicted; /* let go by the watch; the owner does not know yet */
    _Atomic bool may_settle;
    bool short_burst, moved; /* moved: it had a home since it last made sure that it has none */
    int32_t talk;
    uint32_t settled_waits;
    _Atomic uint64_t resumed;           /* csp__ticks of when its latest wait ended */
    _Atomic uint64_t worked;            /* ticks, between waits */
    _Atomic uint64_t woken;             /* ticks of when somebody woke it, ... */
    _Atomic bool woken_near;            /* ... from the same home */
    _Atomic uint32_t near, late;        /* how often that was so; and how often it then queued for long */
    csp_partner partners[CSP_PARTNERS]; /* who wakes it; written by those */
    uint32_t waits_seen, still; /* the watch's: waits at its latest look, and since how many looks that is so */
    uint32_t member, near_seen, late_seen; /* the watch's, when it groups */
    uint64_t worked_seen;
    csp_waiter *next_free;
    _Atomic(csp_waiter *) next; /* all records of threads ever made; never shrinks */
    /* Of a waiter that belongs to no thread: its place in its holder's list of those that may wait. Guarded by the
     * holder's lock; see stopping.c. */
    csp_node of_holder;
    uint64_t swept;
};

_Static_assert(offsetof(csp_waiter, slot) + sizeof(csp_message) <= 64, "state, case and slot share a cache line");

static inline uint64_t csp__thread_id(const csp_waiter *waiter) {
    return atomic_load_explicit(&waiter->id, memory_order_relaxed);
}

static inline csp_waiter *csp__case_waiter(csp_case *c) {
    return c->single ? CSP_CONTAINER(c, csp_waiter, single) : ((csp_select_case *)(void *)c)->waiter;
}
/* Receive: write here before the claim. Send: copy from here before the claim. */
static inline csp_message *csp__case_message(csp_case *c) {
    return c->single ? &CSP_CONTAINER(c, csp_waiter, single)->slot : ((csp_select_case *)(void *)c)->message;
}
static inline csp_end *csp__case_end(csp_case *c) {
    return c->single ? CSP_CONTAINER(c, csp_waiter, single)->single_end : ((csp_select_case *)(void *)c)->end;
}

static inline uint32_t csp__code(uint32_t state) { return state & UINT32_C(0xffff); }

/* Of an extended rendezvous: the receiver's reply, left here for the sender before the claim; see extended.h. */
static inline csp_reply **csp__case_reply(csp_case *c) {
    return c->single ? &CSP_CONTAINER(c, csp_waiter, single)->single_reply : &((csp_select_case *)(void *)c)->reply;
}

/* Decide who gets the waiter: true at most once per armed sequence. acq_rel: the owner's acquire load of the word sees
 * the slot that we wrote before; we see what the owner wrote before arming. *must_wake: the owner sleeps. */
static inline bool csp__claim(csp_waiter *waiter, uint32_t code, bool *must_wake) {
    uint32_t state = atomic_load_explicit(&waiter->state, memory_order_acquire);
    for (;;) {
        uint32_t now = csp__code(state);
        if (now != CSP_ARMED && now != CSP_PARKED) {
            return false;
        }
        if (atomic_compare_exchange_weak_explicit(&waiter->state, &state, (state & ~UINT32_C(0xffff)) | code,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            *must_wake = now == CSP_PARKED;
            return true;
        }
    }
}

/* Make a sleeper look again how long it may sleep. True: the caller must wake it. The word changes, because an owner
 * that is about to sleep would otherwise miss it. */
static inline bool csp__nudge(csp_waiter *waiter) {
    uint32_t state = atomic_load_explicit(&waiter->state, memory_order_seq_cst);
    while (csp__code(state) == CSP_PARKED) {
        if (atomic_compare_exchange_weak_explicit(&waiter->state, &state, (state & ~UINT32_C(0xffff)) | CSP_ARMED,
                                                  memory_order_seq_cst, memory_order_seq_cst)) {
            return true;
        }
    }
    return false;
}

static inline void csp__wake(csp_waiter *waiter) {
    if (csp__gate_is_on()) {
        csp__gate_tell_of(csp__thread_id(atomic_load_explicit(&waiter->thread, memory_order_relaxed)));
    }
    waiter->kind->wake(waiter);
}

/* Waiters that were claimed under a lock, to be woken after it. When it is full: unlock, flush, lock again. */
enum { CSP_WAKES = 32 };
typedef struct {
    csp_waiter *waiters[CSP_WAKES];
    int count;
    bool may_engage;    /* the operation may meet a receiver that holds its senders ... */
    csp_reply *engaged; /* ... and did: this reply holds it */
} csp_wakes;

static inline void csp__wakes_flush(csp_wakes *wakes) {
    for (int i = 0; i < wakes->count; i++) {
        csp__wake(wakes->waiters[i]);
    }
    wakes->count = 0;
}

/* A waiter of a kind that has a pool, with a number of its own. Recycle it when nobody waits through it. NULL: out of
 * memory. */
csp_waiter *csp__waiter_new(const csp_waiter_kind *kind);
void csp__waiter_recycle(csp_waiter *waiter);
/* Make a waiter of the caller's memory, for a kind without a pool. It has no number. */
void csp__waiter_init(csp_waiter *waiter, const csp_waiter_kind *kind);

/* The waiters of all threads that ever were, for readers that check `used`. */
csp_waiter *csp__waiters(void);

/* In the child of a fork. */
void csp__waiters_forked(void);

static inline bool csp__is_armed(csp_waiter *waiter) {
    uint32_t code = csp__code(atomic_load_explicit(&waiter->state, memory_order_acquire));
    return code == CSP_ARMED || code == CSP_PARKED;
}

static inline bool csp__is_settled(const csp_waiter *thread) {
    return atomic_load_explicit(&thread->home, memory_order_relaxed) >= 0;
}

#endif
