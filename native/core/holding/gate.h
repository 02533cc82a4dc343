/* SPDX-License-Identifier: MIT
 *
 * The scheduler gate: where a scheduler may hold an operation back, told by whom and on what. It stands here and not lower,
 * because it says which holder. */
#ifndef CSP_GATE_H
#define CSP_GATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "csp/csp.h"

/* NULL when off. */
extern _Atomic(const csp_gate *) csp__gate;

/* The calling thread's number, once it has a record; see make_self in waiting/thread.c. */
extern _Thread_local uint64_t csp__gate_thread __attribute__((tls_model("initial-exec")));

void csp__gate_tell(csp_gate_operation operation, csp_gate_phase phase, const csp_holder *holder, uint64_t channel,
                    int64_t deadline);
/* Somebody else's wait is over: that thread's. It may have found out by itself and be gone, and so may its holder: nobody looks
 * at that one. */
void csp__gate_tell_of(uint64_t thread);

static inline bool csp__gate_is_on(void) {
    return __builtin_expect(atomic_load_explicit(&csp__gate, memory_order_acquire) != NULL, 0);
}

/* An operation on its way through the gate: told of before, and when it is over, whichever way. The holder's number is kept and
 * not the holder, which may be gone by then. */
typedef struct {
    bool told;
    csp_gate_operation operation;
    uint64_t holder, channel;
} csp__passage;

csp__passage csp__gate_begins(csp_gate_operation operation, const csp_holder *holder, uint64_t channel);
void csp__gate_ends(const csp__passage *passage);

static inline csp__passage csp__pass(csp_gate_operation operation, const csp_holder *holder, uint64_t channel) {
    if (csp__gate_is_on()) {
        return csp__gate_begins(operation, holder, channel);
    }
    csp__passage passage;
    passage.told = false;
    return passage;
}

static inline void csp__passed(const csp__passage *passage) {
    if (__builtin_expect(passage->told, 0)) {
        csp__gate_ends(passage);
    }
}

/* From here to the end of the block; under no lock at either. */
#define CSP_PASS_GATE(operation, holder, channel) \
    csp__passage passage __attribute__((cleanup(csp__passed), unused)) = csp__pass(operation, holder, channel)

#endif
