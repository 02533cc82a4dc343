/* SPDX-License-Identifier: MIT
 *
 * Sender and Receiver: the two ends of a channel as Python sees them. */
#include "native.h"

/* ---- making and freeing --------------------------------------------------------------------------------------- */

PyObject *native_wrap_end(native_state *state, csp_end *end) {
    csp_sync_kind kind = csp_end_sync(end);
    PyTypeObject *type = kind != CSP_SYNC_NONE                   ? state->sync_types[kind]
                         : csp_end_direction(end) == CSP_SENDING ? state->sender_type
                                                                 : state->receiver_type;
    end_object *self = PyObject_GC_New(end_object, type);
    if (self == NULL) {
        csp_end_free(end);
        return NULL;
    }
    self->end = end;
    PyObject_GC_Track((PyObject *)self);
    return (PyObject *)self;
}

/* An end refers to nothing but its type, and that to the module. The collector must see even this: an end that only falls
 * with the interpreter's last garbage would otherwise keep the module, and with it the whole heap (2.7 MiB) for ever. */
int native_end_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    return 0;
}

void native_end_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    csp_end_free(((end_object *)self)->end);
    type->tp_free(self);
    Py_DECREF(type);
}

bool native_is_end(PyObject *object) { return Py_TYPE(object)->tp_dealloc == native_end_dealloc; }

static csp_end *end_of(PyObject *self) { return ((end_object *)self)->end; }

static PyObject *wrap_pair(native_state *state, csp_end *sending, csp_end *receiving) {
    PyObject *sender = native_wrap_end(state, sending);
    PyObject *receiver = native_wrap_end(state, receiving);
    PyObject *pair = sender != NULL && receiver != NULL ? PyTuple_Pack(2, sender, receiver) : NULL;
    Py_XDECREF(sender);
    Py_XDECREF(receiver);
    return pair;
}

static bool read_capacity(PyObject *object, uint32_t *capacity) {
    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "capacity must be an int (0: rendezvous, n: a buffer of n messages), not %T",
                     object);
        return false;
    }
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0 || value < -1 || value > (1 << 30)) {
        PyErr_Format(PyExc_ValueError, "capacity must be between 0 (rendezvous) and 2**30, not %S", object);
        return false;
    }
    *capacity = value == -1 ? CSP_UNBOUNDED : (uint32_t)value;
    return true;
}

static bool read_overflow(PyObject *object, csp_overflow *overflow) {
    static const char *const names[] = {"block", "drop_oldest", "drop_newest", "error"};
    if (PyUnicode_Check(object)) {
        for (int i = 0; i < 4; i++) {
            if (PyUnicode_CompareWithASCIIString(object, names[i]) == 0) {
                *overflow = (csp_overflow)i;
                return true;
            }
        }
    }
    PyErr_Format(PyExc_ValueError, "overflow must be \"block\", \"drop_oldest\", \"drop_newest\" or \"error\", not %R",
                 object);
    return false;
}

bool native_channel_arguments(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
                              uint32_t *capacity, csp_overflow *overflow) {
    PyObject *given[2] = {NULL, NULL};
    Py_ssize_t named = keywords != NULL ? PyTuple_GET_SIZE(keywords) : 0;
    if (count > 2) {
        PyErr_Format(PyExc_TypeError, "%s takes a capacity and an overflow policy, not %zd arguments", function,
                     count);
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        given[i] = args[i];
    }
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GET_ITEM(keywords, i);
        int place = PyUnicode_CompareWithASCIIString(name, "capacity") == 0   ? 0
                    : PyUnicode_CompareWithASCIIString(name, "overflow") == 0 ? 1
                                                                              : -1;
        if (place < 0 || given[place] != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "%s has no argument %R, or it was given twice; it takes capacity and overflow", function,
                         name);
            return false;
        }
        given[place] = args[count + i];
    }
    if ((given[0] != NULL && !read_capacity(given[0], capacity)) ||
        (given[1] != NULL && !read_overflow(given[1], overflow))) {
        return false;
    }
    if (*capacity == 0 && *overflow != CSP_OVERFLOW_BLOCK) {
        PyErr_SetString(PyExc_ValueError, "an overflow policy needs a buffer: give a capacity of at least 1");
        return false;
    }
    return true;
}

/* channel(capacity=0, overflow="block") -> (Sender, Receiver); capacity -1 is unbounded, for the library's own use. */
PyObject *native_channel(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of_module(module);
    uint32_t capacity = 0;
    csp_overflow overflow = CSP_OVERFLOW_BLOCK;
    if (!native_channel_arguments("channel", args, count, keywords, &capacity, &overflow)) {
        return NULL;
    }
    csp_end *sending, *receiving;
    csp_status status = csp_channel_new(capacity, overflow, state->holder, &sending, &receiving);
    if (status != CSP_OK) {
        return native_raise(state, status, NULL, NULL, false);
    }
    return wrap_pair(state, sending, receiving);
}

/* ---- what both ends have -------------------------------------------------------------------------------------- */

PyObject *native_end_close(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_end_close(end_of(self));
    Py_RETURN_NONE;
}

PyObject *native_end_clone(PyObject *self, PyObject *unused) {
    (void)unused;
    native_state *state = state_of(self);
    csp_end *clone = csp_end_clone(end_of(self), state->holder);
    if (clone == NULL) {
        return native_raise(state, csp_end_is_closed(end_of(self)) ? CSP_CLOSED_END : CSP_NO_MEMORY, end_of(self),
                            NULL, false);
    }
    return native_wrap_end(state, clone);
}

static PyObject *end_enter(PyObject *self, PyObject *unused) {
    (void)unused;
    return Py_NewRef(self);
}

static PyObject *end_exit(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)args;
    (void)count;
    csp_end_close(end_of(self));
    Py_RETURN_NONE;
}

static PyObject *end_abort(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of(self);
    csp_message cause = {0};
    if (count > 1) {
        PyErr_SetString(PyExc_TypeError, "abort takes one argument, the cause");
        return NULL;
    }
    if (count == 1 && args[0] != Py_None && !native_encode(state, args[0], NULL, &cause)) {
        return NULL;
    }
    csp_end_abort(end_of(self), &cause);
    Py_RETURN_NONE;
}

PyObject *native_end_statistics(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_statistics statistics;
    csp_end_statistics(end_of(self), &statistics);
    return native_statistics_object(state_of(self), &statistics);
}

static Py_ssize_t end_length(PyObject *self) {
    csp_statistics statistics;
    csp_end_statistics(end_of(self), &statistics);
    return (Py_ssize_t)statistics.length;
}

/* An end is true even when its channel is empty, unlike a list: `if rx:` asks for an end, not for messages. */
static int end_true(PyObject *self) {
    (void)self;
    return 1;
}

static PyObject *end_get_closed(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(csp_end_is_closed(end_of(self)));
}

static PyObject *end_get_capacity(PyObject *self, void *unused) {
    (void)unused;
    csp_statistics statistics;
    csp_end_statistics(end_of(self), &statistics);
    return statistics.capacity == CSP_UNBOUNDED ? PyLong_FromLong(-1) : PyLong_FromUnsignedLong(statistics.capacity);
}

static PyObject *end_get_channel(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromUnsignedLongLong(csp_end_channel(end_of(self)));
}

static PyObject *end_get_cause(PyObject *self, void *unused) {
    (void)unused;
    csp_message cause = {0};
    if (!csp_end_cause(end_of(self), &cause)) {
        Py_RETURN_NONE;
    }
    return native_decode(state_of(self), &cause);
}

static PyObject *end_repr(PyObject *self) {
    csp_statistics s;
    csp_end *end = end_of(self);
    csp_end_statistics(end, &s);
    bool sending = csp_end_direction(end) == CSP_SENDING;
    const char *state = csp_end_is_closed(end)                               ? "closed"
                        : s.aborted                                          ? "aborted"
                        : (sending ? s.receiving_ends : s.sending_ends) == 0 ? "peer gone"
                                                                             : "open";
    if (s.capacity == 0) {
        return PyUnicode_FromFormat("<csp.%s of channel %llu, rendezvous, %s>", sending ? "Sender" : "Receiver",
                                    (unsigned long long)s.id, state);
    }
    return PyUnicode_FromFormat("<csp.%s of channel %llu, %u of %u buffered, %s>", sending ? "Sender" : "Receiver",
                                (unsigned long long)s.id, s.length, s.capacity, state);
}

/* Two handles are equal when they are the same direction of the same channel. */
PyObject *native_end_compare(PyObject *self, PyObject *other, int operation) {
    if ((operation != Py_EQ && operation != Py_NE) || Py_TYPE(self) != Py_TYPE(other)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    bool equal = csp_end_channel(end_of(self)) == csp_end_channel(end_of(other));
    return PyBool_FromLong(equal == (operation == Py_EQ));
}

Py_hash_t native_end_hash(PyObject *self) {
    return (Py_hash_t)(csp_end_channel(end_of(self)) * 2 + (csp_end_direction(end_of(self)) == CSP_SENDING));
}

PyObject *native_end_reduce(PyObject *self, PyObject *unused) {
    (void)unused;
    PyErr_Format(state_of(self)->not_shareable,
                 "%T cannot be pickled by itself: an end travels only inside a message of this library", self);
    return NULL;
}

/* ---- Sender --------------------------------------------------------------------------------------------------- */

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
    if (status == CSP_OK && !wait.signalled) {
        Py_RETURN_NONE;
    }
    if (status == CSP_OK) {
        return NULL; /* delivered, and a signal handler raised in the same instant */
    }
    return native_raise_unsent(state, status, end, &message, object, nowait);
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
    PyObject *result = NULL;
    if (status == CSP_FAILED) {
        native_raise_unsent(state, status, end, &messages[done], PyTuple_GET_ITEM(objects, (Py_ssize_t)done), false);
    }
    drop_messages(messages, (Py_ssize_t)done, wanted);
    if (status == CSP_OK) {
        result = wait.signalled ? NULL : Py_NewRef(Py_None);
    } else if (status != CSP_FAILED) {
        PyObject *unsent = PyTuple_GetSlice(objects, (Py_ssize_t)done, wanted);
        if (unsent != NULL) {
            native_raise(state, status == CSP_WOULD_BLOCK ? CSP_TIMEOUT : status, end, unsent, false);
            Py_DECREF(unsent);
        }
    }
    Py_DECREF(objects);
    return result;
}

/* ---- Receiver ------------------------------------------------------------------------------------------------- */

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

/* A list of what was received; what cannot be decoded raises, and the messages behind it go back to the channel. */
static PyObject *decode_many(native_state *state, csp_end *end, csp_message *messages, size_t count) {
    PyObject *list = PyList_New((Py_ssize_t)count);
    size_t next = 0;
    while (list != NULL && next < count) {
        PyObject *object = native_decode(state, &messages[next]);
        if (object == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, (Py_ssize_t)next, object);
        }
        next++;
    }
    for (size_t i = count; i > next; i--) {
        csp_unreceive(end, &messages[i - 1]);
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
    if (status == CSP_OK && !wait.signalled) {
        list = decode_many(state, end, messages, done);
    } else if (status == CSP_OK) {
        while (done > 0) {
            csp_unreceive(end, &messages[--done]);
        }
    } else {
        native_raise(state, status == CSP_WOULD_BLOCK ? CSP_TIMEOUT : status, end, NULL, false);
    }
    PyMem_Free(messages);
    return list;
}

static PyObject *receiver_next(PyObject *self) { return receiver_get(self, CSP_FOREVER, NULL, false, true); }

/* ---- types ---------------------------------------------------------------------------------------------------- */

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))

#define END_METHODS                                                                                                  \
    {"close", native_end_close, METH_NOARGS,                                                                         \
     "close($self, /)\n--\n\nClose this handle in good order; idempotent, never blocks.\n\nThe last handle of a "    \
     "direction ends the channel: receivers drain what is buffered and then get\nEndOfChannel; senders get "         \
     "BrokenChannel at once. Operations that wait on this very handle get ClosedEnd."},                              \
        {"clone", native_end_clone, METH_NOARGS,                                                                     \
         "clone($self, /)\n--\n\nAnother handle on the same direction, with a life of its own. Raises ClosedEnd."},  \
        {"abort", FASTCALL(end_abort), METH_FASTCALL,                                                                \
         "abort($self, cause=None, /)\n--\n\nEnd both directions now; what is buffered is dropped and counted as "   \
         "undelivered.\n\nSenders find `cause` in BrokenChannel.cause. Only the first abort counts. Never blocks."}, \
        {"statistics", native_end_statistics, METH_NOARGS,                                                           \
         "statistics($self, /)\n--\n\nA Statistics snapshot of the channel, read in one instant."},                  \
        {"__enter__", end_enter, METH_NOARGS, NULL}, {"__exit__", FASTCALL(end_exit), METH_FASTCALL, NULL},          \
        {"__reduce__", native_end_reduce, METH_NOARGS, NULL}, {                                                      \
        "__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL                                              \
    }

static PyMethodDef sender_methods[] = {
    {"send", FASTCALL(sender_send), METH_FASTCALL | METH_KEYWORDS,
     "send($self, message, /, timeout=None, *, deadline=None)\n--\n\nSend one message; blocks until a receiver has "
     "taken it "
     "(rendezvous) or the "
     "buffer has room.\n\nThe message is copied: the caller keeps its own object. timeout is in seconds; 0 does not "
     "wait.\n"
     "Raises TimeoutError, BrokenChannel (every receiver is gone; .unsent), ClosedEnd, NotShareable, Stopped.\n"
     "After an error the message was not delivered."},
    {"send_nowait", sender_send_nowait, METH_O,
     "send_nowait($self, message, /)\n--\n\nLike send, but never waits: raises WouldBlock where send would."},
    {"send_many", FASTCALL(sender_send_many), METH_FASTCALL | METH_KEYWORDS,
     "send_many($self, messages, /, timeout=None, *, deadline=None)\n--\n\n"
     "Send all messages of an iterable, in order; blocks as send does.\n\n"
     "One lock and one wake for as many as fit. After an error those that did not go are in .unsent (BrokenChannel)."},
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

static PyMethodDef receiver_methods[] = {
    {"recv", FASTCALL(receiver_recv), METH_FASTCALL | METH_KEYWORDS,
     "recv($self, /, timeout=None, *, deadline=None)\n--\n\nReceive one message; blocks until there is one. timeout "
     "is in seconds; 0 "
     "does not "
     "wait.\n\nRaises TimeoutError, EndOfChannel (every sender is gone and nothing is left), ClosedEnd, Stopped.\n"
     "A value that arrives in the same instant as a signal handler's exception is returned by the next recv."},
    {"extended", FASTCALL(native_receiver_extended), METH_VARARGS | METH_KEYWORDS,
     "extended($self, /, timeout=None)\n--\n\nA context manager: `with rx.extended() as message:` receives, and holds "
     "the "
     "sender until the block has ended.\n\nAn exception that leaves the block is raised in the sender too. Needs "
     "capacity 0. "
     "(occam-pi's extended rendezvous.)"},
    {"recv_many", FASTCALL(receiver_recv_many), METH_FASTCALL | METH_KEYWORDS,
     "recv_many($self, most, /, timeout=None, *, deadline=None)\n--\n\n"
     "A list of 1 to most messages: blocks for the first, takes what is there without waiting for more.\n\n"
     "Raises what recv raises."},
    {"recv_nowait", FASTCALL(receiver_recv_nowait), METH_FASTCALL,
     "recv_nowait($self, default=..., /)\n--\n\nLike recv, but never waits: returns default, or raises WouldBlock "
     "without one."
     "\n\nThe end of the channel is still EndOfChannel."},
    END_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef end_getset[] = {
    {"closed", end_get_closed, NULL, "Whether this handle was closed.", NULL},
    {"capacity", end_get_capacity, NULL, "Messages the buffer can hold; 0 for a rendezvous.", NULL},
    {"cause", end_get_cause, NULL, "What the channel was aborted with, or None.", NULL},
    {"channel_id", end_get_channel, NULL, "The channel's number in this process; never used again.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define END_SLOTS                                                                                                    \
    {Py_tp_dealloc, (void *)native_end_dealloc}, {Py_tp_traverse, (void *)native_end_traverse},                      \
        {Py_tp_getset, end_getset}, {Py_tp_repr, (void *)end_repr}, {Py_tp_richcompare, (void *)native_end_compare}, \
        {Py_tp_hash, (void *)native_end_hash}, {Py_sq_length, (void *)end_length}, {                                 \
        Py_nb_bool, (void *)end_true                                                                                 \
    }

static PyType_Slot sender_slots[] = {
    {Py_tp_doc,
     "The sending end of a channel, as one holder has it.\n\nMade by csp.channel(); it may travel inside messages, "
     "which gives the receiver a handle of its own.\nIt closes when it is closed, collected, or its interpreter "
     "ends."},
    {Py_tp_methods, sender_methods},
    END_SLOTS,
    {0, NULL},
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

#define FINAL_TYPE (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE)

PyType_Spec sender_spec = {"csp.Sender", sizeof(end_object), 0, FINAL_TYPE | Py_TPFLAGS_HAVE_GC, sender_slots};
PyType_Spec receiver_spec = {"csp.Receiver", sizeof(end_object), 0, FINAL_TYPE | Py_TPFLAGS_HAVE_GC, receiver_slots};
