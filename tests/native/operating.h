/* SPDX-License-Identifier: MIT
 *
 * What tests of operations without a thread share: a loop that counts how often it was told. */
#ifndef CSP_TEST_OPERATING_H
#define CSP_TEST_OPERATING_H

#include "harness.h"
#include "waiting/operation.h"

typedef struct {
    csp_loop *loop;
    _Atomic int64_t told;
    _Atomic int closed;
} told_loop;

static inline void tell_loop(void *context) { atomic_fetch_add(&((told_loop *)context)->told, 1); }
static inline void close_loop(void *context) { atomic_fetch_add(&((told_loop *)context)->closed, 1); }

static inline void open_loop(told_loop *l) {
    *l = (told_loop){.loop = NULL};
    l->loop = csp_loop_new(tell_loop, close_loop, l);
    CHECK(l->loop != NULL);
}

/* Nothing of it is left, and whoever notifies has been told so. */
static inline void shut_loop(told_loop *l) {
    csp_loop_free(l->loop);
    EVENTUALLY(atomic_load(&l->closed) == 1);
    CHECK_INT(csp__operations_alive(), ==, 0);
}

static inline csp_operation *operation_of(told_loop *l, csp_holder *holder) {
    csp_operation *operation = csp_operation_new(l->loop, holder, l);
    CHECK(operation != NULL && csp_operation_context(operation) == l);
    return operation;
}

/* Begin, and it is under way. */
static inline void begin_send(csp_operation *operation, csp_end *tx, int64_t value) {
    csp_message message = boxed(value);
    CHECK_STATUS(csp_begin_send(operation, tx, &message, CSP_FOREVER), CSP_WOULD_BLOCK);
    CHECK_INT(message.kind, ==, 0);
}
static inline void begin_recv(csp_operation *operation, csp_end *rx) {
    csp_message message;
    CHECK_STATUS(csp_begin_recv(operation, rx, &message, CSP_FOREVER), CSP_WOULD_BLOCK);
    CHECK_INT(message.kind, ==, 0);
}

/* How it ended: the number it got, or NOT(status); a message that did not go is dropped. */
static inline int64_t end_of(csp_operation *operation) {
    csp_message message;
    uint32_t chosen = 0;
    csp_status status = csp_operation_finish(operation, &message, &chosen);
    int64_t value = status == CSP_OK && message.kind != 0 ? opened(&message) : NOT(status);
    csp_message_drop(&message);
    return value;
}

#endif
