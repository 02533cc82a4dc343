/* SPDX-License-Identifier: MIT */
#include "codec/table.h"
#include "codec/attachments.h"
#include "codec/instances.h"
#include "codec/leaves.h"
#include "codec/mappings.h"
#include "codec/names.h"
#include "codec/records.h"
#include "codec/reduced.h"
#include "codec/remade.h"
#include "codec/rows.h"
#include "codec/sequences.h"
#include "codec/shapes.h"
#include "codec/spans.h"
#include "holding/handles.h"
#include "holding/packed.h"

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* By exact type. What is met most is asked first; the rest is a short list. */
static native_put put_by_type(native_writer *w, PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    native_put result = PUT_ELSE;
    if (native_put_leaf(w, object, &result)) {
        return result;
    }
    if (type == &PyTuple_Type) {
        return native_put_tuple(w, object);
    }
    if (type == &PyDict_Type) {
        return native_put_dict(w, object);
    }
    if (type == &PyList_Type) {
        return native_put_list(w, object);
    }
    if (type == &PyBytes_Type) {
        return native_put_bytes(w, object);
    }
    if (native_is_end(object)) {
        return native_put_end(w, object);
    }
    if (native_is_packed(object)) {
        return native_put_packed(w, object);
    }
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        static const struct {
            PyTypeObject *type;
            native_put (*put)(native_writer *w, PyObject *object);
        } table[] = {
            {&PySet_Type, native_put_set},
            {&PyFrozenSet_Type, native_put_frozenset},
            {&PyByteArray_Type, native_put_bytearray},
            {&PyComplex_Type, native_put_complex},
            {&PyRange_Type, native_put_range},
            {&PySlice_Type, native_put_slice},
            {&PyPickleBuffer_Type, native_put_buffer},
        };
        for (size_t i = 0; i < sizeof table / sizeof *table && result == PUT_ELSE; i++) {
            if (type == table[i].type) {
                result = table[i].put(w, object);
                break;
            }
        }
    }
    return result == PUT_ELSE ? native_put_reduced(w, object) : result;
}

native_put native_put_any(native_writer *w, PyObject *object) {
    native_put result = put_by_type(w, object);
    if (result == PUT_FAILED && w->culprit == NULL) {
        w->culprit = Py_NewRef(object);
    }
    return result;
}

static native_put put_whole(native_writer *w, PyObject *object, bool as_call) {
    native_put result = as_call ? native_put_tuple_from(w, object, 0) : native_put_any(w, object);
    while ((result == PUT_DONE || result == PUT_OPENED) && w->depth > 0) {
        native_put_frame *f = &w->frames[w->depth - 1];
        switch (f->kind) {
            case FRAME_LIST:
                result = native_next_of_list(w, f);
                break;
            case FRAME_TUPLE:
                result = native_next_of_tuple(w, f);
                break;
            case FRAME_DICT:
                result = native_next_of_dict(w, f);
                break;
            case FRAME_SET:
                result = native_next_of_set(w, f);
                break;
            case FRAME_NAMEDTUPLE:
                result = native_next_of_namedtuple(w, f);
                break;
            case FRAME_FIELDS:
                result = native_next_of_fields(w, f);
                break;
            default:
                result = native_next_of_reduced(w, f);
                break;
        }
    }
    return result;
}

bool native_put_all(native_writer *w, PyObject *object, bool as_call) {
    native_put result = put_whole(w, object, as_call);
    if (result == PUT_RESTART) {
        native_writer_restart(w);
        result = put_whole(w, object, as_call);
    }
    return result == PUT_DONE;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static native_get get_again(native_reader *r) {
    uint32_t number;
    if (!native_available(r, 4)) {
        return GET_FAILED;
    }
    memcpy(&number, r->next, 4);
    r->next += 4;
    return number < r->again_used ? native_got(r, Py_NewRef(r->again[number]))
                                  : native_malformed("it refers to what is not there");
}

static native_get get_leafless(native_reader *r, int tag, bool remembered) {
    switch (tag) {
        case ITEM_TUPLE:
            return native_open_tuple(r, remembered, false, NULL);
        case ITEM_DICT:
            return native_open_dict(r, remembered);
        case ITEM_LIST:
            return native_open_list(r, remembered);
        case ITEM_INTS:
        case ITEM_FLOATS:
            return native_get_row(r, tag == ITEM_FLOATS);
        case ITEM_BIG:
            return native_get_big(r);
        case ITEM_COMPLEX:
            return native_get_complex(r);
        case ITEM_TEXT:
            return native_get_wide_text(r);
        case ITEM_BYTES:
            return native_get_bytes(r);
        case ITEM_BYTEARRAY:
            return native_get_bytearray(r);
        case ITEM_SET:
            return native_open_set(r, remembered);
        case ITEM_FROZENSET:
            return native_open_frozenset(r, remembered, false);
        case ITEM_FROZENSET_AGAIN:
            return native_open_frozenset(r, false, true);
        case ITEM_TUPLE_AGAIN:
            return native_open_tuple(r, false, true, NULL);
        case ITEM_RANGE:
            return native_open_range(r, remembered);
        case ITEM_SLICE:
            return native_open_slice(r, remembered);
        case ITEM_END:
            return native_get_end(r);
        case ITEM_PACKED:
            return native_get_packed(r);
        case ITEM_AGAIN32:
            return get_again(r);
        default:
            break;
    }
    if (r->plain) {
        return native_malformed("what says that it is plain data is not");
    }
    switch (tag) {
        case ITEM_GLOBAL:
            return native_get_global(r);
        case ITEM_INSTANCE:
            return native_open_instance(r);
        case ITEM_SHAPE:
            return native_open_shape(r);
        case ITEM_REDUCED:
            return native_open_reduced(r);
        case ITEM_NAMEDTUPLE:
            return native_open_namedtuple(r, remembered, false);
        case ITEM_NAMEDTUPLE_AGAIN:
            return native_open_namedtuple(r, false, true);
        case ITEM_ENUM:
            return native_open_member(r, remembered);
        case ITEM_STOP:
            return native_stop(r);
        default:
            return native_malformed("it has an unknown item");
    }
}

/* What is there at once and may be remembered; containers see to that themselves. */
static bool is_run(int tag) {
    return tag == ITEM_TEXT || tag == ITEM_BYTES || tag == ITEM_BYTEARRAY || tag == ITEM_END || tag == ITEM_PACKED ||
           tag == ITEM_GLOBAL || tag == ITEM_INTS || tag == ITEM_FLOATS;
}

static native_get get_item(native_reader *r) {
    native_get result = native_get_leaf(r);
    if (result != GET_OPENED) {
        return result;
    }
    int tag = *r->next & ~REMEMBERED;
    bool remembered = (*r->next++ & REMEMBERED) != 0;
    result = get_leafless(r, tag, remembered);
    if (result == GOT && remembered && is_run(tag) && !native_keep_again(r, r->value)) {
        Py_CLEAR(r->value);
        return GET_FAILED;
    }
    return result;
}

static native_get deliver(native_reader *r) {
    native_get_frame *f = &r->frames[r->depth - 1];
    switch (f->kind) {
        case OPEN_LIST:
            return native_deliver_to_list(r, f);
        case OPEN_TUPLE:
            return native_deliver_to_tuple(r, f);
        case OPEN_DICT:
            return native_deliver_to_dict(r, f);
        case OPEN_SET:
            return native_deliver_to_set(r, f);
        case OPEN_RECORD:
            return native_deliver_to_record(r, f);
        case OPEN_INSTANCE:
            return native_deliver_to_instance(r, f);
        default:
            return native_deliver_to_reduced(r, f);
    }
}

PyObject *native_get_all(native_reader *r, PyObject *reply) {
    if (!native_available(r, 1) || *r->next++ != STREAM_VERSION) {
        Py_XDECREF(reply);
        if (!PyErr_Occurred()) {
            native_malformed("it is of another version, or of a machine with another byte order");
        }
        return NULL;
    }
    native_get result;
    if (reply != NULL) {
        bool is_tuple = native_left(r) > 0 && *r->next++ == ITEM_TUPLE;
        if (!is_tuple) {
            Py_DECREF(reply);
        }
        result = is_tuple ? native_open_tuple(r, false, false, reply) : native_malformed("a call is no tuple");
    } else {
        result = get_item(r);
    }
    while (result != GET_FAILED && (result == GET_OPENED || r->depth > 0)) {
        if (result == GOT) {
            result = deliver(r);
            /* Whoever takes a value lets go of it, also on failure. */
            if (result != GOT) {
                r->value = NULL;
            }
        } else {
            result = get_item(r);
        }
    }
    if (result == GOT && native_left(r) > 0) {
        Py_DECREF(r->value);
        result = native_malformed("it goes on behind its end");
    }
    PyObject *value = result == GOT ? r->value : NULL;
    r->value = NULL;
    return value;
}
