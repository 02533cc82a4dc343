/* SPDX-License-Identifier: MIT
 *
 * How many of the core's threads run, against how many CPUs they may use: the one question the spin policy asks. A thread
 * counts from its first operation until it ends, except while it waits in the core. One that sleeps elsewhere (a system
 * call, another library's lock) is found out by csp__running_refresh and not counted until its next operation. */
#ifndef CSP_RUNNING_H
#define CSP_RUNNING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    alignas(128) _Atomic int64_t running;
    alignas(128) _Atomic int64_t cpus;
    _Atomic int64_t spin_limit; /* ns */
} csp_load;

extern csp_load csp__load;

static inline bool csp__may_spin(void) {
    return atomic_load_explicit(&csp__load.running, memory_order_relaxed) <=
           atomic_load_explicit(&csp__load.cpus, memory_order_relaxed);
}

/* Look again, at most every few milliseconds, whether the threads counted as running do run. */
void csp__running_refresh(int64_t now);

/* csp__load.cpus, asked anew. */
int64_t csp__cpus_now(void);

#endif
