/* SPDX-License-Identifier: MIT */
#include "waiting/placement_homes.h"

#include <unistd.h>

#include "platform/cpus.h"
#include "platform/load.h"
#include "platform/lock.h"
#include "platform/park.h"
#include "waiting/waiter.h"

_Atomic bool csp__placement_on = true;
static _Atomic int32_t settled; /* threads that have a home */
static _Atomic int32_t talkers; /* threads that talk: enough lately */

bool csp__placement_is_crowded(void) { return atomic_load(&talkers) > atomic_load(&csp__load.cpus); }

/* Off does not count for those who have settled: one may have, in the very instant in which it was turned off. */
bool csp__placement_is_busy(void) {
    return atomic_load(&settled) > 0 || (atomic_load(&csp__placement_on) && csp__placement_is_crowded());
}

/* ---- waking the watch ----------------------------------------------------------------------------------------- */

static _Atomic uint32_t word;
static _Atomic bool sleeps;

void csp__placement_wake_watch(void) {
    if (atomic_exchange(&sleeps, false)) {
        atomic_fetch_add(&word, 1);
        csp__unpark(&word, 1);
    }
}

bool csp__placement_watch_sleeps(void) {
    uint32_t before = atomic_load(&word);
    atomic_store(&sleeps, true);
    if (!csp__placement_is_busy()) {
        csp__park(&word, before, CSP_FOREVER);
        return true;
    }
    atomic_store(&sleeps, false);
    return false;
}

/* ---- talkers -------------------------------------------------------------------------------------------------- */

static void count_talker(csp_waiter *thread, bool talks) {
    if (atomic_exchange_explicit(&thread->talks, talks, memory_order_relaxed) != talks) {
        atomic_fetch_add(&talkers, talks ? 1 : -1);
        if (talks && csp__placement_is_crowded()) {
            csp__placement_wake_watch();
        }
    }
}

void csp__placement_set_talk(csp_waiter *thread, int32_t talk) {
    thread->talk = talk;
    if ((talk >= TALK_ENOUGH) != atomic_load_explicit(&thread->talks, memory_order_relaxed)) {
        count_talker(thread, talk >= TALK_ENOUGH);
    }
}

/* ---- leaving and moving --------------------------------------------------------------------------------------- */

/* Who leaves and who moves, and what cpus.h guards by it. */
static csp_lock placement_lock = CSP_LOCK_INIT;

/* Gives whether it was this call that let it go. */
bool csp__placement_leave(csp_waiter *thread) {
    if (!csp__is_settled(thread)) {
        return false;
    }
    csp__lock(&placement_lock);
    int32_t home = atomic_exchange_explicit(&thread->home, -1, memory_order_acq_rel);
    if (home >= 0) {
        csp__cpus_release(atomic_load_explicit(&thread->platform_thread, memory_order_relaxed), home);
        atomic_fetch_sub(&settled, 1);
    }
    csp__unlock(&placement_lock);
    return home >= 0;
}

/* The calling thread has left, by whomever. Who finds no home may have come while somebody lets it go who has not given it
 * its CPUs yet: under the lock, so with the lock that is over. */
void csp__placement_have_left(csp_waiter *thread) {
    if (thread->moved && !csp__placement_leave(thread)) {
        csp__lock(&placement_lock);
        csp__unlock(&placement_lock);
    }
    thread->moved = false;
}

void csp__placement_keep_out(csp_waiter *thread) {
    csp__lock(&placement_lock); /* one that is moving just now sees it, or has a home that we see */
    atomic_store_explicit(&thread->may_settle, false, memory_order_relaxed);
    csp__unlock(&placement_lock);
    csp__placement_leave(thread);
}

void csp__placement_leave_this_cpu(int cpu) {
    csp__lock(&placement_lock);
    csp__cpus_leave(cpu);
    csp__unlock(&placement_lock);
}

bool csp__placement_move(csp_waiter *thread, int32_t cpu) {
    csp__lock(&placement_lock);
    int32_t had = atomic_load_explicit(&thread->home, memory_order_relaxed);
    bool moved = atomic_load_explicit(&thread->may_settle, memory_order_relaxed) &&
                 csp__cpus_settle(atomic_load_explicit(&thread->platform_thread, memory_order_relaxed), had, cpu);
    if (moved) {
        atomic_store_explicit(&thread->home, cpu, memory_order_release);
    }
    csp__unlock(&placement_lock);
    if (!moved) {
        csp__placement_leave(thread);
        csp__placement_set_talk(thread, TALK_LOST); /* somebody else has a say in where this thread runs */
        return false;
    }
    thread->moved = true;
    if (had < 0) {
        thread->settled_waits = 0;
        atomic_fetch_add(&settled, 1);
        csp__placement_wake_watch();
    }
    return true;
}

/* ---- for the watch -------------------------------------------------------------------------------------------- */

void csp__placement_refer(void) {
    csp__lock(&placement_lock);
    csp__cpus_refer(csp__platform_thread(), getpid()); /* as main, whoever has started us */
    csp__unlock(&placement_lock);
}

uint32_t csp__placement_cpus(int32_t *cpus) {
    csp__lock(&placement_lock);
    uint32_t count = csp__cpus_list(cpus);
    csp__unlock(&placement_lock);
    return count;
}

void csp__placement_let_go(csp_waiter *thread) {
    csp__placement_leave(thread);
    atomic_store_explicit(&thread->evicted, true, memory_order_relaxed);
    count_talker(thread, false);
}

/* ---- around threads ------------------------------------------------------------------------------------------- */

/* The record that may settle, if this thread has one. In a signal handler its waits go by another one. */
static _Thread_local csp_waiter *mine;

void csp__placement_set_mine(csp_waiter *thread) { mine = thread; }

void csp__placement_forget_mine(const csp_waiter *thread) {
    if (mine == thread) {
        mine = NULL;
    }
}

void csp_thread_leave(void) {
    csp_waiter *thread = mine;
    if (thread != NULL && thread->moved) {
        csp__placement_have_left(thread);
        csp__placement_set_talk(thread, TALK_LOST);
    }
}

void csp__placement_homes_forked(void) {
    csp__lock_init(&placement_lock);
    atomic_store_explicit(&settled, 0, memory_order_relaxed);
    atomic_store_explicit(&talkers, 0, memory_order_relaxed);
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        atomic_store_explicit(&w->home, -1, memory_order_relaxed); /* who forks has left before */
        atomic_store_explicit(&w->talks, false, memory_order_relaxed);
        atomic_store_explicit(&w->evicted, true, memory_order_relaxed);
    }
    csp__cpus_refer(-1, 0);
}

int32_t csp__settled(void) { return atomic_load_explicit(&settled, memory_order_relaxed); }
