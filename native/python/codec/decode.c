/* SPDX-License-Identifier: MIT
 *
 * Messages to objects, of the interpreter that decodes; the message is used up. */
#include "codec/decode.h"
#include "codec/format.h"
#include "codec/table.h"
#include "codec/text.h"
#include "holding/current.h"
#include "holding/handles.h"

/* `given_up`: nobody waits for this call any more. */
static PyObject *take_reply(native_state *state, const csp_message *message, bool *given_up) {
    csp_reply *reply = csp_payload_take_reply(message->as.payload, message->size, native_holder(state));
    if (reply == NULL) {
        PyErr_SetString(
            state->not_shareable,
            "several got the same call, and another has taken the right to answer it: of a call there is one");
        return NULL;
    }
    *given_up = native_is_given_up(reply);
    return native_wrap_reply(state, reply);
}

/* (reply, exception): a call that this interpreter cannot read. Its caller is told, by whoever serves the calls. */
static PyObject *unreadable_call(PyObject *reply) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *pair = PyTuple_Pack(2, reply, error);
    Py_DECREF(error);
    return pair;
}

static PyObject *decode_stream(native_state *state, const csp_message *message) {
    uint32_t kind = message->kind & ~CSP_KIND_PAYLOAD;
    bool is_call = kind == KIND_CALL || kind == KIND_OBJECTS_CALL;
    bool given_up = false;
    PyObject *reply = is_call ? take_reply(state, message, &given_up) : NULL;
    if (is_call && reply == NULL) {
        return NULL;
    }
    if (given_up) { /* it arrives as (reply,), and the rest is not opened */
        PyObject *alone = PyTuple_Pack(1, reply);
        Py_DECREF(reply);
        return alone;
    }
    csp_payload *payload = message->as.payload;
    native_reader r;
    native_reader_begin(&r, state, csp_payload_bytes(payload), csp_payload_size(payload),
                        kind == KIND_STREAM || kind == KIND_CALL);
    r.payload = payload;
    PyObject *object = native_get_all(&r, Py_XNewRef(reply));
    native_reader_end(&r);
    if (is_call) {
        /* Ctrl-C is meant for who reads; the caller learns that its reply was lost. */
        bool ours = object == NULL && PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
        object = object != NULL || ours ? object : unreadable_call(reply);
        Py_DECREF(reply);
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
            return native_text_from(message->as.bytes, message->size, 0);
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
        switch (message->kind & ~CSP_KIND_PAYLOAD) {
            case KIND_STREAM:
            case KIND_CALL:
            case KIND_OBJECTS:
            case KIND_OBJECTS_CALL:
                object = decode_stream(state, message);
                break;
            case KIND_TEXT_PAYLOAD:
                object = native_text_from(bytes, size, message->size);
                break;
            case KIND_UTF8_PAYLOAD:
                object = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)size, NULL);
                break;
            case KIND_BYTES_PAYLOAD:
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
