/* SPDX-License-Identifier: MIT
 *
 * The current holder: who gets what is made or received here, and who waits.
 *
 * It is the interpreter's, unless the thread is a guest there: then it has a holder of its own, which is stopped, cut off and
 * named alone. Everything that ends, makes, opens or waits asks here, and nobody looks into the state. */
#ifndef CSP_NATIVE_CURRENT_H
#define CSP_NATIVE_CURRENT_H

#include <stdatomic.h>

#include "native.h"

/* What a guest has; several threads may share one. See interpreters/guests.c, which makes and ends it. */
typedef struct {
    csp_holder *holder;
    _Atomic(const native_state *) state; /* where it is a guest; nowhere any more: NULL */
} native_guest;

/* The calling thread's, or NULL. initial-exec: one load instead of a call on every operation; eight bytes of the loader's
 * spare room. */
extern __attribute__((tls_model("initial-exec"))) _Thread_local native_guest *native_guest_here;

/* The same, if it is one in that interpreter: a thread may visit others. */
static inline native_guest *native_guest_in(const native_state *state) {
    native_guest *guest = native_guest_here;
    return __builtin_expect(guest != NULL, 0) && atomic_load_explicit(&guest->state, memory_order_relaxed) == state
               ? guest
               : NULL;
}

static inline csp_holder *native_holder(const native_state *state) {
    const native_guest *guest = native_guest_in(state);
    return guest != NULL ? guest->holder : state->holder;
}

#endif
