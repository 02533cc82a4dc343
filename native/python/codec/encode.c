/* SPDX-License-Identifier: MIT
 *
 * Objects to messages: what fits goes into the message itself, the rest into a payload that is written here. */
#include <string.h>

#include "codec/encode.h"
#include "codec/format.h"
#include "codec/pickled.h"
#include "holding/handles.h"

enum { FIRST_BYTES = 512, FIRST_ENDS = 8 };

typedef struct {
    unsigned char *bytes;
    size_t used, room;
    csp_end **ends; /* clones, ours until the payload has them */
    uint32_t ends_used, ends_room;
    csp_end *first_ends[FIRST_ENDS];
    unsigned char first_bytes[FIRST_BYTES];
} writer;

typedef enum { WRITTEN, FAILED, FOREIGN /* a type that only pickle knows */ } written;

static void writer_begin(writer *w) {
    w->bytes = w->first_bytes;
    w->room = FIRST_BYTES;
    w->used = 0;
    w->ends = w->first_ends;
    w->ends_room = FIRST_ENDS;
    w->ends_used = 0;
}

static void writer_end(writer *w) {
    for (uint32_t i = 0; i < w->ends_used; i++) {
        if (w->ends[i] != NULL) {
            csp_end_free(w->ends[i]);
        }
    }
    if (w->bytes != w->first_bytes) {
        PyMem_RawFree(w->bytes);
    }
    if (w->ends != w->first_ends) {
        PyMem_RawFree(w->ends);
    }
}

static unsigned char *reserve(writer *w, size_t wanted) {
    if (wanted > w->room - w->used) {
        size_t room = w->room * 2;
        while (room - w->used < wanted) {
            room *= 2;
        }
        unsigned char *larger = PyMem_RawMalloc(room);
        if (larger == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        memcpy(larger, w->bytes, w->used);
        if (w->bytes != w->first_bytes) {
            PyMem_RawFree(w->bytes);
        }
        w->bytes = larger;
        w->room = room;
    }
    unsigned char *place = w->bytes + w->used;
    w->used += wanted;
    return place;
}

static written put_tag(writer *w, unsigned char tag) {
    unsigned char *p = reserve(w, 1);
    if (p == NULL) {
        return FAILED;
    }
    *p = tag;
    return WRITTEN;
}

static written put_8(writer *w, unsigned char tag, const void *eight) {
    unsigned char *p = reserve(w, 9);
    if (p == NULL) {
        return FAILED;
    }
    p[0] = tag;
    memcpy(p + 1, eight, 8);
    return WRITTEN;
}

static written put_run(writer *w, unsigned char tag, const void *data, size_t size) {
    uint64_t length = size;
    if (put_8(w, tag, &length) == FAILED) {
        return FAILED;
    }
    unsigned char *p = reserve(w, size);
    if (p == NULL) {
        return FAILED;
    }
    memcpy(p, data, size);
    return WRITTEN;
}

/* Text keeps CPython's own width, so that no character is looked at. */
static written put_text(writer *w, PyObject *text) {
    unsigned char *p = reserve(w, 2);
    if (p == NULL) {
        return FAILED;
    }
    p[0] = ITEM_TEXT;
    p[1] = PyUnicode_IS_ASCII(text) ? 0 : (unsigned char)PyUnicode_KIND(text);
    size_t width = (size_t)PyUnicode_KIND(text);
    return put_run(w, ITEM_BYTES, PyUnicode_DATA(text), (size_t)PyUnicode_GET_LENGTH(text) * width);
}

/* Keep a clone of the end for the payload; gives its place among the attachments. */
static bool keep_end(native_state *state, writer *w, PyObject *object, uint64_t *index) {
    end_object *handle = (end_object *)object;
    csp_end *clone = handle->end != NULL ? csp_end_clone(handle->end, NULL) : NULL;
    if (clone == NULL) {
        PyErr_SetString(state->closed_end, "a message holds an end that is closed: send it before closing it");
        return false;
    }
    if (w->ends_used == w->ends_room) {
        csp_end **larger = PyMem_RawMalloc(sizeof *larger * w->ends_room * 2);
        if (larger == NULL) {
            csp_end_free(clone);
            PyErr_NoMemory();
            return false;
        }
        memcpy(larger, w->ends, sizeof *larger * w->ends_used);
        if (w->ends != w->first_ends) {
            PyMem_RawFree(w->ends);
        }
        w->ends = larger;
        w->ends_room *= 2;
    }
    *index = w->ends_used;
    w->ends[w->ends_used++] = clone;
    return true;
}

static written put_object(native_state *state, writer *w, PyObject *object);

static written put_tuple_items(native_state *state, writer *w, PyObject *tuple) {
    written result = WRITTEN;
    if (Py_EnterRecursiveCall(" while encoding a message")) {
        return FAILED;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple) && result == WRITTEN; i++) {
        result = put_object(state, w, PyTuple_GET_ITEM(tuple, i));
    }
    Py_LeaveRecursiveCall();
    return result;
}

static written put_object(native_state *state, writer *w, PyObject *object) {
    if (object == Py_None) {
        return put_tag(w, ITEM_NONE);
    }
    if (object == Py_True || object == Py_False) {
        return put_tag(w, object == Py_True ? ITEM_TRUE : ITEM_FALSE);
    }
    if (PyLong_CheckExact(object)) {
        int overflow = 0;
        int64_t value = PyLong_AsLongLongAndOverflow(object, &overflow);
        return overflow == 0 ? put_8(w, ITEM_INT, &value) : FOREIGN;
    }
    if (PyUnicode_CheckExact(object)) {
        return put_text(w, object);
    }
    if (PyFloat_CheckExact(object)) {
        double value = PyFloat_AS_DOUBLE(object);
        return put_8(w, ITEM_FLOAT, &value);
    }
    if (PyBytes_CheckExact(object)) {
        return put_run(w, ITEM_BYTES, PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object));
    }
    if (PyTuple_CheckExact(object)) {
        uint64_t length = (uint64_t)PyTuple_GET_SIZE(object);
        return put_8(w, ITEM_TUPLE, &length) == FAILED ? FAILED : put_tuple_items(state, w, object);
    }
    if (native_is_end(object)) {
        uint64_t index;
        return keep_end(state, w, object, &index) ? put_8(w, ITEM_END, &index) : FAILED;
    }
    return FOREIGN;
}

/* Move what was written into a payload; attachments are the ends, and the reply behind them. */
static bool finish_block(writer *w, csp_reply *reply, uint32_t kind, csp_message *message) {
    csp_payload *payload = csp_payload_new(w->used, w->ends_used + (reply != NULL ? 1 : 0));
    if (payload == NULL) {
        PyErr_NoMemory();
        return false;
    }
    memcpy(csp_payload_bytes(payload), w->bytes, w->used);
    for (uint32_t i = 0; i < w->ends_used; i++) {
        csp_payload_attach_end(payload, i, w->ends[i]);
        w->ends[i] = NULL;
    }
    if (reply != NULL) {
        csp_payload_attach_reply(payload, w->ends_used, reply);
    }
    message->kind = kind | CSP_KIND_PAYLOAD;
    message->size = w->ends_used; /* where the reply stands */
    message->as.payload = payload;
    return true;
}

/* dumps gives (bytes, ends): the pickle, and the ends it refers to by number. */
static bool write_pickle(native_state *state, writer *w, PyObject *object) {
    if (!native_load_pickling(state)) {
        return false;
    }
    PyObject *pair = PyObject_CallOneArg(state->dumps, object);
    if (pair == NULL) {
        return false;
    }
    bool ok = false;
    PyObject *data, *ends;
    if (PyArg_ParseTuple(pair, "O!O!", &PyBytes_Type, &data, &PyList_Type, &ends)) {
        unsigned char *p = reserve(w, (size_t)PyBytes_GET_SIZE(data));
        ok = p != NULL;
        if (ok) {
            memcpy(p, PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data));
        }
        for (Py_ssize_t i = 0; ok && i < PyList_GET_SIZE(ends); i++) {
            uint64_t index;
            ok = keep_end(state, w, PyList_GET_ITEM(ends, i), &index);
        }
    }
    Py_DECREF(pair);
    return ok;
}

static bool encode_stream(native_state *state, PyObject *object, csp_reply *reply, csp_message *message) {
    writer w;
    writer_begin(&w);
    uint32_t kind = KIND_STREAM;
    written result;
    if (reply != NULL) {
        uint64_t length = (uint64_t)PyTuple_GET_SIZE(object) + 1;
        result = put_8(&w, ITEM_TUPLE, &length) == FAILED || put_tag(&w, ITEM_REPLY) == FAILED
                     ? FAILED
                     : put_tuple_items(state, &w, object);
    } else {
        result = put_object(state, &w, object);
    }
    if (result == FOREIGN) {
        writer_end(&w);
        writer_begin(&w);
        kind = reply != NULL ? KIND_PICKLED_CALL : KIND_PICKLE;
        result = write_pickle(state, &w, object) ? WRITTEN : FAILED;
    }
    bool ok = result == WRITTEN && finish_block(&w, reply, kind, message);
    writer_end(&w);
    return ok;
}

static bool encode_block(uint32_t kind, const void *data, size_t size, csp_message *message) {
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
        return encode_block(KIND_TEXT_BLOCK, PyUnicode_DATA(object), size, message);
    } else if (PyBytes_CheckExact(object)) {
        size_t size = (size_t)PyBytes_GET_SIZE(object);
        if (size <= CSP_INLINE_BYTES) {
            message->kind = KIND_BYTES;
            message->size = (uint32_t)size;
            memcpy(message->as.bytes, PyBytes_AS_STRING(object), size);
            return true;
        }
        return encode_block(KIND_BYTES_BLOCK, PyBytes_AS_STRING(object), size, message);
    }
    bool ok = encode_stream(state, object, NULL, message);
    if (!ok) {
        message->kind = 0;
    }
    return ok;
}
