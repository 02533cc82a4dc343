/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes of one thread: which of them it is in, and what follows from that for its waits.
 *
 * Invariants
 *  - A thread that is in a scope has one csp_scopes, at csp_waiter.scopes of the record it waits by; else that is NULL, and
 *    scopes cost its waits one look at that.
 *  - `cancelled` and `deadline` are what counts for the innermost scope: from there outwards as far as none is shielded.
 *    Written under the lock, by whoever changes something; only the thread itself relies on reading them without.
 *  - Under the lock `waiting` is the wait that the thread is in, which began in just these scopes. So whoever cancels claims the
 *    right wait: the thread cannot leave a scope, nor end the wait, while the lock is held.
 *  - The lock is a leaf lock; who is claimed under it is woken after it. */
#ifndef CSP_SCOPES_H
#define CSP_SCOPES_H

#include <stdatomic.h>

#include "csp/csp.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

struct csp_scopes {
    _Atomic int64_t references; /* the thread, and each scope that was ever entered */
    csp_lock lock;
    csp_scope *innermost;
    csp_waiter *waiting;
    _Atomic bool cancelled;
    _Atomic int64_t deadline;
};

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

/* cancelled, or now: a deadline has passed. For the thread itself. */
bool csp__scopes_cancelled(csp_scopes *scopes);
/* The thread begins to wait by that armed waiter; false: it must not, for it is cancelled. And it has ended that wait. */
bool csp__scopes_wait(csp_scopes *scopes, csp_waiter *waiter);
void csp__scopes_waited(csp_scopes *scopes);
/* The wait stands still, while a signal handler of the thread may wait itself, and goes on: cancelled, if that was done
 * meanwhile. */
csp_waiter *csp__scopes_pause(csp_scopes *scopes);
void csp__scopes_go_on(csp_scopes *scopes, csp_waiter *waiter);
/* The calling thread ends; or is the only one, in the child of a fork. */
void csp__scopes_end(void);
void csp__scopes_forked(void);

/* Of the calling thread: those it is in, or NULL. For a record that a signal handler waits by. */
csp_scopes *csp__scopes_of_thread(void);

/* ---- for scope.c ---------------------------------------------------------------------------------------------- */

/* Those of the calling thread, made when it has none yet; NULL when out of memory. */
csp_scopes *csp__scopes_here(void);
bool csp__scopes_are_mine(const csp_scopes *scopes);
void csp__scopes_release(csp_scopes *scopes);
/* Under the lock, which it gives back: something has changed. */
void csp__scopes_unlock(csp_scopes *scopes);
/* Under the lock: whether this scope, or one around it that is visible, is cancelled; and until when they last. */
bool csp__scope_any_called(csp_scope *scope, int64_t *deadline);

static inline bool csp__scope_is_called(const csp_scope *scope) {
    return atomic_load_explicit(&scope->called, memory_order_seq_cst);
}
static inline bool csp__scope_is_shield(const csp_scope *scope) {
    return atomic_load_explicit(&scope->shield, memory_order_relaxed);
}
static inline int64_t csp__scope_deadline(const csp_scope *scope) {
    return atomic_load_explicit(&scope->deadline, memory_order_relaxed);
}

/* ---- asked by operations -------------------------------------------------------------------------------------- */

/* Asked before an operation that may wait does anything: a thread that always finds something to receive must hear it, too. */
static inline bool csp__calls_off(const csp_waiter *self) {
    return __builtin_expect(self->scopes != NULL, 0) && csp__scopes_cancelled(self->scopes);
}

/* What every operation begins with: OK, or why it does nothing. */
static inline csp_status csp__may_begin(const csp_waiter *self, bool may_wait) {
    return self == NULL ? CSP_NO_MEMORY : may_wait && csp__calls_off(self) ? CSP_SCOPE_CANCELLED : CSP_OK;
}

/* When a wait ends at the latest. */
static inline int64_t csp__scoped_deadline(const csp_scopes *scopes, int64_t deadline) {
    int64_t own = scopes != NULL ? atomic_load_explicit(&scopes->deadline, memory_order_seq_cst) : CSP_FOREVER;
    own = own > 0 ? own : 1;
    return own < deadline ? own : deadline;
}

#endif
