/* SPDX-License-Identifier: MIT */
#include "waiting/placement.h"

#include <unistd.h>

#include "platform/cpus.h"
#include "platform/lock.h"
#include "platform/park.h"
#include "waiting/running.h"

/* Ticks are thirds of a nanosecond, roughly. */
enum {
    BURST_SHORT = 90000,  /* 30 us: a talker runs no longer than this between two waits */
    BURST_LONG = 600000,  /* 200 us: a worker */
    QUEUE_LONG = 30000,   /* 10 us: to wake somebody on another CPU takes no longer */
    TALK_ENOUGH = 64,     /* sleeps after short bursts, less what speaks against it */
    TALK_LOST = -64,      /* after a long burst */
    SPIN_PAYS = 3,        /* each wait that spinning ended speaks against it */
    SETTLED_WAITS = 4096, /* then it is let go, and shows anew whether it pays */
};

static _Atomic bool placement = true;
static _Atomic int32_t settled; /* threads that have a home */
static _Atomic int32_t talkers; /* threads that talk: enough lately */

static bool more_talk_than_cpus(void) { return atomic_load(&talkers) > atomic_load(&csp__load.cpus); }

/* Off does not count for those who have settled: one may have, in the very instant in which it was turned off. */
bool csp__place_is_busy(void) {
    return atomic_load(&settled) > 0 || (atomic_load(&placement) && more_talk_than_cpus());
}

static void count_talker(csp_waiter *thread, bool talks) {
    if (atomic_exchange_explicit(&thread->talks, talks, memory_order_relaxed) != talks) {
        atomic_fetch_add(&talkers, talks ? 1 : -1);
        if (talks && more_talk_than_cpus()) {
            csp__place_wake_watch();
        }
    }
}

static void set_talk(csp_waiter *thread, int32_t talk) {
    thread->talk = talk;
    if ((talk >= TALK_ENOUGH) != atomic_load_explicit(&thread->talks, memory_order_relaxed)) {
        count_talker(thread, talk >= TALK_ENOUGH);
    }
}

/* Who leaves and who moves, and what cpus.h guards by it. */
static csp_lock place_lock = CSP_LOCK_INIT;

/* Gives whether it was this call that let it go. */
static bool leave(csp_waiter *thread) {
    if (!csp__is_settled(thread)) {
        return false;
    }
    csp__lock(&place_lock);
    int32_t home = atomic_exchange_explicit(&thread->home, -1, memory_order_acq_rel);
    if (home >= 0) {
        csp__cpus_release(atomic_load_explicit(&thread->platform_thread, memory_order_relaxed), home);
        atomic_fetch_sub(&settled, 1);
    }
    csp__unlock(&place_lock);
    return home >= 0;
}

/* The calling thread has left, by whomever. Who finds no home may have come while somebody lets it go who has not given it
 * its CPUs yet: under the lock, so with the lock that is over. */
static void have_left(csp_waiter *thread) {
    if (thread->moved && !leave(thread)) {
        csp__lock(&place_lock);
        csp__unlock(&place_lock);
    }
    thread->moved = false;
}

/* ---- for the watch -------------------------------------------------------------------------------------------- */

void csp__place_refer(void) {
    csp__lock(&place_lock);
    csp__cpus_refer(csp__platform_thread(), getpid()); /* as main, whoever has started us */
    csp__unlock(&place_lock);
}

uint32_t csp__place_cpus(int32_t *cpus) {
    csp__lock(&place_lock);
    uint32_t count = csp__cpus_list(cpus);
    csp__unlock(&place_lock);
    return count;
}

void csp__place_let_go(csp_waiter *thread) {
    leave(thread);
    atomic_store_explicit(&thread->evicted, true, memory_order_relaxed);
    count_talker(thread, false);
}

/* ---- settling ------------------------------------------------------------------------------------------------- */

static bool move_to(csp_waiter *thread, int32_t cpu) {
    csp__lock(&place_lock);
    int32_t had = atomic_load_explicit(&thread->home, memory_order_relaxed);
    bool moved = atomic_load_explicit(&thread->may_settle, memory_order_relaxed) &&
                 csp__cpus_settle(atomic_load_explicit(&thread->platform_thread, memory_order_relaxed), had, cpu);
    if (moved) {
        atomic_store_explicit(&thread->home, cpu, memory_order_release);
    }
    csp__unlock(&place_lock);
    if (!moved) {
        leave(thread);
        set_talk(thread, TALK_LOST); /* somebody else has a say in where this thread runs */
        return false;
    }
    thread->moved = true;
    if (had < 0) {
        thread->settled_waits = 0;
        atomic_fetch_add(&settled, 1);
        csp__place_wake_watch();
    }
    return true;
}

void csp__place_waits(csp_waiter *thread) {
    uint64_t burst = csp__ticks() - atomic_load_explicit(&thread->resumed, memory_order_relaxed);
    atomic_store_explicit(&thread->waits, atomic_load_explicit(&thread->waits, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    atomic_store_explicit(&thread->worked, atomic_load_explicit(&thread->worked, memory_order_relaxed) + burst,
                          memory_order_relaxed);
    bool evicted = atomic_load_explicit(&thread->evicted, memory_order_relaxed);
    if (burst > BURST_LONG || evicted) {
        atomic_store_explicit(&thread->evicted, false, memory_order_relaxed);
        set_talk(thread, TALK_LOST);
        leave(thread);
    }
    thread->short_burst = burst < BURST_SHORT;
}

void csp__place_parks(csp_waiter *thread) {
    if (!atomic_load_explicit(&placement, memory_order_relaxed)) {
        leave(thread); /* it may have settled in the very instant in which placement was turned off */
        return;
    }
    if (atomic_load_explicit(&csp__load.cpus, memory_order_relaxed) < 2) {
        csp__running_refresh(csp_now()); /* there may be more one day */
        return;
    }
    if (!thread->short_burst) {
        return;
    }
    int32_t home = atomic_load_explicit(&thread->home, memory_order_relaxed);
    int32_t target = atomic_load_explicit(&thread->target, memory_order_relaxed);
    if (home >= 0 && ++thread->settled_waits >= SETTLED_WAITS) {
        leave(thread);
        set_talk(thread, 0);
    } else if (thread->talk < TALK_ENOUGH) {
        set_talk(thread, thread->talk + 1);
    } else if (target < 0 || !more_talk_than_cpus()) {
        leave(thread);
        atomic_store_explicit(&thread->ran_on, csp__platform_cpu(), memory_order_relaxed);
    } else if (target != home) {
        move_to(thread, target);
    }
}

void csp__place_wakes(csp_waiter *thread, bool slept) {
    if (!slept && thread->talk > 0) {
        set_talk(thread, thread->talk > SPIN_PAYS ? thread->talk - SPIN_PAYS : 0);
    }
    uint64_t now = csp__ticks();
    if (slept && atomic_load_explicit(&thread->woken_near, memory_order_relaxed)) {
        /* Each wake counts once: a deadline that ends the next wait is nobody's wake. Below zero where the waker has not come
         * to it yet, because the sleeper saw by itself that it was claimed. */
        atomic_store_explicit(&thread->woken_near, false, memory_order_relaxed);
        int64_t queued = (int64_t)(now - atomic_load_explicit(&thread->woken, memory_order_relaxed));
        atomic_store_explicit(&thread->near, atomic_load_explicit(&thread->near, memory_order_relaxed) + 1,
                              memory_order_relaxed);
        if (queued > QUEUE_LONG) {
            atomic_store_explicit(&thread->late, atomic_load_explicit(&thread->late, memory_order_relaxed) + 1,
                                  memory_order_relaxed);
        }
    }
    atomic_store_explicit(&thread->resumed, now, memory_order_relaxed);
}

/* Counting so keeps those who are frequent: a new one takes the place of the rarest, with its count.
 *
 * All of it is hints, relaxed, and may be lost or come late: the thread has been claimed before, and may have seen that by
 * itself, gone on, ended, and left its record to another. Records are never freed, so a partner that is gone is a wrong hint
 * at worst, which fades. */
void csp__place_wakes_other(csp_waiter *waker, csp_waiter *thread) {
    int32_t home = atomic_load_explicit(&thread->home, memory_order_relaxed);
    bool near = home >= 0 && home == atomic_load_explicit(&waker->home, memory_order_relaxed);
    atomic_store_explicit(&thread->woken_near, near, memory_order_relaxed);
    atomic_store_explicit(&thread->woken, csp__ticks(), memory_order_relaxed);
    if (!atomic_load_explicit(&waker->may_settle, memory_order_relaxed)) {
        return;
    }
    csp_partner *chosen = &thread->partners[0];
    for (int p = 0; p < CSP_PARTNERS; p++) {
        csp_partner *partner = &thread->partners[p];
        if (atomic_load_explicit(&partner->thread, memory_order_relaxed) == waker) {
            chosen = partner;
            break;
        }
        if (atomic_load_explicit(&partner->strength, memory_order_relaxed) <
            atomic_load_explicit(&chosen->strength, memory_order_relaxed)) {
            chosen = partner;
        }
    }
    atomic_store_explicit(&chosen->thread, waker, memory_order_relaxed);
    atomic_store_explicit(&chosen->strength, atomic_load_explicit(&chosen->strength, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* ---- around threads ------------------------------------------------------------------------------------------- */

/* The record that may settle, if this thread has one. In a signal handler its waits go by another one. */
static _Thread_local csp_waiter *mine;

void csp__place_ends(csp_waiter *thread) {
    atomic_store_explicit(&thread->may_settle, false, memory_order_relaxed);
    set_talk(thread, 0);
    have_left(thread); /* nobody gives CPUs to a thread that has ended: its number may be another's by then */
    atomic_store_explicit(&thread->target, -1, memory_order_relaxed);
    for (int p = 0; p < CSP_PARTNERS; p++) {
        atomic_store_explicit(&thread->partners[p].strength, 0, memory_order_relaxed);
        atomic_store_explicit(&thread->partners[p].thread, NULL, memory_order_relaxed);
    }
    if (mine == thread) {
        mine = NULL;
    }
}

void csp__place_leave_cpu(int cpu) {
    csp__place_start_watch();
    csp__lock(&place_lock);
    csp__cpus_leave(cpu);
    csp__unlock(&place_lock);
}

void csp__place_forked(void) {
    csp__place_watch_forked();
    csp__lock_init(&place_lock);
    atomic_store_explicit(&settled, 0, memory_order_relaxed);
    atomic_store_explicit(&talkers, 0, memory_order_relaxed);
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        atomic_store_explicit(&w->home, -1, memory_order_relaxed); /* who forks has left before */
        atomic_store_explicit(&w->talks, false, memory_order_relaxed);
        atomic_store_explicit(&w->evicted, true, memory_order_relaxed);
    }
    csp__cpus_refer(-1, 0);
}

uint64_t csp_thread_may_settle(void) {
    csp_waiter *self = csp__self();
    if (self == NULL) {
        return 0;
    }
    csp__place_start_watch();
    atomic_store_explicit(&self->resumed, csp__ticks(), memory_order_relaxed);
    set_talk(self, 0);
    mine = self;
    atomic_store_explicit(&self->may_settle, true, memory_order_relaxed);
    return csp__thread_id(self);
}

void csp_thread_leave(void) {
    csp_waiter *thread = mine;
    if (thread != NULL && thread->moved) {
        have_left(thread);
        set_talk(thread, TALK_LOST);
    }
}

void csp_thread_stays(uint64_t id) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (atomic_load_explicit(&w->used, memory_order_acquire) == 1 && csp__thread_id(w) == id) {
            csp__lock(&place_lock); /* one that is moving just now sees it, or has a home that we see */
            atomic_store_explicit(&w->may_settle, false, memory_order_relaxed);
            csp__unlock(&place_lock);
            leave(w);
        }
    }
}

void csp_placement(bool on) {
    atomic_store(&placement, on);
    if (on) {
        csp__place_wake_watch();
    } else {
        for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
            leave(w);
        }
    }
}

int32_t csp__settled(void) { return atomic_load_explicit(&settled, memory_order_relaxed); }
