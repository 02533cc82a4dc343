/* SPDX-License-Identifier: MIT
 *
 * Whether an interpreter can be started. */
#ifndef CSP_NATIVE_STARTS_H
#define CSP_NATIVE_STARTS_H

#include "interpreters/interpreter.h"

/* Whether tracemalloc runs, anywhere in the process. Needs no GIL. */
bool native_memory_is_traced(void);
/* Why no interpreter can be started, or NULL. */
const char *native_no_starts(void);
/* From now on there is a reason: the program ends. */
void native_refuse_starts(void);

#endif
