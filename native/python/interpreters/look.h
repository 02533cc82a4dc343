/* SPDX-License-Identifier: MIT
 *
 * Where the threads of another interpreter are in their Python code. */
#ifndef CSP_NATIVE_LOOK_H
#define CSP_NATIVE_LOOK_H

#include "interpreters/interpreter.h"

PyObject *native_look(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif
