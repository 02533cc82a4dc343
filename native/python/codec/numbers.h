/* SPDX-License-Identifier: MIT
 *
 * None, bool, int of any size, float, complex. Here is what is needed most, for each place that writes many of them. */
#ifndef CSP_NATIVE_NUMBERS_H
#define CSP_NATIVE_NUMBERS_H

#include "codec/reader.h"
#include "codec/writer.h"

native_put native_put_big(native_writer *w, PyObject *number);
native_put native_put_complex(native_writer *w, PyObject *number);
native_get native_get_big(native_reader *r);
native_get native_get_complex(native_reader *r);

static inline native_put native_put_int64(native_writer *w, int64_t value) {
    unsigned char *p = native_room(w, 9);
    if (p == NULL) {
        return PUT_FAILED;
    }
    if (value >= INT8_MIN && value <= INT8_MAX) {
        p[0] = ITEM_INT8;
        p[1] = (unsigned char)(int8_t)value;
        w->next = p + 2;
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
        int32_t narrow = (int32_t)value;
        p[0] = ITEM_INT32;
        memcpy(p + 1, &narrow, 4);
        w->next = p + 5;
    } else {
        p[0] = ITEM_INT64;
        memcpy(p + 1, &value, 8);
        w->next = p + 9;
    }
    return PUT_DONE;
}

static inline native_put native_put_int(native_writer *w, PyObject *number) {
    if (PyUnstable_Long_IsCompact((PyLongObject *)number)) {
        return native_put_int64(w, PyUnstable_Long_CompactValue((PyLongObject *)number));
    }
    return native_put_big(w, number);
}

static inline native_put native_put_float(native_writer *w, PyObject *number) {
    unsigned char *p = native_room(w, 9);
    if (p == NULL) {
        return PUT_FAILED;
    }
    double value = PyFloat_AS_DOUBLE(number);
    p[0] = ITEM_FLOAT;
    memcpy(p + 1, &value, 8);
    w->next = p + 9;
    return PUT_DONE;
}

static inline native_get native_get_int8(native_reader *r) {
    return native_available(r, 1) ? native_got(r, PyLong_FromLong((int8_t)*r->next++)) : GET_FAILED;
}

static inline native_get native_get_int32(native_reader *r) {
    int32_t value;
    if (!native_available(r, 4)) {
        return GET_FAILED;
    }
    memcpy(&value, r->next, 4);
    r->next += 4;
    return native_got(r, PyLong_FromLong(value));
}

static inline native_get native_get_int64(native_reader *r) {
    int64_t value;
    if (!native_available(r, 8)) {
        return GET_FAILED;
    }
    memcpy(&value, r->next, 8);
    r->next += 8;
    return native_got(r, PyLong_FromLongLong(value));
}

static inline native_get native_get_float(native_reader *r) {
    double value;
    if (!native_available(r, 8)) {
        return GET_FAILED;
    }
    memcpy(&value, r->next, 8);
    r->next += 8;
    return native_got(r, PyFloat_FromDouble(value));
}

#endif
