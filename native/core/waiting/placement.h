/* SPDX-License-Identifier: MIT
 *
 * Placement: threads that wait for each other more than they work are moved to one CPU while that lasts.
 *
 * A wake that crosses to an idle CPU costs 25 us; one on the same CPU 2 us, and while two threads only hand over to each other
 * they never run at once anyway. So threads whose waits mostly sleep, and which run only for microseconds between them, settle
 * on one CPU with those who wake them, where there are more of them than CPUs: two that talk on two CPUs do best when both
 * stay awake and spin. The watch (place_watch.c) says who lives where; a thread moves itself, when it is about to sleep. It
 * is let go as soon as it works for longer, by itself at its next wait, or by the watch: work that can use all CPUs still
 * does. (CCSP clusters communicating processes in the same way: Ritson, Sampson and Barnes 2009.) */
#ifndef CSP_PLACEMENT_H
#define CSP_PLACEMENT_H

#include "waiting/waiter.h"

/* The calling thread, whose record this is, begins to wait, or (woke) goes on. */
void csp__place_waits(csp_waiter *thread);
void csp__place_parks(csp_waiter *thread);
void csp__place_wakes(csp_waiter *thread, bool slept);
/* One thread wakes another that sleeps and may settle. */
void csp__place_wakes_other(csp_waiter *waker, csp_waiter *thread);
/* The thread ends, or leaves its record to another. */
void csp__place_ends(csp_waiter *thread);
/* Move the calling thread, which spins, off that CPU if it may use another. */
void csp__place_leave_cpu(int cpu);
/* There may be something to look at: more talk, or fewer CPUs. Whoever changes what csp__place_is_busy asks does so before, and
 * the watch asks after it has said that it sleeps, all seq_cst: one of the two sees the other. */
void csp__place_wake_watch(void);
/* In the child of a fork. */
void csp__place_forked(void);

/* ---- between place.c and place_watch.c ------------------------------------------------------------------------ */

void csp__place_start_watch(void);
void csp__place_watch_forked(void);
/* How long the watch sleeps after a look that took that much of a CPU, in nanoseconds. */
int64_t csp__place_pause(int64_t took);
/* The calling thread is the watch; see cpus.h. */
void csp__place_refer(void);
/* Whether anybody has settled, or more talk than there are CPUs. */
bool csp__place_is_busy(void);
/* The CPUs that there are to live on; gives how many. */
uint32_t csp__place_cpus(int32_t *cpus);
/* Let it go, and take it for no talker until it has shown it anew. */
void csp__place_let_go(csp_waiter *thread);

static inline bool csp__is_settled(const csp_waiter *thread) {
    return atomic_load_explicit(&thread->home, memory_order_relaxed) >= 0;
}

#endif
