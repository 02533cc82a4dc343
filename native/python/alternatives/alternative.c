/* SPDX-License-Identifier: MIT
 *
 * Alternative: guards that are selected from again and again. Receivers, synchronisation objects and timers stay watched
 * between two selects; while an offer is on, or a skip stands among priorities, one select() over all guards does it. */
#include "alternatives/alternative.h"
#include "alternatives/alternative_edits.h"
#include "alternatives/guards.h"
#include "alternatives/select.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"
#include "types.h"
#include "waiting/hooks.h"

/* ---- selecting ------------------------------------------------------------------------------------------------ */

typedef struct {
    bool offers; /* one is on */
    PyObject *skip;
} look;

/* Ask every precondition again, and set the timers. */
static bool look_at_special(native_state *state, alternative_object *self, look *seen) {
    *seen = (look){false, NULL};
    for (Py_ssize_t k = 0; k < self->special_count; k++) {
        entry *e = &self->entries[self->special[k]];
        if (e->when != NULL) {
            PyObject *answer = PyObject_CallNoArgs(e->when);
            int on = answer != NULL ? PyObject_IsTrue(answer) : -1;
            Py_XDECREF(answer);
            if (on < 0) {
                return false;
            }
            if (e->place != NO_PLACE && e->on != (on != 0)) {
                csp_alternative_enable(self->alternative, e->place, on != 0);
            }
            e->on = on != 0;
        }
        if (Py_IS_TYPE(e->guard, state->timer_type)) {
            csp_alternative_set_timer(self->alternative, e->place, native_timer_deadline(e->guard));
        } else if (e->on && Py_IS_TYPE(e->guard, state->offer_type)) {
            seen->offers = true;
        } else if (e->on && Py_IS_TYPE(e->guard, state->skip_type)) {
            seen->skip = e->guard;
        }
    }
    return true;
}

/* Whether waiting could ever end. */
static bool anything_on(native_state *state, alternative_object *self) {
    for (Py_ssize_t i = 0; i < self->count; i++) {
        PyObject *guard = self->entries[i].guard;
        if (self->entries[i].on &&
            !(Py_IS_TYPE(guard, state->timer_type) && native_timer_deadline(guard) == CSP_FOREVER)) {
            return true;
        }
    }
    PyErr_SetString(PyExc_ValueError, "select would wait for ever: no guard is on, and there is no timeout");
    return false;
}

/* NULL without an exception: what to choose from has changed. */
static PyObject *select_watched(native_state *state, alternative_object *self, int flags, int64_t deadline,
                                PyObject *skip) {
    csp_message message;
    uint32_t place;
    csp_status outcome;
    native_wait wait;
    if (deadline == CSP_FOREVER && skip == NULL && self->special_count > 0 && !anything_on(state, self)) {
        return NULL;
    }
    native_wait_begin(&wait, state);
    csp_status status = csp_alternative_select(self->alternative, flags, skip != NULL ? CSP_POLL : deadline,
                                               &wait.hooks, &message, &place, &outcome);
    if (status == CSP_WOULD_BLOCK && skip != NULL) {
        csp_guard chosen = {.kind = CSP_GUARD_SKIP};
        return native_guard_outcome(state, skip, &chosen, false);
    }
    if (status == CSP_INTERRUPTED && !wait.signalled) {
        return NULL;
    }
    if (status != CSP_OK) {
        return native_raise_no_choice(state, status);
    }
    self->turn = self->entry_of[place] + 1;
    PyObject *guard = self->entries[self->entry_of[place]].guard;
    csp_guard chosen = {.kind = CSP_GUARD_TIMER, .status = outcome, .message = &message};
    if (!Py_IS_TYPE(guard, state->timer_type)) {
        chosen.kind = CSP_GUARD_RECV;
        chosen.end = end_of(guard);
    }
    bool received = chosen.kind == CSP_GUARD_RECV && outcome == CSP_OK;
    return native_guard_outcome(state, guard, &chosen, received ? native_wait_signalled(&wait) : wait.signalled);
}

static PyObject *select_all(native_state *state, alternative_object *self, int flags, int64_t deadline) {
    PyObject **guards = PyMem_Malloc(sizeof *guards * (size_t)self->count);
    if (guards == NULL) {
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < self->count; i++) {
        guards[i] = self->entries[i].on ? self->entries[i].guard : Py_None;
    }
    uint32_t chosen = (uint32_t)-1;
    if (flags == CSP_SELECT_FAIR) {
        flags = CSP_SELECT_ROTATE | (int)self->turn << 8;
    }
    PyObject *result = native_select_guards(state, guards, self->count, flags, deadline, self->alternative, &chosen);
    if (chosen != (uint32_t)-1) {
        self->turn = (Py_ssize_t)chosen + 1;
    }
    PyMem_Free(guards);
    return result;
}

/* One go with the guards as they are now. NULL without an exception: they have changed. */
static PyObject *select_once(native_state *state, alternative_object *self, int flags, int64_t deadline) {
    if (!alternative_apply_changes(state, self)) {
        return NULL;
    }
    if (self->count == 0 && deadline == CSP_FOREVER) {
        anything_on(state, self);
        return NULL;
    }
    look seen;
    bool priority = flags == CSP_SELECT_PRIORITY;
    /* In order first: a timer that is added to the core anew has no deadline until the look. */
    self->asking = true;
    bool asked = (!priority || !self->disordered || alternative_put_in_order(state, self)) &&
                 look_at_special(state, self, &seen);
    self->asking = false;
    if (!asked) {
        return NULL;
    }
    return seen.offers || (priority && seen.skip != NULL) ? select_all(state, self, flags, deadline)
                                                          : select_watched(state, self, flags, deadline, seen.skip);
}

static PyObject *alternative_select(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    alternative_object *self = (alternative_object *)object;
    native_state *state = state_of(object);
    int flags = CSP_SELECT_FAIR;
    int64_t deadline = CSP_FOREVER;
    if (count > 0) {
        PyErr_SetString(PyExc_TypeError,
                        "select of an Alternative takes priority= and timeout=; guards are added with add");
        return NULL;
    }
    if (!native_select_keywords(state, args, keywords, &flags, &deadline)) {
        return NULL;
    }
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "this Alternative is in use: one select at a time");
        return NULL;
    }
    self->busy = true;
    self->thread = PyThread_get_thread_ident();
    PyObject *result;
    do {
        result = select_once(state, self, flags, deadline);
    } while (result == NULL && !PyErr_Occurred());
    PyObject *error = PyErr_GetRaisedException();
    while (self->change_count > 0) { /* a guard that goes may run anything, also something that changes us again */
        if (!alternative_apply_changes(state, self)) {
            PyErr_WriteUnraisable(object); /* no memory; and what was received must not be lost */
        }
    }
    PyErr_SetRaisedException(error);
    self->busy = false;
    return result;
}

/* ---- the type ------------------------------------------------------------------------------------------------- */

static int alternative_traverse(PyObject *object, visitproc visit, void *arg) {
    alternative_object *self = (alternative_object *)object;
    for (Py_ssize_t i = 0; i < self->count; i++) {
        Py_VISIT(self->entries[i].guard);
        Py_VISIT(self->entries[i].when);
    }
    for (Py_ssize_t i = 0; i < self->change_count; i++) {
        Py_VISIT(self->changes[i].guard);
        Py_VISIT(self->changes[i].when);
    }
    Py_VISIT(Py_TYPE(object));
    return 0;
}

static int alternative_clear(PyObject *object) {
    alternative_object *self = (alternative_object *)object;
    alternative_forget_changes(self);
    if (self->alternative != NULL) {
        csp_alternative_free(self->alternative);
        self->alternative = NULL;
    }
    while (self->count > 0) {
        entry gone = self->entries[--self->count];
        Py_DECREF(gone.guard);
        Py_XDECREF(gone.when);
    }
    return 0;
}

static void alternative_dealloc(PyObject *object) {
    alternative_object *self = (alternative_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    alternative_clear(object);
    PyMem_Free(self->entries);
    PyMem_Free(self->special);
    PyMem_Free(self->entry_of);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *alternative_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    if (keywords != NULL && PyDict_GET_SIZE(keywords) > 0) {
        PyErr_SetString(PyExc_TypeError, "Alternative takes guards, and no keywords");
        return NULL;
    }
    native_state *state = state_of_type(type);
    alternative_object *self = (alternative_object *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->alternative = csp_alternative_new(native_holder(state));
    if (self->alternative == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); i++) {
        if (!alternative_add_guard(state, self, PyTuple_GET_ITEM(args, i), NULL)) {
            Py_DECREF(self);
            return NULL;
        }
    }
    return (PyObject *)self;
}

static PyMethodDef alternative_methods[] = {
    {"select", FASTCALL(alternative_select), METH_FASTCALL | METH_KEYWORDS,
     "select($self, /, *, priority=False, timeout=None, deadline=None)\n--\n\nWait until one guard is ready, carry it "
     "out, return "
     "(guard, value); as csp.select.\n\nFair by rotation: no receiver or timer is chosen twice while another stays "
     "ready. "
     "With priority the order is that of adding.\nPreconditions are asked first, every time. Raises what csp.select "
     "raises, and RuntimeError in two threads at once."},
    {"add", FASTCALL(alternative_add), METH_VARARGS | METH_KEYWORDS,
     "add($self, guard, /, when=None)\n--\n\nAdd a guard, as the last in order. `when` is its precondition: called "
     "without arguments at each select,\nthe guard is off while it gives something false. Also while another thread "
     "selects:\nit goes on with the changed set, until the same deadline."},
    {"remove", alternative_remove, METH_O,
     "remove($self, guard, /)\n--\n\nTake a guard away: this very object. Raises ValueError when it is not there. "
     "Also "
     "while another thread selects, as add;\nit may be chosen once more, if that had been decided."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef alternative_getset[] = {
    {"guards", alternative_guards, NULL, "The guards in order.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot alternative_slots[] = {
    {Py_tp_doc,
     "Alternative(*guards)\n--\n\nA reusable select: the guards of csp.select, kept.\n\nReceivers, locks and timers "
     "stay "
     "watched between two selects, so that one costs the same with 2 as with 1,000 of them.\nWhile an offer is on, a "
     "select costs what csp.select does. One thread at a time may select. (occam's ALT.)"},
    {Py_tp_new, (void *)alternative_new},
    {Py_tp_dealloc, (void *)alternative_dealloc},
    {Py_tp_traverse, (void *)alternative_traverse},
    {Py_tp_clear, (void *)alternative_clear},
    {Py_tp_methods, alternative_methods},
    {Py_tp_getset, alternative_getset},
    {Py_sq_length, (void *)alternative_length},
    {0, NULL},
};

PyType_Spec alternative_spec = {"csp.Alternative", sizeof(alternative_object), 0, FINAL_TYPE, alternative_slots};
