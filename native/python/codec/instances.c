/* SPDX-License-Identifier: MIT */
#include "codec/instances.h"
#include "codec/leaves.h"
#include "codec/names.h"

static PyObject *slot_of(PyObject *object, const native_class *c, Py_ssize_t slot) {
    return *(PyObject **)(void *)((char *)object + c->offsets[slot]);
}

/* Whether the object has the attributes that were met last, in their order. */
static bool has_shape(const native_class *c, PyObject *object, PyObject *dict) {
    if (c->names == NULL || (dict != NULL ? PyDict_GET_SIZE(dict) : 0) != c->of_dict) {
        return false;
    }
    Py_ssize_t position = 0, index = 0, count = PyTuple_GET_SIZE(c->names);
    PyObject *name, *value;
    while (dict != NULL && PyDict_Next(dict, &position, &name, &value)) {
        if (name != PyTuple_GET_ITEM(c->names, index++)) {
            return false;
        }
    }
    for (Py_ssize_t i = 0; c->slots != NULL && i < PyTuple_GET_SIZE(c->slots); i++) {
        if (slot_of(object, c, i) != NULL) {
            if (index == count || PyTuple_GET_ITEM(c->slots, i) != PyTuple_GET_ITEM(c->names, index)) {
                return false;
            }
            index++;
        }
    }
    return index == count;
}

/* False with an exception, or without: a name is no str, which only the long way carries. */
static bool take_shape(native_class *c, PyObject *object, PyObject *dict) {
    PyObject *names = PyList_New(0), *name, *value;
    Py_ssize_t position = 0;
    bool ok = names != NULL;
    while (ok && dict != NULL && PyDict_Next(dict, &position, &name, &value)) {
        ok = PyUnicode_CheckExact(name) && PyList_Append(names, name) == 0;
    }
    Py_ssize_t of_dict = ok ? PyList_GET_SIZE(names) : 0;
    for (Py_ssize_t i = 0; ok && c->slots != NULL && i < PyTuple_GET_SIZE(c->slots); i++) {
        ok = slot_of(object, c, i) == NULL || PyList_Append(names, PyTuple_GET_ITEM(c->slots, i)) == 0;
    }
    PyObject *tuple = ok ? PyList_AsTuple(names) : NULL;
    Py_XDECREF(names);
    if (tuple != NULL) {
        Py_XSETREF(c->names, tuple);
        c->of_dict = of_dict;
        c->message = 0;
    }
    return tuple != NULL;
}

static _Atomic uint64_t messages = 1;

static native_put changed(native_writer *w) {
    if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_RuntimeError, "an object changed its attributes while it was sent");
        w->own_error = true;
    }
    return PUT_FAILED;
}

static native_put put_shape(native_writer *w, PyObject *object, PyObject *dict) {
    PyTypeObject *type = Py_TYPE(object);
    native_put result = native_put_tag(w, ITEM_SHAPE | REMEMBERED);
    if (result == PUT_DONE) {
        result = native_put_global(w, (PyObject *)type, NULL); /* may import, and so run code */
    }
    if (result != PUT_DONE) {
        return result;
    }
    /* What was known of the object and its class was before that code. */
    native_class *c = native_class_of(w->state, type);
    if (c == NULL || c->way != BY_ATTRIBUTES || Py_TYPE(object) != type ||
        (!has_shape(c, object, dict) && !take_shape(c, object, dict))) {
        return changed(w);
    }
    Py_ssize_t count = PyTuple_GET_SIZE(c->names);
    unsigned char *p = native_room(w, 20);
    if (p == NULL) {
        return PUT_FAILED;
    }
    p = native_put_count(p, (size_t)c->of_dict);
    w->next = native_put_count(p, (size_t)(count - c->of_dict));
    for (Py_ssize_t i = 0; i < count && result == PUT_DONE; i++) {
        result = native_put_key(w, PyTuple_GET_ITEM(c->names, i));
    }
    if (w->id == 0) {
        w->id = messages++;
    }
    c->message = w->id;
    c->shape = w->shapes++;
    return result;
}

/* The slots' values, and behind them their names. */
static PyObject *slots_now(PyObject *object, const native_class *c) {
    Py_ssize_t count = PyTuple_GET_SIZE(c->names) - c->of_dict, found = 0;
    PyObject *slots = PyTuple_New(count * 2);
    for (Py_ssize_t i = 0; slots != NULL && i < PyTuple_GET_SIZE(c->slots); i++) {
        PyObject *value = slot_of(object, c, i);
        if (value != NULL) {
            PyTuple_SET_ITEM(slots, count + found, Py_NewRef(PyTuple_GET_ITEM(c->slots, i)));
            PyTuple_SET_ITEM(slots, found++, Py_NewRef(value));
        }
    }
    return slots;
}

native_put native_put_instance(native_writer *w, PyObject *object, native_class *c) {
    PyTypeObject *type = Py_TYPE(object);
    PyObject *dict = NULL;
    if (type->tp_dictoffset != 0) {
        dict = PyObject_GenericGetDict(object, NULL);
        if (dict == NULL || !PyDict_CheckExact(dict)) {
            Py_XDECREF(dict);
            return PyErr_Occurred() ? PUT_FAILED : PUT_ELSE;
        }
        /* Somebody else has the dict, too, and may have put it into the message: a second way to what is in it. */
        if (Py_REFCNT(dict) > 2 && !native_may_run_code(w)) {
            Py_DECREF(dict);
            return PUT_RESTART;
        }
    }
    native_put result = PUT_DONE;
    if (!has_shape(c, object, dict) && !take_shape(c, object, dict)) {
        result = PyErr_Occurred() ? PUT_FAILED : PUT_ELSE;
    } else if (c->message == w->id && w->id != 0) {
        result = native_put_counted(w, ITEM_INSTANCE | REMEMBERED, c->shape);
    } else if (native_copyreg_of(w->state, type) != NULL) {
        result = PUT_ELSE;
    } else {
        result = PyErr_Occurred() ? PUT_FAILED : put_shape(w, object, dict);
    }
    uint32_t number;
    /* Always remembered: a weak reference may lead to it, which no count tells of. */
    if (result != PUT_DONE || !native_remember(w, object, &number)) {
        Py_XDECREF(dict);
        return result != PUT_DONE ? result : PUT_FAILED;
    }
    native_put_frame *f = native_push(w, FRAME_FIELDS, object);
    if (f == NULL) {
        Py_XDECREF(dict);
        return PUT_FAILED;
    }
    f->count = dict != NULL ? PyDict_GET_SIZE(dict) : 0;
    f->source = dict;
    if (c->slots != NULL) {
        f->pending = slots_now(object, c);
        if (f->pending == NULL) {
            return PUT_FAILED;
        }
    }
    return PUT_OPENED;
}

native_put native_next_of_fields(native_writer *w, native_put_frame *f) {
    native_put result = PUT_DONE;
    PyObject *name, *value;
    if (f->phase == 0) {
        if (f->source != NULL && PyDict_GET_SIZE(f->source) != f->count) {
            return changed(w);
        }
        while (f->index < f->count && PyDict_Next(f->source, &f->position, &name, &value)) {
            f->index++;
            if (!native_put_leaf(w, value, &result)) {
                return w->put(w, value);
            }
            if (result != PUT_DONE) {
                return result;
            }
        }
        if (f->index < f->count) {
            return changed(w);
        }
        f->phase = 1;
    }
    Py_ssize_t count = f->pending != NULL ? PyTuple_GET_SIZE(f->pending) / 2 : 0;
    while (f->index - f->count < count) {
        value = PyTuple_GET_ITEM(f->pending, f->index++ - f->count);
        if (!native_put_leaf(w, value, &result)) {
            return w->put(w, value);
        }
        if (result != PUT_DONE) {
            return result;
        }
    }
    native_pop(w);
    return PUT_DONE;
}
