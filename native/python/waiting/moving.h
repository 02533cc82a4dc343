/* SPDX-License-Identifier: MIT
 *
 * The clock of csp, from Python. */
#ifndef CSP_NATIVE_MOVING_H
#define CSP_NATIVE_MOVING_H

#include "native.h"

extern PyMethodDef clock_methods[];

#endif
