/* SPDX-License-Identifier: MIT
 *
 * Records of operations that no thread waits in, from beginning to end, whatever they do. */
#include "waiting/operation.h"

#include "holding/gate.h"
#include "holding/holder.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/stopping.h"
#include "waiting/waiter.h"

static _Atomic int64_t operations_alive;
static csp_operation no_operation;
csp_operation *const csp__loop_over = &no_operation;

/* ---- records -------------------------------------------------------------------------------------------------- */

void csp__operation_retain(csp_operation *operation) {
    atomic_fetch_add_explicit(&operation->references, 1, memory_order_relaxed);
}

void csp__operation_release(csp_operation *operation) {
    if (atomic_fetch_sub_explicit(&operation->references, 1, memory_order_acq_rel) == 1) {
        csp__loop_release(operation->loop);
        free(operation);
        atomic_fetch_sub_explicit(&operations_alive, 1, memory_order_relaxed);
    }
}

int64_t csp__operations_alive(void) { return atomic_load_explicit(&operations_alive, memory_order_relaxed); }

/* csp_waiter_kind.wake: one reference is ours, and becomes the list's. acq_rel, with csp_loop_next: either it gives `queued`
 * back after us, and then sees what we claimed, or before, and then we put the record there again. */
static void put_into_list(csp_waiter *waiter) {
    csp_operation *operation = CSP_CONTAINER(waiter, csp_operation, waiter);
    csp_loop *loop = operation->loop;
    if (atomic_exchange_explicit(&operation->queued, true, memory_order_acq_rel)) {
        csp__operation_release(operation); /* not the last one: the list has its own */
        return;
    }
    csp__loop_retain(loop); /* once it is in the list, both may be gone */
    csp_operation *latest = atomic_load_explicit(&loop->ready, memory_order_relaxed);
    do {
        if (latest == csp__loop_over) {
            csp__operation_release(operation);
            csp__loop_release(loop);
            return;
        }
        operation->next = latest;
    } while (!atomic_compare_exchange_weak_explicit(&loop->ready, &latest, operation, memory_order_release,
                                                    memory_order_relaxed));
    if (latest == NULL) {
        loop->notify(loop->context);
    }
    csp__loop_release(loop);
}

static const csp_waiter_kind kind = {.wake = put_into_list};

csp_operation *csp_operation_new(csp_loop *loop, csp_holder *holder, void *context) {
    csp_operation *operation = aligned_alloc(alignof(csp_operation), sizeof *operation);
    if (operation == NULL) {
        return NULL;
    }
    *operation = (csp_operation){.loop = loop, .context = context, .deadline = CSP_FOREVER};
    csp__waiter_init(&operation->waiter, &kind);
    /* No number: no thread waits here. */
    operation->waiter.random = ((uint64_t)csp_now() ^ (uint64_t)(uintptr_t)operation) | 1;
    csp__list_init(&operation->of_asking);
    atomic_init(&operation->references, 1);
    operation->own = holder != NULL ? csp_holder_retain(holder) : NULL;
    csp__loop_retain(loop);
    atomic_fetch_add_explicit(&operations_alive, 1, memory_order_relaxed);
    return operation;
}

void *csp_operation_context(const csp_operation *operation) { return operation->context; }

/* ---- beginning ------------------------------------------------------------------------------------------------ */

void csp__operation_begins(csp_operation *operation, const csp_operation_kind *what, csp_holder *holder,
                           int64_t deadline) {
    operation->kind = what;
    operation->deadline = deadline;
    operation->asked = NULL;
    operation->engaged = operation->answered = false;
    if (holder != NULL) {
        operation->holder = csp_holder_retain(holder);
        csp__may_wait_for(holder, &operation->waiter);
    }
}

csp_status csp__operation_goes_on(csp_operation *operation, csp_message *message, uint32_t *chosen) {
    /* The other half of the Dekker pair with csp_holder_cancel; see csp__arm. */
    if (csp__holder_stops(operation->holder) && csp__operation_claims(operation, CSP_STOPPED)) {
        return csp_operation_finish(operation, message, chosen);
    }
    return CSP_WOULD_BLOCK;
}

void csp__operation_rests(csp_operation *operation) {
    csp_holder *holder = operation->holder;
    if (operation->kind->rest != NULL) {
        operation->kind->rest(operation);
    }
    operation->kind = NULL;
    operation->deadline = CSP_FOREVER;
    if (holder != NULL) {
        csp__waits_no_more(holder, &operation->waiter);
        operation->holder = NULL;
        csp_holder_release(holder);
    }
}

static csp_lock asking_lock = CSP_LOCK_INIT;
static csp_node asking = {&asking, &asking}; /* guarded by asking_lock */

void csp__operation_is_asking(csp_operation *operation) {
    csp__lock(&asking_lock);
    csp__list_append(&asking, &operation->of_asking);
    csp__unlock(&asking_lock);
}

void csp__operation_asks_no_more(csp_operation *operation) {
    csp__lock(&asking_lock);
    csp__list_remove(&operation->of_asking);
    csp__unlock(&asking_lock);
}

void csp__asking_look(void (*look)(csp_waiter *waiter, csp_reply *asked, void *context), void *context) {
    csp__lock(&asking_lock);
    for (csp_node *n = asking.next; n != &asking; n = n->next) {
        csp_operation *operation = CSP_CONTAINER(n, csp_operation, of_asking);
        look(&operation->waiter, operation->asked, context);
    }
    csp__unlock(&asking_lock);
}

void csp__operations_forked(void) { csp__lock_init(&asking_lock); }

/* ---- ending --------------------------------------------------------------------------------------------------- */

static uint32_t code_of(const csp_operation *operation) {
    return csp__code(atomic_load_explicit(&operation->waiter.state, memory_order_acquire));
}

bool csp__operation_is_over(csp_operation *operation) {
    uint32_t code = code_of(operation);
    return operation->kind != NULL && code != CSP_ARMED && code != CSP_PARKED &&
           operation->kind->over(operation, code);
}

bool csp__operation_claims(csp_operation *operation, uint32_t code) {
    bool unused;
    if (!csp__claim(&operation->waiter, code, &unused)) {
        return false;
    }
    csp__operation_release(operation); /* nobody will wake it: the owner has another */
    return true;
}

/* The owner gives up. True: nobody was first, and nothing came. */
static bool give_up(csp_operation *operation, uint32_t code) {
    return operation->kind != NULL && !csp__operation_is_over(operation) && csp__operation_claims(operation, code) &&
           !operation->kind->leave(operation, code);
}

bool csp_operation_cancel(csp_operation *operation) {
    CSP_PASS_GATE(CSP_GATE_WITHDRAW, operation->own, 0);
    return give_up(operation, CSP_SIGNALLED);
}

int64_t csp_operation_deadline(const csp_operation *operation) { return operation->deadline; }

bool csp_operation_expire(csp_operation *operation) {
    return operation->deadline <= csp_now() && give_up(operation, CSP_TIMEDOUT);
}

csp_status csp_operation_finish(csp_operation *operation, csp_message *message, uint32_t *chosen) {
    message->kind = 0;
    if (operation->kind == NULL) {
        return CSP_INVALID;
    }
    if (!csp__operation_is_over(operation)) {
        return CSP_WOULD_BLOCK;
    }
    uint32_t code = code_of(operation);
    operation->kind->leave(operation, code);
    csp_status status = operation->kind->tell(operation, code, message, chosen);
    csp__operation_rests(operation);
    return status;
}

/* As if it had never been begun, as far as that goes. */
static void undo(csp_operation *operation) {
    csp_message message = {.kind = 0};
    uint32_t chosen = 0;
    do {
        csp_operation_cancel(operation);
    } while (!csp__operation_is_over(operation)); /* a receiver had just begun to hold it */
    uint32_t code = code_of(operation);
    operation->kind->leave(operation, code);
    csp_status status = operation->kind->tell(operation, code, &message, &chosen);
    if (status == CSP_OK || status == CSP_ABANDONED) {
        operation->kind->give_back(operation, &message, chosen);
    }
    csp_message_drop(&message);
    csp__operation_rests(operation);
}

void csp_operation_free(csp_operation *operation) {
    if (operation->kind != NULL) {
        undo(operation);
    }
    csp_holder_release(operation->own);
    atomic_store_explicit(&operation->gone, true, memory_order_release);
    csp__operation_release(operation);
}
