/* SPDX-License-Identifier: MIT
 *
 * The scopes that a thread is in, from the side of its waits. Scopes themselves: scope.c. */
#include "waiting/scopes.h"

#include <assert.h>
#include <stdlib.h>

#include "platform/lock.h"
#include "waiting/waiter.h"

static _Thread_local csp_scopes *of_thread;

/* From this scope outwards as far as it is visible: whether one is cancelled. A deadline that has passed stays passed, whatever
 * becomes of it later: what was heard once must end at the scope that it came from. */
bool csp__scope_any_called(csp_scope *scope, int64_t *deadline) {
    bool called = false;
    *deadline = CSP_FOREVER;
    int64_t now = 0; /* read if somebody asks */
    for (; scope != NULL; scope = csp__scope_is_shield(scope) ? NULL : scope->outer) {
        int64_t until = csp__scope_deadline(scope);
        if (until != CSP_FOREVER && !csp__scope_is_called(scope)) {
            now = now == 0 ? csp_now() : now;
            if (until <= now) {
                atomic_store_explicit(&scope->called, true, memory_order_relaxed);
            }
        }
        called = called || csp__scope_is_called(scope);
        *deadline = until < *deadline ? until : *deadline;
    }
    return called;
}

/* Under the lock: something has changed. A wait that is cancelled is claimed; one that would sleep beyond its new deadline is
 * made to look again. Whom to wake after the lock, or NULL. */
static csp_waiter *settle(csp_scopes *scopes) {
    int64_t deadline, before = atomic_load_explicit(&scopes->deadline, memory_order_relaxed);
    bool called = csp__scope_any_called(scopes->innermost, &deadline), must_wake = false;
    atomic_store_explicit(&scopes->cancelled, called, memory_order_relaxed);
    /* seq_cst, with csp__nudge and with who parks: we store the deadline and read the word then; it stores the word and reads
     * the deadline then. One of us sees what the other did. */
    atomic_store_explicit(&scopes->deadline, deadline, memory_order_seq_cst);
    csp_waiter *waiter = scopes->waiting;
    if (waiter == NULL) {
        return NULL;
    }
    if (called) {
        return csp__claim(waiter, CSP_CALLED_OFF, &must_wake) && must_wake ? waiter : NULL;
    }
    return deadline < before && csp__nudge(waiter) ? waiter : NULL;
}

void csp__scopes_unlock(csp_scopes *scopes) {
    csp_waiter *waiter = settle(scopes);
    csp__unlock(&scopes->lock);
    if (waiter != NULL) {
        csp__wake(waiter);
    }
}

void csp__scopes_release(csp_scopes *scopes) {
    if (atomic_fetch_sub_explicit(&scopes->references, 1, memory_order_acq_rel) == 1) {
        free(scopes);
    }
}

csp_scopes *csp__scopes_here(void) {
    if (of_thread == NULL && (of_thread = calloc(1, sizeof *of_thread)) != NULL) {
        atomic_init(&of_thread->references, 1);
        csp__lock_init(&of_thread->lock);
        atomic_init(&of_thread->deadline, CSP_FOREVER);
    }
    return of_thread;
}

csp_scopes *csp__scopes_of_thread(void) {
    if (of_thread == NULL) {
        return NULL;
    }
    csp__lock(&of_thread->lock);
    bool inside = of_thread->innermost != NULL;
    csp__unlock(&of_thread->lock);
    return inside ? of_thread : NULL;
}

void csp__scopes_end(void) {
    if (of_thread != NULL) {
        csp__scopes_release(of_thread);
        of_thread = NULL;
    }
}

void csp__scopes_forked(void) {
    if (of_thread != NULL) {
        csp__lock_init(&of_thread->lock); /* whoever had it is not here */
    }
}

bool csp__scopes_cancelled(csp_scopes *scopes) {
    if (atomic_load_explicit(&scopes->cancelled, memory_order_relaxed)) {
        return true;
    }
    int64_t deadline = atomic_load_explicit(&scopes->deadline, memory_order_relaxed);
    if (deadline == CSP_FOREVER || deadline > csp_now()) {
        return false;
    }
    csp__lock(&scopes->lock);
    settle(scopes); /* a wait that this claims is our own: awake, we look at its word next */
    csp__unlock(&scopes->lock);
    return atomic_load_explicit(&scopes->cancelled, memory_order_relaxed);
}

bool csp__scopes_wait(csp_scopes *scopes, csp_waiter *waiter) {
    csp__lock(&scopes->lock);
    assert(scopes->waiting == NULL);
    settle(scopes); /* nobody waits yet: none to wake */
    bool cancelled = atomic_load_explicit(&scopes->cancelled, memory_order_relaxed);
    scopes->waiting = cancelled ? NULL : waiter;
    csp__unlock(&scopes->lock);
    return !cancelled;
}

void csp__scopes_waited(csp_scopes *scopes) { (void)csp__scopes_pause(scopes); }

csp_waiter *csp__scopes_pause(csp_scopes *scopes) {
    csp__lock(&scopes->lock);
    csp_waiter *waiter = scopes->waiting;
    scopes->waiting = NULL;
    csp__unlock(&scopes->lock);
    return waiter;
}

void csp__scopes_go_on(csp_scopes *scopes, csp_waiter *waiter) {
    csp__lock(&scopes->lock);
    scopes->waiting = waiter;
    settle(scopes); /* likewise */
    csp__unlock(&scopes->lock);
}

bool csp__scopes_are_mine(const csp_scopes *scopes) { return scopes == of_thread; }
