/* SPDX-License-Identifier: MIT */
#include "waiting/placement.h"

#include "platform/clock.h"
#include "platform/load.h"
#include "platform/lock.h"
#include "platform/park.h"
#include "waiting/placement_homes.h"
#include "waiting/placement_watch.h"
#include "waiting/running.h"
#include "waiting/waiter.h"

/* Ticks are thirds of a nanosecond, roughly. */
enum {
    BURST_SHORT = 90000,  /* 30 us: a talker runs no longer than this between two waits */
    BURST_LONG = 600000,  /* 200 us: a worker */
    QUEUE_LONG = 30000,   /* 10 us: to wake somebody on another CPU takes no longer */
    SPIN_PAYS = 3,        /* each wait that spinning ended speaks against it */
    SETTLED_WAITS = 4096, /* then it is let go, and shows anew whether it pays */
};

void csp__placement_waits(csp_waiter *thread) {
    uint64_t burst = csp__ticks() - atomic_load_explicit(&thread->resumed, memory_order_relaxed);
    atomic_store_explicit(&thread->waits, atomic_load_explicit(&thread->waits, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    atomic_store_explicit(&thread->worked, atomic_load_explicit(&thread->worked, memory_order_relaxed) + burst,
                          memory_order_relaxed);
    bool evicted = atomic_load_explicit(&thread->evicted, memory_order_relaxed);
    if (burst > BURST_LONG || evicted) {
        atomic_store_explicit(&thread->evicted, false, memory_order_relaxed);
        csp__placement_set_talk(thread, TALK_LOST);
        csp__placement_leave(thread);
    }
    thread->short_burst = burst < BURST_SHORT;
}

void csp__placement_parks(csp_waiter *thread) {
    if (!atomic_load_explicit(&csp__placement_on, memory_order_relaxed)) {
        csp__placement_leave(thread); /* it may have settled in the very instant in which placement was turned off */
        return;
    }
    if (atomic_load_explicit(&csp__load.cpus, memory_order_relaxed) < 2) {
        csp__running_refresh(thread, csp__real_now()); /* there may be more one day */
        return;
    }
    if (!thread->short_burst) {
        return;
    }
    int32_t home = atomic_load_explicit(&thread->home, memory_order_relaxed);
    int32_t target = atomic_load_explicit(&thread->target, memory_order_relaxed);
    if (home >= 0 && ++thread->settled_waits >= SETTLED_WAITS) {
        csp__placement_leave(thread);
        csp__placement_set_talk(thread, 0);
    } else if (thread->talk < TALK_ENOUGH) {
        csp__placement_set_talk(thread, thread->talk + 1);
    } else if (target < 0 || !csp__placement_is_crowded()) {
        csp__placement_leave(thread);
        atomic_store_explicit(&thread->ran_on, csp__platform_cpu(), memory_order_relaxed);
    } else if (target != home) {
        csp__placement_move(thread, target);
    }
}

void csp__placement_wakes(csp_waiter *thread, bool slept) {
    if (!slept && thread->talk > 0) {
        csp__placement_set_talk(thread, thread->talk > SPIN_PAYS ? thread->talk - SPIN_PAYS : 0);
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
void csp__placement_wakes_other(csp_waiter *waker, csp_waiter *thread) {
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

void csp__placement_ends(csp_waiter *thread) {
    atomic_store_explicit(&thread->may_settle, false, memory_order_relaxed);
    csp__placement_set_talk(thread, 0);
    csp__placement_have_left(
        thread); /* nobody gives CPUs to a thread that has ended: its number may be another's by then */
    atomic_store_explicit(&thread->target, -1, memory_order_relaxed);
    for (int p = 0; p < CSP_PARTNERS; p++) {
        atomic_store_explicit(&thread->partners[p].strength, 0, memory_order_relaxed);
        atomic_store_explicit(&thread->partners[p].thread, NULL, memory_order_relaxed);
    }
    csp__placement_forget_mine(thread);
}

void csp__placement_leave_cpu(int cpu) {
    csp__placement_start_watch();
    csp__placement_leave_this_cpu(cpu);
}

void csp__placement_forked(void) {
    csp__placement_watch_forked();
    csp__placement_homes_forked();
}
