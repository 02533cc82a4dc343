/* SPDX-License-Identifier: MIT
 *
 * What the files of a channel's ends share: ends.c, sender.c and receiver.c. */
#ifndef CSP_NATIVE_ENDS_H
#define CSP_NATIVE_ENDS_H

#include "native.h"

static inline csp_end *end_of(PyObject *self) { return ((end_object *)self)->end; }

PyObject *native_end_enter(PyObject *self, PyObject *unused);
PyObject *native_end_exit(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *native_end_repr(PyObject *self);
Py_ssize_t native_end_length(PyObject *self);
int native_end_true(PyObject *self);
extern PyGetSetDef native_end_getset[];

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))

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

#define END_SLOTS                                                                               \
    {Py_tp_dealloc, (void *)native_end_dealloc}, {Py_tp_traverse, (void *)native_end_traverse}, \
        {Py_tp_getset, native_end_getset}, {Py_tp_repr, (void *)native_end_repr},               \
        {Py_tp_richcompare, (void *)native_end_compare}, {Py_tp_hash, (void *)native_end_hash}, \
        {Py_sq_length, (void *)native_end_length}, {                                            \
        Py_nb_bool, (void *)native_end_true                                                     \
    }

#define FINAL_TYPE (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE)

#endif
