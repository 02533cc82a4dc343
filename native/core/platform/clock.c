/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "csp/csp.h"

int64_t csp_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + (int64_t)now.tv_nsec;
}

int64_t csp_deadline_after(int64_t nanoseconds) {
    if (nanoseconds <= 0) {
        return CSP_POLL;
    }
    int64_t now = csp_now();
    return nanoseconds >= CSP_FOREVER - now ? CSP_FOREVER : now + nanoseconds;
}
