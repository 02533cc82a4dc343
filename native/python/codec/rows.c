/* SPDX-License-Identifier: MIT */
#include "codec/rows.h"

native_put native_put_row(native_writer *w, PyObject *const *items, size_t count, int remembered) {
    bool floats = Py_IS_TYPE(items[0], &PyFloat_Type);
    size_t width = floats ? 8 : 4;
    if (!floats && !Py_IS_TYPE(items[0], &PyLong_Type)) {
        return PUT_ELSE;
    }
    unsigned char *p = native_room(w, 10 + count * width);
    if (p == NULL) {
        return PUT_FAILED;
    }
    *p = (unsigned char)((floats ? ITEM_FLOATS : ITEM_INTS) | remembered);
    p = native_put_count(p + 1, count);
    if (floats) {
        for (size_t i = 0; i < count; i++, p += 8) {
            if (!Py_IS_TYPE(items[i], &PyFloat_Type)) {
                return PUT_ELSE;
            }
            memcpy(p, &((PyFloatObject *)items[i])->ob_fval, 8);
        }
    } else {
        for (size_t i = 0; i < count; i++, p += 4) {
            if (!Py_IS_TYPE(items[i], &PyLong_Type) || !PyUnstable_Long_IsCompact((PyLongObject *)items[i])) {
                return PUT_ELSE;
            }
            Py_ssize_t value = PyUnstable_Long_CompactValue((PyLongObject *)items[i]);
            int32_t narrow = (int32_t)value;
            if (narrow != value) {
                return PUT_ELSE;
            }
            memcpy(p, &narrow, 4);
        }
    }
    w->next = p;
    return PUT_DONE;
}

native_get native_get_row(native_reader *r, bool floats) {
    size_t count, width = floats ? 8 : 4;
    if (!native_get_count(r, &count)) {
        return GET_FAILED;
    }
    if (count > native_left(r) / width) {
        return native_malformed("it ends too early");
    }
    PyObject *list = PyList_New((Py_ssize_t)count); /* nobody's code runs until it is filled */
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *number;
        if (floats) {
            double value;
            memcpy(&value, r->next, 8);
            number = PyFloat_FromDouble(value);
        } else {
            int32_t value;
            memcpy(&value, r->next, 4);
            number = PyLong_FromLong(value);
        }
        r->next += width;
        if (number == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, number);
        }
    }
    return native_got(r, list);
}
