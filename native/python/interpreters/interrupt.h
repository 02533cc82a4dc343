/* SPDX-License-Identifier: MIT
 *
 * Getting the threads of a killed interpreter out of what they wait for outside of csp. */
#ifndef CSP_NATIVE_INTERRUPT_H
#define CSP_NATIVE_INTERRUPT_H

#include "interpreters/interpreter.h"

/* Get those threads of it that have been made to raise out of what they wait for. Takes a while; holds no GIL meanwhile. */
void native_interpreter_interrupt(interpreter *self);

#endif
