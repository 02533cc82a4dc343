/* SPDX-License-Identifier: MIT
 *
 * select(). */
#include "alternatives/select.h"
#include "alternatives/guards.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/handles.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

enum { ON_STACK = 8 };

static bool arm(native_state *state, PyObject *object, csp_guard *guard, csp_message *message) {
    *guard = (csp_guard){.message = message};
    message->kind = 0;
    if (Py_IS_TYPE(object, state->receiver_type) || native_can_be_acquired(object)) {
        guard->kind = CSP_GUARD_RECV;
        guard->end = end_of(object);
        return true;
    }
    if (Py_IS_TYPE(object, state->offer_type)) {
        guard->kind = CSP_GUARD_SEND;
        guard->end = end_of(((offer_object *)object)->sender);
        return native_encode(state, ((offer_object *)object)->value, NULL, message);
    }
    if (Py_IS_TYPE(object, state->timer_type)) {
        guard->kind = CSP_GUARD_TIMER;
        guard->deadline = native_timer_deadline(object);
        return true;
    }
    if (Py_IS_TYPE(object, state->skip_type) || object == Py_None) {
        guard->kind = object == Py_None ? CSP_GUARD_OFF : CSP_GUARD_SKIP;
        return true;
    }
    native_raise_no_guard(state, object);
    return false;
}

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
            native_timer_taken(object);
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
