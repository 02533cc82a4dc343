/* SPDX-License-Identifier: MIT
 *
 * The clock of csp, from Python: what everything of csp that is written in Python asks for the time. */
#include "waiting/moving.h"

static PyObject *seconds(int64_t nanoseconds) { return PyFloat_FromDouble((double)nanoseconds / 1e9); }

static PyObject *now(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return seconds(csp_now());
}

static PyObject *wall_now(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return seconds(csp_wall_now());
}

static PyObject *hold(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    csp_clock_hold();
    Py_RETURN_NONE;
}

static PyObject *release(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    csp_clock_release();
    Py_RETURN_NONE;
}

static PyObject *move(PyObject *module, PyObject *by) {
    (void)module;
    double value = PyFloat_AsDouble(by);
    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    if (!(value >= 0.0 && value <= 1e9)) {
        PyErr_Format(PyExc_ValueError, "the clock moves forward, by at most 1e9 seconds, not by %R", by);
        return NULL;
    }
    csp_clock_move((int64_t)(value * 1e9));
    Py_RETURN_NONE;
}

PyMethodDef clock_methods[] = {
    {"now", now, METH_NOARGS,
     "now($module, /)\n--\n\nSeconds of the clock that all limits go by: time.monotonic(), unless that was held or "
     "moved."},
    {"wall_now", wall_now, METH_NOARGS,
     "wall_now($module, /)\n--\n\nSeconds since 1970, for time stamps: time.time(), unless the clock was held or "
     "moved."},
    {"clock_hold", hold, METH_NOARGS,
     "clock_hold($module, /)\n--\n\nLet the clock stand, for the whole process: only clock_move moves it."},
    {"clock_move", move, METH_O,
     "clock_move($module, seconds, /)\n--\n\nMove the clock forward, for the whole process, and wake whose time is "
     "up."},
    {"clock_release", release, METH_NOARGS,
     "clock_release($module, /)\n--\n\nLet the clock run on from where it stands."},
    {NULL, NULL, 0, NULL},
};
