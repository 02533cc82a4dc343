/* SPDX-License-Identifier: MIT
 *
 * Whoever acts on a running interpreter visits it: while anybody is inside, it does not end. */
#ifndef CSP_NATIVE_VISITS_H
#define CSP_NATIVE_VISITS_H

#include "interpreters/interpreter.h"

/* Enter, unless it was not open yet or is closing; then leave. While anybody is inside, the interpreter does not end. */
bool native_visit_begin(interpreter *self);
void native_visit_end(interpreter *self);
void native_visits_open(interpreter *self);
/* Attached. Waits, detached, until every visitor has left. */
void native_visits_close(interpreter *self);

#endif
