/* SPDX-License-Identifier: MIT
 *
 * Calls that nobody waits for while they stand in a channel's line: posted, and withdrawn if they are no longer wanted. */
#include "channels/post.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/handles.h"
#include "waiting/deadlines.h"

#define POSTING_NAME "csp.posting"

static void release_posting(PyObject *capsule) { csp_posting_release(PyCapsule_GetPointer(capsule, POSTING_NAME)); }

/* post(sender, message, timeout, replies, token): post (reply, *message); the answer will arrive at the receiving end of
 * `replies`, an unbounded channel, with this token. None, or what withdraw() takes back. */
PyObject *native_post(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    int64_t deadline;
    if (count != 5 || !Py_IS_TYPE(args[0], state->sender_type) || !PyTuple_CheckExact(args[1]) ||
        !Py_IS_TYPE(args[3], state->sender_type)) {
        PyErr_SetString(PyExc_TypeError,
                        "post takes a Sender, a tuple, a timeout, a Sender for the replies and a token");
        return NULL;
    }
    uint64_t token = PyLong_AsUnsignedLongLong(args[4]);
    if ((token == UINT64_MAX && PyErr_Occurred()) || !native_deadline(args[2], &deadline)) {
        return NULL;
    }
    csp_reply *reply = csp_reply_new_routed(end_of(args[3]), token);
    if (reply == NULL) {
        return native_raise(state, CSP_CLOSED_END, end_of(args[3]), NULL, false);
    }
    csp_message message;
    if (!native_encode(state, args[1], reply, &message)) {
        return NULL;
    }
    csp_end *end = end_of(args[0]);
    csp_posting *posting;
    csp_status status = csp_post(end, &message, deadline, &posting);
    if (status != CSP_OK) {
        return native_raise_unsent(state, status, end, &message, NULL, false);
    }
    if (posting == NULL) {
        Py_RETURN_NONE;
    }
    PyObject *capsule = PyCapsule_New(posting, POSTING_NAME, release_posting);
    if (capsule == NULL) {
        csp_posting_withdraw(posting);
        csp_posting_release(posting);
    }
    return capsule;
}

PyObject *native_withdraw(PyObject *module, PyObject *capsule) {
    (void)module;
    csp_posting *posting = PyCapsule_GetPointer(capsule, POSTING_NAME);
    return posting == NULL ? NULL : PyBool_FromLong(csp_posting_withdraw(posting));
}
