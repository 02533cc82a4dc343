/* SPDX-License-Identifier: MIT
 *
 * Drawing items from an iterator, while somebody may have something to say. */
#ifndef CSP_NATIVE_GATHER_H
#define CSP_NATIVE_GATHER_H

#include "native.h"

PyObject *native_gather(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif
