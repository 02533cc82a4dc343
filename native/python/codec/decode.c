/* SPDX-License-Identifier: MIT
 *
 * Messages to objects, of the interpreter that decodes; the message is used up. */
#include <string.h>

#include "codec/decode.h"
#include "codec/format.h"
#include "codec/pickled.h"
#include "holding/current.h"
#include "holding/handles.h"

typedef struct {
    native_state *state;
    csp_payload *payload;
    const unsigned char *next, *end;
    uint32_t reply_place;
} reader;

/* `width` is bytes per character, 0 for ASCII. */
static PyObject *text_from(const unsigned char *data, size_t size, unsigned width) {
    static const Py_UCS4 largest[] = {0x7f, 0xff, 0xffff, 0, 0x10ffff};
    PyObject *text = PyUnicode_New((Py_ssize_t)(width == 0 ? size : size / width), largest[width]);
    if (text != NULL && size > 0) {
        memcpy(PyUnicode_DATA(text), data, size);
    }
    return text;
}

/* A stream comes from our own writer, in this process: a short one is a bug of ours, and said so. */
static bool available(reader *r, size_t wanted) {
    if ((size_t)(r->end - r->next) < wanted) {
        PyErr_SetString(PyExc_SystemError, "csp: a message stream ends too early");
        return false;
    }
    return true;
}

static bool get_8(reader *r, void *eight) {
    if (!available(r, 8)) {
        return false;
    }
    memcpy(eight, r->next, 8);
    r->next += 8;
    return true;
}

static PyObject *get_object(reader *r);

static PyObject *get_tuple(reader *r) {
    uint64_t length;
    if (!get_8(r, &length) || !available(r, (size_t)length)) {
        return NULL;
    }
    PyObject *tuple = PyTuple_New((Py_ssize_t)length);
    if (tuple == NULL || Py_EnterRecursiveCall(" while decoding a message")) {
        Py_XDECREF(tuple);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < (Py_ssize_t)length; i++) {
        PyObject *item = get_object(r);
        if (item == NULL) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, i, item);
    }
    Py_LeaveRecursiveCall();
    return tuple;
}

static PyObject *get_text(reader *r) {
    uint64_t size;
    if (!available(r, 2)) {
        return NULL;
    }
    unsigned char width = r->next[0];
    r->next += 2; /* the width, and the tag of the run that follows */
    if (!get_8(r, &size) || !available(r, (size_t)size)) {
        return NULL;
    }
    PyObject *text = text_from(r->next, (size_t)size, width);
    r->next += size;
    return text;
}

static PyObject *get_end(reader *r) {
    uint64_t index;
    if (!get_8(r, &index)) {
        return NULL;
    }
    csp_end *end = csp_payload_take_end(r->payload, (uint32_t)index, native_holder(r->state));
    if (end == NULL) {
        PyErr_SetString(PyExc_SystemError, "csp: an end in a message was taken twice");
        return NULL;
    }
    return native_wrap_end(r->state, end);
}

static PyObject *get_reply(reader *r) {
    csp_reply *reply = csp_payload_take_reply(r->payload, r->reply_place, native_holder(r->state));
    if (reply == NULL) {
        PyErr_SetString(PyExc_SystemError, "csp: a reply in a message was taken twice");
        return NULL;
    }
    return native_wrap_reply(r->state, reply);
}

static PyObject *get_object(reader *r) {
    int64_t integer;
    double real;
    uint64_t size;
    if (!available(r, 1)) {
        return NULL;
    }
    switch (*r->next++) {
        case ITEM_NONE:
            Py_RETURN_NONE;
        case ITEM_TRUE:
            Py_RETURN_TRUE;
        case ITEM_FALSE:
            Py_RETURN_FALSE;
        case ITEM_INT:
            return get_8(r, &integer) ? PyLong_FromLongLong(integer) : NULL;
        case ITEM_FLOAT:
            return get_8(r, &real) ? PyFloat_FromDouble(real) : NULL;
        case ITEM_TEXT:
            return get_text(r);
        case ITEM_BYTES: {
            if (!get_8(r, &size) || !available(r, (size_t)size)) {
                return NULL;
            }
            PyObject *bytes = PyBytes_FromStringAndSize((const char *)r->next, (Py_ssize_t)size);
            r->next += size;
            return bytes;
        }
        case ITEM_TUPLE:
            return get_tuple(r);
        case ITEM_END:
            return get_end(r);
        case ITEM_REPLY:
            return get_reply(r);
        default:
            PyErr_SetString(PyExc_SystemError, "csp: a message stream has an unknown item");
            return NULL;
    }
}

/* (reply, *call): what a call message is when its arguments had to be pickled. */
static PyObject *with_reply(reader *r, PyObject *call) {
    PyObject *reply = get_reply(r);
    if (reply == NULL || !PyTuple_CheckExact(call)) {
        Py_XDECREF(reply);
        Py_DECREF(call);
        return NULL;
    }
    Py_ssize_t length = PyTuple_GET_SIZE(call);
    PyObject *whole = PyTuple_New(length + 1);
    if (whole != NULL) {
        PyTuple_SET_ITEM(whole, 0, reply);
        for (Py_ssize_t i = 0; i < length; i++) {
            PyTuple_SET_ITEM(whole, i + 1, Py_NewRef(PyTuple_GET_ITEM(call, i)));
        }
    } else {
        Py_DECREF(reply);
    }
    Py_DECREF(call);
    return whole;
}

/* (reply, exception): a call that this interpreter cannot read. Its caller is told, by whoever serves the calls. */
static PyObject *unreadable_call(reader *r) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *reply = get_reply(r);
    PyObject *pair = reply != NULL && error != NULL ? PyTuple_Pack(2, reply, error) : NULL;
    Py_XDECREF(reply);
    Py_XDECREF(error);
    return pair;
}

static PyObject *decode_pickle(reader *r, const csp_message *message) {
    native_state *state = r->state;
    if (!native_load_pickling(state)) {
        return NULL;
    }
    PyObject *ends = PyList_New((Py_ssize_t)message->size);
    PyObject *data = PyBytes_FromStringAndSize((const char *)r->next, r->end - r->next);
    for (uint32_t i = 0; ends != NULL && i < message->size; i++) {
        csp_end *end = csp_payload_take_end(r->payload, i, native_holder(state));
        PyObject *wrapped = end != NULL ? native_wrap_end(state, end) : Py_NewRef(Py_None);
        if (wrapped == NULL) {
            Py_CLEAR(ends);
            break;
        }
        PyList_SET_ITEM(ends, (Py_ssize_t)i, wrapped);
    }
    PyObject *object = NULL;
    if (ends != NULL && data != NULL) {
        object = PyObject_CallFunctionObjArgs(state->loads, data, ends, NULL);
    }
    Py_XDECREF(ends);
    Py_XDECREF(data);
    if ((message->kind & ~CSP_KIND_PAYLOAD) == KIND_PICKLED_CALL) {
        return object != NULL ? with_reply(r, object) : unreadable_call(r);
    }
    return object;
}

PyObject *native_decode(native_state *state, csp_message *message) {
    switch (message->kind) {
        case KIND_INT:
            return PyLong_FromLongLong(message->as.integer);
        case KIND_NONE:
            Py_RETURN_NONE;
        case KIND_TRUE:
            Py_RETURN_TRUE;
        case KIND_FALSE:
            Py_RETURN_FALSE;
        case KIND_FLOAT:
            return PyFloat_FromDouble(message->as.real);
        case KIND_ASCII:
            return text_from(message->as.bytes, message->size, 0);
        case KIND_BYTES:
            return PyBytes_FromStringAndSize((const char *)message->as.bytes, (Py_ssize_t)message->size);
        default:
            break;
    }
    PyObject *object = NULL;
    if ((message->kind & CSP_KIND_PAYLOAD) != 0) {
        csp_payload *payload = message->as.payload;
        const unsigned char *bytes = csp_payload_bytes(payload);
        size_t size = csp_payload_size(payload);
        reader r = {state, payload, bytes, bytes + size, message->size};
        switch (message->kind & ~CSP_KIND_PAYLOAD) {
            case KIND_STREAM:
                object = get_object(&r);
                break;
            case KIND_PICKLE:
            case KIND_PICKLED_CALL:
                object = decode_pickle(&r, message);
                break;
            case KIND_TEXT_BLOCK:
                object = text_from(bytes, size, message->size);
                break;
            case KIND_UTF8_BLOCK:
                object = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL);
                break;
            case KIND_BYTES_BLOCK:
                object = PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)size);
                break;
            default:
                break;
        }
    }
    if (object == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_SystemError, "csp: a message of unknown kind %u", message->kind);
    }
    csp_message_drop(message);
    return object;
}
