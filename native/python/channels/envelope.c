/* SPDX-License-Identifier: MIT */
#include "channels/envelope.h"
#include "holding/handling.h"
#include "types.h"

/* ---- where a call is made ------------------------------------------------------------------------------------- */

/* A limit stands still while somebody debugs; so does what is left of the caller's, whose clock is ours, in this process. */
static int64_t until(const csp_envelope *envelope, int64_t stood_still) {
    int64_t instant = envelope->deadline + (stood_still - envelope->stood_still);
    return instant > 0 ? instant : 1;
}

bool native_limit_by_handled(native_limit *limit) {
    const csp_envelope *handled = csp_handled();
    if (handled == NULL || handled->deadline == CSP_FOREVER || limit->deadline == CSP_POLL) {
        return false;
    }
    int64_t instant = until(handled, limit->paused);
    if (instant >= limit->deadline || csp_scope_shielded()) {
        return false;
    }
    limit->deadline = instant;
    return true;
}

void native_address(csp_reply *reply, const native_limit *limit, int32_t priority, uint32_t flags) {
    csp_envelope envelope = *csp_reply_envelope(reply);
    if ((flags & CSP_CALL_CAST) == 0) {
        envelope.deadline = limit->deadline == CSP_POLL ? csp_now() : limit->deadline;
        envelope.stood_still = limit->paused;
    }
    envelope.priority = priority;
    envelope.flags = flags;
    csp_reply_set_envelope(reply, &envelope);
}

bool native_priority(PyObject *object, int32_t *priority) {
    long value = PyLong_AsLong(object);
    if (value == -1 && PyErr_Occurred()) {
        return false;
    }
    if (value < INT32_MIN || value > INT32_MAX) {
        PyErr_Format(PyExc_OverflowError, "a priority is between -2**31 and 2**31-1, not %ld", value);
        return false;
    }
    *priority = (int32_t)value;
    return true;
}

/* ---- where it is carried out ---------------------------------------------------------------------------------- */

/* function(first, *args, **keywords), by what is fastest */
static PyObject *apply(PyObject *function, PyObject *first, PyObject *args, PyObject *keywords) {
    PyObject *few[8], **all = few;
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    if (count + 2 > 8 && (all = PyMem_New(PyObject *, (size_t)count + 2)) == NULL) {
        return PyErr_NoMemory();
    }
    all[1] = first; /* the place before it is the callee's */
    for (Py_ssize_t i = 0; i < count; i++) {
        all[i + 2] = PyTuple_GET_ITEM(args, i);
    }
    PyObject *result = PyObject_VectorcallDict(function, all + 1, (size_t)(count + 1) | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                               keywords == Py_None ? NULL : keywords);
    if (all != few) {
        PyMem_Free(all);
    }
    return result;
}

/* handle(reply, function, first, args, keywords) -> what the function gives; or the reply itself, and nothing was done. */
static PyObject *handle(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count != 5 || !Py_IS_TYPE(args[0], state_of_module(module)->reply_type) || !PyTuple_CheckExact(args[3]) ||
        (args[4] != Py_None && !PyDict_CheckExact(args[4]))) {
        PyErr_SetString(PyExc_TypeError,
                        "handle takes a Reply, a function, its first argument, a tuple, and a dict or None");
        return NULL;
    }
    reply_object *reply = (reply_object *)args[0];
    if (!native_reply_is_open(reply)) {
        return NULL;
    }
    if (native_is_given_up(reply->reply)) {
        return Py_NewRef(args[0]);
    }
    native_handling handling;
    native_handling_begin(&handling, reply);
    PyObject *result = apply(args[1], args[2], args[3], args[4]);
    native_handling_end(&handling, reply);
    return result;
}

/* aside(function, argument): what it does belongs to no call. */
static PyObject *aside(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "aside takes a function and its argument");
        return NULL;
    }
    csp_handling handling;
    csp_handling_begin(&handling, NULL);
    PyObject *result = PyObject_CallOneArg(args[0], args[1]);
    csp_handling_end(&handling);
    return result;
}

/* ---- told to Python ------------------------------------------------------------------------------------------- */

static PyObject *deadline_of(const csp_envelope *envelope) {
    if (envelope->deadline == CSP_FOREVER) {
        Py_RETURN_NONE;
    }
    native_limit now;
    native_limit_begin(&now, CSP_FOREVER);
    return PyFloat_FromDouble((double)until(envelope, now.paused) / 1e9);
}

static PyObject *trace_of(const csp_envelope *envelope) {
    char text[33];
    PyOS_snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)envelope->trace[0],
                  (unsigned long long)envelope->trace[1]);
    return PyUnicode_FromStringAndSize(text, 32);
}

/* handled() -> (deadline, call_id, trace_id, priority, is_cast), or None */
static PyObject *handled(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    const csp_envelope *envelope = csp_handled();
    if (envelope == NULL) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(NKNiN)", deadline_of(envelope), (unsigned long long)envelope->call_id, trace_of(envelope),
                         (int)envelope->priority, PyBool_FromLong((envelope->flags & CSP_CALL_CAST) != 0));
}

/* NULL with an exception once it is answered: the reply is gone by then. */
static const csp_envelope *envelope_of(PyObject *self) {
    reply_object *reply = (reply_object *)self;
    return native_reply_is_open(reply) ? csp_reply_envelope(reply->reply) : NULL;
}

static PyObject *get_deadline(PyObject *self, void *unused) {
    (void)unused;
    const csp_envelope *envelope = envelope_of(self);
    return envelope != NULL ? deadline_of(envelope) : NULL;
}

static PyObject *get_call_id(PyObject *self, void *unused) {
    (void)unused;
    const csp_envelope *envelope = envelope_of(self);
    return envelope != NULL ? PyLong_FromUnsignedLongLong(envelope->call_id) : NULL;
}

static PyObject *get_trace_id(PyObject *self, void *unused) {
    (void)unused;
    const csp_envelope *envelope = envelope_of(self);
    return envelope != NULL ? trace_of(envelope) : NULL;
}

static PyObject *get_priority(PyObject *self, void *unused) {
    (void)unused;
    const csp_envelope *envelope = envelope_of(self);
    return envelope != NULL ? PyLong_FromLong(envelope->priority) : NULL;
}

static PyObject *get_is_cast(PyObject *self, void *unused) {
    (void)unused;
    const csp_envelope *envelope = envelope_of(self);
    return envelope != NULL ? PyBool_FromLong((envelope->flags & CSP_CALL_CAST) != 0) : NULL;
}

static PyObject *get_wanted(PyObject *self, void *unused) {
    (void)unused;
    reply_object *reply = (reply_object *)self;
    return PyBool_FromLong(reply->reply != NULL && csp_reply_wanted(reply->reply));
}

PyGetSetDef native_reply_getset[] = {
    {"deadline", get_deadline, NULL,
     "Until when the caller waits: an instant of time.monotonic(), or None. A cast has none.", NULL},
    {"call_id", get_call_id, NULL, "A number that no other call of this process has.", NULL},
    {"trace_id", get_trace_id, NULL,
     "32 hexadecimal digits, a trace-id of W3C's: the same in all calls that one led to.", NULL},
    {"priority", get_priority, NULL, "How urgent the call is; 0 by default, more is more urgent.", NULL},
    {"is_cast", get_is_cast, NULL, "Whether nobody waits for an answer, from the beginning.", NULL},
    {"wanted", get_wanted, NULL,
     "Whether somebody waits for the answer now: not of a cast, nor once the caller gave up or ended, or it was "
     "answered.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyMethodDef envelope_methods[] = {
    {"handle", FASTCALL(handle), METH_FASTCALL,
     "handle(reply, function, first, args, keywords, /)\n--\n\nfunction(first, *args, **keywords), while which the "
     "reply's call "
     "is the one that this thread carries out.\nThe reply itself when nobody waits for it any more: then nothing was "
     "done. "
     "keywords is a dict or None."},
    {"aside", FASTCALL(aside), METH_FASTCALL,
     "aside(function, argument, /)\n--\n\nfunction(argument), while which this thread carries out no call."},
    {"handled", handled, METH_NOARGS,
     "handled($module, /)\n--\n\n(deadline, call_id, trace_id, priority, is_cast) of the call that this thread "
     "carries "
     "out, or "
     "None."},
    {NULL, NULL, 0, NULL},
};
