/* SPDX-License-Identifier: MIT
 *
 * Placement: threads that wait for each other more than they work are moved to one CPU while that lasts.
 *
 * A wake that crosses to an idle CPU costs 25 us; one on the same CPU 2 us, and while two threads only hand over to each other
 * they never run at once anyway. So threads whose waits mostly sleep, and which run only for microseconds between them, settle
 * on one CPU with those who wake them, where there are more of them than CPUs: two that talk on two CPUs do best when both
 * stay awake and spin. The watch (placement_watch.c) says who lives where; a thread moves itself, when it is about to sleep. It
 * is let go as soon as it works for longer, by itself at its next wait, or by the watch: work that can use all CPUs still
 * does. (CCSP clusters communicating processes in the same way: Ritson, Sampson and Barnes 2009.) */
#ifndef CSP_PLACEMENT_H
#define CSP_PLACEMENT_H

#include "waiting/waiter.h"

/* The calling thread, whose record this is, begins to wait, or (woke) goes on. */
void csp__placement_waits(csp_waiter *thread);
void csp__placement_parks(csp_waiter *thread);
void csp__placement_wakes(csp_waiter *thread, bool slept);
/* One thread wakes another that sleeps and may settle. */
void csp__placement_wakes_other(csp_waiter *waker, csp_waiter *thread);
/* The thread ends, or leaves its record to another. */
void csp__placement_ends(csp_waiter *thread);
/* Move the calling thread, which spins, off that CPU if it may use another. */
void csp__placement_leave_cpu(int cpu);
/* In the child of a fork. */
void csp__placement_forked(void);

#endif
