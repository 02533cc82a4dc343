/* SPDX-License-Identifier: MIT
 *
 * sleep(): a wait for nothing but the time. */
#ifndef CSP_NATIVE_SLEEP_H
#define CSP_NATIVE_SLEEP_H

#include "native.h"

PyObject *native_sleep(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);

#endif
