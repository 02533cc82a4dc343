/* SPDX-License-Identifier: MIT
 *
 * Calls: a message that carries a one-shot reply with it. What a call means is decided above; here it is only carried. */
#include "channels/calls.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"
#include "waiting/limits.h"

/* How a reply ended, as the layers above see it. An answer that cannot be read here raises in call; recv_reply gives the
 * exception, because its caller must learn whose answer it was. */
enum { ANSWER_OK = 0, ANSWER_FAILED = 1, ANSWER_NEVER_RAN = 2, ANSWER_LOST = 3, ANSWER_UNREADABLE = 4 };

static PyObject *answered(native_state *state, csp_message *answer) {
    uint64_t tag = answer->tag;
    long code = (tag & CSP_REPLY_BROKEN) == 0      ? ((tag & CSP_REPLY_FAILED) != 0 ? ANSWER_FAILED : ANSWER_OK)
                : (tag & CSP_REPLY_MAYBE_RAN) != 0 ? ANSWER_LOST
                                                   : ANSWER_NEVER_RAN;
    PyObject *value;
    if (code >= ANSWER_NEVER_RAN) {
        csp_message_drop(answer);
        value = Py_NewRef(Py_None);
    } else {
        value = native_decode(state, answer);
    }
    if (value == NULL) {
        return NULL;
    }
    PyObject *pair = PyTuple_New(2);
    if (pair == NULL) {
        Py_DECREF(value);
        return NULL;
    }
    PyTuple_SET_ITEM(pair, 0, PyLong_FromLong(code)); /* a cached small int: cannot fail */
    PyTuple_SET_ITEM(pair, 1, value);
    return pair;
}

static bool check_call(native_state *state, const char *name, PyObject *const *args, Py_ssize_t count,
                       Py_ssize_t wanted) {
    if (count != wanted || !Py_IS_TYPE(args[0], state->sender_type) || !PyTuple_CheckExact(args[1])) {
        PyErr_Format(PyExc_TypeError, "%s takes a Sender, a tuple and %zd more", name, wanted - 2);
        return false;
    }
    return true;
}

static csp_status send_within(native_limit *limit, csp_end *end, csp_message *message, native_wait *wait) {
    csp_status status;
    do {
        status = csp_send(end, message, limit->deadline, &wait->hooks);
    } while (!wait->signalled && native_limit_goes_on(limit, status));
    return status;
}

static PyObject *call_tuple(native_state *state, csp_end *end, PyObject *request, PyObject *unsent, int64_t deadline);

/* call(sender, message, timeout) -> (code, value): send (reply, *message) and wait for the answer; one deadline for both. */
PyObject *native_call(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    int64_t deadline;
    if (!check_call(state, "call", args, count, 3) || !native_deadline(args[2], &deadline)) {
        return NULL;
    }
    return call_tuple(state, end_of(args[0]), args[1], NULL, deadline);
}

/* `unsent` is what a BrokenChannel gives back; may be NULL. */
static PyObject *call_tuple(native_state *state, csp_end *end, PyObject *request, PyObject *unsent, int64_t deadline) {
    csp_reply *reply = csp_reply_new();
    if (reply == NULL) {
        return PyErr_NoMemory();
    }
    csp_message message, result;
    if (!native_encode(state, request, reply, &message)) {
        csp_reply_abandon(reply);
        return NULL;
    }
    native_limit limit;
    native_limit_begin(&limit, deadline);
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = send_within(&limit, end, &message, &wait);
    if (status != CSP_OK || wait.signalled) {
        csp_reply_abandon(reply);
        return status == CSP_OK ? native_raise_delivered("the call was sent; its answer will be dropped")
                                : native_raise_unsent(state, status, end, &message, unsent, false);
    }
    do {
        status = csp_reply_wait(reply, native_holder(state), &result, limit.deadline, &wait.hooks);
    } while (!wait.signalled && native_limit_goes_on(&limit, status));
    csp_reply_abandon(reply);
    if (status == CSP_OK && !native_wait_signalled(&wait)) {
        return answered(state, &result);
    }
    csp_message_drop(&result);
    if (wait.signalled) {
        return native_raise_delivered(status == CSP_OK ? "the call was sent; its answer came, and is dropped"
                                                       : "the call was sent; its answer will be dropped");
    }
    return native_raise(state, status == CSP_WOULD_BLOCK ? CSP_TIMEOUT : status, NULL, NULL, false);
}

PyObject *native_raise_arrived(PyObject *module, PyObject *failure) {
    (void)module;
    return native_raise_failure("unpack_here", Py_NewRef(failure));
}

/* sender.call(message, timeout=None): one deadline for both ways. */
PyObject *native_sender_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of(self);
    csp_end *end = end_of(self);
    int64_t deadline = CSP_FOREVER;
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "call takes the message to send");
        return NULL;
    }
    if (!native_timeout_argument(state, "call", args, count, 1, keywords, &deadline)) {
        return NULL;
    }
    PyObject *request = PyTuple_Pack(1, args[0]);
    PyObject *pair = request != NULL ? call_tuple(state, end, request, args[0], deadline) : NULL;
    Py_XDECREF(request);
    if (pair == NULL) {
        return NULL;
    }
    long code = PyLong_AsLong(PyTuple_GET_ITEM(pair, 0));
    PyObject *value = Py_NewRef(PyTuple_GET_ITEM(pair, 1));
    Py_DECREF(pair);
    if (code == ANSWER_OK) {
        return value;
    }
    if (code == ANSWER_FAILED) {
        return native_raise_failure("unpack_here", value);
    }
    Py_DECREF(value);
    return code == ANSWER_NEVER_RAN
               ? native_raise_lost(state, end, "the call was given back", "nobody has handled it", args[0])
               : native_raise_lost(state, end, "the call was taken and will not be answered", "its reply was lost",
                                   args[0]);
}

/* cast(sender, message, timeout): like call, but nobody waits for the answer; returns when the message was accepted. */
PyObject *native_cast(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    int64_t deadline;
    if (!check_call(state, "cast", args, count, 3) || !native_deadline(args[2], &deadline)) {
        return NULL;
    }
    csp_reply *reply = csp_reply_new();
    if (reply == NULL) {
        return PyErr_NoMemory();
    }
    csp_reply_abandon(reply);
    csp_message message;
    if (!native_encode(state, args[1], reply, &message)) {
        return NULL;
    }
    csp_end *end = end_of(args[0]);
    native_limit limit;
    native_limit_begin(&limit, deadline);
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = send_within(&limit, end, &message, &wait);
    if (status == CSP_OK) {
        if (native_wait_signalled(&wait)) {
            return native_raise_delivered("the cast was sent: the signal handler raised in the same instant");
        }
        Py_RETURN_NONE;
    }
    return native_raise_unsent(state, status, end, &message, args[1], false);
}

/* recv_reply(replies, deadline) -> (token, code, value), or None when every asker is gone; blocks until the instant. */
PyObject *native_recv_reply(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    int64_t deadline;
    if (count != 2 || !Py_IS_TYPE(args[0], state->receiver_type)) {
        PyErr_SetString(PyExc_TypeError, "recv_reply takes a Receiver and an instant, or None");
        return NULL;
    }
    if (!native_instant(args[1], &deadline)) {
        return NULL;
    }
    csp_end *end = end_of(args[0]);
    csp_message message;
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_recv(end, &message, deadline, &wait.hooks);
    if (status == CSP_END_OF_CHANNEL) {
        Py_RETURN_NONE;
    }
    if (status != CSP_OK) {
        return native_raise(state, status, end, NULL, false);
    }
    if (wait.signalled) {
        csp_unreceive(end, &message);
        return NULL;
    }
    unsigned long long token = message.tag & ~(CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN | CSP_REPLY_FAILED);
    PyObject *pair = answered(state, &message);
    if (pair == NULL) {
        PyObject *error = PyErr_GetRaisedException();
        return Py_BuildValue("(KlN)", token, (long)ANSWER_UNREADABLE, error);
    }
    PyObject *triple = Py_BuildValue("(KOO)", token, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
    Py_DECREF(pair);
    return triple;
}
