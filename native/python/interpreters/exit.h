/* SPDX-License-Identifier: MIT
 *
 * What is told when an interpreter has ended, or will not: its exit message, once. */
#ifndef CSP_NATIVE_EXIT_H
#define CSP_NATIVE_EXIT_H

#include "interpreters/interpreter.h"

/* Without an interpreter there are no words; `wanted`: it could not be made, else it was told to stop before it began. */
void native_exit_bare(interpreter *self, bool wanted);
/* Attached, on its own thread: what its entry function gave, or raised. */
void native_exit_make(interpreter *self, PyObject *result);
/* The message goes out, and nothing that it held stays open. `left`: it has not ended. */
void native_exit_tell(interpreter *self, bool left);
/* Tell its exit although it has not ended, unless somebody did. Needs no GIL. */
void native_interpreter_leave(interpreter *self);

#endif
