/* SPDX-License-Identifier: MIT
 *
 * A clock that is held shows `base` until it is moved; one that runs shows the real time and `base`. It only goes forward: let
 * go, it runs from where it stood. */
#include "platform/clock.h"

#include <time.h>

#include "platform/lock.h"

_Atomic bool csp__clock_is_set;

static csp_lock lock = CSP_LOCK_INIT; /* a leaf: nothing else is taken under it */
static bool held;                     /* guarded by lock, as are the others */
static int64_t base;
static int64_t wall_ahead; /* how far the wall clock was ahead of this one when that was set first */

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + (int64_t)now.tv_nsec;
}

int64_t csp__real_now(void) { return read_clock(CLOCK_MONOTONIC); }

static int64_t shown(void) { return held ? base : base + csp__real_now(); }

int64_t csp__set_now(void) {
    csp__lock(&lock);
    int64_t now = shown();
    csp__unlock(&lock);
    return now;
}

int64_t csp_now(void) { return csp__clock_is_real() ? csp__real_now() : csp__set_now(); }

int64_t csp_wall_now(void) {
    if (csp__clock_is_real()) {
        return read_clock(CLOCK_REALTIME);
    }
    csp__lock(&lock);
    int64_t now = shown() + wall_ahead;
    csp__unlock(&lock);
    return now;
}

int64_t csp__set_until(int64_t deadline) {
    csp__lock(&lock);
    int64_t until = held ? CSP_FOREVER : deadline - base;
    csp__unlock(&lock);
    return until;
}

void csp__clock_set(csp_clock_gait gait, int64_t move) {
    csp__lock(&lock);
    if (csp__clock_is_real()) {
        wall_ahead = read_clock(CLOCK_REALTIME) - csp__real_now();
    }
    int64_t now = shown() + move;
    held = gait == CSP_CLOCK_AS_IT_IS ? held : gait == CSP_CLOCK_STANDS;
    base = held ? now : now - csp__real_now();
    atomic_store_explicit(&csp__clock_is_set, true, memory_order_seq_cst);
    csp__unlock(&lock);
}

bool csp__clock_is_held(void) {
    csp__lock(&lock);
    bool stands = held;
    csp__unlock(&lock);
    return stands;
}

int64_t csp_deadline_after(int64_t nanoseconds) {
    if (nanoseconds <= 0) {
        return CSP_POLL;
    }
    int64_t now = csp_now();
    return nanoseconds >= CSP_FOREVER - now ? CSP_FOREVER : now + nanoseconds;
}

/* The clock may have been held, or held and let go, since `until` was counted, and the sleeper not been woken yet. */
static csp_parked park(_Atomic uint32_t *word, uint32_t expected, int64_t until, int64_t deadline) {
    csp_parked woken = csp__park(word, expected, until);
    bool too_early = woken == CSP_PARK_TIMEOUT && !csp__clock_is_real() && csp__set_now() < deadline;
    return too_early ? CSP_PARK_WOKEN : woken;
}

csp_parked csp__sleep(_Atomic uint32_t *word, uint32_t expected, int64_t deadline, int64_t slice) {
    int64_t until = deadline;
    if (!csp__clock_is_real() && deadline != CSP_FOREVER) {
        if (deadline <= csp__set_now()) {
            return CSP_PARK_TIMEOUT;
        }
        until = csp__set_until(deadline);
    }
    if (slice > 0) {
        int64_t look = csp__real_now() + slice;
        if (look < until) {
            csp_parked woken = csp__park(word, expected, look);
            return woken == CSP_PARK_TIMEOUT ? CSP_PARK_SIGNAL : woken;
        }
    }
    return park(word, expected, until, deadline);
}

void csp__clock_forked(void) { csp__lock_init(&lock); }
