/* SPDX-License-Identifier: MIT */
#include "codec/packing.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "holding/current.h"
#include "holding/packed.h"
#include "types.h"

static PyObject *pack(PyObject *module, PyObject *value) {
    native_state *state = state_of_module(module);
    csp_message message;
    if (!native_encode(state, value, NULL, &message)) {
        return NULL;
    }
    csp_packed *packed = csp_packed_new(&message, native_holder(state));
    if (packed == NULL) {
        csp_message_drop(&message);
        return PyErr_NoMemory();
    }
    return native_wrap_packed(state, packed);
}

PyMethodDef packing_methods[] = {
    {"pack", pack, METH_O,
     "pack(value, /)\n--\n\nEncode value once, as send would: a Packed of it, which is sent by reference and opened "
     "where it is read.\n\nDoes not block. Raises NotShareable, which names the way to what cannot travel, and "
     "ClosedEnd. Ends in it stay open\nas long as a Packed of it lives, wherever it is."},
    {NULL, NULL, 0, NULL},
};

/* A reference of our own while it is decoded: so nothing is taken out of it, and it may be opened again meanwhile. */
static PyObject *packed_open(PyObject *self, PyObject *unused) {
    (void)unused;
    native_state *state = state_of(self);
    csp_message message;
    if (packed_of(self) == NULL) {
        PyErr_SetString(state->closed_end, "this Packed is closed: open it before you close it");
        return NULL;
    }
    if (!csp_packed_message(packed_of(self), &message)) {
        PyErr_SetString(state->stopped, "this interpreter was cut off, and with it what it had packed");
        return NULL;
    }
    return native_decode(state, &message);
}

static size_t size_of(PyObject *self) {
    csp_message message;
    size_t size = 0;
    if (packed_of(self) != NULL && csp_packed_message(packed_of(self), &message) &&
        (message.kind & CSP_KIND_PAYLOAD) != 0) {
        size = csp_payload_size(message.as.payload);
        csp_message_drop(&message);
    }
    return size;
}

static PyObject *packed_get_nbytes(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromSize_t(size_of(self));
}

static PyObject *packed_repr(PyObject *self) {
    if (packed_of(self) == NULL) {
        return PyUnicode_FromString("<csp.Packed, closed>");
    }
    return PyUnicode_FromFormat("<csp.Packed of %zu bytes>", size_of(self));
}

static PyObject *packed_close(PyObject *self, PyObject *unused) {
    (void)unused;
    native_packed_close(self);
    Py_RETURN_NONE;
}

static PyObject *packed_reduce(PyObject *self, PyObject *unused) {
    (void)unused;
    PyErr_SetString(state_of(self)->not_shareable,
                    "a Packed cannot be pickled or copied by itself: it travels only inside a message of this "
                    "library; pickle what its open() gives");
    return NULL;
}

static PyMethodDef packed_methods[] = {
    {"open", packed_open, METH_NOARGS,
     "open($self, /)\n--\n\nDecode a new copy of the value, in this interpreter, as often as wanted.\n\nDoes not "
     "block, and runs what receiving the value would run: imports, constructors. Ends in it are new handles,\nand the "
     "caller's to close. Raises what receiving it would raise; ClosedEnd (it was closed); Stopped (this interpreter "
     "was cut "
     "off)."},
    {"close", packed_close, METH_NOARGS,
     "close($self, /)\n--\n\nLet go of the value here, now; idempotent, never blocks. Others keep theirs, and what "
     "was opened stays.\n\nIt cannot be opened or sent through this object any more: ClosedEnd. Where there are ends "
     "in it, they are open no\nlonger for its sake."},
    {"__reduce__", packed_reduce, METH_NOARGS, NULL},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef packed_getset[] = {
    {"nbytes", packed_get_nbytes, NULL,
     "How many bytes are shared by all who have it; 0 for a value so small that it has none.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot packed_slots[] = {
    {Py_tp_doc,
     "A value that pack encoded once: sent by reference, also inside other messages, and opened where it is read.\n\n"
     "It does not change, is nobody's in particular, and lives as long as anybody has it; the ends in it stay open as "
     "long.\n(Erlang's large binaries are shared so; here it is any value.)"},
    {Py_tp_dealloc, (void *)native_packed_dealloc},
    {Py_tp_traverse, (void *)native_traverse_type},
    {Py_tp_repr, (void *)packed_repr},
    {Py_tp_methods, packed_methods},
    {Py_tp_getset, packed_getset},
    {0, NULL},
};

PyType_Spec packed_spec = {"csp.Packed", sizeof(packed_object), 0, FINAL_TYPE_MADE_HERE, packed_slots};
