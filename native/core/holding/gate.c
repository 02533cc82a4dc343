/* SPDX-License-Identifier: MIT */
#include "holding/gate.h"

_Atomic(const csp_gate *) csp__gate;
_Thread_local uint64_t csp__gate_thread __attribute__((tls_model("initial-exec")));

void csp_gate_set(const csp_gate *gate) { atomic_store_explicit(&csp__gate, gate, memory_order_release); }

static void tell(const csp_gate_event *event) {
    const csp_gate *gate = atomic_load_explicit(&csp__gate, memory_order_acquire);
    if (gate != NULL) {
        gate->pass(event, gate->context);
    }
}

void csp__gate_tell(csp_gate_operation operation, csp_gate_phase phase, const csp_holder *holder, uint64_t channel,
                    int64_t deadline) {
    csp_gate_event event = {operation, phase, csp__gate_thread, csp_holder_id(holder), channel, deadline};
    tell(&event);
}

void csp__gate_tell_of(uint64_t thread) {
    csp_gate_event event = {CSP_GATE_WAKE, CSP_GATE_BEFORE, thread, 0, 0, CSP_FOREVER};
    tell(&event);
}

csp__passage csp__gate_begins(csp_gate_operation operation, const csp_holder *holder, uint64_t channel) {
    csp__gate_tell(operation, CSP_GATE_BEFORE, holder, channel, CSP_FOREVER);
    return (csp__passage){true, operation, csp_holder_id(holder), channel};
}

void csp__gate_ends(const csp__passage *passage) {
    csp_gate_event event = {passage->operation, CSP_GATE_DONE,    csp__gate_thread,
                            passage->holder,    passage->channel, CSP_FOREVER};
    tell(&event);
}
