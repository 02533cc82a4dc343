/* SPDX-License-Identifier: MIT
 *
 * What a program says about placement: which threads may settle, and whether any may. */
#include "platform/lock.h"
#include "waiting/placement_homes.h"
#include "waiting/placement_watch.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

uint64_t csp_thread_may_settle(void) {
    csp_waiter *self = csp__self();
    if (self == NULL) {
        return 0;
    }
    csp__placement_start_watch();
    atomic_store_explicit(&self->resumed, csp__ticks(), memory_order_relaxed);
    csp__placement_set_talk(self, 0);
    csp__placement_set_mine(self);
    atomic_store_explicit(&self->may_settle, true, memory_order_relaxed);
    return csp__thread_id(self);
}

void csp_thread_stays(uint64_t id) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (atomic_load_explicit(&w->used, memory_order_acquire) == 1 && csp__thread_id(w) == id) {
            csp__placement_keep_out(w);
        }
    }
}

void csp_placement(bool on) {
    atomic_store(&csp__placement_on, on);
    if (on) {
        csp__placement_wake_watch();
    } else {
        for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
            csp__placement_leave(w);
        }
    }
}
