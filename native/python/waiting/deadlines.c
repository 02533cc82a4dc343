/* SPDX-License-Identifier: MIT
 *
 * How long a call may wait, as its caller says it: a timeout in seconds, or an instant of time.monotonic(). */
#include <math.h>

#include "waiting/deadlines.h"

/* A number that is not a bool, as a double; an int beyond all doubles counts as infinite. */
static bool read_seconds(PyObject *object, const char *what, double *seconds) {
    if (PyBool_Check(object) ||
        (!PyFloat_Check(object) && !PyIndex_Check(object) &&
         (Py_TYPE(object)->tp_as_number == NULL || Py_TYPE(object)->tp_as_number->nb_float == NULL))) {
        PyErr_Format(PyExc_TypeError, "%s or None, not %T", what, object);
        return false;
    }
    *seconds = PyFloat_AsDouble(object);
    if (*seconds == -1.0 && PyErr_Occurred()) {
        if (!PyLong_Check(object) || !PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return false;
        }
        PyErr_Clear();
        *seconds = PyLong_IsNegative(object) == 1 ? -INFINITY : INFINITY;
    }
    return true;
}

bool native_deadline(PyObject *timeout, int64_t *deadline) {
    double seconds;
    if (timeout == NULL || timeout == Py_None) {
        *deadline = CSP_FOREVER;
        return true;
    }
    if (!read_seconds(timeout, "timeout must be a number of seconds", &seconds)) {
        return false;
    }
    if (isnan(seconds) || seconds < 0.0) {
        PyErr_Format(PyExc_ValueError, "timeout must be at least 0 seconds (or None to wait for ever), not %R",
                     timeout);
        return false;
    }
    *deadline = seconds >= 9.0e9 ? CSP_FOREVER : csp_deadline_after((int64_t)(seconds * 1e9));
    return true;
}

/* An instant of time.monotonic(), which is the core's clock (None: never). One that is past still takes what is ready. */
bool native_instant(PyObject *instant, int64_t *deadline) {
    if (instant == Py_None) {
        *deadline = CSP_FOREVER;
        return true;
    }
    double seconds;
    if (!read_seconds(instant, "deadline must be an instant of time.monotonic(), in seconds,", &seconds)) {
        return false;
    }
    if (isnan(seconds)) {
        PyErr_SetString(PyExc_ValueError, "an instant is in seconds of time.monotonic(), and nan is none");
        return false;
    }
    *deadline = seconds >= 9.0e9 ? CSP_FOREVER : seconds <= 0.0 ? 1 : (int64_t)(seconds * 1e9);
    return true;
}

bool native_timeout_or_deadline(PyObject *timeout, PyObject *instant, int64_t *deadline) {
    if (timeout != Py_None && instant != Py_None) {
        PyErr_SetString(PyExc_TypeError, "give a timeout or a deadline, not both");
        return false;
    }
    return instant != Py_None ? native_instant(instant, deadline) : native_deadline(timeout, deadline);
}

bool native_timeout_argument(native_state *state, const char *function, PyObject *const *args, Py_ssize_t positional,
                             Py_ssize_t most, PyObject *keywords, int64_t *deadline) {
    PyObject *timeout = NULL;
    Py_ssize_t named = keywords != NULL ? PyTuple_GET_SIZE(keywords) : 0;
    if (positional > most) {
        timeout = args[most];
    }
    if (positional > most + 1 || named > 1 || (named == 1 && timeout != NULL)) {
        PyErr_Format(PyExc_TypeError, "%s takes %zd positional argument(s) and a timeout, or a deadline", function,
                     most);
        return false;
    }
    if (named == 1) {
        PyObject *name = PyTuple_GET_ITEM(keywords, 0);
        if (PyUnicode_Compare(name, state->str_deadline) == 0) {
            return native_instant(args[positional], deadline);
        }
        if (PyUnicode_Compare(name, state->str_timeout) != 0) {
            PyErr_Format(PyExc_TypeError, "%s has no argument %R; it takes timeout=seconds or deadline=instant",
                         function, name);
            return false;
        }
        timeout = args[positional];
    }
    return native_deadline(timeout, deadline);
}
