/* SPDX-License-Identifier: MIT
 *
 * The extended rendezvous: receiving, and holding the sender. */
#ifndef CSP_NATIVE_EXTENDED_H
#define CSP_NATIVE_EXTENDED_H

#include "native.h"

PyObject *native_recv_extended(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_receiver_extended(PyObject *self, PyObject *args, PyObject *keywords);

#endif
