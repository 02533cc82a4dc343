/* SPDX-License-Identifier: MIT
 *
 * Holding and moving the clock: whoever sleeps until an instant looks again how long that is. */
#include "platform/clock.h"
#include "waiting/waiter.h"

/* The clock is set first, and then each word is read; a sleeper first says by which record it sleeps, and in that one's word that
 * it does, and then reads the clock. One of the two sees what the other did. Who moved on to another record looks at the clock
 * there; to nudge the one before is idle, and harmless: records that threads sleep by are never freed. */
static void look_again(void) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        csp_waiter *asleep = atomic_load_explicit(&w->sleeps_by, memory_order_seq_cst);
        if (csp__nudge(asleep)) {
            csp__wake(asleep);
        }
    }
}

void csp_clock_hold(void) {
    csp__clock_set(CSP_CLOCK_STANDS, 0);
    look_again();
}

void csp_clock_move(int64_t nanoseconds) {
    csp__clock_set(CSP_CLOCK_AS_IT_IS, nanoseconds > 0 ? nanoseconds : 0);
    look_again();
}

void csp_clock_release(void) {
    if (csp__clock_is_held()) {
        csp__clock_set(CSP_CLOCK_RUNS, 0);
        look_again();
    }
}
