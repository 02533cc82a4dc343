/* SPDX-License-Identifier: MIT
 *
 * The list of operations that have ended, from the side of who looks into it. */
#include "waiting/operation.h"

csp_loop *csp_loop_new(void (*notify)(void *context), void (*closed)(void *context), void *context) {
    csp_loop *loop = aligned_alloc(alignof(csp_loop), sizeof *loop);
    if (loop != NULL) {
        *loop = (csp_loop){.notify = notify, .closed = closed, .context = context};
        atomic_init(&loop->references, 1);
    }
    return loop;
}

/* All that was put there, the first first. acquire: what was written before it was put there. */
static csp_operation *take_all(csp_loop *loop) {
    csp_operation *latest = atomic_exchange_explicit(&loop->ready, NULL, memory_order_acquire), *first = NULL;
    while (latest != NULL) {
        csp_operation *before = latest->next;
        latest->next = first;
        first = latest;
        latest = before;
    }
    return first;
}

/* The next of a list that was taken; the list's reference is the caller's from now on. From here it may be put there again. */
static csp_operation *pop(csp_operation **taken) {
    csp_operation *operation = *taken;
    *taken = operation->next;
    atomic_exchange_explicit(&operation->queued, false, memory_order_acq_rel);
    return operation;
}

csp_operation *csp_loop_next(csp_loop *loop) {
    for (;;) {
        if (loop->taken == NULL && (loop->taken = take_all(loop)) == NULL) {
            return NULL;
        }
        csp_operation *operation = pop(&loop->taken);
        /* Not over: a wake that came late, or a send that is held from now on. */
        bool over = !atomic_load_explicit(&operation->gone, memory_order_acquire) && csp__operation_is_over(operation);
        csp__operation_release(operation); /* its owner has another, unless it is gone */
        if (over) {
            return operation;
        }
    }
}

void csp_loop_free(csp_loop *loop) {
    csp_operation *left = atomic_exchange_explicit(&loop->ready, csp__loop_over, memory_order_acquire);
    while (left != NULL) {
        csp__operation_release(pop(&left));
    }
    while (loop->taken != NULL) {
        csp__operation_release(pop(&loop->taken));
    }
    csp__loop_release(loop);
}
