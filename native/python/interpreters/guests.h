/* SPDX-License-Identifier: MIT
 *
 * Guests: threads that have a holder of their own in an interpreter that they share. */
#ifndef CSP_NATIVE_GUESTS_H
#define CSP_NATIVE_GUESTS_H

#include "native.h"

/* The interpreter ends: what its guests hold is closed, and none of them is one any more. */
void native_guests_end(const native_state *state);
/* How many threads have the caller's holder, of so many in its interpreter. */
long native_guests_threads(const native_state *state, long all);

extern PyMethodDef guest_methods[];

#endif
