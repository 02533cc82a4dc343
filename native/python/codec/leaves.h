/* SPDX-License-Identifier: MIT
 *
 * What holds nothing else, and is met most: written and read in the loops of the containers themselves. */
#ifndef CSP_NATIVE_LEAVES_H
#define CSP_NATIVE_LEAVES_H

#include "codec/numbers.h"
#include "codec/text.h"

/* Write it if it is such a one; false: it is not, and nothing is written. */
static inline bool native_put_leaf(native_writer *w, PyObject *object, native_put *result) {
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyUnicode_Type) {
        *result = native_put_value_text(w, object);
    } else if (type == &PyLong_Type) {
        *result = native_put_int(w, object);
    } else if (type == &PyFloat_Type) {
        *result = native_put_float(w, object);
    } else if (object == Py_None) {
        *result = native_put_tag(w, ITEM_NONE);
    } else if (type == &PyBool_Type) {
        *result = native_put_tag(w, object == Py_True ? ITEM_TRUE : ITEM_FALSE);
    } else {
        return false;
    }
    return true;
}

/* Read one; GET_OPENED: what comes is none, and nothing was read. */
static inline native_get native_get_leaf(native_reader *r) {
    if (!native_available(r, 1)) {
        return GET_FAILED;
    }
    const unsigned char *begin = r->next++;
    native_get result;
    switch (*begin) {
        case ITEM_INT8:
            return native_get_int8(r);
        case ITEM_INT32:
            return native_get_int32(r);
        case ITEM_INT64:
            return native_get_int64(r);
        case ITEM_FLOAT:
            return native_get_float(r);
        case ITEM_ASCII:
            return native_get_ascii(r);
        case ITEM_ASCII | REMEMBERED:
            result = native_get_ascii(r);
            if (result == GOT && !native_keep_again(r, r->value)) {
                Py_CLEAR(r->value);
                return GET_FAILED;
            }
            return result;
        case ITEM_AGAIN8:
            if (native_left(r) > 0 && *r->next < r->again_used) {
                return native_got(r, Py_NewRef(r->again[*r->next++]));
            }
            return native_malformed("it refers to what is not there");
        case ITEM_CHAR:
            return native_get_char(r);
        case ITEM_NONE:
            return native_got(r, Py_NewRef(Py_None));
        case ITEM_TRUE:
            return native_got(r, Py_NewRef(Py_True));
        case ITEM_FALSE:
            return native_got(r, Py_NewRef(Py_False));
        default:
            r->next = begin;
            return GET_OPENED;
    }
}

#endif
