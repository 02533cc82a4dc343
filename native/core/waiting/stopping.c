/* SPDX-License-Identifier: MIT
 *
 * Telling a holder to stop: its waits end, and with a fence all that it holds is taken from it. */
#include "waiting/stopping.h"

#include "holding/gate.h"
#include "holding/held.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

/* Claim the record if it waits for this holder. The word is read before the holder, and claimed with that very sequence: if the
 * owner moved on to another operation in between, the exchange fails. True: it is to be woken. */
static bool stop(csp_waiter *w, const csp_holder *holder) {
    uint32_t state = atomic_load_explicit(&w->state, memory_order_seq_cst);
    while (atomic_load_explicit(&w->holder, memory_order_relaxed) == holder &&
           (csp__code(state) == CSP_ARMED || csp__code(state) == CSP_PARKED)) {
        bool parked = csp__code(state) == CSP_PARKED;
        if (atomic_compare_exchange_weak_explicit(&w->state, &state, (state & ~UINT32_C(0xffff)) | CSP_STOPPED,
                                                  memory_order_seq_cst, memory_order_seq_cst)) {
            return parked;
        }
    }
    return false;
}

/* Under the holder's lock: the next few that this sweep has not seen go to the end of the list, and are stopped. Who comes in
 * meanwhile stands behind them and sees the flag. False: there is none left. */
static bool stop_some(csp_holder *holder, uint64_t sweep, csp_wakes *wakes) {
    while (wakes->count < CSP_WAKES) {
        csp_waiter *w = CSP_CONTAINER(holder->waiting.next, csp_waiter, of_holder);
        if (csp__list_empty(&holder->waiting) || w->swept >= sweep) {
            return false;
        }
        w->swept = sweep;
        csp__list_remove(&w->of_holder);
        csp__list_append(&holder->waiting, &w->of_holder);
        if (stop(w, holder)) {
            wakes->waiters[wakes->count++] = w;
        }
    }
    return true;
}

void csp_holder_cancel(csp_holder *holder) {
    CSP_PASS_GATE(CSP_GATE_CANCEL, holder, 0);
    atomic_store_explicit(&holder->cancelled, true, memory_order_seq_cst);
    csp_wakes wakes = {.count = 0};
    csp__lock(&holder->lock);
    uint64_t sweep = ++holder->sweeps;
    while (stop_some(holder, sweep, &wakes)) {
        csp__unlock(&holder->lock);
        csp__wakes_flush(&wakes);
        csp__lock(&holder->lock);
    }
    csp__unlock(&holder->lock);
    csp__wakes_flush(&wakes);
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (stop(w, holder)) {
            csp__wake(w);
        }
    }
}

void csp__may_wait_for(csp_holder *holder, csp_waiter *waiter) {
    csp__lock(&holder->lock);
    waiter->swept = holder->sweeps;
    csp__list_append(&holder->waiting, &waiter->of_holder);
    csp__unlock(&holder->lock);
}

void csp__waits_no_more(csp_holder *holder, csp_waiter *waiter) {
    csp__lock(&holder->lock);
    csp__list_remove(&waiter->of_holder);
    csp__unlock(&holder->lock);
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
    CSP_PASS_GATE(CSP_GATE_FENCE, holder, 0);
    atomic_store_explicit(&holder->fenced, true, memory_order_seq_cst); /* before the cancel; see csp_holder_resume */
    csp_holder_cancel(holder);
    csp_held *held;
    while ((held = take_first(holder)) != NULL) {
        held->kind->cut_off(held);
        held->kind->release(held);
    }
}
