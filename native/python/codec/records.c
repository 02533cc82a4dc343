/* SPDX-License-Identifier: MIT */
#include "codec/records.h"
#include "codec/classes.h"
#include "codec/leaves.h"
#include "codec/names.h"
#include "codec/sequences.h"

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* The class, after a tag. */
static native_put put_class(native_writer *w, int tag, PyObject *object) {
    native_put result = native_put_tag(w, tag);
    return result == PUT_DONE ? native_put_global(w, (PyObject *)Py_TYPE(object), NULL) : result;
}

native_put native_put_namedtuple(native_writer *w, PyObject *object) {
    if (native_copyreg_of(w->state, Py_TYPE(object)) != NULL) {
        return PUT_ELSE;
    }
    bool shared = Py_REFCNT(object) > 2 || w->full; /* who calls has it, too: else as native_may_be_shared */
    w->left_out |= !shared;
    size_t begin = (size_t)(w->next - w->begin);
    native_put result = PyErr_Occurred() ? PUT_FAILED : put_class(w, ITEM_NAMEDTUPLE, object);
    unsigned char *p = result == PUT_DONE ? native_room(w, 9) : NULL;
    if (p == NULL) {
        return PUT_FAILED;
    }
    w->next = native_put_count(p, (size_t)PyTuple_GET_SIZE(object));
    native_put_frame *f = native_push(w, FRAME_NAMEDTUPLE, object);
    if (f == NULL) {
        return PUT_FAILED;
    }
    f->begin = begin;
    f->count = PyTuple_GET_SIZE(object);
    f->remembered = shared;
    return PUT_OPENED;
}

native_put native_next_of_namedtuple(native_writer *w, native_put_frame *f) {
    native_put result = PUT_DONE;
    while (f->index < f->count && result == PUT_DONE) {
        PyObject *item = PyTuple_GET_ITEM(f->object, f->index++);
        if (!native_put_leaf(w, item, &result)) {
            return w->put(w, item);
        }
    }
    if (result == PUT_DONE) {
        result = native_complete(w, f, ITEM_NAMEDTUPLE_AGAIN);
    }
    if (result == PUT_DONE) {
        native_pop(w);
    }
    return result;
}

native_put native_put_member(native_writer *w, PyObject *object) {
    if (native_copyreg_of(w->state, Py_TYPE(object)) != NULL) {
        return PUT_ELSE;
    }
    PyObject *value = PyErr_Occurred() ? NULL : PyObject_GetAttrString(object, "_value_");
    if (value == NULL) {
        return PUT_FAILED;
    }
    PyTypeObject *type = Py_TYPE(value);
    native_put result = PUT_ELSE;
    if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyFloat_Type || value == Py_None) {
        uint32_t number;
        result = put_class(w, ITEM_ENUM | REMEMBERED, object);
        if (result == PUT_DONE) {
            (void)native_put_leaf(w, value, &result);
        }
        if (result == PUT_DONE && !native_remember(w, object, &number)) {
            result = PUT_FAILED;
        }
    }
    Py_DECREF(value);
    return result;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* By tuple.__new__, as namedtuple's own _make does; it refuses what is no tuple of Python's. */
static PyObject *finish_namedtuple(native_reader *r, native_get_frame *f) {
    PyTypeObject *type = (PyTypeObject *)f->extra;
    PyObject *name = PyUnicode_InternFromString("_fields");
    PyObject *fields = name != NULL ? native_in_class(type, name) : NULL, *made = NULL;
    Py_XDECREF(name);
    if (fields != NULL && PyTuple_Check(fields) && PyTuple_GET_SIZE(fields) == PyTuple_GET_SIZE(f->object)) {
        PyObject *new = PyObject_GetAttrString((PyObject *)&PyTuple_Type, "__new__");
        made = new != NULL ? PyObject_CallFunctionObjArgs(new, type, f->object, NULL) : NULL;
        Py_XDECREF(new);
    } else if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "%N has not %zd fields, as it had where this came from", type,
                     PyTuple_GET_SIZE(f->object));
    }
    Py_XDECREF(fields);
    (void)r;
    return made;
}

static PyObject *finish_member(native_reader *r, native_get_frame *f) {
    (void)r;
    return PyObject_CallOneArg(f->extra, PyTuple_GET_ITEM(f->object, 0));
}

native_get native_open_namedtuple(native_reader *r, bool remembered, bool again) {
    size_t count;
    PyObject *class = native_get_class(r);
    native_get_frame *f = class != NULL && native_get_count(r, &count) ? native_open_record(r, count) : NULL;
    if (f == NULL) {
        Py_XDECREF(class);
        return GET_FAILED;
    }
    f->extra = class;
    f->finish = finish_namedtuple;
    f->remembered = remembered;
    f->again = again;
    return count > 0 ? GET_OPENED : native_finish_record(r, f);
}

native_get native_open_member(native_reader *r, bool remembered) {
    PyObject *class = native_get_class(r);
    native_get_frame *f = class != NULL ? native_open_record(r, 1) : NULL;
    if (f == NULL) {
        Py_XDECREF(class);
        return GET_FAILED;
    }
    f->extra = class;
    f->finish = finish_member;
    f->remembered = remembered;
    return GET_OPENED;
}
