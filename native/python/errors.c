/* SPDX-License-Identifier: MIT
 *
 * What the core says, and what others failed with, as exceptions of Python. */
#include <string.h>

#include "codec/decode.h"
#include "errors.h"

/* ---- notes ---------------------------------------------------------------------------------------------------- */

PyObject *native_add_note(const char *text) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *done = PyObject_CallMethod(error, "add_note", "s", text);
    if (done == NULL) {
        PyErr_Clear(); /* better the exception without the note than another one */
    }
    Py_XDECREF(done);
    PyErr_SetRaisedException(error);
    return NULL;
}

void native_set_unsent(PyObject *unsent) {
    PyObject *error = PyErr_GetRaisedException();
    if (unsent == NULL || PyObject_SetAttrString(error, "unsent", unsent) < 0) {
        PyErr_Clear(); /* better the exception without it than another one */
    }
    Py_XDECREF(unsent);
    PyErr_SetRaisedException(error);
}

PyObject *native_raise_delivered(const char *text) {
    native_add_note(text);
    PyObject *error = PyErr_GetRaisedException();
    PyObject *nothing = PyTuple_New(0);
    PyErr_SetRaisedException(error);
    native_set_unsent(nothing);
    return NULL;
}

PyObject *native_text(const char *text) { return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace"); }

/* ---- statuses of the core ------------------------------------------------------------------------------------- */

static PyObject *raise_broken(native_state *state, csp_end *end, PyObject *unsent) {
    csp_message cause = {0};
    PyObject *why = NULL;
    if (end != NULL && csp_end_cause(end, &cause)) {
        why = native_decode(state, &cause);
        if (why == NULL) {
            return NULL;
        }
    }
    csp_statistics channel = {.aborted = false};
    if (end != NULL) {
        csp_end_statistics(end, &channel);
    }
    const char *where = unsent != NULL ? "; the message is in .unsent" : "";
    PyObject *text = why != NULL       ? PyUnicode_FromFormat("the channel was aborted: %S%s", why, where)
                     : channel.aborted ? PyUnicode_FromFormat("the channel was aborted%s", where)
                                       : PyUnicode_FromFormat("every receiver of this channel is gone%s", where);
    PyObject *error =
        text != NULL ? PyObject_CallFunctionObjArgs(state->broken_channel, text, unsent != NULL ? unsent : Py_None,
                                                    why != NULL ? why : Py_None, NULL)
                     : NULL;
    if (error != NULL) {
        PyErr_SetObject(state->broken_channel, error);
        Py_DECREF(error);
    }
    Py_XDECREF(text);
    Py_XDECREF(why);
    return NULL;
}

static PyObject *raise_abandoned(native_state *state, csp_end *end) {
    csp_sync_state sync;
    csp_sync_read(end, &sync);
    PyObject *text = PyUnicode_FromFormat(
        "%s ended while it held this; what it guards may be half done. It is not held now, and can be acquired again",
        sync.abandoner[0] != '\0' ? sync.abandoner : "an interpreter");
    PyObject *name = native_text(sync.abandoner);
    PyObject *error =
        text != NULL && name != NULL ? PyObject_CallFunctionObjArgs(state->abandoned, text, name, NULL) : NULL;
    if (error != NULL) {
        PyErr_SetObject(state->abandoned, error);
        Py_DECREF(error);
    }
    Py_XDECREF(name);
    Py_XDECREF(text);
    return NULL;
}

PyObject *native_raise(native_state *state, csp_status status, csp_end *end, PyObject *unsent, bool nowait) {
    if (PyErr_Occurred()) {
        return NULL; /* a signal handler's, which may itself have ended what was waited for */
    }
    bool sending = end != NULL && csp_end_direction(end) == CSP_SENDING;
    switch (status) {
        case CSP_WOULD_BLOCK:
        case CSP_TIMEOUT:
            if (nowait) {
                PyErr_SetString(state->would_block, sending ? "no receiver is waiting and the buffer has no room"
                                                            : "no message is there and no sender is waiting");
            } else {
                PyErr_SetString(PyExc_TimeoutError, sending ? "nobody took the message before the timeout"
                                                            : "nothing arrived before the timeout");
            }
            break;
        case CSP_END_OF_CHANNEL:
            PyErr_SetString(state->end_of_channel, "every sender of this channel is gone and nothing is left in it");
            break;
        case CSP_BROKEN:
            return raise_broken(state, end, unsent);
        case CSP_CLOSED_END:
            PyErr_Format(state->closed_end,
                         "this %s was closed by its own holder; clone it before closing if others need it",
                         end != NULL && csp_end_sync(end) != CSP_SYNC_NONE ? "handle"
                         : sending                                         ? "Sender"
                                                                           : "Receiver");
            break;
        case CSP_ABANDONED:
            return raise_abandoned(state, end);
        case CSP_CANCELLED:
            PyErr_SetString(state->stopped, "told to stop");
            break;
        case CSP_SCOPE_CANCELLED:
            PyErr_SetString(state->cancelled, "cancelled by a scope around this");
            break;
        case CSP_INTERRUPTED:
            PyErr_SetString(PyExc_InterruptedError, "interrupted");
            break;
        case CSP_NO_MEMORY:
            PyErr_NoMemory();
            break;
        case CSP_OVERFLOW:
            PyErr_SetString(state->would_block, "the buffer is full, and its overflow policy is \"error\"");
            break;
        default:
            PyErr_Format(PyExc_SystemError, "csp core: %s (%s)", csp_status_name(status), csp_status_text(status));
            break;
    }
    return NULL;
}

PyObject *native_raise_no_choice(native_state *state, csp_status status) {
    if (status == CSP_INVALID) {
        PyErr_SetString(PyExc_ValueError, "select would wait for ever: no guard is on, and there is no timeout");
    } else if (status == CSP_WOULD_BLOCK || status == CSP_TIMEOUT) {
        PyErr_SetString(PyExc_TimeoutError, "no guard became ready before the timeout");
    } else {
        native_raise(state, status, NULL, NULL, false);
    }
    return NULL;
}

/* ---- what others failed with ---------------------------------------------------------------------------------- */

PyObject *native_call_failure(const char *name, PyObject *argument) {
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

PyObject *native_raise_failure(const char *unpack, PyObject *value) {
    PyObject *error = native_call_failure(unpack, value);
    Py_DECREF(value);
    if (error != NULL && !PyExceptionInstance_Check(error)) {
        PyErr_Format(PyExc_TypeError, "%s gave no exception, but %T", unpack, error);
        Py_DECREF(error);
    } else if (error != NULL) {
        PyErr_SetRaisedException(error); /* as it is: PyErr_SetObject would make it come from what is handled here */
    }
    return NULL;
}

/* ---- what became of a message that was sent ------------------------------------------------------------------- */

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
