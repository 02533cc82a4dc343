/* SPDX-License-Identifier: MIT
 *
 * Broadcaster: the sending handle of a broadcast or a watch. Its subscribers have ordinary Receivers. */
#include "sync/broadcast.h"
#include "channels/end.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"
#include "sync/objects.h"
#include "types.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

/* A watch keeps the latest value from its making on. */
static bool is_watch(PyObject *self) {
    csp_message latest;
    bool keeps = csp_broadcast_latest(end_of(self), &latest);
    csp_message_drop(&latest);
    return keeps;
}

static PyObject *subscribe(PyObject *self, uint32_t capacity, csp_overflow overflow) {
    native_state *state = state_of(self);
    csp_end *receiving;
    csp_status status = csp_broadcast_subscribe(end_of(self), capacity, overflow, native_holder(state), &receiving);
    return status == CSP_OK ? native_wrap_end(state, receiving)
                            : native_raise(state, status, end_of(self), NULL, false);
}

/* (Broadcaster, Receiver), the second being the first subscriber. */
static PyObject *make_pair(native_state *state, bool keep, csp_message *first, uint32_t capacity,
                           csp_overflow overflow) {
    csp_end *handle;
    uint32_t reached;
    csp_status status = csp_broadcast_new(keep, native_holder(state), &handle);
    if (status == CSP_OK && first != NULL) {
        status = csp_broadcast_send(handle, first, CSP_POLL, NULL, &reached);
        if (status != CSP_OK) {
            csp_end_free(handle);
        }
    }
    if (status == CSP_INVALID) {
        PyErr_SetString(state->not_shareable,
                        "a watch's value cannot hold channel ends, locks or replies: the watch would keep them open, "
                        "whoever has closed them");
        return NULL;
    }
    if (status != CSP_OK) {
        return native_raise(state, status, NULL, NULL, false);
    }
    PyObject *sender = native_wrap_end(state, handle);
    PyObject *receiver = sender != NULL ? subscribe(sender, capacity, overflow) : NULL;
    PyObject *pair = receiver != NULL ? PyTuple_Pack(2, sender, receiver) : NULL;
    Py_XDECREF(sender);
    Py_XDECREF(receiver);
    return pair;
}

PyObject *native_broadcast(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    uint32_t capacity = 0;
    csp_overflow overflow = CSP_OVERFLOW_BLOCK;
    if (!native_channel_arguments("broadcast", args, count, keywords, &capacity, &overflow)) {
        return NULL;
    }
    return make_pair(state_of_module(module), false, NULL, capacity, overflow);
}

PyObject *native_watch(PyObject *module, PyObject *initial) {
    native_state *state = state_of_module(module);
    csp_message first;
    if (!native_encode(state, initial, NULL, &first)) {
        return NULL;
    }
    PyObject *pair = make_pair(state, true, &first, 1, CSP_OVERFLOW_OLDEST);
    csp_message_drop(&first);
    return pair;
}

static PyObject *broadcaster_subscribe(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    bool watch = is_watch(self);
    uint32_t capacity = watch ? 1 : 0;
    csp_overflow overflow = watch ? CSP_OVERFLOW_OLDEST : CSP_OVERFLOW_BLOCK;
    bool valid = native_channel_arguments("subscribe", args, count, keywords, &capacity, &overflow);
    if (!valid && !(watch && PyErr_ExceptionMatches(PyExc_ValueError))) {
        return NULL;
    }
    if (!valid || (watch && (capacity != 1 || overflow != CSP_OVERFLOW_OLDEST))) {
        PyErr_SetString(PyExc_ValueError,
                        "a watch's subscriber has the latest value and no other: capacity 1 and \"drop_oldest\", "
                        "so that no sender waits for it; subscribe() gives that");
        return NULL;
    }
    return subscribe(self, capacity, overflow);
}

static PyObject *broadcaster_send(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of(self);
    int64_t deadline = CSP_FOREVER;
    csp_message message;
    native_wait wait;
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "send takes the message to send");
        return NULL;
    }
    if (!native_timeout_argument(state, "send", args, count, 1, keywords, &deadline) ||
        !native_encode(state, args[0], NULL, &message)) {
        return NULL;
    }
    uint32_t reached;
    native_wait_begin(&wait, state);
    csp_status status = csp_broadcast_send(end_of(self), &message, deadline, &wait.hooks, &reached);
    csp_message_drop(&message);
    if (status == CSP_OK) {
        return native_wait_signalled(&wait) ? native_raise_delivered("the message was delivered to all subscribers")
                                            : PyLong_FromUnsignedLong(reached);
    }
    if (status == CSP_INVALID) {
        PyErr_SetString(state->not_shareable, is_watch(self)
                                                  ? "a watch's value cannot hold channel ends, locks or replies: the "
                                                    "watch would keep them open, whoever has closed them"
                                                  : "a broadcast cannot hold the right to answer a call: one of the "
                                                    "subscribers could have it, and no other");
        return NULL;
    }
    if (status == CSP_TIMEOUT || status == CSP_WOULD_BLOCK) {
        PyErr_Format(PyExc_TimeoutError, "%u of %u subscribers had taken the message when the time was up", reached,
                     csp_broadcast_subscribers(end_of(self)));
        return NULL;
    }
    return native_raise(state, status, end_of(self), args[0], false);
}

static PyObject *broadcaster_enter(PyObject *self, PyObject *unused) {
    (void)unused;
    return Py_NewRef(self);
}

static PyObject *broadcaster_exit(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)args;
    (void)count;
    return native_end_close(self, NULL);
}

static PyObject *get_subscribers(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromUnsignedLong(csp_broadcast_subscribers(end_of(self)));
}

static PyObject *get_latest(PyObject *self, void *unused) {
    (void)unused;
    csp_message latest;
    if (!csp_broadcast_latest(end_of(self), &latest)) {
        PyErr_SetString(PyExc_AttributeError, "a broadcast keeps no latest value; a csp.watch does");
        return NULL;
    }
    return native_decode(state_of(self), &latest);
}

static PyObject *broadcaster_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    (void)type;
    (void)args;
    (void)keywords;
    PyErr_SetString(PyExc_TypeError, "a Broadcaster is made by csp.broadcast() or csp.watch(value)");
    return NULL;
}

static PyMethodDef broadcaster_methods[] = {
    {"send", FASTCALL(broadcaster_send), METH_FASTCALL | METH_KEYWORDS,
     "send($self, message, /, timeout=None, *, deadline=None)\n--\n\nSend to every subscriber; blocks until each has "
     "it in its way; "
     "gives how "
     "many.\n\nAll subscribers get all messages in one order. With nobody subscribed it goes nowhere. Raises "
     "TimeoutError "
     "(some may\nhave it), ClosedEnd, BrokenChannel (it was aborted), NotShareable (also ends in a\nwatch), Stopped."},
    {"subscribe", FASTCALL(broadcaster_subscribe), METH_FASTCALL | METH_KEYWORDS,
     "subscribe($self, /, capacity=0, overflow='block')\n--\n\nA Receiver that gets every message from now on; "
     "arguments as "
     "of csp.channel.\n\nOf a watch: the latest value first, always with capacity 1 and drop_oldest. Closing it ends "
     "the subscription.\nRaises ValueError, ClosedEnd, BrokenChannel (it was aborted)."},
    {"abort", FASTCALL(native_end_abort), METH_FASTCALL,
     "abort($self, cause=None, /)\n--\n\nEnd every subscription now, as Receiver.abort does; what is buffered is "
     "dropped.\n\nSubscribers get EndOfChannel and find `cause` in Receiver.cause; senders get BrokenChannel. Never "
     "blocks."},
    {"__enter__", broadcaster_enter, METH_NOARGS, NULL},
    {"__exit__", FASTCALL(broadcaster_exit), METH_FASTCALL, NATIVE_EXIT_DOC},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef broadcaster_getset[] = {
    CLOSED,
    {"subscribers", get_subscribers, NULL, "How many subscribe now.", NULL},
    {"latest", get_latest, NULL, "The latest value of a watch; AttributeError of a broadcast.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot broadcaster_slots[] = {
    {Py_tp_doc,
     "Broadcaster(made_by_broadcast_or_watch, /)\n--\n\nThe sending handle of a broadcast or a watch; travels "
     "inside messages.\n\nWith the last one closed, subscribers "
     "drain their channels and get EndOfChannel."},
    {Py_tp_new, (void *)broadcaster_new},
    {Py_tp_methods, broadcaster_methods},
    {Py_tp_getset, broadcaster_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_broadcaster_spec = {"csp.Broadcaster", sizeof(end_object), 0, FINAL_TYPE, broadcaster_slots};
