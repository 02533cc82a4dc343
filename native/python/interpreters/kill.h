/* SPDX-License-Identifier: MIT
 *
 * Killing an interpreter, and all that it started: it can no longer end them itself. */
#ifndef CSP_NATIVE_KILL_H
#define CSP_NATIVE_KILL_H

#include "interpreters/interpreter.h"

/* Make all its Python code raise, and that of all that it started; does not wait. */
void native_interpreter_kill(interpreter *self);
/* Kill what that holder started; does not wait. */
void native_kill_started(uint64_t starter);

#endif
