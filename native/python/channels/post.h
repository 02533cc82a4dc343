/* SPDX-License-Identifier: MIT
 *
 * Calls that nobody waits for while they stand in a channel's line. */
#ifndef CSP_NATIVE_POST_H
#define CSP_NATIVE_POST_H

#include "native.h"

PyObject *native_post(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_withdraw(PyObject *module, PyObject *capsule);

#endif
