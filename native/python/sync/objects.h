/* SPDX-License-Identifier: MIT
 *
 * What the files of the synchronisation objects share: sync.c, acquire.c and meet.c. All objects are handles, like a
 * channel's ends, with the methods of their namesakes in threading. */
#ifndef CSP_NATIVE_SYNC_H
#define CSP_NATIVE_SYNC_H

#include "native.h"

static inline csp_end *end_of(PyObject *self) { return ((end_object *)self)->end; }

static inline csp_sync_state sync_read_state(PyObject *self) {
    csp_sync_state state;
    csp_sync_read(end_of(self), &state);
    return state;
}

PyObject *sync_make(PyTypeObject *type, csp_sync_kind kind, int64_t value, int64_t limit);
/* None, or what the status raises. */
PyObject *sync_done(PyObject *self, csp_status status);
/* Arguments of constructors and methods; false with an exception set. */
bool sync_no_arguments(const char *name, PyObject *args, PyObject *keywords);
bool sync_read_int64(PyObject *object, const char *what, int64_t *value);

PyObject *sync_repr(PyObject *self);
PyObject *sync_get_value(PyObject *self, void *unused);
PyObject *sync_get_closed(PyObject *self, void *unused);

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))
#define KEYWORDS (METH_VARARGS | METH_KEYWORDS)

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

extern PyGetSetDef sync_handle_getset[];

#define SYNC_TYPE(variable, name, constructor, methods, getset, doc)                                          \
    static PyType_Slot variable##_slots[] = {                                                                 \
        {Py_tp_doc, doc},                                                                                     \
        {Py_tp_new, (void *)constructor},                                                                     \
        {Py_tp_dealloc, (void *)native_end_dealloc},                                                          \
        {Py_tp_traverse, (void *)native_end_traverse},                                                        \
        {Py_tp_methods, methods},                                                                             \
        {Py_tp_getset, getset},                                                                               \
        {Py_tp_repr, (void *)sync_repr},                                                                      \
        {Py_tp_richcompare, (void *)native_end_compare},                                                      \
        {Py_tp_hash, (void *)native_end_hash},                                                                \
        {0, NULL},                                                                                            \
    };                                                                                                        \
    PyType_Spec sync_##variable##_spec = {name, sizeof(end_object), 0,                                        \
                                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC, \
                                          variable##_slots}

extern PyType_Spec sync_lock_spec, sync_rlock_spec, sync_semaphore_spec, sync_event_spec; /* acquire.c */
extern PyType_Spec sync_barrier_spec, sync_condition_spec, sync_counter_spec;             /* meet.c */
extern PyType_Spec sync_broadcaster_spec;                                                 /* broadcast.c */

#endif
