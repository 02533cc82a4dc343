/* SPDX-License-Identifier: MIT */
#include "holding/holder.h"

#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/reply.h"
#include "waiting/waiter.h"

static _Atomic int64_t holders_alive;
static _Atomic uint64_t next_id = 1;

csp_holder *csp_holder_new(const char *name) {
    csp_holder *holder = calloc(1, sizeof *holder);
    if (holder == NULL) {
        return NULL;
    }
    atomic_init(&holder->references, 1);
    holder->id = atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
    csp__lock_init(&holder->lock);
    csp__list_init(&holder->ends);
    csp__list_init(&holder->replies);
    strncpy(holder->first_name, name != NULL ? name : "", sizeof holder->first_name - 1);
    atomic_init(&holder->name, holder->first_name);
    atomic_fetch_add_explicit(&holders_alive, 1, memory_order_relaxed);
    return holder;
}

csp_holder *csp_holder_retain(csp_holder *holder) {
    atomic_fetch_add_explicit(&holder->references, 1, memory_order_relaxed);
    return holder;
}

void csp_holder_release(csp_holder *holder) {
    if (holder != NULL && atomic_fetch_sub_explicit(&holder->references, 1, memory_order_acq_rel) == 1) {
        free(holder);
        atomic_fetch_sub_explicit(&holders_alive, 1, memory_order_relaxed);
    }
}

const char *csp_holder_name(const csp_holder *holder) {
    return atomic_load_explicit(&holder->name, memory_order_acquire);
}

bool csp_holder_rename(csp_holder *holder, const char *name) {
    if (atomic_exchange_explicit(&holder->renamed, true, memory_order_relaxed)) {
        return false;
    }
    strncpy(holder->second_name, name, sizeof holder->second_name - 1);
    atomic_store_explicit(&holder->name, holder->second_name, memory_order_release);
    return true;
}

uint64_t csp_holder_id(const csp_holder *holder) { return holder != NULL ? holder->id : 0; }

int64_t csp__holders_alive(void) { return atomic_load_explicit(&holders_alive, memory_order_relaxed); }

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

bool csp_holder_cancelled(const csp_holder *holder) { return csp__holder_stops(holder); }

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
