/* SPDX-License-Identifier: MIT
 *
 * Making the Python code of an interpreter raise, for good. */
#ifndef CSP_NATIVE_POISON_H
#define CSP_NATIVE_POISON_H

#include "interpreters/interpreter.h"

/* Attached. Make the Python code of all threads but this one raise, quietly where nobody can catch it. */
void native_poison_other_threads(void);
/* Attached. Whether that has come to a thread. */
bool native_is_poisoned(const PyThreadState *thread);
/* Attached. The calling thread raises at its next event. */
void native_poison_this_thread(void);

#endif
