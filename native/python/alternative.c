/* SPDX-License-Identifier: MIT
 *
 * Alternative: guards that are selected from again and again. Receivers, synchronisation objects and timers stay watched
 * between two selects; while an offer is on, or a skip stands among priorities, one select() over all guards does it. */
#include "native.h"

typedef struct {
    PyObject *guard;
    PyObject *when; /* the precondition, or NULL */
    uint32_t place; /* in the core's alternative; NO_PLACE: an offer or a skip */
    bool on;
} entry;

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
    bool busy;
} alternative_object;

#define NO_PLACE UINT32_MAX

static bool is_watched(native_state *state, PyObject *guard) {
    return Py_IS_TYPE(guard, state->receiver_type) || native_can_be_acquired(guard);
}

/* ---- the core's side ------------------------------------------------------------------------------------------ */

static bool add_to_core(native_state *state, alternative_object *self, Py_ssize_t index) {
    entry *e = &self->entries[index];
    e->place = NO_PLACE;
    csp_status status = CSP_OK;
    if (is_watched(state, e->guard)) {
        status = csp_alternative_add(self->alternative, ((end_object *)e->guard)->end, &e->place);
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
static bool put_in_order(native_state *state, alternative_object *self) {
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

static bool not_busy(alternative_object *self) {
    if (self->busy) {
        PyErr_SetString(PyExc_RuntimeError,
                        "this Alternative is in use: one select at a time, and guards are added and "
                        "removed between two selects");
        return false;
    }
    return true;
}

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

static bool add_guard(native_state *state, alternative_object *self, PyObject *guard, PyObject *when) {
    if (!not_busy(self)) {
        return false;
    }
    if (!is_watched(state, guard) && !Py_IS_TYPE(guard, state->timer_type) && !Py_IS_TYPE(guard, state->offer_type) &&
        !Py_IS_TYPE(guard, state->skip_type)) {
        native_raise_no_guard(state, guard);
        return false;
    }
    if (when != NULL && !PyCallable_Check(when)) {
        PyErr_Format(PyExc_TypeError, "a precondition is something to call without arguments, not %T", when);
        return false;
    }
    if (self->count >= CSP_GUARDS_MAX) {
        PyErr_Format(PyExc_ValueError, "an Alternative takes at most %d guards", CSP_GUARDS_MAX);
        return false;
    }
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

static PyObject *alternative_add(PyObject *object, PyObject *args, PyObject *keywords) {
    static char *names[] = {"", "when", NULL};
    PyObject *guard, *when = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O:add", names, &guard, &when)) {
        return NULL;
    }
    alternative_object *self = (alternative_object *)object;
    if (!add_guard(state_of(object), self, guard, when == Py_None ? NULL : when)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *alternative_remove(PyObject *object, PyObject *guard) {
    alternative_object *self = (alternative_object *)object;
    if (!not_busy(self)) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < self->count; i++) {
        if (self->entries[i].guard == guard) {
            entry gone = self->entries[i];
            if (gone.place != NO_PLACE) {
                csp_alternative_remove(self->alternative, gone.place);
            }
            for (Py_ssize_t k = i; k + 1 < self->count; k++) {
                self->entries[k] = self->entries[k + 1];
                if (self->entries[k].place != NO_PLACE) {
                    self->entry_of[self->entries[k].place] = k;
                }
            }
            self->count--;
            self->turn -= i < self->turn;
            self->disordered = self->disordered || gone.place != NO_PLACE;
            self->special_count = 0;
            for (Py_ssize_t k = 0; k < self->count; k++) {
                note_special(state_of(object), self, k);
            }
            Py_DECREF(gone.guard);
            Py_XDECREF(gone.when);
            Py_RETURN_NONE;
        }
    }
    PyErr_Format(PyExc_ValueError, "%R is no guard of this Alternative", guard);
    return NULL;
}

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
    if (status != CSP_OK) {
        return native_raise_no_choice(state, status);
    }
    self->turn = self->entry_of[place] + 1;
    PyObject *guard = self->entries[self->entry_of[place]].guard;
    csp_guard chosen = {.kind = CSP_GUARD_TIMER, .status = outcome, .message = &message};
    if (!Py_IS_TYPE(guard, state->timer_type)) {
        chosen.kind = CSP_GUARD_RECV;
        chosen.end = ((end_object *)guard)->end;
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
    PyObject *result = native_select_guards(state, guards, self->count, flags, deadline, &chosen);
    if (chosen != (uint32_t)-1) {
        self->turn = (Py_ssize_t)chosen + 1;
    }
    PyMem_Free(guards);
    return result;
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
    if (!native_select_keywords(state, args, keywords, &flags, &deadline) || !not_busy(self)) {
        return NULL;
    }
    if (self->count == 0 && deadline == CSP_FOREVER) {
        anything_on(state, self);
        return NULL;
    }
    look seen;
    self->busy = true;
    PyObject *result = NULL;
    bool priority = flags == CSP_SELECT_PRIORITY;
    /* In order first: a timer that is added to the core anew has no deadline until the look. */
    if ((!priority || !self->disordered || put_in_order(state, self)) && look_at_special(state, self, &seen)) {
        result = seen.offers || (priority && seen.skip != NULL)
                     ? select_all(state, self, flags, deadline)
                     : select_watched(state, self, flags, deadline, seen.skip);
    }
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
    Py_VISIT(Py_TYPE(object));
    return 0;
}

static int alternative_clear(PyObject *object) {
    alternative_object *self = (alternative_object *)object;
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
    self->alternative = csp_alternative_new(state->holder);
    if (self->alternative == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); i++) {
        if (!add_guard(state, self, PyTuple_GET_ITEM(args, i), NULL)) {
            Py_DECREF(self);
            return NULL;
        }
    }
    return (PyObject *)self;
}

static Py_ssize_t alternative_length(PyObject *object) { return ((alternative_object *)object)->count; }

static PyObject *alternative_guards(PyObject *object, void *unused) {
    (void)unused;
    alternative_object *self = (alternative_object *)object;
    PyObject *guards = PyTuple_New(self->count);
    for (Py_ssize_t i = 0; guards != NULL && i < self->count; i++) {
        PyTuple_SET_ITEM(guards, i, Py_NewRef(self->entries[i].guard));
    }
    return guards;
}

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))

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
     "without arguments at each select,\nthe guard is off while it gives something false."},
    {"remove", alternative_remove, METH_O,
     "remove($self, guard, /)\n--\n\nTake a guard away: this very object. Raises ValueError when it is not there."},
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
     "select costs what csp.select does. One thread at a time may use it. (occam's ALT.)"},
    {Py_tp_new, (void *)alternative_new},
    {Py_tp_dealloc, (void *)alternative_dealloc},
    {Py_tp_traverse, (void *)alternative_traverse},
    {Py_tp_clear, (void *)alternative_clear},
    {Py_tp_methods, alternative_methods},
    {Py_tp_getset, alternative_getset},
    {Py_sq_length, (void *)alternative_length},
    {0, NULL},
};

PyType_Spec alternative_spec = {"csp.Alternative", sizeof(alternative_object), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, alternative_slots};
