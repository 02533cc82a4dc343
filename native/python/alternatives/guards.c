/* SPDX-License-Identifier: MIT
 *
 * What select chooses from: Offer, Timer and Skip. A Receiver is a guard by itself, and so is what can be acquired. */
#include "alternatives/guards.h"
#include "types.h"
#include "waiting/deadlines.h"

/* ---- offers --------------------------------------------------------------------------------------------------- */

PyObject *native_offer(native_state *state, PyObject *sender, PyObject *value) {
    offer_object *self = PyObject_GC_New(offer_object, state->offer_type);
    if (self != NULL) {
        self->sender = Py_NewRef(sender);
        self->value = Py_NewRef(value);
        PyObject_GC_Track((PyObject *)self);
    }
    return (PyObject *)self;
}

static int offer_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(((offer_object *)self)->sender);
    Py_VISIT(((offer_object *)self)->value);
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static int offer_clear(PyObject *self) {
    Py_CLEAR(((offer_object *)self)->sender);
    Py_CLEAR(((offer_object *)self)->value);
    return 0;
}

static void offer_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    offer_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/* ---- timers and skips ----------------------------------------------------------------------------------------- */

/* Of objects that refer to nothing but their type. */
static void plain_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject *native_skip_new(native_state *state) {
    PyObject *self = PyObject_GC_New(PyObject, state->skip_type);
    if (self != NULL) {
        PyObject_GC_Track(self);
    }
    return self;
}

static PyObject *make_timer(native_state *state, int64_t deadline, int64_t interval) {
    timer_object *self = PyObject_GC_New(timer_object, state->timer_type);
    if (self != NULL) {
        self->deadline = deadline == CSP_POLL ? 1 : deadline; /* an instant long past */
        self->interval = interval;
        PyObject_GC_Track((PyObject *)self);
    }
    return (PyObject *)self;
}

PyObject *native_after(PyObject *module, PyObject *seconds) {
    int64_t deadline;
    return native_deadline(seconds, &deadline) ? make_timer(state_of_module(module), deadline, 0) : NULL;
}

/* at(instant): an instant of time.monotonic(), which is the core's clock. */
PyObject *native_at(PyObject *module, PyObject *instant) {
    int64_t deadline;
    if (instant == Py_None) {
        PyErr_SetString(PyExc_TypeError,
                        "at takes an instant in seconds of time.monotonic(), not None; csp.never() is never ready");
        return NULL;
    }
    return native_instant(instant, &deadline) ? make_timer(state_of_module(module), deadline, 0) : NULL;
}

PyObject *native_tick(PyObject *module, PyObject *seconds) {
    double interval = PyFloat_AsDouble(seconds);
    if (interval == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    if (!(interval >= 1e-9 && interval < 9.0e9)) {
        PyErr_Format(PyExc_ValueError, "tick takes an interval of more than 0 seconds, not %R", seconds);
        return NULL;
    }
    int64_t nanoseconds = (int64_t)(interval * 1e9);
    return make_timer(state_of_module(module), csp_deadline_after(nanoseconds), nanoseconds);
}

PyObject *native_never(PyObject *module, PyObject *unused) {
    (void)unused;
    return make_timer(state_of_module(module), CSP_FOREVER, 0);
}

/* A tick that was taken is due again one interval after it was due, so it does not drift; ticks that nobody took in the
 * meantime are left out, so they do not pile up. */
void native_timer_taken(PyObject *object) {
    timer_object *timer = (timer_object *)object;
    if (timer->interval > 0) {
        int64_t now = csp_now();
        int64_t next = timer->deadline + timer->interval;
        if (next <= now) {
            next += (now - next) / timer->interval * timer->interval + timer->interval;
        }
        timer->deadline = next;
    }
}

PyObject *native_skip(PyObject *module, PyObject *unused) {
    (void)unused;
    return Py_NewRef(state_of_module(module)->skip);
}

/* ---- types ---------------------------------------------------------------------------------------------------- */

static PyType_Slot offer_slots[] = {
    {Py_tp_doc, "A send guard, made by Sender.offer(message)."},
    {Py_tp_dealloc, (void *)offer_dealloc},
    {Py_tp_traverse, (void *)offer_traverse},
    {Py_tp_clear, (void *)offer_clear},
    {0, NULL},
};
static PyType_Slot timer_slots[] = {
    {Py_tp_doc,
     "A timer guard, made by csp.after, csp.at, csp.tick or csp.never. It is a deadline and nothing more: no thread."},
    {Py_tp_dealloc, (void *)plain_dealloc},
    {Py_tp_traverse, (void *)native_traverse_type},
    {0, NULL},
};
static PyType_Slot skip_slots[] = {
    {Py_tp_doc, "The skip guard: ready always, chosen when no other guard is."},
    {Py_tp_dealloc, (void *)plain_dealloc},
    {Py_tp_traverse, (void *)native_traverse_type},
    {0, NULL},
};

PyType_Spec offer_spec = {"csp.Offer", sizeof(offer_object), 0, FINAL_TYPE_MADE_HERE, offer_slots};
PyType_Spec timer_spec = {"csp.Timer", sizeof(timer_object), 0, FINAL_TYPE_MADE_HERE, timer_slots};
PyType_Spec skip_spec = {"csp.Skip", sizeof(PyObject), 0, FINAL_TYPE_MADE_HERE, skip_slots};

/* ---- what is no guard ----------------------------------------------------------------------------------------- */

void native_raise_no_guard(native_state *state, PyObject *object) {
    PyErr_Format(
        PyExc_TypeError,
        "%T is no guard: give a Receiver, Sender.offer(message), csp.after(seconds), csp.skip(), a Lock, RLock, "
        "Semaphore or Event to acquire, or None for a guard that is off%s",
        object, Py_IS_TYPE(object, state->sender_type) ? " (a Sender needs .offer(message))" : "");
}
