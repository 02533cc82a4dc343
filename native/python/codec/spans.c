/* SPDX-License-Identifier: MIT */
#include "codec/spans.h"
#include "codec/leaves.h"
#include "codec/sequences.h"

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static native_put put_three(native_writer *w, int tag, PyObject *whole, PyObject *const *parts) {
    uint32_t number;
    bool shared = native_may_be_shared(w, whole);
    if (shared && native_remembered(w, whole, &number)) {
        return native_put_again(w, number);
    }
    size_t begin = (size_t)(w->next - w->begin);
    Py_ssize_t index = 0;
    native_put result = native_put_tag(w, tag | (shared ? REMEMBERED : 0));
    if (result == PUT_DONE) {
        while (index < 3 && result == PUT_DONE && native_put_leaf(w, parts[index], &result)) {
            index++;
        }
    }
    if (result == PUT_DONE && index < 3) {
        w->next = w->begin + begin;
        return PUT_ELSE;
    }
    return result == PUT_DONE && shared && !native_remember(w, whole, &number) ? PUT_FAILED : result;
}

native_put native_put_slice(native_writer *w, PyObject *slice) {
    PySliceObject *s = (PySliceObject *)slice;
    PyObject *parts[] = {s->start, s->stop, s->step};
    for (int i = 0; i < 3; i++) { /* a text could be remembered, and then be cut off again */
        if (parts[i] != Py_None && !PyLong_CheckExact(parts[i])) {
            return PUT_ELSE;
        }
    }
    return put_three(w, ITEM_SLICE, slice, parts);
}

native_put native_put_range(native_writer *w, PyObject *range) {
    static const char *const names[] = {"start", "stop", "step"};
    PyObject *parts[3] = {NULL, NULL, NULL};
    native_put result = PUT_DONE;
    for (int i = 0; i < 3 && result == PUT_DONE; i++) {
        parts[i] = PyObject_GetAttrString(range, names[i]);
        result = parts[i] != NULL && PyLong_CheckExact(parts[i]) ? PUT_DONE : PUT_FAILED;
    }
    if (result == PUT_DONE) {
        result = put_three(w, ITEM_RANGE, range, parts);
    } else if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_TypeError, "a range of other numbers than int");
    }
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(parts[i]);
    }
    return result;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static PyObject *finish_range(native_reader *r, native_get_frame *f) {
    (void)r;
    for (Py_ssize_t i = 0; i < 3; i++) {
        if (!PyLong_CheckExact(PyTuple_GET_ITEM(f->object, i))) {
            native_malformed("a range of other numbers than int");
            return NULL;
        }
    }
    return PyObject_Call((PyObject *)&PyRange_Type, f->object, NULL);
}

static PyObject *finish_slice(native_reader *r, native_get_frame *f) {
    (void)r;
    return PySlice_New(PyTuple_GET_ITEM(f->object, 0), PyTuple_GET_ITEM(f->object, 1), PyTuple_GET_ITEM(f->object, 2));
}

static native_get open_three(native_reader *r, bool remembered,
                             PyObject *(*finish)(native_reader *r, native_get_frame *f)) {
    native_get_frame *f = native_open_record(r, 3);
    if (f == NULL) {
        return GET_FAILED;
    }
    f->finish = finish;
    f->remembered = remembered;
    return GET_OPENED;
}

native_get native_open_range(native_reader *r, bool remembered) { return open_three(r, remembered, finish_range); }
native_get native_open_slice(native_reader *r, bool remembered) { return open_three(r, remembered, finish_slice); }
