/* SPDX-License-Identifier: MIT */
#include "codec/reduced.h"
#include "codec/classes.h"
#include "codec/instances.h"
#include "codec/names.h"
#include "codec/records.h"
#include "codec/sequences.h"

static PyObject *part(PyObject *how, Py_ssize_t index) {
    PyObject *found = index < PyTuple_GET_SIZE(how) ? PyTuple_GET_ITEM(how, index) : Py_None;
    return found != Py_None ? found : NULL;
}

static native_put wrong(const char *what) {
    PyErr_Format(PyExc_TypeError, "what its __reduce__ gives is wrong: %s", what);
    return PUT_FAILED;
}

/* Whether to make it by cls.__new__: callables of those names, which are copyreg's, stand for that. */
static int made_by(PyObject *callable, PyObject *arguments) {
    PyObject *name;
    if (PyObject_GetOptionalAttrString(callable, "__name__", &name) <= 0) {
        return PyErr_Occurred() ? -1 : 0;
    }
    bool text = PyUnicode_CheckExact(name);
    int flags = text && PyUnicode_EqualToUTF8(name, "__newobj__")      ? MADE_BY_NEW
                : text && PyUnicode_EqualToUTF8(name, "__newobj_ex__") ? MADE_BY_NEW_EX
                                                                       : 0;
    Py_DECREF(name);
    Py_ssize_t count = PyTuple_GET_SIZE(arguments);
    bool right =
        flags == 0 || (count > 0 && PyType_Check(PyTuple_GET_ITEM(arguments, 0)) &&
                       (flags == MADE_BY_NEW || (count == 3 && PyTuple_CheckExact(PyTuple_GET_ITEM(arguments, 1)) &&
                                                 PyDict_CheckExact(PyTuple_GET_ITEM(arguments, 2)))));
    if (!right) {
        wrong("__newobj__ takes a class and arguments");
        return -1;
    }
    return flags;
}

static native_put put_how(native_writer *w, PyObject *object, PyObject *how) {
    if (PyUnicode_Check(how)) {
        return native_put_global(w, object, how);
    }
    Py_ssize_t count = PyTuple_Check(how) ? PyTuple_GET_SIZE(how) : 0;
    if (count < 2 || count > 6) {
        return wrong("it must be a string or a tuple of 2 to 6");
    }
    PyObject *callable = PyTuple_GET_ITEM(how, 0), *arguments = PyTuple_GET_ITEM(how, 1);
    if (!PyCallable_Check(callable) || !PyTuple_CheckExact(arguments)) {
        return wrong("it must begin with a callable and a tuple of arguments");
    }
    if ((part(how, 3) != NULL && !PyIter_Check(part(how, 3))) ||
        (part(how, 4) != NULL && !PyIter_Check(part(how, 4)))) {
        return wrong("items must be an iterator");
    }
    if (part(how, 5) != NULL && !PyCallable_Check(part(how, 5))) {
        return wrong("what sets the state must be callable");
    }
    int flags = made_by(callable, arguments);
    unsigned char *p = flags >= 0 ? native_room(w, 2) : NULL;
    if (p == NULL) {
        return PUT_FAILED;
    }
    flags |= (part(how, 2) != NULL ? MADE_WITH_STATE | (part(how, 5) != NULL ? MADE_BY_SETTER : 0) : 0) |
             (part(how, 3) != NULL ? MADE_WITH_ITEMS : 0) | (part(how, 4) != NULL ? MADE_WITH_PAIRS : 0);
    native_put_frame *f = native_push(w, FRAME_REDUCED, object);
    if (f == NULL) {
        return PUT_FAILED;
    }
    f->flags = (unsigned char)flags;
    f->source = Py_NewRef(how);
    p[0] = ITEM_REDUCED;
    p[1] = f->flags;
    w->next = p + 2;
    return PUT_OPENED;
}

/* The arguments are written: now it can be referred to, unless it was met among them, and is written already. */
static native_put put_made(native_writer *w, native_put_frame *f) {
    uint32_t number;
    if (!native_remembered(w, f->object, &number)) {
        f->phase = REDUCED_ITEMS;
        return native_remember(w, f->object, &number) ? PUT_DONE : PUT_FAILED;
    }
    unsigned char *p = native_room(w, 4);
    if (p == NULL) {
        return PUT_FAILED;
    }
    w->begin[f->begin + 1] = (unsigned char)((f->flags & (MADE_BY_NEW | MADE_BY_NEW_EX)) | MADE_AGAIN);
    memcpy(p, &number, 4);
    w->next = p + 4;
    f->phase = REDUCED_OVER;
    return PUT_DONE;
}

/* An iterator has failed: it is the object's own, and so the way ends at that. */
static native_put iterator_failed(native_writer *w) {
    PyObject *error = PyErr_GetRaisedException();
    w->culprit = Py_NewRef(w->frames[w->depth - 1].object);
    native_pop(w);
    PyErr_SetRaisedException(error);
    return PUT_FAILED;
}

/* The next of an iterator, in f->pending; NULL at its end, or with an exception. */
static PyObject *next_item(native_put_frame *f, Py_ssize_t of) {
    PyObject *item = PyIter_Next(PyTuple_GET_ITEM(f->source, of));
    f->index++;
    Py_XSETREF(f->pending, item);
    return item;
}

static native_put put_pair(native_writer *w, native_put_frame *f) {
    PyObject *pair = next_item(f, 4);
    if (pair == NULL) {
        f->phase = REDUCED_SETTER;
        return PyErr_Occurred() ? iterator_failed(w) : native_put_tag(w, ITEM_STOP);
    }
    if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
        return wrong("dict items must be pairs");
    }
    f->phase = REDUCED_PAIR_VALUE;
    return w->put(w, PyTuple_GET_ITEM(pair, 0));
}

native_put native_next_of_reduced(native_writer *w, native_put_frame *f) {
    PyObject *how = f->source, *arguments = PyTuple_GET_ITEM(how, 1), *item;
    bool by_new = (f->flags & (MADE_BY_NEW | MADE_BY_NEW_EX)) != 0;
    switch (f->phase) {
        case REDUCED_TO_CALL:
            f->phase = REDUCED_ARGUMENTS;
            return w->put(w, by_new ? PyTuple_GET_ITEM(arguments, 0) : PyTuple_GET_ITEM(how, 0));
        case REDUCED_ARGUMENTS:
            f->phase = (f->flags & MADE_BY_NEW_EX) != 0 ? REDUCED_KEYWORDS : REDUCED_MADE;
            if ((f->flags & MADE_BY_NEW) != 0) {
                return native_put_tuple_from(w, arguments, 1);
            }
            return w->put(w, by_new ? PyTuple_GET_ITEM(arguments, 1) : arguments);
        case REDUCED_KEYWORDS:
            f->phase = REDUCED_MADE;
            return w->put(w, PyTuple_GET_ITEM(arguments, 2));
        case REDUCED_MADE:
            return put_made(w, f);
        case REDUCED_ITEMS:
            if ((f->flags & MADE_WITH_ITEMS) == 0) {
                f->phase = REDUCED_PAIRS;
                return PUT_DONE;
            }
            item = next_item(f, 3);
            if (item != NULL) {
                return w->put(w, item);
            }
            f->phase = REDUCED_PAIRS;
            f->index = 0;
            return PyErr_Occurred() ? iterator_failed(w) : native_put_tag(w, ITEM_STOP);
        case REDUCED_PAIRS:
            if ((f->flags & MADE_WITH_PAIRS) != 0) {
                return put_pair(w, f);
            }
            f->phase = REDUCED_SETTER;
            return PUT_DONE;
        case REDUCED_PAIR_VALUE:
            f->phase = REDUCED_PAIRS;
            return w->put(w, PyTuple_GET_ITEM(f->pending, 1));
        case REDUCED_SETTER:
            f->phase = REDUCED_STATE;
            return (f->flags & MADE_BY_SETTER) != 0 ? w->put(w, PyTuple_GET_ITEM(how, 5)) : PUT_DONE;
        case REDUCED_STATE:
            f->phase = REDUCED_OVER;
            return (f->flags & MADE_WITH_STATE) != 0 ? w->put(w, PyTuple_GET_ITEM(how, 2)) : PUT_DONE;
        default:
            native_pop(w);
            return PUT_DONE;
    }
}

static PyObject *reduce(native_writer *w, PyObject *object) {
    PyObject *method, *how;
    if (PyObject_GetOptionalAttr(object, w->state->str_reduce_ex, &method) < 0) {
        return NULL;
    }
    if (method != NULL) {
        PyObject *protocol = PyLong_FromLong(5); /* a cached small int: cannot fail */
        how = PyObject_CallOneArg(method, protocol);
        Py_DECREF(protocol);
    } else {
        method = PyObject_GetAttrString(object, "__reduce__");
        how = method != NULL ? PyObject_CallNoArgs(method) : NULL;
    }
    Py_XDECREF(method);
    return how;
}

static native_put refuse(PyObject *object) {
    PyObject *why = PyObject_CallMethod(object, "__csp_stays__", NULL);
    if (why != NULL) {
        PyErr_SetObject(PyExc_TypeError, why);
        Py_DECREF(why);
    }
    return PUT_FAILED;
}

static bool is_singletons_type(PyObject *object) {
    return object == (PyObject *)Py_TYPE(Py_None) || object == (PyObject *)Py_TYPE(Py_Ellipsis) ||
           object == (PyObject *)Py_TYPE(Py_NotImplemented);
}

static PyObject *singletons_type(PyObject *object) {
    PyObject *one = object == (PyObject *)Py_TYPE(Py_None)       ? Py_None
                    : object == (PyObject *)Py_TYPE(Py_Ellipsis) ? Py_Ellipsis
                                                                 : Py_NotImplemented;
    return Py_BuildValue("(O(O))", &PyType_Type, one);
}

static native_put put_by_class(native_writer *w, PyObject *object, PyTypeObject *type) {
    if (w->override == NULL && (type == &PyFunction_Type || (type == &PyType_Type && !is_singletons_type(object)))) {
        return native_put_global(w, object, NULL);
    }
    native_class *c = native_class_of(w->state, type);
    if (c == NULL) {
        return PUT_FAILED;
    }
    native_way way = c->way;
    if (w->override == NULL && way != BY_REDUCE && way != STAYS) {
        native_put result = way == BY_ATTRIBUTES ? native_put_instance(w, object, c)
                            : way == BY_ITEMS    ? native_put_namedtuple(w, object)
                                                 : native_put_member(w, object);
        if (result != PUT_ELSE) {
            return result;
        }
    }
    /* What is written in C and cannot be derived from here runs nobody's code when it tells how it is made. */
    PyObject *by_copyreg = native_copyreg_of(w->state, type), *how = NULL;
    bool of_others = by_copyreg != NULL || w->override != NULL || PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE);
    if (PyErr_Occurred() || (of_others && !native_may_run_code(w))) {
        return PyErr_Occurred() ? PUT_FAILED : PUT_RESTART;
    }
    Py_XINCREF(by_copyreg);
    bool failed = false;
    if (w->override != NULL) {
        how = PyObject_CallOneArg(w->override, object);
        failed = how == NULL;
        if (how == Py_NotImplemented) {
            Py_CLEAR(how);
        }
    }
    native_put result = PUT_ELSE;
    if (how != NULL || failed) {
        result = PUT_ELSE;
    } else if (type == &PyType_Type && is_singletons_type(object)) {
        how = singletons_type(object);
    } else if (type == &PyType_Type || type == &PyFunction_Type) {
        result = native_put_global(w, object, NULL);
    } else if (by_copyreg != NULL) {
        how = PyObject_CallOneArg(by_copyreg, object);
    } else if (PyType_IsSubtype(type, &PyType_Type)) {
        result = native_put_global(w, object, NULL);
    } else {
        how = way == STAYS ? NULL : reduce(w, object);
        result = way == STAYS ? refuse(object) : PUT_ELSE;
    }
    if (result == PUT_ELSE) {
        result = how != NULL ? put_how(w, object, how) : PUT_FAILED;
    }
    Py_XDECREF(how);
    Py_XDECREF(by_copyreg);
    return result;
}

native_put native_put_reduced(native_writer *w, PyObject *object) {
    uint32_t number;
    if (native_remembered(w, object, &number)) {
        return native_put_again(w, number);
    }
    w->runs_code = true;
    /* Code that runs may take it out of where it was found, and give it another class. */
    Py_INCREF(object);
    PyTypeObject *type = (PyTypeObject *)Py_NewRef(Py_TYPE(object));
    native_put result = put_by_class(w, object, type);
    if (result == PUT_FAILED && w->culprit == NULL) {
        w->culprit = Py_NewRef(object);
    }
    Py_DECREF(type);
    Py_DECREF(object);
    return result;
}
