/* SPDX-License-Identifier: MIT
 *
 * The watch: a thread that sleeps until more threads talk than there are CPUs, and then looks every few milliseconds who
 * works, who sleeps for long, and who should live with whom. It lets threads go; to move they have to come themselves. */
#include "waiting/placement_watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "platform/cpus.h"
#include "waiting/placement_groups.h"
#include "waiting/placement_homes.h"
#include "waiting/waiter.h"

enum {
    LOOK_EVERY_NS = 4000000,
    MOST_OF_A_CPU = 32, /* it takes one part in so many: to group 10,000 threads takes 7 ms */
    FORGET_AFTER = 25,  /* looks without a wait */
    QUEUE_LONGEST = 4,  /* looks; longer, and its CPU is taken */
    GROUP_EVERY = 4,    /* looks */
    BOND_LEAST = 4,     /* wake-ups between two groupings; fewer are chance */
    NEAR_ENOUGH = 64,   /* wake-ups at home, to judge by */
    CALM_AT_FIRST = 8,  /* groupings without a queue, before fewer CPUs are tried; twice as many each time */
    CALM_AT_MOST = 1024,
};

static pthread_mutex_t start = PTHREAD_MUTEX_INITIALIZER;
static bool started;

/* ---- how far apart -------------------------------------------------------------------------------------------- */

static uint32_t spread = 1, calm, calm_enough = CALM_AT_FIRST, population;

/* On more CPUs when most of those who are woken at home queue there for longer than a wake across takes; on fewer again, to
 * see, when hardly anybody does. Others who talk begin anew. */
static void adapt(uint32_t members, uint32_t near, uint32_t late, uint32_t cpus) {
    if (members > population + population / 4 || members < population - population / 4) {
        population = members;
        spread = 1;
        calm_enough = CALM_AT_FIRST;
        calm = 0;
    } else if (near < NEAR_ENOUGH) {
        return;
    } else if (late * 2 > near) {
        spread = spread < cpus ? spread * 2 : spread;
        calm = 0;
    } else if (late * 8 > near || spread == 1) {
        calm = 0;
    } else if (++calm >= calm_enough) {
        spread /= 2;
        calm = 0;
        calm_enough = calm_enough < CALM_AT_MOST ? calm_enough * 2 : calm_enough;
    }
}

/* ---- who with whom -------------------------------------------------------------------------------------------- */

static struct {
    csp_waiter **threads;
    csp_member *members;
    csp_bond *bonds;
    uint32_t room;
} here;

static bool make_room(uint32_t count) {
    if (count <= here.room) {
        return true;
    }
    uint32_t room = count * 2;
    csp_waiter **threads = realloc(here.threads, room * sizeof *threads);
    here.threads = threads != NULL ? threads : here.threads;
    csp_member *members = realloc(here.members, room * sizeof *members);
    here.members = members != NULL ? members : here.members;
    csp_bond *bonds = realloc(here.bonds, (size_t)room * CSP_PARTNERS * sizeof *bonds);
    here.bonds = bonds != NULL ? bonds : here.bonds;
    if (threads == NULL || members == NULL || bonds == NULL) {
        return false;
    }
    here.room = room;
    return true;
}

static bool talks(csp_waiter *w) { return atomic_load_explicit(&w->talks, memory_order_relaxed); }

/* The members, with what each did since the latest grouping; gives how many, 0 without memory. */
static uint32_t gather(uint32_t *near, uint32_t *late) {
    uint32_t count = 0;
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        w->member = UINT32_MAX;
        if (!talks(w) || !make_room(count + 1)) {
            continue;
        }
        int32_t home = atomic_load_explicit(&w->home, memory_order_relaxed);
        uint64_t worked = atomic_load_explicit(&w->worked, memory_order_relaxed);
        uint32_t all_near = atomic_load_explicit(&w->near, memory_order_relaxed);
        uint32_t all_late = atomic_load_explicit(&w->late, memory_order_relaxed);
        here.members[count] = (csp_member){
            .work = worked - w->worked_seen + 1,
            .cpu = home >= 0 ? home : atomic_load_explicit(&w->ran_on, memory_order_relaxed),
        };
        *near += all_near - w->near_seen;
        *late += all_late - w->late_seen;
        w->worked_seen = worked;
        w->near_seen = all_near;
        w->late_seen = all_late;
        w->member = count;
        here.threads[count++] = w;
    }
    return count;
}

/* Bonds fade, so that they are those of now. */
static uint32_t gather_bonds(uint32_t count) {
    uint32_t bonds = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (int p = 0; p < CSP_PARTNERS; p++) {
            csp_partner *partner = &here.threads[i]->partners[p];
            const csp_waiter *other = atomic_load_explicit(&partner->thread, memory_order_relaxed);
            uint32_t strength = atomic_load_explicit(&partner->strength, memory_order_relaxed);
            atomic_store_explicit(&partner->strength, strength / 2, memory_order_relaxed);
            if (other != NULL && other->member != UINT32_MAX && other->member != i && strength >= BOND_LEAST) {
                here.bonds[bonds++] = (csp_bond){.one = i, .other = other->member, .strength = strength};
            }
        }
    }
    return bonds;
}

static void group(void) {
    static int32_t cpus[CSP_CPUS_MOST];
    static uint64_t loads[CSP_CPUS_MOST];
    uint32_t cpu_count = csp__placement_cpus(cpus), near = 0, late = 0, count = gather(&near, &late);
    if (cpu_count < 2 || count <= cpu_count) {
        return;
    }
    adapt(count, near, late, cpu_count);
    csp__group(here.members, count, here.bonds, gather_bonds(count), cpus, loads, cpu_count, spread);
    for (uint32_t i = 0; i < count; i++) {
        atomic_store_explicit(&here.threads[i]->target, here.members[i].cpu, memory_order_relaxed);
    }
}

/* ---- looking -------------------------------------------------------------------------------------------------- */

/* It lives on one CPU and has not waited since the latest look: it works, or the CPU is somebody else's. Who was woken and did
 * not run yet is given a while for that: where others are busy everywhere it would be no better off. */
static bool wants_other_cpu(const csp_waiter *w) {
    bool queues = (int64_t)(atomic_load_explicit(&w->woken, memory_order_relaxed) -
                            atomic_load_explicit(&w->resumed, memory_order_relaxed)) > 0;
    return csp__is_settled(w) && w->still > (queues ? QUEUE_LONGEST : 0) &&
           atomic_load_explicit(&w->counted, memory_order_relaxed) == 1;
}

/* Let those go that want another CPU; forget those that sleep for long. */
static void look(void) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (!csp__is_settled(w) && !talks(w)) {
            continue;
        }
        uint32_t waits = atomic_load_explicit(&w->waits, memory_order_relaxed);
        w->still = waits == w->waits_seen ? w->still + 1 : 0;
        w->waits_seen = waits;
        if (wants_other_cpu(w) || w->still >= FORGET_AFTER) {
            csp__placement_let_go(w);
        }
    }
}

int64_t csp__placement_pause(int64_t took) {
    return took > LOOK_EVERY_NS / MOST_OF_A_CPU ? took * MOST_OF_A_CPU : LOOK_EVERY_NS;
}

static int64_t used_cpu(void) {
    struct timespec used = {0, 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void *watch(void *unused) {
    csp__placement_refer();
    int64_t pause = LOOK_EVERY_NS;
    for (uint32_t looks = 0;; looks++) {
        if (csp__placement_watch_sleeps()) {
            looks = UINT32_MAX; /* and group at once: what was right before is not any more */
            continue;
        }
        nanosleep(&(struct timespec){(time_t)(pause / 1000000000), (long)(pause % 1000000000)}, NULL);
        int64_t began = used_cpu();
        look();
        if (looks % GROUP_EVERY == 0) {
            group();
        }
        pause = csp__placement_pause(used_cpu() - began);
    }
    return unused;
}

void csp__placement_start_watch(void) {
    pthread_mutex_lock(&start);
    if (!started) {
        started = csp_thread_start(watch, NULL, "csp watch", CSP_THREAD_OURS);
    }
    pthread_mutex_unlock(&start);
}

void csp__placement_watch_forked(void) {
    pthread_mutex_init(&start, NULL);
    started = false;
}
