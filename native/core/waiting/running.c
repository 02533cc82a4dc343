/* SPDX-License-Identifier: MIT
 *
 * How many CPUs there are for the threads that run, and which threads do. */
#include "waiting/running.h"

#include "platform/cpus.h"
#include "platform/load.h"
#include "platform/park.h"
#include "waiting/placement_homes.h"
#include "waiting/waiter.h"

static _Atomic int64_t cpus_told; /* by csp_cpus_allowed; 0: the system knows, and may change its mind */

/* Told anew meanwhile: then that is what stands. */
static void set_cpus(void) {
    int64_t told = atomic_load(&cpus_told);
    int64_t cpus = told > 0 ? told : csp__cpus_of_process();
    if (atomic_exchange(&csp__load.cpus, cpus) > cpus) {
        csp__placement_wake_watch();
    }
    if (atomic_load(&cpus_told) != told) {
        set_cpus();
    }
}

int64_t csp__cpus_now(void) {
    set_cpus();
    return atomic_load_explicit(&csp__load.cpus, memory_order_relaxed);
}

void csp_cpus_allowed(int64_t cpus) {
    atomic_store(&cpus_told, cpus > 0 ? cpus : 0);
    set_cpus();
}

void csp__running_refresh(const csp_waiter *self, int64_t now) {
    enum { EVERY_NS = 20000000, MOST_LOOKS = 16 };
    static _Atomic int64_t next_look;
    int64_t due = atomic_load_explicit(&next_look, memory_order_relaxed);
    if (now < due || !atomic_compare_exchange_strong_explicit(&next_look, &due, now + EVERY_NS, memory_order_relaxed,
                                                              memory_order_relaxed)) {
        return;
    }
    csp__cpus_now(); /* the affinity mask may have changed */
    if (atomic_load_explicit(&csp__load.running, memory_order_relaxed) > MOST_LOOKS) {
        return; /* busy for sure, and looking would cost more than it can win */
    }
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (atomic_load_explicit(&w->used, memory_order_acquire) == 1 && w != self &&
            atomic_load_explicit(&w->counted, memory_order_relaxed) == 1 &&
            csp__thread_runs(atomic_load_explicit(&w->platform_thread, memory_order_relaxed)) == 0) {
            csp__count_out(w);
        }
    }
}
