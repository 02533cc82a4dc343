/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes (trio's, N. J. Smith 2018; the idea of a cancelled region is older: Ada's asynchronous select): a part of
 * what one thread does, which any thread can cancel as a whole. */
#include <stdlib.h>

#include "holding/gate.h"
#include "platform/lock.h"
#include "waiting/scopes.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

csp_scope *csp_scope_new(int64_t deadline, bool shield) {
    csp_scope *scope = calloc(1, sizeof *scope);
    if (scope != NULL) {
        atomic_init(&scope->references, 1);
        atomic_init(&scope->deadline, deadline);
        atomic_init(&scope->shield, shield);
    }
    return scope;
}

csp_scope *csp_scope_retain(csp_scope *scope) {
    atomic_fetch_add_explicit(&scope->references, 1, memory_order_relaxed);
    return scope;
}

void csp_scope_release(csp_scope *scope) {
    if (scope != NULL && atomic_fetch_sub_explicit(&scope->references, 1, memory_order_acq_rel) == 1) {
        csp_scopes *of = atomic_load_explicit(&scope->of, memory_order_relaxed);
        if (of != NULL) {
            csp__scopes_release(of);
        }
        free(scope);
    }
}

csp_status csp_scope_enter(csp_scope *scope) {
    csp_waiter *self = csp__self();
    csp_scopes *scopes = self != NULL ? csp__scopes_here() : NULL;
    if (scopes == NULL) {
        return CSP_NO_MEMORY;
    }
    if (atomic_exchange_explicit(&scope->entered, true, memory_order_relaxed)) {
        return CSP_INVALID;
    }
    csp_scope_retain(scope); /* the thread's, until it is left */
    atomic_fetch_add_explicit(&scopes->references, 1, memory_order_relaxed);
    csp__lock(&scopes->lock);
    /* seq_cst, with csp_scope_cancel: we store `of` and read `called` then; it stores `called` and reads `of` then. */
    atomic_store_explicit(&scope->of, scopes, memory_order_seq_cst);
    scope->outer = scopes->innermost;
    scope->inside = true;
    scopes->innermost = scope;
    csp__scopes_unlock(scopes);
    self->scopes = scopes;
    return CSP_OK;
}

/* Under the lock: take it out, wherever it is. */
static void take_out(csp_scopes *scopes, csp_scope *scope) {
    csp_scope **place = &scopes->innermost;
    while (*place != scope) {
        place = &(*place)->outer;
    }
    *place = scope->outer;
    scope->inside = false;
}

csp_status csp_scope_leave(csp_scope *scope, bool *caught) {
    csp_scopes *scopes = atomic_load_explicit(&scope->of, memory_order_acquire);
    *caught = false;
    if (scopes == NULL) {
        return CSP_INVALID;
    }
    csp_waiter *self = csp__self();
    int64_t unused;
    csp__lock(&scopes->lock);
    bool was_inside = scope->inside;
    bool in_order = csp__scopes_are_mine(scopes) && scopes->innermost == scope;
    if (was_inside) {
        csp__scope_any_called(scope, &unused); /* what has passed by now was heard, or would be */
        *caught = csp__scope_is_called(scope) &&
                  (csp__scope_is_shield(scope) || !csp__scope_any_called(scope->outer, &unused));
        take_out(scopes, scope);
    }
    bool last = scopes->innermost == NULL;
    csp__scopes_unlock(scopes);
    if (was_inside) {
        if (csp__scopes_are_mine(scopes) && last && self != NULL) {
            self->scopes = NULL;
        }
        csp_scope_release(scope); /* the caller has one more */
    }
    return was_inside && in_order ? CSP_OK : CSP_INVALID;
}

/* Make what has been stored into the scope known to the thread that is in it. */
static void tell(csp_scope *scope) {
    csp_scopes *scopes = atomic_load_explicit(&scope->of, memory_order_seq_cst);
    if (scopes != NULL) {
        csp__lock(&scopes->lock);
        csp__scopes_unlock(scopes);
    }
}

void csp_scope_cancel(csp_scope *scope) {
    CSP_PASS_GATE(CSP_GATE_CALL_OFF, NULL, 0);
    atomic_store_explicit(&scope->called, true, memory_order_seq_cst);
    tell(scope);
}

void csp_scope_set_deadline(csp_scope *scope, int64_t deadline) {
    atomic_store_explicit(&scope->deadline, deadline, memory_order_seq_cst);
    tell(scope);
}

void csp_scope_set_shield(csp_scope *scope, bool on) {
    atomic_store_explicit(&scope->shield, on, memory_order_seq_cst);
    tell(scope);
}

int64_t csp_scope_deadline(const csp_scope *scope) { return csp__scope_deadline(scope); }

bool csp_scope_shield(const csp_scope *scope) { return csp__scope_is_shield(scope); }

bool csp_scope_inside(void) { return csp__scopes_of_thread() != NULL; }

bool csp_scope_shielded(void) {
    csp_scopes *scopes = csp__scopes_of_thread();
    if (scopes == NULL) {
        return false;
    }
    csp__lock(&scopes->lock);
    const csp_scope *scope = scopes->innermost;
    while (scope != NULL && !csp__scope_is_shield(scope)) {
        scope = scope->outer;
    }
    csp__unlock(&scopes->lock);
    return scope != NULL;
}

bool csp_scope_cancelled(csp_scope *scope) {
    /* Left, it is what it was then. */
    csp_scopes *scopes = atomic_load_explicit(&scope->of, memory_order_seq_cst);
    if (!csp__scope_is_called(scope) && csp__scope_deadline(scope) <= csp_now()) {
        if (scopes == NULL) {
            atomic_store_explicit(&scope->called, true, memory_order_seq_cst);
            return true;
        }
        csp__lock(&scopes->lock);
        if (scope->inside) {
            atomic_store_explicit(&scope->called, true, memory_order_relaxed);
        }
        csp__scopes_unlock(scopes);
    }
    return csp__scope_is_called(scope);
}
