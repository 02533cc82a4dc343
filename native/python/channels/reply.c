/* SPDX-License-Identifier: MIT
 *
 * Reply: the right to answer one call. */
#include "channels/reply.h"
#include "channels/envelope.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/handling.h"
#include "types.h"

static PyObject *answer(PyObject *self, PyObject *value, uint64_t flags) {
    reply_object *mine = (reply_object *)self;
    csp_message message;
    if (!native_reply_is_open(mine)) {
        return NULL;
    }
    if (!csp_reply_wanted(mine->reply)) { /* a cast, or given up: nobody would get what is encoded */
        csp_reply_break(native_reply_release(mine), true);
        Py_RETURN_FALSE;
    }
    if (!native_encode(state_of(self), value, NULL, &message)) {
        return NULL; /* the reply is still open: the caller may fail it with a value that can travel */
    }
    if (!native_reply_is_open(mine)) { /* encoding runs anything, also what answers this very call */
        csp_message_drop(&message);
        return NULL;
    }
    return PyBool_FromLong(csp_reply_complete(native_reply_release(mine), &message, flags));
}

static PyObject *reply_answer(PyObject *self, PyObject *value) { return answer(self, value, 0); }

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
    PyObject *failure = native_call_failure("pack", value);
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
    if (!native_reply_is_open(mine)) {
        return NULL;
    }
    csp_reply_break(native_reply_release(mine), false);
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
    {Py_tp_dealloc, (void *)native_reply_dealloc},
    {Py_tp_traverse, (void *)native_traverse_type},
    {Py_tp_methods, reply_methods},
    {Py_tp_getset, native_reply_getset},
    {0, NULL},
};

PyType_Spec reply_spec = {"csp._native.Reply", sizeof(reply_object), 0, FINAL_TYPE_MADE_HERE, reply_slots};
