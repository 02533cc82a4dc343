/* SPDX-License-Identifier: MIT
 *
 * What an interpreter holds, as objects of Python: an end of a channel (or of what threads synchronise by), and the right to
 * answer a call. */
#ifndef CSP_NATIVE_HANDLES_H
#define CSP_NATIVE_HANDLES_H

#include "native.h"

/* A Sender, a Receiver, or a handle on a synchronisation object. */
typedef struct {
    PyObject_HEAD csp_end *end;
} end_object;

typedef struct {
    PyObject_HEAD csp_reply *reply; /* NULL once answered */
} reply_object;

static inline csp_end *end_of(PyObject *handle) { return ((end_object *)handle)->end; }

/* Wrap an end that this interpreter holds; consumes it, also on failure. */
PyObject *native_wrap_end(native_state *state, csp_end *end);
void native_end_dealloc(PyObject *self);
/* Whether it is any handle, and so has the layout of end_object. */
static inline bool native_is_end(PyObject *object) { return Py_TYPE(object)->tp_dealloc == native_end_dealloc; }

/* The same for the right to answer a call. */
PyObject *native_wrap_reply(native_state *state, csp_reply *reply);
void native_reply_dealloc(PyObject *self);

#endif
