/* SPDX-License-Identifier: MIT
 *
 * Objects to messages: what fits goes into the message itself, the rest into a payload that is written here. */
#include <string.h>

#include "codec/encode.h"
#include "codec/format.h"
#include "codec/refusal.h"
#include "codec/table.h"

/* Move what was written into a payload; attachments are what it refers to, and the reply behind them. */
static bool finish_payload(native_writer *w, csp_reply *reply, csp_message *message) {
    size_t size = (size_t)(w->next - w->begin);
    csp_payload *payload = csp_payload_new(size, w->attached_used + (reply != NULL ? 1 : 0));
    if (payload == NULL) {
        PyErr_NoMemory();
        return false;
    }
    memcpy(csp_payload_bytes(payload), w->begin, size);
    for (uint32_t i = 0; i < w->attached_used; i++) {
        if (w->attached[i].end != NULL) {
            csp_payload_attach_end(payload, i, w->attached[i].end);
        } else {
            csp_payload_attach_packed(payload, i, w->attached[i].packed);
        }
    }
    uint32_t count = w->attached_used;
    w->attached_used = 0; /* they are the payload's */
    if (reply != NULL) {
        csp_payload_attach_reply(payload, count, reply);
    }
    uint32_t plain = reply != NULL ? KIND_CALL : KIND_STREAM,
             objects = reply != NULL ? KIND_OBJECTS_CALL : KIND_OBJECTS;
    message->kind = (w->runs_code ? objects : plain) | CSP_KIND_PAYLOAD;
    message->size = count; /* where the reply stands */
    message->as.payload = payload;
    return true;
}

static bool encode_stream(native_state *state, PyObject *object, csp_reply *reply, csp_message *message) {
    native_writer w;
    native_writer_begin(&w, state, native_put_any);
    bool ok = native_put_all(&w, object, reply != NULL);
    if (!ok) {
        native_refuse(&w, "message");
    }
    ok = ok && finish_payload(&w, reply, message);
    native_writer_end(&w);
    return ok;
}

static bool encode_run(uint32_t kind, const void *data, size_t size, csp_message *message) {
    csp_payload *payload = csp_payload_new(size, 0);
    if (payload == NULL) {
        PyErr_NoMemory();
        return false;
    }
    memcpy(csp_payload_bytes(payload), data, size);
    message->kind = kind | CSP_KIND_PAYLOAD;
    message->as.payload = payload;
    return true;
}

void native_encode_integer(int64_t value, csp_message *message) {
    *message = (csp_message){.kind = KIND_INT};
    message->as.integer = value;
}

bool native_encode(native_state *state, PyObject *object, csp_reply *reply, csp_message *message) {
    message->size = 0;
    message->tag = 0;
    if (reply != NULL) {
        bool ok = encode_stream(state, object, reply, message);
        if (!ok) {
            message->kind = 0;
            csp_reply_break(reply, false);
        }
        return ok;
    }
    if (PyLong_CheckExact(object)) {
        int overflow = 0;
        message->as.integer = PyLong_AsLongLongAndOverflow(object, &overflow);
        message->kind = KIND_INT;
        if (overflow == 0) {
            return true;
        }
    } else if (object == Py_None) {
        message->kind = KIND_NONE;
        return true;
    } else if (object == Py_True || object == Py_False) {
        message->kind = object == Py_True ? KIND_TRUE : KIND_FALSE;
        return true;
    } else if (PyFloat_CheckExact(object)) {
        message->kind = KIND_FLOAT;
        message->as.real = PyFloat_AS_DOUBLE(object);
        return true;
    } else if (PyUnicode_CheckExact(object)) {
        size_t width = (size_t)PyUnicode_KIND(object);
        size_t size = (size_t)PyUnicode_GET_LENGTH(object) * width;
        if (PyUnicode_IS_ASCII(object) && size <= CSP_INLINE_BYTES) {
            message->kind = KIND_ASCII;
            message->size = (uint32_t)size;
            memcpy(message->as.bytes, PyUnicode_DATA(object), size);
            return true;
        }
        message->size = PyUnicode_IS_ASCII(object) ? 0 : (uint32_t)width;
        return encode_run(KIND_TEXT_PAYLOAD, PyUnicode_DATA(object), size, message);
    } else if (PyBytes_CheckExact(object)) {
        size_t size = (size_t)PyBytes_GET_SIZE(object);
        if (size <= CSP_INLINE_BYTES) {
            message->kind = KIND_BYTES;
            message->size = (uint32_t)size;
            memcpy(message->as.bytes, PyBytes_AS_STRING(object), size);
            return true;
        }
        return encode_run(KIND_BYTES_PAYLOAD, PyBytes_AS_STRING(object), size, message);
    }
    bool ok = encode_stream(state, object, NULL, message);
    if (!ok) {
        message->kind = 0;
    }
    return ok;
}
