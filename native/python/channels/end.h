/* SPDX-License-Identifier: MIT
 *
 * The two ends of a channel: how they are made, and what both have. */
#ifndef CSP_NATIVE_END_H
#define CSP_NATIVE_END_H

#include "holding/handles.h"
#include "types.h"

/* capacity and overflow, positional or by name; what is not given stays as it is. False with an exception set. */
bool native_channel_arguments(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
                              uint32_t *capacity, csp_overflow *overflow);
PyObject *native_channel(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
PyObject *native_unbounded_channel(PyObject *module, PyObject *unused);

/* What all handles have. */
PyObject *native_end_close(PyObject *self, PyObject *unused);
PyObject *native_end_clone(PyObject *self, PyObject *unused);
PyObject *native_end_abort(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *native_end_statistics(PyObject *self, PyObject *unused);
PyObject *native_end_reduce(PyObject *self, PyObject *unused);
PyObject *native_end_compare(PyObject *self, PyObject *other, int operation);
Py_hash_t native_end_hash(PyObject *self);

/* What Sender and Receiver have. */
PyObject *native_end_enter(PyObject *self, PyObject *unused);
PyObject *native_end_exit(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *native_end_repr(PyObject *self);
Py_ssize_t native_end_length(PyObject *self);
int native_end_true(PyObject *self);
extern PyGetSetDef native_end_getset[];

#define END_METHODS                                                                                                  \
    {"close", native_end_close, METH_NOARGS,                                                                         \
     "close($self, /)\n--\n\nClose this handle in good order; idempotent, never blocks.\n\nThe last handle of a "    \
     "direction ends the channel: receivers drain what is buffered and then get\nEndOfChannel; senders get "         \
     "BrokenChannel at once. Operations that wait on this very handle get ClosedEnd."},                              \
        {"clone", native_end_clone, METH_NOARGS,                                                                     \
         "clone($self, /)\n--\n\nAnother handle on the same direction, with a life of its own. Raises ClosedEnd."},  \
        {"abort", FASTCALL(native_end_abort), METH_FASTCALL,                                                         \
         "abort($self, cause=None, /)\n--\n\nEnd both directions now; what is buffered is dropped and counted as "   \
         "undelivered.\n\nSenders find `cause` in BrokenChannel.cause. Only the first abort counts. Never blocks."}, \
        {"statistics", native_end_statistics, METH_NOARGS,                                                           \
         "statistics($self, /)\n--\n\nA Statistics snapshot of the channel, read in one instant."},                  \
        {"__enter__", native_end_enter, METH_NOARGS, NULL},                                                          \
        {"__exit__", FASTCALL(native_end_exit), METH_FASTCALL, NATIVE_EXIT_DOC},                                     \
        {"__reduce__", native_end_reduce, METH_NOARGS, NULL}, {                                                      \
        "__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL                                              \
    }

#define END_SLOTS                                                                                \
    {Py_tp_dealloc, (void *)native_end_dealloc}, {Py_tp_traverse, (void *)native_traverse_type}, \
        {Py_tp_getset, native_end_getset}, {Py_tp_repr, (void *)native_end_repr},                \
        {Py_tp_richcompare, (void *)native_end_compare}, {Py_tp_hash, (void *)native_end_hash},  \
        {Py_sq_length, (void *)native_end_length}, {                                             \
        Py_nb_bool, (void *)native_end_true                                                      \
    }

#endif
