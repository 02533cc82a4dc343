/* SPDX-License-Identifier: MIT
 *
 * The end of the program, as far as its interpreters are concerned. */
#ifndef CSP_NATIVE_LEAVING_H
#define CSP_NATIVE_LEAVING_H

#include "native.h"

extern PyMethodDef leaving_methods[];

#endif
