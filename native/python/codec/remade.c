/* SPDX-License-Identifier: MIT */
#include "codec/remade.h"
#include "codec/state.h"

native_get native_open_reduced(native_reader *r) {
    if (!native_available(r, 1)) {
        return GET_FAILED;
    }
    native_get_frame *f = native_open(r, OPEN_REDUCED, NULL);
    if (f == NULL) {
        return GET_FAILED;
    }
    f->flags = *r->next++;
    if ((f->flags & MADE_BY_SETTER) != 0 && (f->flags & MADE_WITH_STATE) == 0) {
        return native_malformed("an object is made without what sets it up");
    }
    return GET_OPENED;
}

static native_get finish(native_reader *r) {
    native_get_frame f = native_leave(r);
    Py_XDECREF(f.key);
    Py_XDECREF(f.extra);
    return native_got(r, f.object);
}

/* The next part that there is, after that phase. */
static native_get next_part(native_reader *r, native_get_frame *f, int phase) {
    static const unsigned char needs[] = {[REDUCED_ITEMS] = MADE_WITH_ITEMS,
                                          [REDUCED_PAIRS] = MADE_WITH_PAIRS,
                                          [REDUCED_SETTER] = MADE_BY_SETTER,
                                          [REDUCED_STATE] = MADE_WITH_STATE};
    for (phase++; phase < REDUCED_OVER; phase++) {
        if ((f->flags & needs[phase]) != 0) {
            f->phase = (unsigned char)phase;
            if (phase == REDUCED_ITEMS) {
                f->extra = PyList_New(0);
                return f->extra != NULL ? GET_OPENED : GET_FAILED;
            }
            return GET_OPENED;
        }
    }
    return finish(r);
}

/* Consumes the keywords, which may be NULL. */
static native_get make(native_reader *r, native_get_frame *f, PyObject *arguments, PyObject *keywords) {
    PyObject *callable = f->key, *made = NULL;
    if ((f->flags & MADE_AGAIN) != 0) {
        uint32_t number;
        if (native_available(r, 4)) {
            memcpy(&number, r->next, 4);
            r->next += 4;
            made = number < r->again_used ? Py_NewRef(r->again[number]) : NULL;
            if (made == NULL) {
                native_malformed("it refers to what is not there");
            }
        }
    } else if ((f->flags & (MADE_BY_NEW | MADE_BY_NEW_EX)) == 0) {
        made = PyObject_Call(callable, arguments, NULL);
    } else if (!PyType_Check(callable) || ((PyTypeObject *)callable)->tp_new == NULL) {
        native_malformed("what makes an object is no class");
    } else {
        made = ((PyTypeObject *)callable)->tp_new((PyTypeObject *)callable, arguments, keywords);
    }
    Py_CLEAR(f->key);
    Py_XDECREF(keywords);
    f->object = made;
    if (made == NULL) {
        return GET_FAILED;
    }
    if ((f->flags & MADE_AGAIN) != 0) {
        return finish(r);
    }
    return native_keep_again(r, made) ? next_part(r, f, REDUCED_MADE) : GET_FAILED;
}

static native_get made_of(native_reader *r, native_get_frame *f, PyObject *value) {
    native_get result;
    if (f->phase == REDUCED_TO_CALL) {
        f->key = value;
        f->phase = REDUCED_ARGUMENTS;
        return GET_OPENED;
    }
    if (f->phase == REDUCED_ARGUMENTS) {
        if (!PyTuple_CheckExact(value)) {
            Py_DECREF(value);
            return native_malformed("the arguments of a call are no tuple");
        }
        if ((f->flags & MADE_BY_NEW_EX) != 0) {
            f->extra = value;
            f->phase = REDUCED_KEYWORDS;
            return GET_OPENED;
        }
        result = make(r, f, value, NULL);
        Py_DECREF(value);
        return result;
    }
    if (!PyDict_CheckExact(value)) {
        Py_DECREF(value);
        return native_malformed("the keywords of a call are no dict");
    }
    PyObject *arguments = f->extra;
    f->extra = NULL;
    result = make(r, f, arguments, value);
    Py_DECREF(arguments);
    return result;
}

native_get native_deliver_to_reduced(native_reader *r, native_get_frame *f) {
    PyObject *value = r->value;
    int failed = 0;
    switch (f->phase) {
        case REDUCED_ITEMS:
            failed = PyList_Append(f->extra, value);
            break;
        case REDUCED_PAIRS:
            f->key = value;
            f->phase = REDUCED_PAIR_VALUE;
            return GET_OPENED;
        case REDUCED_PAIR_VALUE:
            failed = PyObject_SetItem(f->object, f->key, value);
            Py_CLEAR(f->key);
            f->phase = REDUCED_PAIRS;
            break;
        case REDUCED_SETTER:
            f->key = value;
            f->phase = REDUCED_STATE;
            return GET_OPENED;
        case REDUCED_STATE:
            if (f->key != NULL) {
                PyObject *done = PyObject_CallFunctionObjArgs(f->key, f->object, value, NULL);
                failed = done == NULL;
                Py_XDECREF(done);
            } else {
                failed = !native_build(r->state, f->object, value);
            }
            Py_DECREF(value);
            return failed ? GET_FAILED : finish(r);
        default:
            return made_of(r, f, value);
    }
    Py_DECREF(value);
    return failed ? GET_FAILED : GET_OPENED;
}

static bool add_items(PyObject *object, PyObject *items) {
    PyObject *extend, *done = NULL;
    if (PyList_CheckExact(object)) {
        return PyList_SetSlice(object, PY_SSIZE_T_MAX, PY_SSIZE_T_MAX, items) == 0;
    }
    if (PyObject_GetOptionalAttrString(object, "extend", &extend) < 0) {
        return false;
    }
    if (extend != NULL) {
        done = PyObject_CallOneArg(extend, items);
        Py_DECREF(extend);
        Py_XDECREF(done);
        return done != NULL;
    }
    PyObject *append = PyObject_GetAttrString(object, "append");
    bool ok = append != NULL;
    for (Py_ssize_t i = 0; ok && i < PyList_GET_SIZE(items); i++) {
        done = PyObject_CallOneArg(append, PyList_GET_ITEM(items, i));
        ok = done != NULL;
        Py_XDECREF(done);
    }
    Py_XDECREF(append);
    return ok;
}

native_get native_stop(native_reader *r) {
    native_get_frame *f = r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
    if (f == NULL || f->kind != OPEN_REDUCED || (f->phase != REDUCED_ITEMS && f->phase != REDUCED_PAIRS)) {
        return native_malformed("it stops where nothing has begun");
    }
    if (f->phase == REDUCED_ITEMS) {
        PyObject *items = f->extra;
        f->extra = NULL;
        bool ok = PyList_GET_SIZE(items) == 0 || add_items(f->object, items);
        Py_DECREF(items);
        if (!ok) {
            return GET_FAILED;
        }
    }
    return next_part(r, f, f->phase == REDUCED_PAIRS ? REDUCED_PAIR_VALUE : f->phase);
}
