/* SPDX-License-Identifier: MIT
 *
 * An Alternative, and how its guards come and go. */
#ifndef CSP_NATIVE_ALTERNATIVE_EDITS_H
#define CSP_NATIVE_ALTERNATIVE_EDITS_H

#include "native.h"

typedef struct {
    PyObject *guard;
    PyObject *when; /* the precondition, or NULL */
    uint32_t place; /* in the core's alternative; NO_PLACE: an offer or a skip */
    bool on;
} entry;

/* A guard that came or went during a select, which will see to it. */
typedef struct {
    PyObject *guard, *when;
    bool added;
} change;

typedef struct {
    PyObject_HEAD csp_alternative *alternative;
    entry *entries;
    Py_ssize_t count, room;
    Py_ssize_t
        *special; /* the entries that every select must look at: offers, skips, timers, those with a precondition */
    Py_ssize_t special_count;
    Py_ssize_t *entry_of; /* by place */
    Py_ssize_t turn;      /* the entry behind the one chosen latest: whose turn it is where an offer takes part */
    bool disordered;      /* after a removal the places are not in the order of the entries */
    change *changes;
    Py_ssize_t change_count, change_room;
    bool busy;            /* a select is under way ... */
    bool asking;          /* ... and asks the preconditions ... */
    unsigned long thread; /* ... in this thread */
} alternative_object;

#define NO_PLACE UINT32_MAX

/* All out and in again, so that the order of the places is that of the entries, as priority needs it. */
bool alternative_put_in_order(native_state *state, alternative_object *self);
/* Add a guard, at once or by the select under way. False with an exception set. */
bool alternative_add_guard(native_state *state, alternative_object *self, PyObject *guard, PyObject *when);
/* What was noted during a select becomes so. False with an exception set: a guard could not be added. */
bool alternative_apply_changes(native_state *state, alternative_object *self);
void alternative_forget_changes(alternative_object *self);

PyObject *alternative_add(PyObject *object, PyObject *args, PyObject *keywords);
PyObject *alternative_remove(PyObject *object, PyObject *guard);
PyObject *alternative_guards(PyObject *object, void *unused);
Py_ssize_t alternative_length(PyObject *object);

#endif
