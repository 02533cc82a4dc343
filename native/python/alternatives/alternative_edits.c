/* SPDX-License-Identifier: MIT
 *
 * The guards of an Alternative come and go: at once between two selects, and by the select itself during one. */
#include "alternatives/alternative_edits.h"
#include "alternatives/guards.h"
#include "errors.h"
#include "holding/handles.h"

static bool is_watched(native_state *state, PyObject *guard) {
    return Py_IS_TYPE(guard, state->receiver_type) || native_can_be_acquired(guard);
}

/* ---- the core's side ------------------------------------------------------------------------------------------ */

static bool add_to_core(native_state *state, alternative_object *self, Py_ssize_t index) {
    entry *e = &self->entries[index];
    e->place = NO_PLACE;
    csp_status status = CSP_OK;
    if (is_watched(state, e->guard)) {
        status = csp_alternative_add(self->alternative, end_of(e->guard), &e->place);
    } else if (Py_IS_TYPE(e->guard, state->timer_type)) {
        status = csp_alternative_add_timer(self->alternative, &e->place);
    }
    if (status != CSP_OK) {
        native_raise(state, status, NULL, NULL, false);
        return false;
    }
    if (e->place != NO_PLACE) {
        self->entry_of[e->place] = index;
        csp_alternative_enable(self->alternative, e->place, e->on);
    }
    return true;
}

/* All out and in again, so that the order of the places is that of the entries, as priority needs it. This cannot fail half
 * way: the core fills the places that are free from the first on, and needs no memory for it. */
bool alternative_put_in_order(native_state *state, alternative_object *self) {
    for (Py_ssize_t i = 0; i < self->count; i++) {
        if (self->entries[i].place != NO_PLACE) {
            csp_alternative_remove(self->alternative, self->entries[i].place);
        }
    }
    for (Py_ssize_t i = 0; i < self->count; i++) {
        if (!add_to_core(state, self, i)) {
            return false;
        }
    }
    self->disordered = false;
    return true;
}

/* ---- guards come and go --------------------------------------------------------------------------------------- */

static bool make_room(alternative_object *self) {
    if (self->count < self->room) {
        return true;
    }
    Py_ssize_t room = self->room == 0 ? 8 : self->room * 2;
    entry *entries = PyMem_Realloc(self->entries, sizeof *entries * (size_t)room);
    if (entries != NULL) {
        self->entries = entries;
    }
    Py_ssize_t *special = PyMem_Realloc(self->special, sizeof *special * (size_t)room);
    if (special != NULL) {
        self->special = special;
    }
    Py_ssize_t *entry_of = PyMem_Realloc(self->entry_of, sizeof *entry_of * (size_t)room);
    if (entry_of != NULL) {
        self->entry_of = entry_of;
    }
    if (entries == NULL || special == NULL || entry_of == NULL) {
        PyErr_NoMemory();
        return false;
    }
    self->room = room;
    return true;
}

static void note_special(native_state *state, alternative_object *self, Py_ssize_t index) {
    entry *e = &self->entries[index];
    if (e->when != NULL || !is_watched(state, e->guard)) {
        self->special[self->special_count++] = index;
    }
}

static bool append(native_state *state, alternative_object *self, PyObject *guard, PyObject *when) {
    if (!make_room(self)) {
        return false;
    }
    self->entries[self->count] = (entry){Py_NewRef(guard), Py_XNewRef(when), NO_PLACE, true};
    if (!add_to_core(state, self, self->count)) {
        Py_DECREF(guard);
        Py_XDECREF(when);
        return false;
    }
    note_special(state, self, self->count++);
    return true;
}

static void take_out(native_state *state, alternative_object *self, Py_ssize_t index) {
    entry gone = self->entries[index];
    if (gone.place != NO_PLACE) {
        csp_alternative_remove(self->alternative, gone.place);
    }
    for (Py_ssize_t k = index; k + 1 < self->count; k++) {
        self->entries[k] = self->entries[k + 1];
        if (self->entries[k].place != NO_PLACE) {
            self->entry_of[self->entries[k].place] = k;
        }
    }
    self->count--;
    self->turn -= index < self->turn;
    self->disordered = self->disordered || gone.place != NO_PLACE;
    self->special_count = 0;
    for (Py_ssize_t k = 0; k < self->count; k++) {
        note_special(state, self, k);
    }
    Py_DECREF(gone.guard);
    Py_XDECREF(gone.when);
}

/* The first entry with this very guard, or -1. */
static Py_ssize_t find(const alternative_object *self, const PyObject *guard) {
    for (Py_ssize_t i = 0; i < self->count; i++) {
        if (self->entries[i].guard == guard) {
            return i;
        }
    }
    return -1;
}

/* ---- during a select ------------------------------------------------------------------------------------------ */

/* The select under way waits without the GIL, in the core, which knows these guards: nobody but its own thread may change
 * them. So it is told, comes out, does it, and waits on. */
static bool note_change(alternative_object *self, PyObject *guard, PyObject *when, bool added) {
    if (self->change_count == self->change_room) {
        Py_ssize_t room = self->change_room == 0 ? 4 : self->change_room * 2;
        change *larger = PyMem_Realloc(self->changes, sizeof *larger * (size_t)room);
        if (larger == NULL) {
            PyErr_NoMemory();
            return false;
        }
        self->changes = larger;
        self->change_room = room;
    }
    self->changes[self->change_count++] = (change){Py_NewRef(guard), Py_XNewRef(when), added};
    /* A precondition that changes what it belongs to would be asked again for ever. */
    if (!self->asking || self->thread != PyThread_get_thread_ident()) {
        csp_alternative_interrupt(self->alternative);
    }
    return true;
}

bool alternative_apply_changes(native_state *state, alternative_object *self) {
    change *changes =
        self->changes; /* whole: a guard that goes may run anything, also something that changes us again */
    Py_ssize_t count = self->change_count;
    self->changes = NULL;
    self->change_count = self->change_room = 0;
    bool done = true;
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t index = changes[i].added ? -1 : find(self, changes[i].guard);
        if (changes[i].added) {
            done = append(state, self, changes[i].guard, changes[i].when) && done;
        } else if (index >= 0) {
            take_out(state, self, index);
        }
        Py_DECREF(changes[i].guard);
        Py_XDECREF(changes[i].when);
    }
    PyMem_Free(changes);
    return done;
}

void alternative_forget_changes(alternative_object *self) {
    while (self->change_count > 0) {
        change gone = self->changes[--self->change_count];
        Py_DECREF(gone.guard);
        Py_XDECREF(gone.when);
    }
    PyMem_Free(self->changes);
    self->changes = NULL;
    self->change_room = 0;
}

/* ---- as Python sees it: with what was noted ------------------------------------------------------------------- */

Py_ssize_t alternative_length(PyObject *object) {
    alternative_object *self = (alternative_object *)object;
    Py_ssize_t length = self->count;
    for (Py_ssize_t i = 0; i < self->change_count; i++) {
        length += self->changes[i].added ? 1 : -1;
    }
    return length;
}

/* How often this very guard is among them. */
static Py_ssize_t occurrences(const alternative_object *self, const PyObject *guard) {
    Py_ssize_t times = 0;
    for (Py_ssize_t i = 0; i < self->count; i++) {
        times += self->entries[i].guard == guard;
    }
    for (Py_ssize_t i = 0; i < self->change_count; i++) {
        if (self->changes[i].guard == guard) {
            times += self->changes[i].added ? 1 : -1;
        }
    }
    return times;
}

PyObject *alternative_guards(PyObject *object, void *unused) {
    (void)unused;
    alternative_object *self = (alternative_object *)object;
    PyObject *list = PyList_New(self->count);
    for (Py_ssize_t i = 0; list != NULL && i < self->count; i++) {
        PyList_SET_ITEM(list, i, Py_NewRef(self->entries[i].guard));
    }
    for (Py_ssize_t i = 0; list != NULL && i < self->change_count; i++) {
        int failed = 0;
        if (self->changes[i].added) {
            failed = PyList_Append(list, self->changes[i].guard);
        } else {
            Py_ssize_t at = 0;
            while (PyList_GET_ITEM(list, at) != self->changes[i].guard) { /* it was there, or could not go */
                at++;
            }
            failed = PyList_SetSlice(list, at, at + 1, NULL);
        }
        if (failed < 0) {
            Py_CLEAR(list);
        }
    }
    PyObject *guards = list != NULL ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return guards;
}

bool alternative_add_guard(native_state *state, alternative_object *self, PyObject *guard, PyObject *when) {
    if (!is_watched(state, guard) && !Py_IS_TYPE(guard, state->timer_type) && !Py_IS_TYPE(guard, state->offer_type) &&
        !Py_IS_TYPE(guard, state->skip_type)) {
        native_raise_no_guard(state, guard);
        return false;
    }
    if (when != NULL && !PyCallable_Check(when)) {
        PyErr_Format(PyExc_TypeError, "a precondition is something to call without arguments, not %T", when);
        return false;
    }
    if (alternative_length((PyObject *)self) >= CSP_GUARDS_MAX) {
        PyErr_Format(PyExc_ValueError, "an Alternative takes at most %d guards", CSP_GUARDS_MAX);
        return false;
    }
    return self->busy ? note_change(self, guard, when, true) : append(state, self, guard, when);
}

PyObject *alternative_add(PyObject *object, PyObject *args, PyObject *keywords) {
    static char *names[] = {"", "when", NULL};
    PyObject *guard, *when = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O:add", names, &guard, &when)) {
        return NULL;
    }
    alternative_object *self = (alternative_object *)object;
    if (!alternative_add_guard(state_of(object), self, guard, when == Py_None ? NULL : when)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *alternative_remove(PyObject *object, PyObject *guard) {
    alternative_object *self = (alternative_object *)object;
    if (occurrences(self, guard) <= 0) {
        PyErr_Format(PyExc_ValueError, "%R is no guard of this Alternative", guard);
        return NULL;
    }
    if (self->busy) {
        if (!note_change(self, guard, NULL, false)) {
            return NULL;
        }
    } else {
        take_out(state_of(object), self, find(self, guard));
    }
    Py_RETURN_NONE;
}
