/* SPDX-License-Identifier: MIT */
#include "platform/load.h"

#include "csp/csp.h"

csp_load csp__load = {.running = 0, .cpus = 0, .spin_limit = 6000};

void csp_spin_limit(int64_t nanoseconds) {
    atomic_store_explicit(&csp__load.spin_limit, nanoseconds > 0 ? nanoseconds : 0, memory_order_relaxed);
}
