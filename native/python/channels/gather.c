/* SPDX-License-Identifier: MIT
 *
 * Drawing items from an iterator as fast as itertools.batched does, while somebody may have something to say. */
#include "channels/gather.h"
#include "holding/handles.h"

/* Fill the tuple, which the collector does not see while it has holes. The number of items; fewer than its size when a
 * message has arrived, *over at the end of the iterator, -1 with an exception. */
static Py_ssize_t fill(PyObject *items, PyObject *iterator, const csp_end *inbox, bool *over) {
    iternextfunc next = Py_TYPE(iterator)->tp_iternext;
    Py_ssize_t most = PyTuple_GET_SIZE(items);
    for (Py_ssize_t i = 0; i < most;) {
        PyObject *item = next(iterator);
        if (item == NULL) {
            if (PyErr_Occurred()) {
                if (!PyErr_ExceptionMatches(PyExc_StopIteration)) {
                    return -1;
                }
                PyErr_Clear();
            }
            *over = true;
            return i;
        }
        PyTuple_SET_ITEM(items, i++, item);
        if (csp_end_length(inbox) > 0) {
            return i;
        }
    }
    return most;
}

/* The first items as a tuple of their own: to shrink one is for CPython alone. */
static PyObject *first_of(PyObject *items, Py_ssize_t count) {
    PyObject *first = PyTuple_New(count);
    for (Py_ssize_t i = 0; first != NULL && i < count; i++) {
        PyTuple_SET_ITEM(first, i, Py_NewRef(PyTuple_GET_ITEM(items, i)));
    }
    return first;
}

/* gather(iterator, most, inbox): a tuple of 1 to `most` items; it is cut short when a message has arrived at the receiver
 * `inbox`. At the end of the iterator StopIteration, whose value is the tuple, which may then be empty. */
PyObject *native_gather(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    if (count != 3 || !PyIter_Check(args[0]) || !Py_IS_TYPE(args[2], state->receiver_type)) {
        PyErr_SetString(PyExc_TypeError, "gather takes an iterator, a number of items and a Receiver");
        return NULL;
    }
    Py_ssize_t most = PyLong_AsSsize_t(args[1]);
    if (most < 1) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "gather takes at least 1 item");
        }
        return NULL;
    }
    PyObject *items = PyTuple_New(most);
    if (items == NULL) {
        return NULL;
    }
    PyObject_GC_UnTrack(items);
    bool over = false;
    Py_ssize_t filled = fill(items, args[0], end_of(args[2]), &over);
    if (filled == most) {
        PyObject_GC_Track(items);
        return items;
    }
    PyObject *first = filled < 0 ? NULL : first_of(items, filled);
    Py_DECREF(items);
    if (first == NULL || !over) {
        return first;
    }
    PyObject *end = PyObject_CallOneArg(PyExc_StopIteration, first);
    Py_DECREF(first);
    if (end != NULL) {
        PyErr_SetRaisedException(end);
    }
    return NULL;
}
