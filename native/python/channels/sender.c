/* SPDX-License-Identifier: MIT
 *
 * Sender: the end of a channel that sends, as Python sees it. */
#include "channels/sender.h"
#include "alternatives/guards.h"
#include "channels/calls.h"
#include "channels/end.h"
#include "codec/encode.h"
#include "errors.h"
#include "holding/handles.h"
#include "types.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

static PyObject *sender_put(PyObject *self, PyObject *object, int64_t deadline, bool nowait) {
    native_state *state = state_of(self);
    csp_end *end = end_of(self);
    csp_message message;
    native_wait wait;
    if (!native_encode(state, object, NULL, &message)) {
        return NULL;
    }
    native_wait_begin(&wait, state);
    csp_status status = csp_send(end, &message, deadline, &wait.hooks);
    if (status == CSP_OK && !native_wait_signalled(&wait)) {
        Py_RETURN_NONE;
    }
    if (status == CSP_OK) {
        return native_raise_delivered("the message was delivered: the signal handler raised in the same instant");
    }
    bool untouched = (wait.signalled || status == CSP_SCOPE_CANCELLED) && message.kind != 0 && status != CSP_FAILED;
    native_raise_unsent(state, status, end, &message, object, nowait);
    if (untouched) {
        native_set_unsent(PyTuple_Pack(1, object));
    }
    return NULL;
}

static PyObject *sender_send(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    int64_t deadline = CSP_FOREVER;
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "send takes the message to send");
        return NULL;
    }
    if ((count > 1 || keywords != NULL) &&
        !native_timeout_argument(state_of(self), "send", args, count, 1, keywords, &deadline)) {
        return NULL;
    }
    return sender_put(self, args[0], deadline, false);
}

static PyObject *sender_send_nowait(PyObject *self, PyObject *object) {
    return sender_put(self, object, CSP_POLL, true);
}

static PyObject *sender_offer(PyObject *self, PyObject *object) { return native_offer(state_of(self), self, object); }

/* Drop what was encoded and not sent, and free the array. */
static void drop_messages(csp_message *messages, Py_ssize_t from, Py_ssize_t count) {
    for (Py_ssize_t i = from; i < count; i++) {
        csp_message_drop(&messages[i]);
    }
    PyMem_Free(messages);
}

/* Whatever is being raised says which messages did not go. (An exception that takes no attributes is raised as it is.) */
static void hand_back(PyObject *objects, Py_ssize_t done) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *unsent = PyTuple_GetSlice(objects, done, PyTuple_GET_SIZE(objects));
    PyErr_SetRaisedException(error);
    native_set_unsent(unsent);
}

static PyObject *sender_send_many(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of(self);
    csp_end *end = end_of(self);
    int64_t deadline = CSP_FOREVER;
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "send_many takes the messages to send, as any iterable");
        return NULL;
    }
    if ((count > 1 || keywords != NULL) &&
        !native_timeout_argument(state, "send_many", args, count, 1, keywords, &deadline)) {
        return NULL;
    }
    PyObject *objects = PySequence_Tuple(args[0]);
    if (objects == NULL) {
        return NULL;
    }
    Py_ssize_t wanted = PyTuple_GET_SIZE(objects);
    csp_message *messages = PyMem_Calloc((size_t)wanted + 1, sizeof *messages);
    if (messages == NULL) {
        Py_DECREF(objects);
        return PyErr_NoMemory();
    }
    /* All are encoded before the first is sent: one that cannot travel is found while none has gone. */
    for (Py_ssize_t i = 0; i < wanted; i++) {
        if (!native_encode(state, PyTuple_GET_ITEM(objects, i), NULL, &messages[i])) {
            drop_messages(messages, 0, i);
            Py_DECREF(objects);
            return NULL;
        }
    }
    size_t done;
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_send_many(end, messages, (size_t)wanted, &done, deadline, &wait.hooks);
    bool sent = status == CSP_OK && !native_wait_signalled(&wait);
    if (status == CSP_OK && !sent) {
        native_add_note("all messages were delivered: the signal handler raised in the same instant");
    } else if (status != CSP_OK) {
        native_raise_unsent(state, status == CSP_WOULD_BLOCK ? CSP_TIMEOUT : status, end, &messages[done],
                            PyTuple_GET_ITEM(objects, (Py_ssize_t)done), false);
    }
    drop_messages(messages, (Py_ssize_t)done, wanted);
    if (!sent) {
        hand_back(objects, (Py_ssize_t)done);
    }
    Py_DECREF(objects);
    return sent ? Py_NewRef(Py_None) : NULL;
}

/* ---- the type ------------------------------------------------------------------------------------------------- */

static PyMethodDef sender_methods[] = {
    {"send", FASTCALL(sender_send), METH_FASTCALL | METH_KEYWORDS,
     "send($self, message, /, timeout=None, *, deadline=None)\n--\n\nSend one message; blocks until a receiver has "
     "taken it "
     "(rendezvous) or the "
     "buffer has room.\n\nThe message is copied: the caller keeps its own object. timeout is in seconds; 0 does not "
     "wait.\n"
     "Raises TimeoutError, BrokenChannel (every receiver is gone; .unsent), ClosedEnd, NotShareable, Stopped.\n"
     "After an error the message was not delivered. Cancelled, and the exception of a signal handler, has .unsent: "
     "(message,), or () "
     "with a note\nif it was delivered in the same instant."},
    {"send_nowait", sender_send_nowait, METH_O,
     "send_nowait($self, message, /)\n--\n\nLike send, but never waits: raises WouldBlock where send would."},
    {"send_many", FASTCALL(sender_send_many), METH_FASTCALL | METH_KEYWORDS,
     "send_many($self, messages, /, timeout=None, *, deadline=None)\n--\n\n"
     "Send all messages of an iterable, in order; blocks as send does.\n\n"
     "One lock and one wake for as many as fit. All are copied before the first is sent. Whatever is raised once "
     "sending "
     "has begun (TimeoutError, BrokenChannel, ClosedEnd, WouldBlock, Stopped, KeyboardInterrupt, ...) has .unsent: a "
     "tuple of "
     "those that did not go, of which the first is the one that it failed on."},
    {"call", FASTCALL(native_sender_call), METH_FASTCALL | METH_KEYWORDS,
     "call($self, message, /, timeout=None, *, deadline=None)\n--\n\nSend (reply, message) and wait for the answer, "
     "and return it; "
     "timeout "
     "(seconds) is for both.\n\nThe receiver gets a tuple of a csp.Reply and the message, and calls "
     "reply.answer(value) or "
     "reply.fail(error), whose error is raised here.\nIf the reply is lost, also with its interpreter, BrokenChannel. "
     "(JCSP's call channels; gen_server's From.)"},
    {"offer", sender_offer, METH_O,
     "offer($self, message, /)\n--\n\nA guard for select: ready when the message can be sent, and sent if chosen."},
    END_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyType_Slot sender_slots[] = {
    {Py_tp_doc,
     "The sending end of a channel, as one holder has it.\n\nMade by csp.channel(); it may travel inside messages, "
     "which gives the receiver a handle of its own.\nIt closes when it is closed, collected, or its interpreter "
     "ends."},
    {Py_tp_methods, sender_methods},
    END_SLOTS,
    {0, NULL},
};

PyType_Spec sender_spec = {"csp.Sender", sizeof(end_object), 0, FINAL_TYPE_MADE_HERE, sender_slots};
