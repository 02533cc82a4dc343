/* SPDX-License-Identifier: MIT
 *
 * Calls that nobody waits for while they stand in a channel's line: posted, and withdrawn if they are no longer wanted. */
#include "channels/post.h"
#include "channels/envelope.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/handles.h"
#include "waiting/deadlines.h"

#define POSTING_NAME "csp.posting"
#define ASKING_NAME "csp.asking"

static void release_posting(PyObject *capsule) { csp_posting_release(PyCapsule_GetPointer(capsule, POSTING_NAME)); }

/* To let go of it is to give the call up. */
static void give_up(PyObject *capsule) { csp_reply_abandon(PyCapsule_GetPointer(capsule, ASKING_NAME)); }

/* The asking right of a call with a limit, or None. */
static PyObject *asking_of(csp_reply *reply, const native_limit *limit) {
    if (limit->deadline == CSP_FOREVER) {
        Py_RETURN_NONE;
    }
    PyObject *capsule = PyCapsule_New(reply, ASKING_NAME, give_up);
    if (capsule != NULL) {
        csp_reply_asking(reply);
    }
    return capsule;
}

/* What withdraw() takes back, or None; NULL with an exception, and then it is withdrawn. */
static PyObject *posting_object(csp_posting *posting) {
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

/* post(sender, message, timeout, replies, token, priority=0): post (reply, *message); the answer will arrive at the receiving
 * end of `replies`, an unbounded channel, with this token. Gives (what withdraw() takes back or None, what is to be kept as long
 * as the answer is wanted or None). */
PyObject *native_post(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    int64_t deadline;
    int32_t priority = 0;
    if (count < 5 || count > 6 || !Py_IS_TYPE(args[0], state->sender_type) || !PyTuple_CheckExact(args[1]) ||
        !Py_IS_TYPE(args[3], state->sender_type)) {
        PyErr_SetString(PyExc_TypeError,
                        "post takes a Sender, a tuple, a timeout, a Sender for the replies, a token and a priority");
        return NULL;
    }
    uint64_t token = PyLong_AsUnsignedLongLong(args[4]);
    if ((token == UINT64_MAX && PyErr_Occurred()) || !native_deadline(args[2], &deadline) ||
        (count == 6 && !native_priority(args[5], &priority))) {
        return NULL;
    }
    native_limit limit;
    native_limit_begin(&limit, deadline);
    csp_reply *reply = csp_reply_new_routed(end_of(args[3]), token);
    if (reply == NULL) {
        return native_raise(state, CSP_CLOSED_END, end_of(args[3]), NULL, false);
    }
    native_address(reply, &limit, priority, CSP_CALL_DROPPABLE);
    PyObject *asking = asking_of(reply, &limit);
    if (asking == NULL) {
        csp_reply_break(reply, false);
        return NULL;
    }
    csp_message message;
    if (!native_encode(state, args[1], reply, &message)) {
        Py_DECREF(asking);
        return NULL;
    }
    csp_end *end = end_of(args[0]);
    csp_posting *posting;
    csp_status status = csp_post(end, &message, deadline, &posting);
    if (status != CSP_OK) {
        Py_DECREF(asking);
        return native_raise_unsent(state, status, end, &message, NULL, false);
    }
    PyObject *line = posting_object(posting);
    PyObject *both = line != NULL ? PyTuple_Pack(2, line, asking) : NULL;
    Py_XDECREF(line);
    Py_DECREF(asking);
    return both;
}

PyObject *native_withdraw(PyObject *module, PyObject *capsule) {
    (void)module;
    csp_posting *posting = PyCapsule_GetPointer(capsule, POSTING_NAME);
    return posting == NULL ? NULL : PyBool_FromLong(csp_posting_withdraw(posting));
}
