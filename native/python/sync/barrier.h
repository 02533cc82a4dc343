/* SPDX-License-Identifier: MIT
 *
 * Barrier: where threads of any interpreter wait until all have come. */
#ifndef CSP_NATIVE_BARRIER_H
#define CSP_NATIVE_BARRIER_H

#include "native.h"

extern PyType_Spec sync_barrier_spec;

#endif
