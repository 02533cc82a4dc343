/* SPDX-License-Identifier: MIT
 *
 * All waiters ever made. */
#include "waiting/waiter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "platform/list.h"
#include "platform/lock.h"

static csp_lock registry_lock = CSP_LOCK_INIT;
static csp_waiter *free_waiters;          /* guarded by registry_lock */
static _Atomic(csp_waiter *) all_waiters; /* push only */
static uint64_t next_id = 1;              /* guarded by registry_lock */

csp_waiter *csp__waiter_new(csp__wake wake) {
    csp__lock(&registry_lock);
    csp_waiter *waiter = free_waiters;
    if (waiter != NULL) {
        free_waiters = waiter->next_free;
    }
    uint64_t id = next_id++;
    csp__unlock(&registry_lock);
    if (waiter == NULL) {
        waiter = aligned_alloc(alignof(csp_waiter), sizeof *waiter);
        if (waiter == NULL) {
            return NULL;
        }
        memset(waiter, 0, sizeof *waiter);
        waiter->wake = wake; /* here, once: a wake that comes late reads it in a record that lives again */
        csp__list_init(&waiter->single.node);
        waiter->single.single = true;
        csp__lock_init(&waiter->asking_lock);
        csp__wait_statistics_init(&waiter->replies);
        atomic_init(&waiter->thread, waiter);
        atomic_init(&waiter->home, -1);
        atomic_init(&waiter->target, -1);
        atomic_init(&waiter->ran_on, -1);
        waiter->member = UINT32_MAX;
        csp_waiter *head = atomic_load_explicit(&all_waiters, memory_order_relaxed);
        do {
            atomic_store_explicit(&waiter->next, head, memory_order_relaxed);
        } while (!atomic_compare_exchange_weak_explicit(&all_waiters, &head, waiter, memory_order_release,
                                                        memory_order_relaxed));
    }
    assert(waiter->wake == wake);
    atomic_store_explicit(&waiter->id, id, memory_order_relaxed);
    return waiter;
}

void csp__waiter_recycle(csp_waiter *waiter) {
    csp__lock(&registry_lock);
    waiter->next_free = free_waiters;
    free_waiters = waiter;
    csp__unlock(&registry_lock);
}

csp_waiter *csp__waiters(void) { return atomic_load_explicit(&all_waiters, memory_order_acquire); }

void csp__waiters_forked(void) { csp__lock_init(&registry_lock); }
