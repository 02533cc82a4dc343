/* SPDX-License-Identifier: MIT
 *
 * What a call brings with it: filled in where it is made, read where it is carried out. */
#ifndef CSP_NATIVE_ENVELOPE_H
#define CSP_NATIVE_ENVELOPE_H

#include "holding/handles.h"
#include "waiting/limits.h"

extern PyMethodDef envelope_methods[];
extern PyGetSetDef native_reply_getset[];

/* The call that this thread is carrying out may leave less time than the limit has: then that counts, and it is true. Not in a
 * shielded scope. */
bool native_limit_by_handled(native_limit *limit);
/* Before the call is encoded. */
void native_address(csp_reply *reply, const native_limit *limit, int32_t priority, uint32_t flags);
bool native_priority(PyObject *object, int32_t *priority);

#endif
