/* SPDX-License-Identifier: MIT
 *
 * The extended rendezvous: receiving, and holding the sender. */
#include "channels/extended.h"
#include "codec/decode.h"
#include "errors.h"
#include "holding/handles.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

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
    csp_end *end = end_of(args[0]);
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
