/* SPDX-License-Identifier: MIT
 *
 * How the objects of a class travel, found out once and kept while the class does not change. What is kept refers to no
 * class: one that is replaced, or falls with its module, is not held. */
#ifndef CSP_NATIVE_CLASSES_H
#define CSP_NATIVE_CLASSES_H

#include "native.h"

typedef enum {
    BY_REDUCE,     /* as its class, or copyreg, says */
    BY_ATTRIBUTES, /* an object of plain Python: its dict and its slots, by name */
    BY_ITEMS,      /* of a namedtuple, as it is made by collections */
    BY_MEMBER,     /* of an enum, as enum has it reduced */
    STAYS,         /* csp's own, which says itself why it does not travel */
} native_way;

typedef struct {
    PyTypeObject *type; /* not ours, and only compared: together with the version it is unique */
    unsigned version;
    native_way way;
    PyObject *names; /* attributes as they were met last: of the dict, then of the slots; or NULL */
    Py_ssize_t of_dict;
    PyObject *slots; /* all their names, or NULL */
    Py_ssize_t *offsets;
    uint64_t message; /* in which the shape has that number */
    uint32_t shape;
} native_class;

/* Valid until code of others runs. NULL with an exception. */
native_class *native_class_of(native_state *state, PyTypeObject *type);
/* What the class has under a name, itself or from its bases; no code runs. A new reference; NULL: nothing, or an exception. */
PyObject *native_in_class(PyTypeObject *type, PyObject *name);
/* Where that slot is in an object of the class; 0: it is no slot, or that of another class. */
Py_ssize_t native_slot_offset(PyTypeObject *type, PyObject *descriptor);
/* What copyreg says of it, if it is loaded; borrowed; NULL: nothing, or an exception. */
PyObject *native_copyreg_of(native_state *state, PyTypeObject *type);
void native_classes_free(native_state *state);

#endif
