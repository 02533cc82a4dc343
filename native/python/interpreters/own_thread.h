/* SPDX-License-Identifier: MIT
 *
 * The thread of an interpreter, on which it is made, runs, and ends. */
#ifndef CSP_NATIVE_OWN_THREAD_H
#define CSP_NATIVE_OWN_THREAD_H

#include "interpreters/interpreter.h"

/* Start its thread, which takes over the caller's reference and the two ends; false: nothing was taken. */
bool native_interpreter_start(interpreter *self);
/* The holder of an interpreter that this library started on the calling thread, or NULL. */
csp_holder *native_started_holder(void);

#endif
