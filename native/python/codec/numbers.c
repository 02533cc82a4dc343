/* SPDX-License-Identifier: MIT */
#include "codec/numbers.h"

/* What is not compact; 64 bits may still do. */
native_put native_put_big(native_writer *w, PyObject *number) {
    int overflow = 0;
    int64_t value = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow == 0) {
        return value == -1 && PyErr_Occurred() ? PUT_FAILED : native_put_int64(w, value);
    }
    enum { LITTLE = Py_ASNATIVEBYTES_LITTLE_ENDIAN };
    Py_ssize_t size = PyLong_AsNativeBytes(number, NULL, 0, LITTLE);
    unsigned char *p = size >= 0 ? native_room(w, 10 + (size_t)size) : NULL;
    if (p == NULL) {
        return PUT_FAILED;
    }
    *p = ITEM_BIG;
    p = native_put_count(p + 1, (size_t)size);
    if (PyLong_AsNativeBytes(number, p, size, LITTLE) < 0) {
        return PUT_FAILED;
    }
    w->next = p + size;
    return PUT_DONE;
}

native_get native_get_big(native_reader *r) {
    size_t size;
    if (!native_get_count(r, &size)) {
        return GET_FAILED;
    }
    PyObject *number = PyLong_FromNativeBytes(r->next, size, Py_ASNATIVEBYTES_LITTLE_ENDIAN);
    r->next += size;
    return native_got(r, number);
}

native_put native_put_complex(native_writer *w, PyObject *number) {
    unsigned char *p = native_room(w, 17);
    if (p == NULL) {
        return PUT_FAILED;
    }
    Py_complex value = PyComplex_AsCComplex(number);
    *p = ITEM_COMPLEX;
    memcpy(p + 1, &value.real, 8);
    memcpy(p + 9, &value.imag, 8);
    w->next = p + 17;
    return PUT_DONE;
}

native_get native_get_complex(native_reader *r) {
    Py_complex value;
    if (!native_available(r, 16)) {
        return GET_FAILED;
    }
    memcpy(&value.real, r->next, 8);
    memcpy(&value.imag, r->next + 8, 8);
    r->next += 16;
    return native_got(r, PyComplex_FromCComplex(value));
}
