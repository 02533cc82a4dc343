/* SPDX-License-Identifier: MIT
 *
 * Calls: a message that carries a one-shot reply with it. What a call means is decided above; here it is only carried. */
#include "channels/calls.h"
#include "channels/envelope.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"
#include "waiting/limits.h"

/* How a reply ended, as the layers above see it. An answer that cannot be read here raises in call; recv_reply gives the
 * exception, because its caller must learn whose answer it was. OUT_OF_TIME comes from call alone: the call that is being
 * carried out here had no more time; the value says whether this one may run. */
enum {
    ANSWER_OK = 0,
    ANSWER_FAILED = 1,
    ANSWER_NEVER_RAN = 2,
    ANSWER_LOST = 3,
    ANSWER_UNREADABLE = 4,
    OUT_OF_TIME = 5
};

static PyObject *pair_of(long code, PyObject *value) {
    PyObject *pair = value != NULL ? PyTuple_New(2) : NULL;
    if (pair == NULL) {
        Py_XDECREF(value);
        return NULL;
    }
    PyTuple_SET_ITEM(pair, 0, PyLong_FromLong(code)); /* a cached small int: cannot fail */
    PyTuple_SET_ITEM(pair, 1, value);
    return pair;
}

static PyObject *answered(native_state *state, csp_message *answer) {
    uint64_t tag = answer->tag;
    long code = (tag & CSP_REPLY_BROKEN) == 0      ? ((tag & CSP_REPLY_FAILED) != 0 ? ANSWER_FAILED : ANSWER_OK)
                : (tag & CSP_REPLY_MAYBE_RAN) != 0 ? ANSWER_LOST
                                                   : ANSWER_NEVER_RAN;
    if (code >= ANSWER_NEVER_RAN) {
        csp_message_drop(answer);
        return pair_of(code, Py_NewRef(Py_None));
    }
    return pair_of(code, native_decode(state, answer));
}

/* (sender, message, timeout[, priority]) */
static bool check_call(native_state *state, const char *name, PyObject *const *args, Py_ssize_t count,
                       int64_t *deadline, int32_t *priority) {
    if (count < 3 || count > 4 || !Py_IS_TYPE(args[0], state->sender_type) || !PyTuple_CheckExact(args[1])) {
        PyErr_Format(PyExc_TypeError, "%s takes a Sender, a tuple, a timeout and a priority", name);
        return false;
    }
    *priority = 0;
    return native_deadline(args[2], deadline) && (count == 3 || native_priority(args[3], priority));
}

static csp_status send_within(native_limit *limit, csp_end *end, csp_message *message, native_wait *wait) {
    csp_status status;
    do {
        status = csp_send(end, message, limit->deadline, &wait->hooks);
    } while (!wait->signalled && native_limit_goes_on(limit, status));
    return status;
}

typedef struct {
    csp_end *end;
    PyObject *request; /* a tuple */
    PyObject *unsent;  /* what a BrokenChannel gives back; may be NULL */
    int64_t deadline;
    int32_t priority;
    uint32_t flags;
    bool inherits; /* it has no more time than the call that is being carried out here */
} call_to_make;

static PyObject *make_call(native_state *state, const call_to_make *call) {
    native_limit limit;
    native_limit_begin(&limit, call->deadline);
    bool inherited = call->inherits && native_limit_by_handled(&limit);
    if (inherited && limit.deadline <= csp_now()) {
        return pair_of(OUT_OF_TIME, Py_NewRef(Py_False));
    }
    csp_reply *reply = csp_reply_new();
    if (reply == NULL) {
        return PyErr_NoMemory();
    }
    native_address(reply, &limit, call->priority, call->flags);
    csp_message message, result;
    if (!native_encode(state, call->request, reply, &message)) {
        csp_reply_abandon(reply);
        return NULL;
    }
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = send_within(&limit, call->end, &message, &wait);
    if (status != CSP_OK || wait.signalled) {
        csp_reply_abandon(reply);
        if (status == CSP_OK) {
            return native_raise_delivered("the call was sent; its answer will be dropped");
        }
        if (status == CSP_TIMEOUT && inherited && !native_wait_signalled(&wait)) {
            csp_message_drop(&message);
            return pair_of(OUT_OF_TIME, Py_NewRef(Py_False));
        }
        return native_raise_unsent(state, status, call->end, &message, call->unsent, false);
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
    if (status == CSP_TIMEOUT && inherited) {
        return pair_of(OUT_OF_TIME, Py_NewRef(Py_True));
    }
    return native_raise(state, status == CSP_WOULD_BLOCK ? CSP_TIMEOUT : status, NULL, NULL, false);
}

/* call(sender, message, timeout, priority=0) -> (code, value): send (reply, *message) and wait for the answer; one deadline for
 * both. It need not be carried out once nobody waits. */
PyObject *native_call(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    call_to_make call = {.flags = CSP_CALL_DROPPABLE, .inherits = true};
    if (!check_call(state, "call", args, count, &call.deadline, &call.priority)) {
        return NULL;
    }
    call.end = end_of(args[0]);
    call.request = args[1];
    return make_call(state, &call);
}

/* ask(sender, message, timeout) -> (code, value): the same of who does in any case what was asked. */
PyObject *native_ask(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    call_to_make call = {.flags = 0};
    if (!check_call(state, "ask", args, count, &call.deadline, &call.priority)) {
        return NULL;
    }
    call.end = end_of(args[0]);
    call.request = args[1];
    return make_call(state, &call);
}

PyObject *native_raise_arrived(PyObject *module, PyObject *failure) {
    (void)module;
    return native_raise_failure("unpack_here", Py_NewRef(failure));
}

/* sender.call(message, timeout=None): one deadline for both ways. */
PyObject *native_sender_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of(self);
    csp_end *end = end_of(self);
    call_to_make call = {.end = end, .deadline = CSP_FOREVER, .inherits = true};
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "call takes the message to send");
        return NULL;
    }
    if (!native_timeout_argument(state, "call", args, count, 1, keywords, &call.deadline)) {
        return NULL;
    }
    call.unsent = args[0];
    call.request = PyTuple_Pack(1, args[0]);
    PyObject *pair = call.request != NULL ? make_call(state, &call) : NULL;
    Py_XDECREF(call.request);
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
    if (code == OUT_OF_TIME) {
        PyErr_SetString(PyExc_TimeoutError, "no answer before the call that is being handled here ran out of time");
        return NULL;
    }
    return code == ANSWER_NEVER_RAN
               ? native_raise_lost(state, end, "the call was given back", "nobody has handled it", args[0])
               : native_raise_lost(state, end, "the call was taken and will not be answered", "its reply was lost",
                                   args[0]);
}

/* cast(sender, message, timeout, priority=0): like call, but nobody waits for the answer; returns when the message was accepted. */
PyObject *native_cast(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    int64_t deadline;
    int32_t priority;
    if (!check_call(state, "cast", args, count, &deadline, &priority)) {
        return NULL;
    }
    csp_reply *reply = csp_reply_new();
    if (reply == NULL) {
        return PyErr_NoMemory();
    }
    native_address(reply, NULL, priority, CSP_CALL_CAST);
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
