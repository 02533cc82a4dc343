/* SPDX-License-Identifier: MIT
 *
 * Telling a holder to stop: its waits end, and with a fence all that it holds is taken from it. */
#include "waiting/stopping.h"

#include "channels/end.h"
#include "channels/reply.h"
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

void csp_holder_fence(csp_holder *holder) {
    atomic_store_explicit(&holder->fenced, true, memory_order_seq_cst); /* before the cancel; see csp_holder_resume */
    csp_holder_cancel(holder);
    for (;;) {
        csp_end *end = NULL;
        csp_reply *reply = NULL;
        csp__lock(&holder->lock);
        if (!csp__list_empty(&holder->ends)) {
            end = CSP_CONTAINER(holder->ends.next, csp_end, of_holder);
            csp__list_remove(&end->of_holder);
            csp__end_retain(end); /* its owner may free it as soon as we unlock */
        } else if (!csp__list_empty(&holder->replies)) {
            reply = CSP_CONTAINER(holder->replies.next, csp_reply, of_holder);
            csp__list_remove(&reply->of_holder);
            csp__reply_retain(reply);
        }
        csp__unlock(&holder->lock);
        if (end != NULL) {
            csp_end_close(end);
            csp__end_release(end);
        } else if (reply != NULL) {
            csp__reply_force_break(reply);
            csp__reply_release(reply);
        } else {
            break;
        }
    }
}
