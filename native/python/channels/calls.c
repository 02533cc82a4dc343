/* SPDX-License-Identifier: MIT
 *
 * Calls: a message that carries a one-shot reply with it. What a call means is decided above; here it is only carried. */
#include "native.h"

typedef struct {
    PyObject_HEAD csp_reply *reply; /* NULL once answered */
} reply_object;

/* How a reply ended, as the layers above see it. An answer that cannot be read here raises in call; recv_reply gives the
 * exception, because its caller must learn whose answer it was. */
enum { ANSWER_OK = 0, ANSWER_FAILED = 1, ANSWER_NEVER_RAN = 2, ANSWER_LOST = 3, ANSWER_UNREADABLE = 4 };

/* ---- answering ------------------------------------------------------------------------------------------------ */

PyObject *native_wrap_reply(native_state *state, csp_reply *reply) {
    reply_object *self = PyObject_GC_New(reply_object, state->reply_type);
    if (self == NULL) {
        csp_reply_break(reply, false);
        return NULL;
    }
    self->reply = reply;
    PyObject_GC_Track((PyObject *)self);
    return (PyObject *)self;
}

/* See end_traverse in ends.c. */
static int reply_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void reply_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (((reply_object *)self)->reply != NULL) {
        csp_reply_break(((reply_object *)self)->reply, true);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

static bool is_open(const reply_object *self) {
    if (self->reply == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this call was answered already");
    }
    return self->reply != NULL;
}

static PyObject *answer(PyObject *self, PyObject *value, uint64_t flags) {
    reply_object *mine = (reply_object *)self;
    csp_message message;
    if (!is_open(mine)) {
        return NULL;
    }
    if (!native_encode(state_of(self), value, NULL, &message)) {
        return NULL; /* the reply is still open: the caller may fail it with a value that can travel */
    }
    if (!is_open(mine)) { /* encoding runs anything, also what answers this very call */
        csp_message_drop(&message);
        return NULL;
    }
    csp_reply *reply = mine->reply;
    mine->reply = NULL;
    return PyBool_FromLong(csp_reply_complete(reply, &message, flags));
}

static PyObject *reply_answer(PyObject *self, PyObject *value) { return answer(self, value, 0); }

/* An attribute of csp.messages.failure, called with one argument. */
static PyObject *call_failure(const char *name, PyObject *argument) {
    PyObject *module = PyImport_ImportModule("csp.messages.failure");
    if (module == NULL) {
        return NULL;
    }
    PyObject *function = PyObject_GetAttrString(module, name);
    Py_DECREF(module);
    PyObject *result = function != NULL ? PyObject_CallOneArg(function, argument) : NULL;
    Py_XDECREF(function);
    return result;
}

static PyObject *reply_fail_packed(PyObject *self, PyObject *failure) {
    return answer(self, failure, CSP_REPLY_FAILED);
}

static PyObject *reply_fail(PyObject *self, PyObject *value) {
    if (!PyObject_TypeCheck(value, (PyTypeObject *)PyExc_Exception)) {
        PyErr_Format(PyExc_TypeError,
                     PyExceptionInstance_Check(value)
                         ? "fail takes an Exception: %T would end who made the call, and not tell it of an error"
                         : "fail takes an Exception, not %T",
                     value);
        return NULL;
    }
    PyObject *failure = call_failure("pack", value);
    if (failure == NULL) {
        return NULL;
    }
    PyObject *heard = answer(self, failure, CSP_REPLY_FAILED);
    Py_DECREF(failure);
    return heard;
}

static PyObject *reply_refuse(PyObject *self, PyObject *unused) {
    (void)unused;
    reply_object *mine = (reply_object *)self;
    if (!is_open(mine)) {
        return NULL;
    }
    csp_reply_break(mine->reply, false);
    mine->reply = NULL;
    Py_RETURN_NONE;
}

static PyMethodDef reply_methods[] = {
    {"answer", reply_answer, METH_O,
     "answer($self, value, /)\n--\n\nAnswer the call, once. True if the caller still wanted it. Raises NotShareable "
     "(the call is "
     "then still open)."},
    {"fail", reply_fail, METH_O,
     "fail($self, error, /)\n--\n\nLike answer, but `error`, an Exception, is raised where the call was made. Raises "
     "TypeError (it is none)."},
    {"fail_packed", reply_fail_packed, METH_O,
     "fail_packed($self, failure, /)\n--\n\nLike fail, for the layers above, which pack exceptions themselves: see "
     "csp.messages.failure."},
    {"refuse", reply_refuse, METH_NOARGS,
     "refuse($self, /)\n--\n\nGive the call back: its caller learns that it did not run. Raises RuntimeError once "
     "answered."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reply_slots[] = {
    {Py_tp_doc, "The right to answer one call. If it is lost unanswered, the caller learns at once that the answer "
                "will not come."},
    {Py_tp_dealloc, (void *)reply_dealloc},
    {Py_tp_traverse, (void *)reply_traverse},
    {Py_tp_methods, reply_methods},
    {0, NULL},
};

PyType_Spec reply_spec = {"csp._native.Reply", sizeof(reply_object), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
                              Py_TPFLAGS_IMMUTABLETYPE,
                          reply_slots};

/* ---- asking --------------------------------------------------------------------------------------------------- */

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
    return call_tuple(state, ((end_object *)args[0])->end, args[1], NULL, deadline);
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
        status = csp_reply_wait(reply, state->holder, &result, limit.deadline, &wait.hooks);
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

/* ---- calls for everybody -------------------------------------------------------------------------------------- */

PyObject *native_raise_failure(const char *unpack, PyObject *value) {
    PyObject *error = call_failure(unpack, value);
    Py_DECREF(value);
    if (error != NULL && !PyExceptionInstance_Check(error)) {
        PyErr_Format(PyExc_TypeError, "%s gave no exception, but %T", unpack, error);
        Py_DECREF(error);
    } else if (error != NULL) {
        PyErr_SetRaisedException(error); /* as it is: PyErr_SetObject would make it come from what is handled here */
    }
    return NULL;
}

PyObject *native_raise_arrived(PyObject *module, PyObject *failure) {
    (void)module;
    return native_raise_failure("unpack_here", Py_NewRef(failure));
}

/* sender.call(message, timeout=None): one deadline for both ways. */
PyObject *native_sender_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of(self);
    csp_end *end = ((end_object *)self)->end;
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

/* ---- calls for the layers above ------------------------------------------------------------------------------- */

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
    csp_end *end = ((end_object *)args[0])->end;
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
    csp_end *end = ((end_object *)args[0])->end;
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
