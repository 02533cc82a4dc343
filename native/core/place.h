/* SPDX-License-Identifier: MIT
 *
 * Placement: threads that wait for each other more than they work are moved to one CPU while that lasts.
 *
 * A wake that crosses to an idle CPU costs 25 us; one on the same CPU 2 us, and while two threads only hand over to each other
 * they never run at once anyway. So a thread whose waits mostly sleep, and which runs only for microseconds between them,
 * settles on the CPU of whom it talks to. It is let go as soon as it works for longer, by itself at its next wait, or by a
 * watch that looks every few milliseconds: work that can use all CPUs still does. (CCSP clusters communicating processes in
 * the same way: Ritson, Sampson and Barnes 2009.) */
#ifndef CSP_PLACE_H
#define CSP_PLACE_H

#include "waiter.h"

/* The calling thread, whose record this is, begins to wait, or (woke) goes on. */
void csp__place_waits(csp_waiter *thread);
void csp__place_parks(csp_waiter *thread, csp_wait_statistics *statistics);
void csp__place_wakes(csp_waiter *thread, bool slept);
/* The thread ends, or leaves its record to another. */
void csp__place_ends(csp_waiter *thread);
/* Move the calling thread, which spins, off that CPU if it may use another. */
void csp__place_leave_cpu(int cpu);
/* In the child of a fork. */
void csp__place_forked(void);

static inline bool csp__is_settled(const csp_waiter *thread) {
    return atomic_load_explicit(&thread->home, memory_order_relaxed) >= 0;
}

#endif
