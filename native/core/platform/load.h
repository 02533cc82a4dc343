/* SPDX-License-Identifier: MIT
 *
 * How many of the core's threads run, against how many CPUs they may use: the one question the spin policy asks, of locks,
 * too. Who counts, and when: waiting/running.h. */
#ifndef CSP_LOAD_H
#define CSP_LOAD_H

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

#endif
