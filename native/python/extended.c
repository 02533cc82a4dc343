/* SPDX-License-Identifier: MIT
 *
 * The extended rendezvous: receiving and holding the sender; and what a sender learns that was held or not served. */
#include "native.h"

/* ---- the sender ----------------------------------------------------------------------------------------------- */

PyObject *native_raise_lost(native_state *state, csp_end *end, const char *what, const char *and_so,
                            PyObject *unsent) {
    csp_message message;
    csp_statistics channel;
    csp_end_statistics(end, &channel);
    PyObject *cause = csp_end_cause(end, &message) ? native_decode(state, &message) : Py_NewRef(Py_None);
    if (cause == NULL) {
        return NULL;
    }
    PyObject *text = !channel.aborted   ? PyUnicode_FromFormat("%s: %s", what, and_so)
                     : cause == Py_None ? PyUnicode_FromFormat("the channel was aborted; %s", and_so)
                                        : PyUnicode_FromFormat("the channel was aborted: %S; %s", cause, and_so);
    PyObject *error = text != NULL ? PyObject_CallFunctionObjArgs(state->broken_channel, text,
                                                                  unsent != NULL ? unsent : Py_None, cause, NULL)
                                   : NULL;
    if (error != NULL) {
        PyErr_SetObject(state->broken_channel, error);
        Py_DECREF(error);
    }
    Py_XDECREF(text);
    Py_DECREF(cause);
    return NULL;
}

PyObject *native_raise_unsent(native_state *state, csp_status status, csp_end *end, csp_message *message,
                              PyObject *unsent, bool nowait) {
    if (status != CSP_FAILED || PyErr_Occurred()) {
        bool taken = status == CSP_FAILED || message->kind == 0;
        csp_message_drop(message);
        native_raise(state, status, end, unsent, nowait);
        /* Stopped or interrupted while a receiver held us; or it failed, and a handler raised in the same instant. */
        return taken ? native_add_note("the receiver has the message, and may have handled it") : NULL;
    }
    if (message->kind == 0) {
        return native_raise_lost(state, end, "the receiver ended while it held this sender",
                                 "the receiver has the message (.unsent is a copy), and may have handled it", unsent);
    }
    PyObject *value = native_decode(state, message);
    return value != NULL ? native_raise_failure("unpack_held", value) : NULL;
}

/* ---- the receiver --------------------------------------------------------------------------------------------- */

/* recv_extended(receiver, timeout, deadline) -> (message, reply or None) */
PyObject *native_recv_extended(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    int64_t deadline;
    if (count != 3 || !Py_IS_TYPE(args[0], state->receiver_type)) {
        PyErr_SetString(PyExc_TypeError, "recv_extended takes a Receiver, a timeout and a deadline");
        return NULL;
    }
    if (!native_timeout_or_deadline(args[1], args[2], &deadline)) {
        return NULL;
    }
    csp_end *end = ((end_object *)args[0])->end;
    csp_message message;
    csp_reply *reply;
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_recv_extended(end, &message, &reply, deadline, &wait.hooks);
    if (status == CSP_INVALID) {
        PyErr_SetString(PyExc_ValueError,
                        "an extended rendezvous needs a channel of capacity 0: a buffered message has "
                        "no sender left to hold");
        return NULL;
    }
    if (status != CSP_OK) {
        return native_raise(state, status, end, NULL, false);
    }
    PyObject *held = reply != NULL ? native_wrap_reply(state, reply) : Py_NewRef(Py_None);
    if (held != NULL && native_wait_signalled(&wait)) {
        Py_CLEAR(held); /* the sender learns that its message may be lost: it cannot be put back into its hands */
    }
    if (held == NULL) {
        csp_message_drop(&message);
        return NULL;
    }
    PyObject *value = native_decode(state, &message);
    PyObject *pair = value != NULL ? PyTuple_Pack(2, value, held) : NULL;
    Py_XDECREF(value);
    Py_DECREF(held);
    return pair;
}

/* receiver.extended(timeout=None, *, deadline=None): the context manager of csp.channels.extended. */
PyObject *native_receiver_extended(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"timeout", "deadline", NULL};
    PyObject *timeout = Py_None, *deadline = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O$O:extended", names, &timeout, &deadline)) {
        return NULL;
    }
    PyObject *module = PyImport_ImportModule("csp.channels.extended");
    PyObject *made = module != NULL ? PyObject_CallMethod(module, "Extended", "OOO", self, timeout, deadline) : NULL;
    Py_XDECREF(module);
    return made;
}
