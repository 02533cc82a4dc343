/* SPDX-License-Identifier: MIT
 *
 * CancelScope: a part of what a thread does, that can be cancelled as a whole. */
#ifndef CSP_NATIVE_SCOPE_H
#define CSP_NATIVE_SCOPE_H

#include "native.h"

extern PyType_Spec scope_spec;
PyObject *native_move_on_after(PyObject *module, PyObject *args, PyObject *keywords);
PyObject *native_fail_after(PyObject *module, PyObject *args, PyObject *keywords);
PyObject *native_in_scope(PyObject *module, PyObject *unused);

#endif
