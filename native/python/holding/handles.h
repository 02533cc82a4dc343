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

typedef struct native_handling native_handling;

typedef struct {
    PyObject_HEAD csp_reply *reply; /* NULL once answered */
    native_handling *handling;      /* of who carries out its call; NULL: nobody does */
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
/* Whether it was not answered yet; false with an exception. */
bool native_reply_is_open(const reply_object *reply);
/* Its caller waits no longer, and the call need not be carried out then. */
bool native_is_given_up(csp_reply *reply);

#endif
