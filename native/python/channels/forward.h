/* SPDX-License-Identifier: MIT
 *
 * Messages from one channel into another, unopened. */
#ifndef CSP_NATIVE_FORWARD_H
#define CSP_NATIVE_FORWARD_H

#include "native.h"

PyObject *native_forward(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif
