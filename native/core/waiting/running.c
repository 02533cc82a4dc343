/* SPDX-License-Identifier: MIT
 *
 * How many CPUs there are for the threads that run, and how long a wait may spin. Who runs: waiter.c. */
#include "waiting/running.h"

#include "csp/csp.h"
#include "platform/cpus.h"
#include "waiting/placement.h"

csp_load csp__load = {.running = 0, .cpus = 0, .spin_limit = 6000};

void csp_spin_limit(int64_t nanoseconds) {
    atomic_store_explicit(&csp__load.spin_limit, nanoseconds > 0 ? nanoseconds : 0, memory_order_relaxed);
}

static _Atomic int64_t cpus_told; /* by csp_cpus_allowed; 0: the system knows, and may change its mind */

/* Told anew meanwhile: then that is what stands. */
static void set_cpus(void) {
    int64_t told = atomic_load(&cpus_told);
    int64_t cpus = told > 0 ? told : csp__cpus_of_process();
    if (atomic_exchange(&csp__load.cpus, cpus) > cpus) {
        csp__place_wake_watch();
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
