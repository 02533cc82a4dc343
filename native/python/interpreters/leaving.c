/* SPDX-License-Identifier: MIT
 *
 * The end of the program, as far as its interpreters are concerned.
 *
 * CPython hangs or crashes when it ends the main interpreter while others run. The exit handler that stops them is C: a
 * signal handler runs between two lines of Python, and what it raises there would end an exit handler in Python, wherever
 * that just is. Here it is asked for, and shortens the wait. */
#include <time.h>
#include <unistd.h>

#include "interpreters/course.h"
#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/kill.h"
#include "interpreters/leaving.h"
#include "interpreters/starts.h"
#include "interpreters/turn.h"
#include "types.h"

/* ---- the exit handler ----------------------------------------------------------------------------------------- */

#define MILLISECONDS INT64_C(1000000)
#define TOLD_AFTER (300 * MILLISECONDS)

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 * MILLISECONDS + t.tv_nsec;
}

static bool any_lives(void) {
    interpreter_numbers numbers = native_table_count();
    return numbers.alive + numbers.abandoned > 0;
}

/* Whether a signal handler raised. That the program shall end, it does already; anything else is shown. */
static bool interrupted(void) {
    if (!PyErr_Occurred() && PyErr_CheckSignals() == 0) {
        return false;
    }
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) || PyErr_ExceptionMatches(PyExc_SystemExit)) {
        PyErr_Clear();
    } else {
        PyErr_FormatUnraisable("Exception ignored in a signal handler while the interpreters of csp are stopped");
    }
    return true;
}

/* How long each step takes at the most; see hurry_the_end. */
static _Atomic int64_t at_most = INT64_MAX;

/* Wait until none lives; false: time is over. An interrupt leaves no more than `least` of it. Who waits for longer than a
 * moment says what for: tell(). */
static bool none_within(int64_t nanoseconds, int64_t least, PyObject *tell) {
    int64_t begun = now(), until = begun + (nanoseconds < at_most ? nanoseconds : at_most);
    bool told = false;
    while (any_lives()) {
        if (!told && now() - begun > TOLD_AFTER) {
            told = true;
            Py_XDECREF(PyObject_CallNoArgs(tell));
        }
        if (interrupted() && now() + least < until) {
            until = now() + least;
        }
        if (now() >= until) {
            return false;
        }
        PyThreadState *saved = PyEval_SaveThread();
        struct timespec pause = {0, 2 * MILLISECONDS};
        nanosleep(&pause, NULL);
        PyEval_RestoreThread(saved);
    }
    return true;
}

static void cancel(interpreter *self) {
    native_interpreter_cancel(self);
    native_interpreter_end_within(self, 500 * MILLISECONDS); /* then what it has left running is told, too */
}

/* The oldest first: whoever would start others anew does not. */
static void do_to_all(void (*what)(interpreter *)) {
    size_t count;
    seen_interpreter *seen = native_table_see(false, &count);
    for (size_t i = seen != NULL ? count : 0; i-- > 0;) {
        interpreter *self = native_table_find(seen[i].id);
        if (self != NULL) {
            what(self);
            native_interpreter_release(self);
        }
    }
    free(seen);
}

/* Under tracing none ends. */
static void stop_tracing(void) {
    PyObject *module = native_memory_is_traced() ? PyImport_ImportModule("_tracemalloc") : NULL;
    Py_XDECREF(module != NULL ? PyObject_CallMethod(module, "stop", NULL) : NULL);
    Py_XDECREF(module);
    PyErr_Clear();
}

static PyObject *hurry_the_end(PyObject *module, PyObject *seconds) {
    (void)module;
    double each = PyFloat_AsDouble(seconds);
    if (each == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    at_most = (int64_t)(each * 1e9);
    Py_RETURN_NONE;
}

static PyObject *end_interpreters(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    double each = count == 2 ? PyFloat_AsDouble(args[0]) : -1.0;
    if (each < 0.0) {
        PyErr_SetString(PyExc_TypeError, "end_interpreters takes seconds and what says which are waited for");
        return NULL;
    }
    PyObject *tell = args[1];
    int64_t time = (int64_t)(each * 1e9);
    native_refuse_starts();
    stop_tracing();
    do_to_all(cancel);
    if (!none_within(time, 0, tell)) {
        do_to_all(native_interpreter_kill);
        none_within(time, 250 * MILLISECONDS, tell); /* a kill takes effect within that */
    }
    Py_RETURN_NONE;
}

/* ---- leaving without them ------------------------------------------------------------------------------------- */

static PyObject *leave_without_them(PyObject *module, PyObject *leaving);

/* Equal to every exit handler that was registered after leave_without_them, and to itself: those have run. */
typedef struct {
    PyObject_HEAD bool found;
} handlers_so_far;

static PyObject *compare_so_far(PyObject *self, PyObject *other, int operation) {
    handlers_so_far *so_far = (handlers_so_far *)self;
    if (PyCFunction_Check(other) && PyCFunction_GetFunction(other) == leave_without_them) {
        so_far->found = true;
    }
    return PyBool_FromLong(so_far->found == (operation == Py_EQ));
}

static PyType_Slot so_far_slots[] = {{Py_tp_richcompare, compare_so_far}, {0, NULL}};
static PyType_Spec so_far_spec = {.name = "csp._native.HandlersSoFar",
                                  .basicsize = sizeof(handlers_so_far),
                                  .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                  .slots = so_far_slots};

/* CPython would run the exit handlers that were registered before ours when we return; but we do not. */
static void run_other_exit_handlers(void) {
    PyObject *atexit = PyImport_ImportModule("atexit");
    PyObject *type = PyType_FromSpec(&so_far_spec);
    PyObject *so_far = type != NULL ? PyType_GenericAlloc((PyTypeObject *)type, 0) : NULL;
    PyObject *done = NULL;
    if (atexit != NULL && so_far != NULL && (done = PyObject_CallMethod(atexit, "unregister", "O", so_far)) != NULL) {
        Py_SETREF(done, PyObject_CallMethod(atexit, "_run_exitfuncs", NULL));
    }
    if (done == NULL) {
        PyErr_FormatUnraisable("Exception ignored while exit handlers were run");
    }
    Py_XDECREF(done);
    Py_XDECREF(so_far);
    Py_XDECREF(type);
    Py_XDECREF(atexit);
}

static void call(PyObject *functions, Py_ssize_t index) {
    PyObject *done = PyObject_CallNoArgs(PyTuple_GET_ITEM(functions, index));
    if (done == NULL) {
        PyErr_FormatUnraisable("Exception ignored at the end of the program");
    }
    Py_XDECREF(done);
}

static PyObject *leave_without_them(PyObject *module, PyObject *leaving) {
    (void)module;
    if (!PyTuple_Check(leaving) || PyTuple_GET_SIZE(leaving) != 3) {
        PyErr_SetString(PyExc_TypeError, "leave_without_them takes (what to call before, what to call last, status)");
        return NULL;
    }
    int status = (int)PyLong_AsLong(PyTuple_GET_ITEM(leaving, 2));
    if (!any_lives() || PyErr_Occurred()) {
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    }
    call(leaving, 0);
    run_other_exit_handlers();
    call(leaving, 1);
    _exit(status);
}

/* ---- for the module ------------------------------------------------------------------------------------------- */

static PyObject *no_starts(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    const char *why = native_no_starts();
    return why != NULL ? PyUnicode_FromString(why) : Py_NewRef(Py_None);
}

PyMethodDef leaving_methods[] = {
    {"hurry_the_end", hurry_the_end, METH_O,
     "hurry_the_end(seconds, /)\n--\n\nLet no step of end_interpreters take longer than that."},
    {"end_interpreters", FASTCALL(end_interpreters), METH_FASTCALL,
     "end_interpreters(seconds, tell, /)\n--\n\nAt the end of the program: refuse starts from now on, cancel all "
     "interpreters, and kill them after `seconds`; wait as long again.\n\nAn exception of a signal handler goes on to "
     "the next step."},
    {"leave_without_them", leave_without_them, METH_O,
     "leave_without_them((before, last, status), /)\n--\n\nAs the exit handler after end_interpreters: if some still "
     "live, call before(), the exit handlers that are still to come, and last(), and end the process with `status`."},
    {"no_starts", no_starts, METH_NOARGS, "no_starts()\n--\n\nWhy no interpreter can be started now, or None."},
    {NULL, NULL, 0, NULL},
};
