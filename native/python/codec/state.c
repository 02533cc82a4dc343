/* SPDX-License-Identifier: MIT */
#include "codec/state.h"

static bool set_dict(PyObject *object, PyObject *attributes) {
    if (!PyDict_Check(attributes)) {
        PyErr_SetString(PyExc_TypeError, "the state of an object is no dict, and its class has no __setstate__");
        return false;
    }
    PyObject *dict = PyObject_GetAttrString(object, "__dict__"), *name, *value;
    Py_ssize_t position = 0;
    bool ok = dict != NULL;
    while (ok && PyDict_Next(attributes, &position, &name, &value)) {
        Py_INCREF(name);
        Py_INCREF(value); /* setting runs what the dict that it falls out of held */
        if (PyUnicode_CheckExact(name)) {
            PyUnicode_InternInPlace(&name);
        }
        ok = PyObject_SetItem(dict, name, value) == 0;
        Py_DECREF(name);
        Py_DECREF(value);
    }
    Py_XDECREF(dict);
    return ok;
}

static bool set_slots(PyObject *object, PyObject *slots) {
    if (!PyDict_Check(slots)) {
        PyErr_SetString(PyExc_TypeError, "the slots in the state of an object are no dict");
        return false;
    }
    PyObject *name, *value;
    Py_ssize_t position = 0;
    bool ok = true;
    while (ok && PyDict_Next(slots, &position, &name, &value)) {
        Py_INCREF(name);
        Py_INCREF(value);
        ok = PyObject_SetAttr(object, name, value) == 0;
        Py_DECREF(name);
        Py_DECREF(value);
    }
    return ok;
}

bool native_build(native_state *state, PyObject *object, PyObject *value) {
    PyObject *setstate;
    if (PyObject_GetOptionalAttr(object, state->str_setstate, &setstate) < 0) {
        return false;
    }
    if (setstate != NULL) {
        PyObject *done = PyObject_CallOneArg(setstate, value);
        Py_DECREF(setstate);
        Py_XDECREF(done);
        return done != NULL;
    }
    PyObject *slots = NULL;
    if (PyTuple_Check(value) && PyTuple_GET_SIZE(value) == 2) {
        slots = PyTuple_GET_ITEM(value, 1);
        value = PyTuple_GET_ITEM(value, 0);
    }
    return (value == Py_None || set_dict(object, value)) &&
           (slots == NULL || slots == Py_None || set_slots(object, slots));
}

PyObject *native_state_new(Py_ssize_t of_dict, Py_ssize_t of_slots) {
    PyObject *dict = of_dict > 0 || of_slots == 0 ? PyDict_New() : Py_NewRef(Py_None);
    PyObject *slots = of_slots > 0 ? PyDict_New() : Py_NewRef(Py_None);
    PyObject *gathered = dict != NULL && slots != NULL ? PyTuple_Pack(2, dict, slots) : NULL;
    Py_XDECREF(dict);
    Py_XDECREF(slots);
    return gathered;
}

bool native_state_add(PyObject *gathered, bool slot, PyObject *name, PyObject *value) {
    return PyDict_SetItem(PyTuple_GET_ITEM(gathered, slot), name, value) == 0;
}

bool native_set_state(native_state *state, PyObject *object, PyObject *gathered) {
    return native_build(state, object,
                        PyTuple_GET_ITEM(gathered, 1) == Py_None ? PyTuple_GET_ITEM(gathered, 0) : gathered);
}
