/* SPDX-License-Identifier: MIT
 *
 * Giving an object that was made its state, as pickle does. */
#ifndef CSP_NATIVE_STATE_H
#define CSP_NATIVE_STATE_H

#include "native.h"

/* By __setstate__, or else into its dict and its slots. */
bool native_build(native_state *state, PyObject *object, PyObject *value);
/* For an object whose class has a __setstate__ here and had none where it came from: its attributes, put together again. */
PyObject *native_state_new(Py_ssize_t of_dict, Py_ssize_t of_slots);
bool native_state_add(PyObject *gathered, bool slot, PyObject *name, PyObject *value);
bool native_set_state(native_state *state, PyObject *object, PyObject *gathered);

#endif
