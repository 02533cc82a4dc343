/* SPDX-License-Identifier: MIT
 *
 * Receiver: the end of a channel that receives, as Python sees it. */
#include "channels/receiver.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "codec/decode.h"
#include "codec/format.h"
#include "errors.h"
#include "holding/handles.h"
#include "types.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

/* A message, or NULL with an exception; with `end_is_stop`, the end of the channel is NULL without one. */
static PyObject *receiver_get(PyObject *self, int64_t deadline, PyObject *missing, bool nowait, bool end_is_stop) {
    native_state *state = state_of(self);
    csp_end *end = end_of(self);
    csp_message message;
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_recv(end, &message, deadline, &wait.hooks);
    if (status == CSP_OK) {
        if (native_wait_signalled(&wait)) {
            csp_unreceive(end, &message); /* the next receive gets it */
            return NULL;
        }
        return native_decode(state, &message);
    }
    if (status == CSP_WOULD_BLOCK && missing != NULL) {
        return Py_NewRef(missing);
    }
    if (status == CSP_END_OF_CHANNEL && end_is_stop) {
        return NULL;
    }
    return native_raise(state, status, end, NULL, nowait);
}

static PyObject *receiver_recv(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    int64_t deadline = CSP_FOREVER;
    if ((count > 0 || keywords != NULL) &&
        !native_timeout_argument(state_of(self), "recv", args, count, 0, keywords, &deadline)) {
        return NULL;
    }
    return receiver_get(self, deadline, NULL, false, false);
}

static PyObject *receiver_recv_nowait(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (count > 1) {
        PyErr_SetString(PyExc_TypeError, "recv_nowait takes at most one argument, the default");
        return NULL;
    }
    return receiver_get(self, CSP_POLL, count == 1 ? args[0] : NULL, true, false);
}

static void give_back(csp_end *end, csp_message *messages, size_t from, size_t count) {
    while (count > from) {
        csp_unreceive(end, &messages[--count]);
    }
}

/* Reading it may run anything, and fail. */
static bool runs_code(const csp_message *message) {
    return message->kind == (KIND_OBJECTS | CSP_KIND_PAYLOAD) ||
           message->kind == (KIND_OBJECTS_CALL | CSP_KIND_PAYLOAD);
}

/* Of such a one: read once, it cannot be read again, because ends or a reply were taken out of it. */
static bool is_read_once(const csp_message *message) {
    return message->kind == (KIND_OBJECTS_CALL | CSP_KIND_PAYLOAD) || message->size > 0;
}

/* How many can be read together, so that all but an unreadable one can still go back: those before one that runs code and
 * can be read but once, or that one alone. */
static size_t readable_together(const csp_message *messages, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (runs_code(&messages[i]) && is_read_once(&messages[i])) {
            return i > 0 ? i : 1;
        }
    }
    return count;
}

/* A list of what was received. First what runs code, and of that a copy: it may fail. Then that
 * one message is gone, as it is with recv, and all others are in the channel again, in their order. */
static PyObject *decode_many(native_state *state, csp_end *end, csp_message *messages, size_t received) {
    size_t count = readable_together(messages, received);
    give_back(end, messages, count, received);
    PyObject *list = PyList_New((Py_ssize_t)count);
    if (list != NULL) {
        PyObject_GC_UnTrack(list); /* nobody may find it while some of its places are empty */
    }
    for (size_t i = 0; list != NULL && i < count; i++) {
        if (runs_code(&messages[i])) {
            csp_message copy = messages[i];
            csp_payload_retain(copy.as.payload);
            PyObject *object = native_decode(state, &copy);
            if (object == NULL) {
                csp_message_drop(&messages[i]);
                Py_CLEAR(list);
            } else {
                PyList_SET_ITEM(list, (Py_ssize_t)i, object);
            }
        }
    }
    for (size_t i = 0; list != NULL && i < count; i++) {
        if (!runs_code(&messages[i])) {
            PyObject *object = native_decode(state, &messages[i]);
            messages[i].kind = 0;
            if (object == NULL) {
                Py_CLEAR(list); /* out of memory */
            } else {
                PyList_SET_ITEM(list, (Py_ssize_t)i, object);
            }
        }
    }
    for (size_t i = 0; list != NULL && i < count; i++) {
        csp_message_drop(&messages[i]);
    }
    if (list == NULL) {
        PyObject *error = PyErr_GetRaisedException();
        give_back(end, messages, 0, count);
        PyErr_SetRaisedException(error);
    } else {
        PyObject_GC_Track(list);
    }
    return list;
}

static PyObject *receiver_recv_many(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of(self);
    csp_end *end = end_of(self);
    int64_t deadline = CSP_FOREVER;
    Py_ssize_t most = count > 0 ? PyNumber_AsSsize_t(args[0], PyExc_OverflowError) : 0;
    if (most == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (most < 1 || most > 1 << 24) {
        PyErr_SetString(PyExc_ValueError, "recv_many takes the most messages to receive at once, at least 1");
        return NULL;
    }
    if ((count > 1 || keywords != NULL) &&
        !native_timeout_argument(state, "recv_many", args, count, 1, keywords, &deadline)) {
        return NULL;
    }
    csp_message *messages = PyMem_Malloc(sizeof *messages * (size_t)most);
    if (messages == NULL) {
        return PyErr_NoMemory();
    }
    size_t done;
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_recv_many(end, messages, (size_t)most, &done, deadline, &wait.hooks);
    PyObject *list = NULL;
    if (status == CSP_OK && !native_wait_signalled(&wait)) {
        list = decode_many(state, end, messages, done);
    } else if (status == CSP_OK) {
        give_back(end, messages, 0, done);
    } else {
        native_raise(state, status == CSP_WOULD_BLOCK ? CSP_TIMEOUT : status, end, NULL, false);
    }
    PyMem_Free(messages);
    return list;
}

static PyObject *receiver_next(PyObject *self) { return receiver_get(self, CSP_FOREVER, NULL, false, true); }

/* ---- the type ------------------------------------------------------------------------------------------------- */

static PyMethodDef receiver_methods[] = {
    {"recv", FASTCALL(receiver_recv), METH_FASTCALL | METH_KEYWORDS,
     "recv($self, /, timeout=None, *, deadline=None)\n--\n\nReceive one message; blocks until there is one. timeout "
     "is in seconds; 0 "
     "does not "
     "wait.\n\nRaises TimeoutError, EndOfChannel (every sender is gone and nothing is left), ClosedEnd, Stopped.\n"
     "A value that arrives in the same instant as a signal handler's exception is returned by the next recv."},
    {"extended", FASTCALL(native_receiver_extended), METH_VARARGS | METH_KEYWORDS,
     "extended($self, /, timeout=None, *, deadline=None)\n--\n\nA context manager: `with rx.extended() as message:` "
     "receives, and holds "
     "the "
     "sender until the block has ended.\n\nAn exception that leaves the block is raised in the sender too. Needs "
     "capacity 0. "
     "(occam-pi's extended rendezvous.)"},
    {"recv_many", FASTCALL(receiver_recv_many), METH_FASTCALL | METH_KEYWORDS,
     "recv_many($self, most, /, timeout=None, *, deadline=None)\n--\n\n"
     "A list of 1 to most messages: blocks for the first, takes what is there without waiting for more.\n\n"
     "Raises what recv raises. Where one message cannot be read, that one is gone; the others come with the next "
     "receive."},
    {"recv_nowait", FASTCALL(receiver_recv_nowait), METH_FASTCALL,
     "recv_nowait($self, default=..., /)\n--\n\nLike recv, but never waits: returns default, or raises WouldBlock "
     "without one."
     "\n\nThe end of the channel is still EndOfChannel."},
    END_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyType_Slot receiver_slots[] = {
    {Py_tp_doc,
     "The receiving end of a channel, as one holder has it.\n\nIterating receives until the end of the channel. Each "
     "message goes to exactly one receiver."},
    {Py_tp_methods, receiver_methods},
    {Py_tp_iter, (void *)PyObject_SelfIter},
    {Py_tp_iternext, (void *)receiver_next},
    END_SLOTS,
    {0, NULL},
};

PyType_Spec receiver_spec = {"csp.Receiver", sizeof(end_object), 0, FINAL_TYPE_MADE_HERE, receiver_slots};
