/* SPDX-License-Identifier: MIT
 *
 * Who runs. A thread counts from its first operation until it ends, except while it waits in the core. One that sleeps
 * elsewhere (a system call, another library's lock) is found out by csp__running_refresh and not counted until its next
 * operation. */
#ifndef CSP_RUNNING_H
#define CSP_RUNNING_H

#include "platform/load.h"
#include "waiting/waiter.h"

static inline void csp__count_in(csp_waiter *waiter) {
    uint32_t out = 0;
    if (atomic_compare_exchange_strong_explicit(&waiter->counted, &out, 1, memory_order_acquire,
                                                memory_order_relaxed)) {
        atomic_fetch_add_explicit(&csp__load.running, 1, memory_order_relaxed);
    }
}

static inline void csp__count_out(csp_waiter *waiter) {
    uint32_t in = 1;
    if (atomic_compare_exchange_strong_explicit(&waiter->counted, &in, 0, memory_order_release,
                                                memory_order_relaxed)) {
        atomic_fetch_sub_explicit(&csp__load.running, 1, memory_order_relaxed);
    }
}

/* Look again, at most every few milliseconds, whether the threads counted as running do run; but for `self`, which asks. */
void csp__running_refresh(const csp_waiter *self, int64_t now);

/* csp__load.cpus, asked anew. */
int64_t csp__cpus_now(void);

#endif
