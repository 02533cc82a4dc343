/* SPDX-License-Identifier: MIT */
#include "holding/gate.h"

_Atomic(const csp_gate *) csp__gate;

void csp_gate_set(const csp_gate *gate) { atomic_store_explicit(&csp__gate, gate, memory_order_release); }
