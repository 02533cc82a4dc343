/* SPDX-License-Identifier: MIT
 *
 * Who lives on which CPU, and who talks: the books of placement, and its lock. Who changes them decides elsewhere: each thread
 * for itself (placement.c), the watch for all (placement_watch.c). */
#ifndef CSP_PLACEMENT_HOMES_H
#define CSP_PLACEMENT_HOMES_H

#include "waiting/waiter.h"

enum {
    TALK_ENOUGH = 64, /* sleeps after short bursts, less what speaks against it */
    TALK_LOST = -64,  /* after a long burst */
};

/* Whether threads may settle at all; see csp_placement. */
extern _Atomic bool csp__placement_on;

/* Whether more threads talk than there are CPUs. */
bool csp__placement_is_crowded(void);

/* Whether anybody has settled, or more talk than there are CPUs. */
bool csp__placement_is_busy(void);

/* There may be something to look at: more talk, or fewer CPUs. Whoever changes what csp__placement_is_busy asks does so before, and
 * the watch asks after it has said that it sleeps, all seq_cst: one of the two sees the other. */
void csp__placement_wake_watch(void);

/* The watch sleeps until there may be something to look at. False: there is already. */
bool csp__placement_watch_sleeps(void);

/* The calling thread is the watch; see cpus.h. */
void csp__placement_refer(void);

/* The CPUs that there are to live on; gives how many. */
uint32_t csp__placement_cpus(int32_t *cpus);

/* Let it go, and take it for no talker until it has shown it anew. */
void csp__placement_let_go(csp_waiter *thread);

/* Of the calling thread: how much it talks. */
void csp__placement_set_talk(csp_waiter *thread, int32_t talk);

/* The calling thread moves to `cpu`. False: somebody else has a say in where it runs. */
bool csp__placement_move(csp_waiter *thread, int32_t cpu);

/* Let a thread run where it would. Gives whether it was this call that let it go. */
bool csp__placement_leave(csp_waiter *thread);
/* The same for the calling thread, which afterwards has left, by whomever. */
void csp__placement_have_left(csp_waiter *thread);
/* Let it run where it would, and never settle again. */
void csp__placement_keep_out(csp_waiter *thread);

/* Move the calling thread off that CPU, if it may use another. */
void csp__placement_leave_this_cpu(int cpu);

/* The record that may settle, if this thread has one. In a signal handler its waits go by another one. */
void csp__placement_set_mine(csp_waiter *thread);
void csp__placement_forget_mine(const csp_waiter *thread);

/* How many threads have settled. */
int32_t csp__settled(void);

/* Of the books, in the child of a fork. */
void csp__placement_homes_forked(void);

#endif
