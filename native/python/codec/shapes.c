/* SPDX-License-Identifier: MIT */
#include "codec/shapes.h"
#include "codec/classes.h"
#include "codec/leaves.h"
#include "codec/names.h"
#include "codec/state.h"

/* How one attribute is given: into a slot at that offset, by the object's setting of attributes (0), or past a property of
 * the same name, into the dict itself (-1). */
typedef struct {
    Py_ssize_t of_dict, count;
    bool by_setstate;
    Py_ssize_t how[];
} plan;

/* (class, names, plan as bytes) */
enum { CLASS, NAMES, PLAN };

static PyObject *plan_of(native_reader *r, PyTypeObject *type, PyObject *names, Py_ssize_t of_dict) {
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    PyObject *bytes =
        PyBytes_FromStringAndSize(NULL, (Py_ssize_t)sizeof(plan) + count * (Py_ssize_t)sizeof(Py_ssize_t));
    if (bytes == NULL) {
        return NULL;
    }
    plan *p = (plan *)(void *)PyBytes_AS_STRING(bytes);
    p->of_dict = of_dict;
    p->count = count;
    /* An object's own memory is touched only where nothing but Python has made its class. */
    native_class *c = PyErr_Occurred() ? NULL : native_class_of(r->state, type);
    bool plain = c != NULL && c->way == BY_ATTRIBUTES;
    PyObject *setstate = plain ? NULL : native_in_class(type, r->state->str_setstate);
    p->by_setstate = setstate != NULL;
    Py_XDECREF(setstate);
    for (Py_ssize_t i = 0; i < count && !PyErr_Occurred(); i++) {
        PyObject *known = native_in_class(type, PyTuple_GET_ITEM(names, i));
        p->how[i] = plain ? native_slot_offset(type, known) : 0;
        if (p->how[i] == 0 && i < of_dict && known != NULL && Py_TYPE(known)->tp_descr_set != NULL) {
            p->how[i] = -1;
        }
        Py_XDECREF(known);
    }
    if (PyErr_Occurred()) {
        Py_CLEAR(bytes);
    }
    return bytes;
}

static native_get open_object(native_reader *r, PyObject *shape) {
    PyTypeObject *type = (PyTypeObject *)PyTuple_GET_ITEM(shape, CLASS);
    PyObject *none = type->tp_new != NULL ? PyTuple_New(0) : NULL;
    PyObject *object = none != NULL ? type->tp_new(type, none, NULL) : NULL;
    Py_XDECREF(none);
    if (object == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "cannot create '%.200s' instances", type->tp_name);
        }
        return GET_FAILED;
    }
    const plan *p = (const plan *)(const void *)PyBytes_AS_STRING(PyTuple_GET_ITEM(shape, PLAN));
    if (!native_keep_again(r, object)) {
        Py_DECREF(object);
        return GET_FAILED;
    }
    /* Its __new__ may give others: the state goes the slow way then, by what they are. */
    bool at_last = p->by_setstate || !Py_IS_TYPE(object, type);
    if (p->count == 0 && !p->by_setstate) {
        return native_got(r, object);
    }
    native_get_frame *f = native_open(r, OPEN_INSTANCE, object);
    if (f == NULL) {
        return GET_FAILED;
    }
    f->key = Py_NewRef(shape);
    f->count = (size_t)p->count;
    f->plan = p;
    if (at_last) {
        f->extra = native_state_new(p->of_dict, p->count - p->of_dict);
        if (f->extra == NULL) {
            return GET_FAILED;
        }
    }
    if (f->count > 0) {
        native_owe(r, f);
        return GET_OPENED;
    }
    native_get_frame left = native_leave(r);
    Py_DECREF(left.key);
    bool ok = native_set_state(r->state, object, left.extra);
    Py_DECREF(left.extra);
    if (!ok) {
        Py_DECREF(object);
        return GET_FAILED;
    }
    return native_got(r, object);
}

native_get native_open_shape(native_reader *r) {
    size_t of_dict, of_slots;
    PyObject *class = native_get_class(r), *names = NULL, *bytes = NULL, *shape = NULL;
    if (class == NULL || !native_get_count(r, &of_dict) || !native_get_count(r, &of_slots) ||
        !native_available(r, of_dict + of_slots)) {
        Py_XDECREF(class);
        return GET_FAILED;
    }
    names = PyTuple_New((Py_ssize_t)(of_dict + of_slots));
    if (names != NULL) {
        PyObject_GC_UnTrack(names);
    }
    for (size_t i = 0; names != NULL && i < of_dict + of_slots; i++) {
        PyObject *name = native_get_any_text(r);
        if (name == NULL) {
            Py_CLEAR(names);
            break;
        }
        PyUnicode_InternInPlace(&name);
        PyTuple_SET_ITEM(names, (Py_ssize_t)i, name);
    }
    if (names != NULL) {
        bytes = plan_of(r, (PyTypeObject *)class, names, (Py_ssize_t)of_dict);
    }
    if (bytes != NULL) {
        shape = PyTuple_Pack(3, class, names, bytes);
    }
    if (shape != NULL && r->shapes == NULL) {
        r->shapes = PyList_New(0);
    }
    bool ok = shape != NULL && r->shapes != NULL && PyList_Append(r->shapes, shape) == 0;
    native_get result = ok ? open_object(r, shape) : GET_FAILED;
    Py_XDECREF(shape);
    Py_XDECREF(bytes);
    Py_XDECREF(names);
    Py_DECREF(class);
    return result;
}

native_get native_open_instance(native_reader *r) {
    if (!native_available(r, 1)) {
        return GET_FAILED;
    }
    uint64_t number = *r->next++;
    if (number == 255) {
        if (!native_available(r, 8)) {
            return GET_FAILED;
        }
        memcpy(&number, r->next, 8);
        r->next += 8;
    }
    if (r->shapes == NULL || number >= (uint64_t)PyList_GET_SIZE(r->shapes)) {
        return native_malformed("an object has no shape");
    }
    return open_object(r, PyList_GET_ITEM(r->shapes, (Py_ssize_t)number));
}

static bool give(native_reader *r, native_get_frame *f, const plan *p, PyObject *value) {
    PyObject *name = PyTuple_GET_ITEM(PyTuple_GET_ITEM(f->key, NAMES), (Py_ssize_t)f->index);
    bool in_dict = (Py_ssize_t)f->index < p->of_dict;
    (void)r;
    if (f->extra != NULL) {
        return native_state_add(f->extra, !in_dict, name, value);
    }
    Py_ssize_t how = p->how[f->index];
    if (how > 0) {
        PyObject **slot = (PyObject **)(void *)((char *)f->object + how);
        Py_XSETREF(*slot, Py_NewRef(value));
        return true;
    }
    if (how < 0) {
        PyObject *dict = PyObject_GenericGetDict(f->object, NULL);
        bool ok = dict != NULL && PyDict_SetItem(dict, name, value) == 0;
        Py_XDECREF(dict);
        return ok;
    }
    /* What the class says about setting attributes is not asked for those of the dict, as pickle does not. */
    return (in_dict ? PyObject_GenericSetAttr(f->object, name, value) : PyObject_SetAttr(f->object, name, value)) == 0;
}

native_get native_deliver_to_instance(native_reader *r, native_get_frame *f) {
    for (;;) {
        PyObject *value = r->value;
        bool ok = give(r, f, f->plan, value);
        Py_DECREF(value);
        if (!ok) {
            return GET_FAILED;
        }
        if (!native_waits(r, f)) {
            break;
        }
        native_get result = native_get_leaf(r);
        if (result != GOT) {
            return result;
        }
    }
    native_get_frame left = native_leave(r);
    bool ok = left.extra == NULL || native_set_state(r->state, left.object, left.extra);
    Py_XDECREF(left.extra);
    Py_DECREF(left.key);
    if (!ok) {
        Py_DECREF(left.object);
        return GET_FAILED;
    }
    return native_got(r, left.object);
}
