/* SPDX-License-Identifier: MIT
 *
 * Calls: a message that carries a one-shot reply with it. */
#ifndef CSP_NATIVE_CALLS_H
#define CSP_NATIVE_CALLS_H

#include "native.h"

PyObject *native_call(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_ask(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_cast(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_recv_reply(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_sender_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
/* Raise what a call was answered with. Always NULL. */
PyObject *native_raise_arrived(PyObject *module, PyObject *failure);

#endif
