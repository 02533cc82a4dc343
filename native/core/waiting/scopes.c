/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes (trio's, N. J. Smith 2018; the idea of a cancelled region is older: Ada's asynchronous select): a part of
 * what one thread does, which any thread can cancel as a whole. */
#include "waiting/scopes.h"

#include <assert.h>
#include <stdlib.h>

struct csp_scope {
    _Atomic int64_t references;
    _Atomic(csp_scopes *) of; /* the thread that entered it; set once, keeps a reference */
    /* The rest is written under the lock of `of`, once it is set. */
    csp_scope *outer;
    _Atomic int64_t deadline;
    _Atomic bool called, shield;
    bool inside;
    _Atomic bool entered; /* claimed by whoever enters it: once */
};

static _Thread_local csp_scopes *of_thread;

/* ---- what follows --------------------------------------------------------------------------------------------- */

static bool is_called(const csp_scope *scope) { return atomic_load_explicit(&scope->called, memory_order_seq_cst); }
static bool is_shield(const csp_scope *scope) { return atomic_load_explicit(&scope->shield, memory_order_relaxed); }
static int64_t deadline_of(const csp_scope *scope) {
    return atomic_load_explicit(&scope->deadline, memory_order_relaxed);
}

/* From this scope outwards as far as it is visible: whether one is cancelled. A deadline that has passed stays passed, whatever
 * becomes of it later: what was heard once must end at the scope that it came from. */
static bool any_called(csp_scope *scope, int64_t *deadline) {
    bool called = false;
    *deadline = CSP_FOREVER;
    int64_t now = 0; /* read if somebody asks */
    for (; scope != NULL; scope = is_shield(scope) ? NULL : scope->outer) {
        int64_t until = deadline_of(scope);
        if (until != CSP_FOREVER && !is_called(scope)) {
            now = now == 0 ? csp_now() : now;
            if (until <= now) {
                atomic_store_explicit(&scope->called, true, memory_order_relaxed);
            }
        }
        called = called || is_called(scope);
        *deadline = until < *deadline ? until : *deadline;
    }
    return called;
}

/* Under the lock: something has changed. A wait that is cancelled is claimed; one that would sleep beyond its new deadline is
 * made to look again. Whom to wake after the lock, or NULL. */
static csp_waiter *settle(csp_scopes *scopes) {
    int64_t deadline, before = atomic_load_explicit(&scopes->deadline, memory_order_relaxed);
    bool called = any_called(scopes->innermost, &deadline), must_wake = false;
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

static void settle_and_unlock(csp_scopes *scopes) {
    csp_waiter *waiter = settle(scopes);
    csp__unlock(&scopes->lock);
    if (waiter != NULL) {
        waiter->wake(waiter);
    }
}

/* ---- the thread's side ---------------------------------------------------------------------------------------- */

static void release_scopes(csp_scopes *scopes) {
    if (atomic_fetch_sub_explicit(&scopes->references, 1, memory_order_acq_rel) == 1) {
        free(scopes);
    }
}

static csp_scopes *scopes_here(void) {
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
        release_scopes(of_thread);
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

/* ---- scopes --------------------------------------------------------------------------------------------------- */

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
            release_scopes(of);
        }
        free(scope);
    }
}

csp_status csp_scope_enter(csp_scope *scope) {
    csp_waiter *self = csp__self();
    csp_scopes *scopes = self != NULL ? scopes_here() : NULL;
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
    settle_and_unlock(scopes);
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
    bool in_order = scopes == of_thread && scopes->innermost == scope;
    if (was_inside) {
        any_called(scope, &unused); /* what has passed by now was heard, or would be */
        *caught = is_called(scope) && (is_shield(scope) || !any_called(scope->outer, &unused));
        take_out(scopes, scope);
    }
    bool last = scopes->innermost == NULL;
    settle_and_unlock(scopes);
    if (was_inside) {
        if (scopes == of_thread && last && self != NULL) {
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
        settle_and_unlock(scopes);
    }
}

void csp_scope_cancel(csp_scope *scope) {
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

int64_t csp_scope_deadline(const csp_scope *scope) { return deadline_of(scope); }
bool csp_scope_shield(const csp_scope *scope) { return is_shield(scope); }

bool csp_scope_inside(void) { return csp__scopes_of_thread() != NULL; }

bool csp_scope_cancelled(csp_scope *scope) {
    /* Left, it is what it was then. */
    csp_scopes *scopes = atomic_load_explicit(&scope->of, memory_order_seq_cst);
    if (!is_called(scope) && deadline_of(scope) <= csp_now()) {
        if (scopes == NULL) {
            atomic_store_explicit(&scope->called, true, memory_order_seq_cst);
            return true;
        }
        csp__lock(&scopes->lock);
        if (scope->inside) {
            atomic_store_explicit(&scope->called, true, memory_order_relaxed);
        }
        settle_and_unlock(scopes);
    }
    return is_called(scope);
}
