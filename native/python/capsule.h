/* SPDX-License-Identifier: MIT
 *
 * What other native code gets from the extension. */
#ifndef CSP_NATIVE_CAPSULE_H
#define CSP_NATIVE_CAPSULE_H

#include "native.h"

extern PyMethodDef capsule_methods[];
/* Add csp._native._C_API. False with an exception set. */
bool native_add_capsule(PyObject *module);

#endif
