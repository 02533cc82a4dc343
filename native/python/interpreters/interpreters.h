/* SPDX-License-Identifier: MIT
 *
 * What Python can do with interpreters. */
#ifndef CSP_NATIVE_INTERPRETERS_H
#define CSP_NATIVE_INTERPRETERS_H

#include "native.h"

extern PyMethodDef interpreter_methods[];

#endif
