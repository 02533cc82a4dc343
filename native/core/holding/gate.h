/* SPDX-License-Identifier: MIT
 *
 * The scheduler gate: where a test may hold an operation back, told by whom and on what. It stands here and not lower,
 * because it says which holder. */
#ifndef CSP_GATE_H
#define CSP_GATE_H

#include <stdatomic.h>

#include "csp/csp.h"

/* The scheduler gate; NULL when off. */
extern _Atomic(const csp_gate *) csp__gate;
static inline void csp__pass_gate(csp_gate_operation operation, const csp_holder *holder, uint64_t channel) {
    const csp_gate *gate = atomic_load_explicit(&csp__gate, memory_order_acquire);
    if (__builtin_expect(gate != NULL, 0)) {
        gate->pass(operation, csp_holder_id(holder), channel, gate->context);
    }
}

#endif
