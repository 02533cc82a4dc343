/* SPDX-License-Identifier: MIT
 *
 * Holding and moving the clock: whoever sleeps until an instant looks again how long that is. */
#include "platform/clock.h"
#include "waiting/waiter.h"

/* The clock is set first, and then each word is read; a sleeper first says in its word that it sleeps, and then reads the clock.
 * One of the two sees what the other did. */
static void look_again(void) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (csp__nudge(w)) {
            csp__wake(w);
        }
    }
}

void csp_clock_hold(void) {
    csp__clock_set(true, 0);
    look_again();
}

void csp_clock_move(int64_t nanoseconds) {
    csp__clock_set(csp__clock_is_held(), nanoseconds > 0 ? nanoseconds : 0);
    look_again();
}

void csp_clock_release(void) {
    if (csp__clock_is_held()) {
        csp__clock_set(false, 0);
        look_again();
    }
}
