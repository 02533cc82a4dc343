/* SPDX-License-Identifier: MIT
 *
 * select(). */
#ifndef CSP_NATIVE_SELECT_H
#define CSP_NATIVE_SELECT_H

#include "native.h"

PyObject *native_select(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
bool native_select_keywords(native_state *state, PyObject *const *values, PyObject *keywords, int *flags,
                            int64_t *deadline);
/* select() over these guards (None: off). *chosen is set when one was carried out, also where that raises. Which alternative
 * selects, or NULL; NULL without an exception: that one was interrupted. */
PyObject *native_select_guards(native_state *state, PyObject *const *guards, Py_ssize_t count, int flags,
                               int64_t deadline, csp_alternative *alternative, uint32_t *chosen);
/* (guard, value) of the guard that was chosen, or the error that it means; consumes the message. */
PyObject *native_guard_outcome(native_state *state, PyObject *object, csp_guard *guard, bool signalled);

#endif
