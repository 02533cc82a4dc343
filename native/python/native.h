/* SPDX-License-Identifier: MIT
 *
 * csp._native: the state of the module. There is one per interpreter; in C statics is nothing but interpreter-neutral data.
 * The extension turns objects into messages and waits without holding a GIL; it decides nothing. */
#ifndef CSP_NATIVE_H
#define CSP_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "csp/csp.h"

typedef struct {
    csp_holder *holder; /* the interpreter's; see native_holder */
    bool is_main;
    PyTypeObject *sender_type, *receiver_type, *offer_type, *timer_type, *skip_type, *reply_type, *alternative_type,
        *statistics_type, *scope_type, *unseen_type, *unseen_iterator_type, *packed_type;
    PyTypeObject *sync_types[CSP_SYNC_BROADCAST + 1]; /* by csp_sync_kind */
    PyObject *skip;                                   /* the one skip guard */
    /* csp.errors */
    PyObject *end_of_channel, *broken_channel, *closed_end, *would_block, *stopped, *cancelled, *not_shareable,
        *abandoned, *broken_barrier;
    struct native_classes *classes; /* how objects of each class travel: codec/classes.c */
    PyObject *str_timeout, *str_deadline, *str_priority, *str_setstate, *str_reduce_ex;
} native_state;

/* All our types are final, so the type of self is the type that was made with the module. */
static inline native_state *state_of_type(PyTypeObject *type) { return (native_state *)PyType_GetModuleState(type); }
static inline native_state *state_of(PyObject *self) { return state_of_type(Py_TYPE(self)); }
static inline native_state *state_of_module(PyObject *module) { return (native_state *)PyModule_GetState(module); }

#endif
