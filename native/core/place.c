/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "lock.h"
#include "park.h"
#include "running.h"

/* Ticks are thirds of a nanosecond, roughly. */
enum {
    BURST_SHORT = 90000,  /* 30 us: a talker runs no longer than this between two waits */
    BURST_LONG = 600000,  /* 200 us: a worker */
    TALK_ENOUGH = 64,     /* sleeps after short bursts, less what speaks against it */
    TALK_LOST = -64,      /* after a long burst */
    SPIN_PAYS = 3,        /* each wait that spinning ended speaks against it */
    SETTLED_WAITS = 4096, /* then it is let go, and shows anew whether it pays */
    LOOK_EVERY_MS = 4,
    FORGET_AFTER = 25,         /* looks */
    TALKED_LATELY = 300000000, /* 100 ms */
    RECOUNT_EVERY = 256,       /* waits of a settled thread */
};

static _Atomic bool placement = true;
static _Atomic int32_t settled;     /* threads that have a home */
static _Atomic int32_t talkers;     /* threads that talk: enough lately */
static _Atomic uint32_t watch_word; /* bumped when the first thread settles */
static pthread_mutex_t watch_start = PTHREAD_MUTEX_INITIALIZER;
static bool watched;

static void count_talker(csp_waiter *thread, bool talks) {
    if (atomic_exchange_explicit(&thread->talks, talks, memory_order_relaxed) != talks) {
        atomic_fetch_add_explicit(&talkers, talks ? 1 : -1, memory_order_relaxed);
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

static bool leave(csp_waiter *thread) {
    if (!csp__is_settled(thread)) {
        return false;
    }
    csp__lock(&place_lock);
    int32_t home = atomic_exchange_explicit(&thread->home, -1, memory_order_acq_rel);
    if (home >= 0) {
        csp__cpus_release(atomic_load_explicit(&thread->platform_thread, memory_order_relaxed), home);
        atomic_fetch_sub_explicit(&settled, 1, memory_order_relaxed);
    }
    csp__unlock(&place_lock);
    return home >= 0;
}

/* ---- the watch ------------------------------------------------------------------------------------------------ */

/* Let those go that have not waited since the latest look and want a CPU; and those that sleep for long. */
static void look(void) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (!csp__is_settled(w)) {
            continue;
        }
        uint32_t waits = atomic_load_explicit(&w->waits, memory_order_relaxed);
        w->still = waits == w->waits_seen ? w->still + 1 : 0;
        w->waits_seen = waits;
        bool works = w->still > 0 && atomic_load_explicit(&w->counted, memory_order_relaxed) == 1;
        if ((works || w->still >= FORGET_AFTER) && leave(w)) {
            atomic_store_explicit(&w->evicted, true, memory_order_relaxed);
            count_talker(w, false);
        }
    }
}

static void *watch(void *unused) {
    csp__lock(&place_lock);
    csp__cpus_refer(csp__platform_thread(), getpid()); /* as main, whoever has started us */
    csp__unlock(&place_lock);
    for (;;) {
        uint32_t word = atomic_load_explicit(&watch_word, memory_order_acquire);
        if (atomic_load_explicit(&settled, memory_order_relaxed) == 0) {
            csp__park(&watch_word, word, CSP_FOREVER);
            continue;
        }
        struct timespec pause = {0, LOOK_EVERY_MS * 1000000L};
        nanosleep(&pause, NULL);
        look();
    }
    return unused;
}

static void start_watch(void) {
    pthread_mutex_lock(&watch_start);
    if (!watched) {
        watched = csp_thread_start(watch, NULL, "csp watch", CSP_THREAD_OURS);
    }
    pthread_mutex_unlock(&watch_start);
}

/* ---- settling ------------------------------------------------------------------------------------------------- */

static bool move_to(csp_waiter *thread, int32_t cpu) {
    csp__lock(&place_lock);
    int32_t had = atomic_load_explicit(&thread->home, memory_order_relaxed);
    bool moved = atomic_load_explicit(&thread->may_settle, memory_order_seq_cst) &&
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
        if (atomic_fetch_add_explicit(&settled, 1, memory_order_relaxed) == 0) {
            atomic_fetch_add_explicit(&watch_word, 1, memory_order_release);
            csp__unpark(&watch_word, 1);
        }
    }
    return true;
}

/* Two that talk on two CPUs do best when both stay awake and spin. It is where there are more of them than CPUs that every
 * hand-over has to wake somebody. Who has not talked for a while does not count any more. */
static bool more_talk_than_cpus(const csp_waiter *thread) {
    int64_t cpus = atomic_load_explicit(&csp__load.cpus, memory_order_relaxed), found = 0;
    if (atomic_load_explicit(&talkers, memory_order_relaxed) <= cpus) {
        return false;
    }
    if (csp__is_settled(thread) && thread->settled_waits % RECOUNT_EVERY != 0) {
        return true;
    }
    uint64_t now = csp__ticks();
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (atomic_load_explicit(&w->talks, memory_order_relaxed)) {
            if (now - atomic_load_explicit(&w->resumed, memory_order_relaxed) < TALKED_LATELY) {
                found++;
            } else {
                count_talker(w, false); /* it counts itself again if it goes on */
                atomic_store_explicit(&w->evicted, true, memory_order_relaxed);
            }
        }
    }
    return found > cpus;
}

/* The channel remembers where those who talk through it live; who comes from elsewhere moves, or is followed, so that in
 * the end all have the lowest of their CPUs. */
static void settle(csp_waiter *thread, csp_wait_statistics *statistics) {
    int32_t mine = atomic_load_explicit(&thread->home, memory_order_relaxed);
    int32_t theirs = atomic_load_explicit(&statistics->home, memory_order_relaxed);
    if (mine >= 0 && mine == theirs) {
        return;
    }
    int32_t target = theirs < 0 ? (mine >= 0 ? mine : csp__platform_cpu()) : mine < 0 || theirs < mine ? theirs : mine;
    if (target >= 0 && (target == mine || move_to(thread, target))) {
        atomic_store_explicit(&statistics->home, target, memory_order_relaxed);
    }
}

void csp__place_waits(csp_waiter *thread) {
    uint64_t burst = csp__ticks() - atomic_load_explicit(&thread->resumed, memory_order_relaxed);
    atomic_store_explicit(&thread->waits, atomic_load_explicit(&thread->waits, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    bool evicted = atomic_load_explicit(&thread->evicted, memory_order_relaxed);
    if (burst > BURST_LONG || evicted) {
        atomic_store_explicit(&thread->evicted, false, memory_order_relaxed);
        set_talk(thread, TALK_LOST);
        leave(thread);
    }
    thread->short_burst = burst < BURST_SHORT;
}

void csp__place_parks(csp_waiter *thread, csp_wait_statistics *statistics) {
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
    if (csp__is_settled(thread) && ++thread->settled_waits >= SETTLED_WAITS) {
        leave(thread);
        set_talk(thread, 0);
    } else if (thread->talk < TALK_ENOUGH) {
        set_talk(thread, thread->talk + 1);
    } else if (more_talk_than_cpus(thread)) {
        settle(thread, statistics);
    } else {
        leave(thread);
    }
}

void csp__place_wakes(csp_waiter *thread, bool slept) {
    if (!slept && thread->talk > 0) {
        set_talk(thread, thread->talk > SPIN_PAYS ? thread->talk - SPIN_PAYS : 0);
    }
    atomic_store_explicit(&thread->resumed, csp__ticks(), memory_order_relaxed);
}

/* ---- around threads ------------------------------------------------------------------------------------------- */

/* The record that may settle, if this thread has one. In a signal handler its waits go by another one. */
static _Thread_local csp_waiter *mine;

void csp__place_ends(csp_waiter *thread) {
    atomic_store_explicit(&thread->may_settle, false, memory_order_relaxed);
    set_talk(thread, 0);
    leave(thread);
    if (mine == thread) {
        mine = NULL;
    }
}

void csp__place_leave_cpu(int cpu) {
    start_watch();
    csp__lock(&place_lock);
    csp__cpus_leave(cpu);
    csp__unlock(&place_lock);
}

void csp__place_forked(void) {
    pthread_mutex_init(&watch_start, NULL);
    watched = false;
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
    start_watch();
    atomic_store_explicit(&self->resumed, csp__ticks(), memory_order_relaxed);
    set_talk(self, 0);
    mine = self;
    atomic_store_explicit(&self->may_settle, true, memory_order_relaxed);
    return csp__thread_id(self);
}

void csp_thread_leave(void) {
    csp_waiter *thread = mine;
    if (thread == NULL || !thread->moved) {
        return;
    }
    if (!leave(thread)) {
        csp__lock(&place_lock); /* somebody else may be about it */
        csp__unlock(&place_lock);
    }
    thread->moved = false;
    set_talk(thread, TALK_LOST);
}

void csp_thread_stays(uint64_t id) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (atomic_load_explicit(&w->used, memory_order_acquire) == 1 && csp__thread_id(w) == id) {
            atomic_store_explicit(&w->may_settle, false, memory_order_seq_cst);
            leave(w);
        }
    }
}

void csp_placement(bool on) {
    atomic_store_explicit(&placement, on, memory_order_relaxed);
    if (!on) {
        for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
            leave(w);
        }
    }
}

int32_t csp__settled(void) { return atomic_load_explicit(&settled, memory_order_relaxed); }
