/* SPDX-License-Identifier: MIT
 *
 * CancelScope: a part of what a thread does, that can be cancelled as a whole. The core knows the scopes of a thread; here is what
 * their exceptions do. */
#include <math.h>

#include "types.h"
#include "waiting/deadlines.h"
#include "waiting/scope.h"

typedef struct {
    PyObject_HEAD csp_scope *scope;
    bool caught;
    bool fails; /* made by fail_after: says that its time was up */
} scope_object;

static csp_scope *scope_of(PyObject *self) { return ((scope_object *)self)->scope; }

static PyObject *make(PyTypeObject *type, int64_t deadline, bool shield, bool fails) {
    scope_object *self = (scope_object *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->fails = fails;
    self->scope = csp_scope_new(deadline, shield);
    if (self->scope == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static PyObject *scope_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"deadline", "shield", NULL};
    PyObject *instant = Py_None;
    int shield = 0;
    int64_t deadline;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|$Op:CancelScope", names, &instant, &shield) ||
        !native_instant(instant, &deadline)) {
        return NULL;
    }
    return make(type, deadline, shield != 0, false);
}

/* move_on_after(seconds, *, shield=False), and fail_after. */
static PyObject *make_within(PyObject *module, PyObject *args, PyObject *keywords, const char *format, bool fails) {
    static char *names[] = {"", "shield", NULL};
    PyObject *seconds;
    int shield = 0;
    int64_t deadline;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, format, names, &seconds, &shield) ||
        !native_deadline(seconds, &deadline)) {
        return NULL;
    }
    return make(state_of_module(module)->scope_type, deadline == CSP_POLL ? csp_now() : deadline, shield != 0, fails);
}

PyObject *native_move_on_after(PyObject *module, PyObject *args, PyObject *keywords) {
    return make_within(module, args, keywords, "O|$p:move_on_after", false);
}

PyObject *native_fail_after(PyObject *module, PyObject *args, PyObject *keywords) {
    return make_within(module, args, keywords, "O|$p:fail_after", true);
}

PyObject *native_in_scope(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyBool_FromLong(csp_scope_inside());
}

/* ---- in and out ----------------------------------------------------------------------------------------------- */

static PyObject *scope_enter(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_status status = csp_scope_enter(scope_of(self));
    if (status == CSP_INVALID) {
        PyErr_SetString(PyExc_RuntimeError, "a CancelScope is for one `with` block, once: make another");
        return NULL;
    }
    return status == CSP_OK ? Py_NewRef(self) : PyErr_NoMemory();
}

static PyObject *raise_time_is_up(PyObject *because) {
    PyObject *error = PyObject_CallFunction(PyExc_TimeoutError, "s", "the block of csp.fail_after took too long");
    if (error != NULL) {
        PyException_SetCause(error, Py_NewRef(because));
        PyErr_SetRaisedException(error);
    }
    return NULL;
}

/* The exception of the block ends here, or another one takes its place. */
static PyObject *swallow(scope_object *self, PyObject *error) {
    self->caught = true;
    if (self->fails && csp_scope_deadline(self->scope) <= csp_now()) {
        return raise_time_is_up(error);
    }
    Py_RETURN_TRUE;
}

/* Of a group what is ours ends here; the rest goes on, as the group that it is. */
static PyObject *swallow_of_group(native_state *state, scope_object *self, PyObject *group) {
    PyObject *halves = PyObject_CallMethod(group, "split", "O", state->cancelled);
    if (halves == NULL) {
        return NULL;
    }
    PyObject *ours, *rest;
    if (!PyArg_ParseTuple(halves, "OO:split", &ours, &rest)) {
        Py_DECREF(halves);
        return NULL;
    }
    PyObject *result = NULL;
    if (ours == Py_None) {
        result = Py_NewRef(Py_False);
    } else if (rest == Py_None) {
        result = swallow(self, group);
    } else {
        self->caught = true;
        PyErr_SetRaisedException(Py_NewRef(rest)); /* as it is: its context and traceback are the group's */
    }
    Py_DECREF(halves);
    return result;
}

static PyObject *scope_exit(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    scope_object *self = (scope_object *)object;
    native_state *state = state_of(object);
    bool catches;
    if (csp_scope_leave(self->scope, &catches) != CSP_OK) {
        PyErr_SetString(PyExc_RuntimeError,
                        "this CancelScope is not the innermost one of this thread, or was not entered; it cancels "
                        "nothing any more. Leave scopes in order, in their own thread; a generator must not yield "
                        "inside of one");
        return NULL;
    }
    PyObject *error = count > 1 ? args[1] : Py_None;
    if (!catches || error == Py_None) {
        Py_RETURN_FALSE;
    }
    if (PyObject_TypeCheck(error, (PyTypeObject *)state->cancelled)) {
        return swallow(self, error);
    }
    return PyObject_TypeCheck(error, (PyTypeObject *)PyExc_BaseExceptionGroup) ? swallow_of_group(state, self, error)
                                                                               : Py_NewRef(Py_False);
}

/* ---- the rest ------------------------------------------------------------------------------------------------- */

static PyObject *scope_cancel(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_scope_cancel(scope_of(self));
    Py_RETURN_NONE;
}

static PyObject *scope_reduce(PyObject *self, PyObject *unused) {
    (void)unused;
    PyErr_SetString(
        state_of(self)->not_shareable,
        "a csp.CancelScope is one thread's: send a message that makes it cancel, or csp.Event to select on");
    return NULL;
}

static PyObject *get_deadline(PyObject *self, void *unused) {
    (void)unused;
    int64_t deadline = csp_scope_deadline(scope_of(self));
    return PyFloat_FromDouble(deadline == CSP_FOREVER ? INFINITY : (double)deadline / 1e9);
}

static int refuse_delete(const char *name) {
    PyErr_Format(PyExc_AttributeError, "%s cannot be deleted", name);
    return -1;
}

static int set_deadline(PyObject *self, PyObject *instant, void *unused) {
    (void)unused;
    int64_t deadline;
    if (instant == NULL) {
        return refuse_delete("deadline");
    }
    if (!native_instant(instant, &deadline)) {
        return -1;
    }
    csp_scope_set_deadline(scope_of(self), deadline);
    return 0;
}

static PyObject *get_shield(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(csp_scope_shield(scope_of(self)));
}

static int set_shield(PyObject *self, PyObject *on, void *unused) {
    (void)unused;
    if (on == NULL) {
        return refuse_delete("shield");
    }
    if (!PyBool_Check(on)) {
        PyErr_Format(PyExc_TypeError, "shield is True or False, not %T", on);
        return -1;
    }
    csp_scope_set_shield(scope_of(self), on == Py_True);
    return 0;
}

static PyObject *get_cancel_called(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(csp_scope_cancelled(scope_of(self)));
}

static PyObject *get_cancelled_caught(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(((scope_object *)self)->caught);
}

static PyObject *scope_repr(PyObject *self) {
    const char *state = ((scope_object *)self)->caught        ? ", cancelled"
                        : csp_scope_cancelled(scope_of(self)) ? ", cancel called"
                                                              : "";
    return PyUnicode_FromFormat("<csp.CancelScope at %p%s%s>", (void *)self,
                                csp_scope_shield(scope_of(self)) ? ", shielded" : "", state);
}

static void scope_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    bool unused;
    PyObject_GC_UnTrack(self);
    if (scope_of(self) != NULL) {
        csp_scope_leave(scope_of(self), &unused); /* entered by hand and forgotten: nobody could leave it any more */
        csp_scope_release(scope_of(self));
    }
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef scope_methods[] = {
    {"cancel", scope_cancel, METH_NOARGS,
     "cancel($self, /)\n--\n\nCancel what the thread in this scope waits for, and all that it waits for later inside "
     "of "
     "it.\n\nFrom any thread of this interpreter, a signal handler or a finaliser; at any time, any number of times; "
     "never "
     "blocks.\nBefore the `with`, the block is cancelled from its beginning; after it, nobody hears it."},
    {"__enter__", scope_enter, METH_NOARGS,
     "__enter__($self, /)\n--\n\nBegin the scope. Raises RuntimeError the second time."},
    {"__exit__", FASTCALL(scope_exit), METH_FASTCALL, NATIVE_EXIT_DOC},
    {"__reduce__", scope_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef scope_getset[] = {
    {"deadline", get_deadline, set_deadline,
     "The instant of time.monotonic() at which it is cancelled; math.inf: none.\n\nMay be set at any time, by any "
     "thread, "
     "also while the thread waits (None: none). One that has passed stays passed.",
     NULL},
    {"shield", get_shield, set_shield,
     "Whether scopes around it are not heard inside of it: for clean-up that waits. May be set at any time.", NULL},
    {"cancel_called", get_cancel_called, NULL,
     "Whether cancel was called, or the deadline has passed before the block was left.", NULL},
    {"cancelled_caught", get_cancelled_caught, NULL,
     "Whether a Cancelled ended at this scope: the block was cut short. False until it is left.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot scope_slots[] = {
    {Py_tp_doc,
     "CancelScope(*, deadline=None, shield=False)\n--\n\nA `with` block whose waits another thread can cancel, or a "
     "deadline (an instant of time.monotonic()).\n\n"
     "Once it is cancelled, everything that may wait inside of it, in this thread, raises csp.Cancelled: the wait "
     "under way, "
     "if\nnobody was first to end it, and each later one before it does anything, ready or not; what never waits "
     "(*_nowait, "
     "timeout=0,\nselect with skip) where it finds nothing. The scope that was cancelled swallows Cancelled when the "
     "block is "
     "left, and the\nprogram goes on behind it. A message is delivered whole or not at all: after Cancelled a send "
     "has not "
     "sent, a receive has\ntaken nothing. What others do for the block goes on. Scopes "
     "nest; one "
     "object is for one block.\n(trio's CancelScope.)"},
    {Py_tp_new, (void *)scope_new},
    {Py_tp_dealloc, (void *)scope_dealloc},
    {Py_tp_traverse, (void *)native_traverse_type},
    {Py_tp_methods, scope_methods},
    {Py_tp_getset, scope_getset},
    {Py_tp_repr, (void *)scope_repr},
    {0, NULL},
};

PyType_Spec scope_spec = {"csp.CancelScope", sizeof(scope_object), 0, FINAL_TYPE, scope_slots};
