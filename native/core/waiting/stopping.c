/* SPDX-License-Identifier: MIT
 *
 * Telling a holder to stop: its waits end, and with a fence all that it holds is taken from it. */
#include "waiting/stopping.h"

#include "holding/held.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

void csp_holder_cancel(csp_holder *holder) {
    atomic_store_explicit(&holder->cancelled, true, memory_order_seq_cst);
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        /* The word is read before the holder, and claimed with that very sequence: if the owner moved on to another
         * operation in between, the exchange fails. */
        uint32_t state = atomic_load_explicit(&w->state, memory_order_seq_cst);
        while (atomic_load_explicit(&w->holder, memory_order_relaxed) == holder &&
               (csp__code(state) == CSP_ARMED || csp__code(state) == CSP_PARKED)) {
            bool parked = csp__code(state) == CSP_PARKED;
            if (atomic_compare_exchange_weak_explicit(&w->state, &state, (state & ~UINT32_C(0xffff)) | CSP_STOPPED,
                                                      memory_order_seq_cst, memory_order_seq_cst)) {
                if (parked) {
                    w->wake(w);
                }
                break;
            }
        }
    }
}

void csp_holder_resume(csp_holder *holder) {
    if (!atomic_load_explicit(&holder->fenced, memory_order_seq_cst)) {
        atomic_store_explicit(&holder->cancelled, false, memory_order_seq_cst);
        /* A fence may have cancelled between the two: either we see it here, or its cancel comes after our store. */
        if (atomic_load_explicit(&holder->fenced, memory_order_seq_cst)) {
            csp_holder_cancel(holder);
        }
    }
}

/* The next thing to be taken away, with a reference: its owner may drop it as soon as we unlock. NULL: there is none left. */
static csp_held *take_first(csp_holder *holder) {
    csp_held *held = NULL;
    csp__lock(&holder->lock);
    for (int turn = 0; turn < CSP_CUT_OFF_TURNS && held == NULL; turn++) {
        if (!csp__list_empty(&holder->held[turn])) {
            held = CSP_CONTAINER(holder->held[turn].next, csp_held, of_holder);
            csp__list_remove(&held->of_holder);
            held->kind->retain(held);
        }
    }
    csp__unlock(&holder->lock);
    return held;
}

void csp_holder_fence(csp_holder *holder) {
    atomic_store_explicit(&holder->fenced, true, memory_order_seq_cst); /* before the cancel; see csp_holder_resume */
    csp_holder_cancel(holder);
    csp_held *held;
    while ((held = take_first(holder)) != NULL) {
        held->kind->cut_off(held);
        held->kind->release(held);
    }
}
