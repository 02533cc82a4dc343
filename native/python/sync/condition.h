/* SPDX-License-Identifier: MIT
 *
 * The queue of a csp.Condition: who waits on it. */
#ifndef CSP_NATIVE_CONDITION_H
#define CSP_NATIVE_CONDITION_H

#include "native.h"

extern PyType_Spec sync_condition_spec;

#endif
