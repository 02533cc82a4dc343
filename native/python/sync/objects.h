/* SPDX-License-Identifier: MIT
 *
 * What all synchronisation objects have. All are handles, like a channel's ends, with the methods of their namesakes in
 * threading. */
#ifndef CSP_NATIVE_OBJECTS_H
#define CSP_NATIVE_OBJECTS_H

#include "channels/end.h"
#include "holding/handles.h"
#include "types.h"

static inline csp_sync_state sync_read_state(PyObject *self) {
    csp_sync_state state;
    csp_sync_read(end_of(self), &state);
    return state;
}

PyObject *sync_make(PyTypeObject *type, csp_sync_kind kind, int64_t value, int64_t limit);
/* None, or what the status raises. */
PyObject *sync_done(PyObject *self, csp_status status);
/* False with ClosedEnd set: this very handle was closed. */
bool sync_is_open(PyObject *self);

/* Arguments of constructors and methods; false with an exception set. */
bool sync_no_arguments(const char *name, PyObject *args, PyObject *keywords);
bool sync_read_int64(PyObject *object, const char *what, int64_t *value);

PyObject *sync_repr(PyObject *self);
PyObject *sync_get_value(PyObject *self, void *unused);
PyObject *sync_get_closed(PyObject *self, void *unused);
extern PyGetSetDef sync_handle_getset[];

#define HANDLE_METHODS                                                                                             \
    {"close", native_end_close, METH_NOARGS,                                                                       \
     "close($self, /)\n--\n\nClose this handle; idempotent, never blocks. What was acquired through it is free."}, \
        {"clone", native_end_clone, METH_NOARGS,                                                                   \
         "clone($self, /)\n--\n\nAnother handle on the same object, with a life of its own. Raises ClosedEnd."},   \
        {"statistics", native_end_statistics, METH_NOARGS,                                                         \
         "statistics($self, /)\n--\n\nA Statistics snapshot: waiting_receivers wait now, received were granted."}, \
    {                                                                                                              \
        "__reduce__", native_end_reduce, METH_NOARGS, NULL                                                         \
    }

#define CLOSED {"closed", sync_get_closed, NULL, "Whether this handle was closed.", NULL}

#define SYNC_SLOTS                                                                               \
    {Py_tp_dealloc, (void *)native_end_dealloc}, {Py_tp_traverse, (void *)native_traverse_type}, \
        {Py_tp_repr, (void *)sync_repr}, {Py_tp_richcompare, (void *)native_end_compare}, {      \
        Py_tp_hash, (void *)native_end_hash                                                      \
    }

#endif
