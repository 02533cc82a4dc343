/* SPDX-License-Identifier: MIT
 *
 * Alternative: guards that are selected from again and again. */
#ifndef CSP_NATIVE_ALTERNATIVE_H
#define CSP_NATIVE_ALTERNATIVE_H

#include "native.h"

extern PyType_Spec alternative_spec;

#endif
