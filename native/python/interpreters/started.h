/* SPDX-License-Identifier: MIT
 *
 * What an interpreter has started ends with it. */
#ifndef CSP_NATIVE_STARTED_H
#define CSP_NATIVE_STARTED_H

#include "interpreters/interpreter.h"

/* Detached, and when nothing of that holder runs any more: end what it has left behind, and wait for that, at most 1.5
 * seconds. `killed`: so was it, and what it left gets no time. */
void native_end_started(uint64_t starter, bool killed);

#endif
