/* SPDX-License-Identifier: MIT
 *
 * Broadcaster: the sending handle of a broadcast or a watch. */
#ifndef CSP_NATIVE_BROADCAST_H
#define CSP_NATIVE_BROADCAST_H

#include "native.h"

extern PyType_Spec sync_broadcaster_spec;
PyObject *native_broadcast(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
PyObject *native_watch(PyObject *module, PyObject *initial);

#endif
