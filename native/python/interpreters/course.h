/* SPDX-License-Identifier: MIT
 *
 * How far the end of an interpreter is, and how long it may take. */
#ifndef CSP_NATIVE_COURSE_H
#define CSP_NATIVE_COURSE_H

#include "interpreters/interpreter.h"

/* False: it was not there. */
bool native_course_change(interpreter *self, interpreter_course from, interpreter_course to);
/* How long that may take, from its beginning on; also while it is under way. */
void native_interpreter_end_within(interpreter *self, int64_t nanoseconds);

#endif
