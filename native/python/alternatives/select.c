/* SPDX-License-Identifier: MIT
 *
 * select() and its guards. A Receiver is a receive guard by itself. */
#include <math.h>

#include "native.h"

typedef struct {
    PyObject_HEAD PyObject *sender, *value;
} offer_object;

typedef struct {
    PyObject_HEAD int64_t deadline; /* when it is due next */
    int64_t interval;               /* 0: due once, and from then on */
} timer_object;

/* ---- guards --------------------------------------------------------------------------------------------------- */

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

/* An object of ours refers to its type, and that to the module: the collector must see the way round. See end_traverse. */
static int plain_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    return 0;
}

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
static void timer_taken(timer_object *timer) {
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
    {Py_tp_traverse, (void *)plain_traverse},
    {0, NULL},
};
static PyType_Slot skip_slots[] = {
    {Py_tp_doc, "The skip guard: ready always, chosen when no other guard is."},
    {Py_tp_dealloc, (void *)plain_dealloc},
    {Py_tp_traverse, (void *)plain_traverse},
    {0, NULL},
};

#define FINAL_TYPE (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE)

PyType_Spec offer_spec = {"csp.Offer", sizeof(offer_object), 0, FINAL_TYPE | Py_TPFLAGS_HAVE_GC, offer_slots};
PyType_Spec timer_spec = {"csp.Timer", sizeof(timer_object), 0, FINAL_TYPE | Py_TPFLAGS_HAVE_GC, timer_slots};
PyType_Spec skip_spec = {"csp.Skip", sizeof(PyObject), 0, FINAL_TYPE | Py_TPFLAGS_HAVE_GC, skip_slots};

/* ---- select --------------------------------------------------------------------------------------------------- */

enum { ON_STACK = 8 };

/* Synchronisation objects that are guards: chosen, they have been acquired. */
bool native_can_be_acquired(PyObject *object) {
    csp_sync_kind kind = native_is_end(object) ? csp_end_sync(((end_object *)object)->end) : CSP_SYNC_NONE;
    return kind == CSP_SYNC_LOCK || kind == CSP_SYNC_RLOCK || kind == CSP_SYNC_SEMAPHORE || kind == CSP_SYNC_EVENT;
}

static bool arm(native_state *state, PyObject *object, csp_guard *guard, csp_message *message) {
    *guard = (csp_guard){.message = message};
    message->kind = 0;
    if (Py_IS_TYPE(object, state->receiver_type) || native_can_be_acquired(object)) {
        guard->kind = CSP_GUARD_RECV;
        guard->end = ((end_object *)object)->end;
        return true;
    }
    if (Py_IS_TYPE(object, state->offer_type)) {
        guard->kind = CSP_GUARD_SEND;
        guard->end = ((end_object *)((offer_object *)object)->sender)->end;
        return native_encode(state, ((offer_object *)object)->value, NULL, message);
    }
    if (Py_IS_TYPE(object, state->timer_type)) {
        guard->kind = CSP_GUARD_TIMER;
        guard->deadline = ((timer_object *)object)->deadline;
        return true;
    }
    if (Py_IS_TYPE(object, state->skip_type) || object == Py_None) {
        guard->kind = object == Py_None ? CSP_GUARD_OFF : CSP_GUARD_SKIP;
        return true;
    }
    native_raise_no_guard(state, object);
    return false;
}

void native_raise_no_guard(native_state *state, PyObject *object) {
    PyErr_Format(
        PyExc_TypeError,
        "%T is no guard: give a Receiver, Sender.offer(message), csp.after(seconds), csp.skip(), a Lock, RLock, "
        "Semaphore or Event to acquire, or None for a guard that is off%s",
        object, Py_IS_TYPE(object, state->sender_type) ? " (a Sender needs .offer(message))" : "");
}

int64_t native_timer_deadline(PyObject *timer) { return ((timer_object *)timer)->deadline; }

/* The error of a guard whose channel is over says which guard that was. */
static PyObject *say_which(PyObject *guard) {
    PyObject *error = PyErr_GetRaisedException();
    if (error != NULL && PyObject_SetAttrString(error, "guard", guard) < 0) {
        PyErr_Clear(); /* an error of another kind, which has no such attribute */
    }
    PyErr_SetRaisedException(error);
    return NULL;
}

/* What the chosen guard gives: (guard, value), or the error of a guard whose channel is over. */
PyObject *native_guard_outcome(native_state *state, PyObject *object, csp_guard *guard, bool signalled) {
    bool is_sync = guard->kind == CSP_GUARD_RECV && csp_end_sync(guard->end) != CSP_SYNC_NONE;
    if (is_sync && signalled) {
        if (guard->status == CSP_OK || guard->status == CSP_ABANDONED) {
            csp_unreceive(guard->end, guard->message);
        }
        return NULL;
    }
    if (guard->status != CSP_OK) {
        bool handled = PyErr_Occurred() != NULL; /* a signal handler's exception: no guard's */
        PyObject *unsent = guard->kind == CSP_GUARD_SEND ? ((offer_object *)object)->value : NULL;
        native_raise_unsent(state, guard->status, guard->end, guard->message, unsent, false);
        return handled ? NULL : say_which(object);
    }
    if (guard->kind == CSP_GUARD_SEND && signalled) {
        native_raise_delivered("the message of an offer was delivered: the signal handler raised in the same instant");
        return say_which(object);
    }
    PyObject *value;
    if (is_sync) {
        value = Py_NewRef(Py_None);
    } else if (guard->kind == CSP_GUARD_RECV) {
        if (signalled) {
            csp_unreceive(guard->end, guard->message);
            return NULL;
        }
        value = native_decode(state, guard->message);
    } else {
        if (guard->kind == CSP_GUARD_TIMER) {
            timer_taken((timer_object *)object);
        }
        value = signalled ? NULL : Py_NewRef(Py_None);
    }
    if (value == NULL) {
        return NULL;
    }
    PyObject *pair = PyTuple_New(2);
    if (pair == NULL) {
        Py_DECREF(value);
        return NULL;
    }
    PyTuple_SET_ITEM(pair, 0, Py_NewRef(object));
    PyTuple_SET_ITEM(pair, 1, value);
    return pair;
}

bool native_select_keywords(native_state *state, PyObject *const *values, PyObject *keywords, int *flags,
                            int64_t *deadline) {
    Py_ssize_t named = keywords != NULL ? PyTuple_GET_SIZE(keywords) : 0;
    PyObject *timeout = Py_None, *instant = Py_None;
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, i);
        if (PyUnicode_Compare(name, state->str_timeout) == 0) {
            timeout = values[i];
        } else if (PyUnicode_Compare(name, state->str_deadline) == 0) {
            instant = values[i];
        } else if (PyUnicode_Compare(name, state->str_priority) == 0) {
            int priority = PyObject_IsTrue(values[i]);
            if (priority < 0) {
                return false;
            }
            *flags = priority ? CSP_SELECT_PRIORITY : CSP_SELECT_FAIR;
        } else {
            PyErr_Format(PyExc_TypeError,
                         "select has no argument %R; it takes guards, priority=, and timeout= or deadline=", name);
            return false;
        }
    }
    return native_timeout_or_deadline(timeout, instant, deadline);
}

PyObject *native_select(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of_module(module);
    int flags = CSP_SELECT_FAIR;
    int64_t deadline = CSP_FOREVER;
    if (!native_select_keywords(state, args + count, keywords, &flags, &deadline)) {
        return NULL;
    }
    uint32_t chosen;
    return native_select_guards(state, args, count, flags, deadline, NULL, &chosen);
}

PyObject *native_raise_no_choice(native_state *state, csp_status status) {
    if (status == CSP_INVALID) {
        PyErr_SetString(PyExc_ValueError, "select would wait for ever: no guard is on, and there is no timeout");
    } else if (status == CSP_WOULD_BLOCK || status == CSP_TIMEOUT) {
        PyErr_SetString(PyExc_TimeoutError, "no guard became ready before the timeout");
    } else {
        native_raise(state, status, NULL, NULL, false);
    }
    return NULL;
}

PyObject *native_select_guards(native_state *state, PyObject *const *args, Py_ssize_t count, int flags,
                               int64_t deadline, csp_alternative *alternative, uint32_t *chosen) {
    if (count > CSP_GUARDS_MAX) {
        PyErr_Format(PyExc_ValueError, "select takes at most %d guards, not %zd", CSP_GUARDS_MAX, count);
        return NULL;
    }
    csp_guard few_guards[ON_STACK], *guards = few_guards;
    csp_message few_messages[ON_STACK], *messages = few_messages;
    if (count > ON_STACK) {
        guards = PyMem_Malloc(sizeof *guards * (size_t)count);
        messages = PyMem_Malloc(sizeof *messages * (size_t)count);
    }
    PyObject *result = NULL;
    Py_ssize_t armed = 0;
    if (guards == NULL || messages == NULL) {
        PyErr_NoMemory();
    } else {
        while (armed < count && arm(state, args[armed], &guards[armed], &messages[armed])) {
            armed++;
        }
    }
    if (armed == count && guards != NULL && messages != NULL) {
        native_wait wait;
        native_wait_begin(&wait, state);
        csp_status status = alternative == NULL
                                ? csp_select(guards, (uint32_t)count, flags, deadline, &wait.hooks, chosen)
                                : csp_alternative_select_among(alternative, guards, (uint32_t)count, flags, deadline,
                                                               &wait.hooks, chosen);
        if (status == CSP_OK) {
            csp_guard *guard = &guards[*chosen];
            bool carries = guard->kind == CSP_GUARD_RECV || guard->kind == CSP_GUARD_SEND;
            bool signalled = carries && guard->status == CSP_OK ? native_wait_signalled(&wait) : wait.signalled;
            result = native_guard_outcome(state, args[*chosen], &guards[*chosen], signalled);
        } else if (alternative == NULL || status != CSP_INTERRUPTED || wait.signalled) {
            native_raise_no_choice(state, status);
        }
    }
    for (Py_ssize_t i = 0; i < armed; i++) {
        csp_message_drop(&messages[i]);
    }
    if (count > ON_STACK) {
        PyMem_Free(guards);
        PyMem_Free(messages);
    }
    return result;
}
