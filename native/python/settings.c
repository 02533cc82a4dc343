/* SPDX-License-Identifier: MIT
 *
 * What holds for the whole process, and can be set by anybody in it. */
#include <stdatomic.h>

#include "settings.h"
#include "waiting/hooks.h"

static PyObject *set_placement(PyObject *module, PyObject *object) {
    (void)module;
    int on = PyObject_IsTrue(object);
    if (on < 0) {
        return NULL;
    }
    csp_placement(on != 0);
    Py_RETURN_NONE;
}

static PyObject *set_hint_delay(PyObject *module, PyObject *seconds) {
    (void)module;
    double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    if (!(value >= 0.0 && value <= 1e6)) {
        PyErr_Format(PyExc_ValueError, "the hint's delay must be between 0 and 1e6 seconds, not %R", seconds);
        return NULL;
    }
    native_set_hint_delay((int64_t)(value * 1e9));
    Py_RETURN_NONE;
}

static PyObject *set_spin_limit(PyObject *module, PyObject *seconds) {
    (void)module;
    double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    if (!(value >= 0.0 && value <= 1.0)) {
        PyErr_Format(PyExc_ValueError, "the spin limit must be between 0 and 1 second, not %R", seconds);
        return NULL;
    }
    csp_spin_limit((int64_t)(value * 1e9));
    Py_RETURN_NONE;
}

/* The lowest level of the stdlib's logging that main shows: interpreters that begin read it, main writes it. */
static _Atomic long log_threshold = 30;

static PyObject *log_level(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyLong_FromLong(atomic_load_explicit(&log_threshold, memory_order_relaxed));
}

static PyObject *set_log_level(PyObject *module, PyObject *level) {
    (void)module;
    long value = PyLong_AsLong(level);
    if (value == -1 && PyErr_Occurred()) {
        return NULL;
    }
    atomic_store_explicit(&log_threshold, value, memory_order_relaxed);
    Py_RETURN_NONE;
}

PyMethodDef setting_methods[] = {
    {"set_placement", set_placement, METH_O,
     "set_placement(on, /)\n--\n\nWhether interpreters that wait for each other more than they work may be moved to "
     "one CPU "
     "meanwhile,\nfor the whole process."},
    {"set_spin_limit", set_spin_limit, METH_O,
     "set_spin_limit(seconds, /)\n--\n\nHow long a wait may spin before it sleeps, for the whole process; 0 never "
     "spins."},
    {"set_hint_delay", set_hint_delay, METH_O,
     "set_hint_delay(seconds, /)\n--\n\nAfter how long a main thread that waits is told if it waits for itself; for "
     "tests."},
    {"log_level", log_level, METH_NOARGS,
     "log_level()\n--\n\nThe lowest level of the stdlib's logging that main shows, as set_log_level said."},
    {"set_log_level", set_log_level, METH_O,
     "set_log_level(level, /)\n--\n\nTell interpreters that begin from now on what level main shows."},
    {NULL, NULL, 0, NULL},
};
