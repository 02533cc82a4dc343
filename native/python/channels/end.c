/* SPDX-License-Identifier: MIT
 *
 * The two ends of a channel: how they are made, and what both have. */
#include "channels/end.h"
#include "channels/snapshot.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"

/* ---- making --------------------------------------------------------------------------------------------------- */

static PyObject *wrap_pair(native_state *state, csp_end *sending, csp_end *receiving) {
    PyObject *sender = native_wrap_end(state, sending);
    PyObject *receiver = native_wrap_end(state, receiving);
    PyObject *pair = sender != NULL && receiver != NULL ? PyTuple_Pack(2, sender, receiver) : NULL;
    Py_XDECREF(sender);
    Py_XDECREF(receiver);
    return pair;
}

static bool read_capacity(PyObject *object, uint32_t *capacity) {
    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "capacity must be an int (0: rendezvous, n: a buffer of n messages), not %T",
                     object);
        return false;
    }
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0 || value < 0 || value > (1 << 30)) {
        PyErr_Format(PyExc_ValueError, "capacity must be between 0 (rendezvous) and 2**30, not %S", object);
        return false;
    }
    *capacity = (uint32_t)value;
    return true;
}

static bool read_overflow(PyObject *object, csp_overflow *overflow) {
    static const char *const names[] = {"block", "drop_oldest", "drop_newest", "error"};
    if (PyUnicode_Check(object)) {
        for (int i = 0; i < 4; i++) {
            if (PyUnicode_CompareWithASCIIString(object, names[i]) == 0) {
                *overflow = (csp_overflow)i;
                return true;
            }
        }
    }
    PyErr_Format(PyExc_ValueError, "overflow must be \"block\", \"drop_oldest\", \"drop_newest\" or \"error\", not %R",
                 object);
    return false;
}

bool native_channel_arguments(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
                              uint32_t *capacity, csp_overflow *overflow) {
    PyObject *given[2] = {NULL, NULL};
    Py_ssize_t named = keywords != NULL ? PyTuple_GET_SIZE(keywords) : 0;
    if (count > 2) {
        PyErr_Format(PyExc_TypeError, "%s takes a capacity and an overflow policy, not %zd arguments", function,
                     count);
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        given[i] = args[i];
    }
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, i);
        int place = PyUnicode_CompareWithASCIIString(name, "capacity") == 0   ? 0
                    : PyUnicode_CompareWithASCIIString(name, "overflow") == 0 ? 1
                                                                              : -1;
        if (place < 0 || given[place] != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "%s has no argument %R, or it was given twice; it takes capacity and overflow", function,
                         name);
            return false;
        }
        given[place] = args[count + i];
    }
    if ((given[0] != NULL && !read_capacity(given[0], capacity)) ||
        (given[1] != NULL && !read_overflow(given[1], overflow))) {
        return false;
    }
    if (*capacity == 0 && *overflow != CSP_OVERFLOW_BLOCK) {
        PyErr_SetString(PyExc_ValueError, "an overflow policy needs a buffer: give a capacity of at least 1");
        return false;
    }
    return true;
}

static PyObject *make_channel(native_state *state, uint32_t capacity, csp_overflow overflow) {
    csp_end *sending, *receiving;
    csp_status status = csp_channel_new(capacity, overflow, native_holder(state), &sending, &receiving);
    if (status != CSP_OK) {
        return native_raise(state, status, NULL, NULL, false);
    }
    return wrap_pair(state, sending, receiving);
}

/* channel(capacity=0, overflow="block") -> (Sender, Receiver) */
PyObject *native_channel(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    uint32_t capacity = 0;
    csp_overflow overflow = CSP_OVERFLOW_BLOCK;
    if (!native_channel_arguments("channel", args, count, keywords, &capacity, &overflow)) {
        return NULL;
    }
    return make_channel(state_of_module(module), capacity, overflow);
}

PyObject *native_unbounded_channel(PyObject *module, PyObject *unused) {
    (void)unused;
    return make_channel(state_of_module(module), CSP_UNBOUNDED, CSP_OVERFLOW_BLOCK);
}

/* ---- what both ends have -------------------------------------------------------------------------------------- */

PyObject *native_end_close(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_end_close(end_of(self));
    Py_RETURN_NONE;
}

PyObject *native_end_clone(PyObject *self, PyObject *unused) {
    (void)unused;
    native_state *state = state_of(self);
    csp_end *clone = csp_end_clone(end_of(self), native_holder(state));
    if (clone == NULL) {
        return native_raise(state, csp_end_is_closed(end_of(self)) ? CSP_CLOSED_END : CSP_NO_MEMORY, end_of(self),
                            NULL, false);
    }
    return native_wrap_end(state, clone);
}

PyObject *native_end_enter(PyObject *self, PyObject *unused) {
    (void)unused;
    return Py_NewRef(self);
}

PyObject *native_end_exit(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)args;
    (void)count;
    csp_end_close(end_of(self));
    Py_RETURN_NONE;
}

PyObject *native_end_abort(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of(self);
    csp_message cause = {0};
    if (count > 1) {
        PyErr_SetString(PyExc_TypeError, "abort takes one argument, the cause");
        return NULL;
    }
    if (count == 1 && args[0] != Py_None && !native_encode(state, args[0], NULL, &cause)) {
        return NULL;
    }
    if (csp_end_abort(end_of(self), &cause) != CSP_OK) {
        csp_message_drop(&cause);
        PyErr_SetString(
            state->not_shareable,
            "the cause of an abort cannot hold channel ends, locks or replies: everybody who asks gets it");
        return NULL;
    }
    Py_RETURN_NONE;
}

PyObject *native_end_statistics(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_statistics statistics;
    csp_end_statistics(end_of(self), &statistics);
    return native_statistics_object(state_of(self), &statistics);
}

Py_ssize_t native_end_length(PyObject *self) { return (Py_ssize_t)csp_end_length(end_of(self)); }

/* An end is true even when its channel is empty, unlike a list: `if rx:` asks for an end, not for messages. */
int native_end_true(PyObject *self) {
    (void)self;
    return 1;
}

static PyObject *end_get_closed(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(csp_end_is_closed(end_of(self)));
}

static PyObject *end_get_capacity(PyObject *self, void *unused) {
    (void)unused;
    csp_statistics statistics;
    csp_end_statistics(end_of(self), &statistics);
    return statistics.capacity == CSP_UNBOUNDED ? PyLong_FromLong(-1) : PyLong_FromUnsignedLong(statistics.capacity);
}

static PyObject *end_get_channel(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromUnsignedLongLong(csp_end_channel(end_of(self)));
}

static PyObject *end_get_cause(PyObject *self, void *unused) {
    (void)unused;
    csp_message cause = {0};
    if (!csp_end_cause(end_of(self), &cause)) {
        Py_RETURN_NONE;
    }
    return native_decode(state_of(self), &cause);
}

PyObject *native_end_repr(PyObject *self) {
    csp_statistics s;
    csp_end *end = end_of(self);
    csp_end_statistics(end, &s);
    bool sending = csp_end_direction(end) == CSP_SENDING;
    const char *state = csp_end_is_closed(end)                               ? "closed"
                        : s.aborted                                          ? "aborted"
                        : (sending ? s.receiving_ends : s.sending_ends) == 0 ? "peer gone"
                                                                             : "open";
    if (s.capacity == 0) {
        return PyUnicode_FromFormat("<csp.%s of channel %llu, rendezvous, %s>", sending ? "Sender" : "Receiver",
                                    (unsigned long long)s.id, state);
    }
    return PyUnicode_FromFormat("<csp.%s of channel %llu, %u of %u buffered, %s>", sending ? "Sender" : "Receiver",
                                (unsigned long long)s.id, s.length, s.capacity, state);
}

/* Two handles are equal when they are the same direction of the same channel. */
PyObject *native_end_compare(PyObject *self, PyObject *other, int operation) {
    if ((operation != Py_EQ && operation != Py_NE) || Py_TYPE(self) != Py_TYPE(other)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    bool equal = csp_end_channel(end_of(self)) == csp_end_channel(end_of(other));
    return PyBool_FromLong(equal == (operation == Py_EQ));
}

Py_hash_t native_end_hash(PyObject *self) {
    return (Py_hash_t)(csp_end_channel(end_of(self)) * 2 + (csp_end_direction(end_of(self)) == CSP_SENDING));
}

PyObject *native_end_reduce(PyObject *self, PyObject *unused) {
    (void)unused;
    PyErr_Format(state_of(self)->not_shareable,
                 "%T cannot be pickled by itself: an end travels only inside a message of this library", self);
    return NULL;
}

PyGetSetDef native_end_getset[] = {
    {"closed", end_get_closed, NULL, "Whether this handle was closed.", NULL},
    {"capacity", end_get_capacity, NULL, "Messages the buffer can hold; 0 for a rendezvous.", NULL},
    {"cause", end_get_cause, NULL, "What the channel was aborted with, or None.", NULL},
    {"channel_id", end_get_channel, NULL, "The channel's number in this process; never used again.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
