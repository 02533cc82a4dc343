/* SPDX-License-Identifier: MIT
 *
 * Counter: an integer that threads of any interpreter change in atomic steps. */
#ifndef CSP_NATIVE_COUNTER_H
#define CSP_NATIVE_COUNTER_H

#include "native.h"

extern PyType_Spec sync_counter_spec;

#endif
