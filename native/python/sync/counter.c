/* SPDX-License-Identifier: MIT
 *
 * Counter: an integer that threads of any interpreter change in atomic steps. */
#include "sync/counter.h"
#include "holding/handles.h"
#include "sync/objects.h"
#include "types.h"

static PyObject *counter_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"value", NULL};
    PyObject *object = NULL;
    int64_t value = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:Counter", names, &object) ||
        (object != NULL && !sync_read_int64(object, "value", &value))) {
        return NULL;
    }
    return sync_make(type, CSP_SYNC_COUNTER, value, 1);
}

static PyObject *counter_add(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    int64_t amount = 1;
    if (count > 1) {
        PyErr_SetString(PyExc_TypeError, "add takes one argument, the amount");
        return NULL;
    }
    if (count == 1 && !sync_read_int64(args[0], "the amount", &amount)) {
        return NULL;
    }
    return sync_is_open(self) ? PyLong_FromLongLong(csp_counter_add(end_of(self), amount)) : NULL;
}

static PyObject *counter_exchange(PyObject *self, PyObject *object) {
    int64_t value;
    if (!sync_read_int64(object, "the value", &value) || !sync_is_open(self)) {
        return NULL;
    }
    return PyLong_FromLongLong(csp_counter_exchange(end_of(self), value));
}

static PyObject *counter_compare_exchange(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    int64_t expected, value;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "compare_exchange takes what is expected and the new value");
        return NULL;
    }
    if (!sync_read_int64(args[0], "what is expected", &expected) || !sync_read_int64(args[1], "the value", &value) ||
        !sync_is_open(self)) {
        return NULL;
    }
    return PyBool_FromLong(csp_counter_compare_exchange(end_of(self), &expected, value));
}

static PyMethodDef counter_methods[] = {
    {"add", FASTCALL(counter_add), METH_FASTCALL,
     "add($self, amount=1, /)\n--\n\nAdd in one atomic step; gives the sum. It wraps at 64 bits. Never blocks."},
    {"exchange", counter_exchange, METH_O, "exchange($self, value, /)\n--\n\nSet it; gives the value before."},
    {"compare_exchange", FASTCALL(counter_compare_exchange), METH_FASTCALL,
     "compare_exchange($self, expected, value, /)\n--\n\nSet it if it is `expected`; whether it was."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef counter_getset[] = {
    CLOSED,
    {"value", sync_get_value, NULL, "The number now.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot counter_slots[] = {
    {Py_tp_doc,
     "Counter(value=0)\n--\n\nAn integer of 64 bits that threads of any interpreter change in atomic steps."},
    {Py_tp_new, (void *)counter_new},
    {Py_tp_methods, counter_methods},
    {Py_tp_getset, counter_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_counter_spec = {"csp.Counter", sizeof(end_object), 0, FINAL_TYPE, counter_slots};
