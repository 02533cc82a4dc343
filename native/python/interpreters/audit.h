/* SPDX-License-Identifier: MIT
 *
 * What the code of an interpreter does that others could see its thread's CPUs by. */
#ifndef CSP_NATIVE_AUDIT_H
#define CSP_NATIVE_AUDIT_H

#include "interpreters/interpreter.h"

/* Attached, before an interpreter is started: listen for what its thread must not be moved for. False: we are not let. */
bool native_listen(void);
/* Attached, in a new interpreter: the functions of os that ask for CPUs and choose them leave first. False with an exception. */
bool native_stand_in(void);

#endif
