/* SPDX-License-Identifier: MIT
 *
 * A packed message, as an object of Python. */
#ifndef CSP_NATIVE_PACKED_H
#define CSP_NATIVE_PACKED_H

#include "native.h"

typedef struct {
    PyObject_HEAD csp_packed *packed; /* NULL once it was closed */
} packed_object;

static inline csp_packed *packed_of(PyObject *object) { return ((packed_object *)object)->packed; }

/* Wrap one that this interpreter holds; consumes it, also on failure. */
PyObject *native_wrap_packed(native_state *state, csp_packed *packed);
/* Let go of it; again has no effect. What falls with it is ends and memory: no code of Python runs. */
void native_packed_close(PyObject *self);
void native_packed_dealloc(PyObject *self);
static inline bool native_is_packed(PyObject *object) { return Py_TYPE(object)->tp_dealloc == native_packed_dealloc; }

#endif
