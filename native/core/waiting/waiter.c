/* SPDX-License-Identifier: MIT
 *
 * Records: made, given back, found. */
#include "waiting/waiter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "platform/list.h"
#include "platform/lock.h"

static csp_lock registry_lock = CSP_LOCK_INIT;
static _Atomic(csp_waiter *) all_threads; /* push only */
static uint64_t next_id = 1;              /* guarded by registry_lock */

void csp__waiter_init(csp_waiter *waiter, const csp_waiter_kind *kind) {
    memset(waiter, 0, sizeof *waiter);
    waiter->kind = kind;
    csp__list_init(&waiter->single.node);
    csp__list_init(&waiter->of_holder);
    waiter->single.single = true;
    csp__lock_init(&waiter->asking_lock);
    csp__wait_statistics_init(&waiter->replies);
    atomic_init(&waiter->thread, waiter);
    atomic_init(&waiter->sleeps_by, waiter);
    atomic_init(&waiter->home, -1);
    atomic_init(&waiter->target, -1);
    atomic_init(&waiter->ran_on, -1);
    waiter->member = UINT32_MAX;
}

csp_waiter *csp__waiter_new(const csp_waiter_kind *kind) {
    csp__lock(&registry_lock);
    csp_waiter *waiter = kind->pool->free;
    if (waiter != NULL) {
        kind->pool->free = waiter->next_free;
    }
    uint64_t id = next_id++;
    csp__unlock(&registry_lock);
    if (waiter == NULL) {
        waiter = aligned_alloc(alignof(csp_waiter), sizeof *waiter);
        if (waiter == NULL) {
            return NULL;
        }
        csp__waiter_init(waiter, kind);
        if (kind->thread) {
            csp_waiter *head = atomic_load_explicit(&all_threads, memory_order_relaxed);
            do {
                atomic_store_explicit(&waiter->next, head, memory_order_relaxed);
            } while (!atomic_compare_exchange_weak_explicit(&all_threads, &head, waiter, memory_order_release,
                                                            memory_order_relaxed));
        }
    }
    assert(waiter->kind == kind);
    atomic_store_explicit(&waiter->id, id, memory_order_relaxed);
    return waiter;
}

void csp__waiter_recycle(csp_waiter *waiter) {
    csp__lock(&registry_lock);
    waiter->next_free = waiter->kind->pool->free;
    waiter->kind->pool->free = waiter;
    csp__unlock(&registry_lock);
}

csp_waiter *csp__waiters(void) { return atomic_load_explicit(&all_threads, memory_order_acquire); }

void csp__waiters_forked(void) { csp__lock_init(&registry_lock); }
