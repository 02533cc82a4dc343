/* SPDX-License-Identifier: MIT
 *
 * What follows when an interpreter's entry function has returned: CPython's own steps, but with a limit.
 *
 * CPython tells an interpreter's threads that it ends (threading._register_atexit), joins those that are no daemons,
 * and runs the exit handlers. It waits for each without a limit. The interpreter's own thread does the same here. A
 * second thread, the warden, keeps the time. It never takes a GIL, so nothing can hold it up. When the time is over,
 * it goes down a ladder:
 *
 *  1. What is left is named and told: Stopped comes out of every wait on a channel.
 *  2. Its Python code is made to raise; twice, because an exit handler may follow the thread that it waited for.
 *  3. It is left behind: the exit is told, and all that the interpreter held is closed. The own thread ends the
 *     interpreter when nothing is left to wait for. */
#include <time.h>

#include "interpreters/course.h"
#include "interpreters/ending.h"
#include "interpreters/exit.h"
#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/kill.h"
#include "interpreters/poison.h"
#include "interpreters/starts.h"
#include "interpreters/visits.h"

#define MILLISECONDS INT64_C(1000000)

static const int64_t told_for = 500 * MILLISECONDS, raised_for = 500 * MILLISECONDS;
/* For a killed interpreter: nobody wants what it still does. The sum is less than the kernel waits. */
static const int64_t killed_for = 700 * MILLISECONDS, killed_raised_for = 400 * MILLISECONDS;

/* ---- what is left --------------------------------------------------------------------------------------------- */

static bool is_alone(void) {
    PyThreadState *first = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    return first != NULL && PyThreadState_Next(first) == NULL;
}

/* A module, if it was imported; else NULL, without an exception. */
static PyObject *module_there(const char *name) {
    PyObject *text = PyUnicode_FromString(name);
    PyObject *module = text != NULL ? PyImport_GetModule(text) : NULL;
    Py_XDECREF(text);
    PyErr_Clear();
    return module;
}

static Py_ssize_t count_of(const char *module_name, const char *attribute) {
    PyObject *module = module_there(module_name);
    PyObject *list = module != NULL ? PyObject_GetAttrString(module, attribute) : NULL;
    Py_ssize_t count = list != NULL ? PyObject_Size(list) : 0;
    PyErr_Clear();
    Py_XDECREF(list);
    Py_XDECREF(module);
    return count > 0 ? count : 0;
}

static Py_ssize_t count_exit_handlers(void) {
    PyObject *module = module_there("atexit"); /* who registers a handler imports it */
    PyObject *number = module != NULL ? PyObject_CallMethod(module, "_ncallbacks", NULL) : NULL;
    Py_ssize_t count = number != NULL ? PyLong_AsSsize_t(number) : 0;
    PyErr_Clear();
    Py_XDECREF(number);
    Py_XDECREF(module);
    return count > 0 ? count : 0;
}

static bool is_half_imported(PyObject *module) {
    PyObject *names = PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
    PyObject *spec = names != NULL ? PyDict_GetItemString(names, "__spec__") : NULL;
    PyObject *initializing = spec != NULL ? PyObject_GetAttrString(spec, "_initializing") : NULL;
    bool half = initializing == Py_True;
    PyErr_Clear();
    Py_XDECREF(initializing);
    return half;
}

/* A kill may hit an import, and the code that should remove the module again cannot run. But CPython uses what it
 * finds in sys.modules when it ends the interpreter, threading above all, and takes it for complete. */
static void forget_half_imported_modules(void) {
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *names = PyDict_Keys(modules);
    for (Py_ssize_t i = 0; names != NULL && i < PyList_GET_SIZE(names); i++) {
        PyObject *name = PyList_GET_ITEM(names, i);
        PyObject *module = Py_XNewRef(PyDict_GetItemWithError(modules, name));
        if (module != NULL && is_half_imported(module) && PyDict_DelItem(modules, name) < 0) {
            PyErr_Clear();
        }
        Py_XDECREF(module);
    }
    PyErr_Clear();
    Py_XDECREF(names);
}

/* ---- the own thread ------------------------------------------------------------------------------------------- */

/* A kill may have set a tracer that raises. Without it, what follows can run. */
static void own_thread_goes_on(void) {
    PyEval_SetTrace(NULL, NULL);
    PyErr_Clear();
}

/* Call what CPython calls at the end of an interpreter, and remove the callbacks: it will call this once more. */
static void end_threads(void) {
    PyObject *threading = module_there("threading");
    if (threading == NULL) {
        return;
    }
    PyObject *done = PyObject_CallMethod(threading, "_shutdown", NULL);
    if (done == NULL && !PyErr_ExceptionMatches(PyExc_SystemExit)) {
        PyErr_FormatUnraisable("Exception ignored on threading shutdown");
    }
    own_thread_goes_on();
    Py_XDECREF(done);
    PyObject *callbacks = PyObject_GetAttrString(threading, "_threading_atexits");
    if (callbacks != NULL && PyList_Check(callbacks)) {
        PyList_SetSlice(callbacks, 0, PyList_GET_SIZE(callbacks), NULL);
    }
    PyErr_Clear();
    Py_XDECREF(callbacks);
    Py_DECREF(threading);
}

static void run_exit_handlers(void) {
    PyObject *module = module_there("atexit");
    Py_XDECREF(module != NULL ? PyObject_CallMethod(module, "_run_exitfuncs", NULL) : NULL);
    own_thread_goes_on();
    Py_XDECREF(module);
}

/* Sleep detached, longer each time. A poll, because nothing tells when the wait is over. */
static void pause_a_little(int64_t *nanoseconds) {
    struct timespec pause = {0, (long)*nanoseconds};
    PyThreadState *saved = PyEval_SaveThread();
    nanosleep(&pause, NULL);
    PyEval_RestoreThread(saved);
    *nanoseconds = *nanoseconds < 20 * MILLISECONDS ? *nanoseconds * 2 : *nanoseconds;
}

/* Wait for threads that nobody joins: those of _thread and of C. */
static void wait_until_alone(void) {
    for (int64_t pause = MILLISECONDS; !is_alone();) {
        pause_a_little(&pause);
    }
}

/* tracemalloc refers to file names that belong to the interpreter, and would still use them when it is gone. */
static void wait_until_untraced(interpreter *self) {
    if (native_memory_is_traced()) {
        native_interpreter_leave(self);
        for (int64_t pause = MILLISECONDS; native_memory_is_traced();) {
            pause_a_little(&pause);
        }
    }
}

/* ---- the warden ----------------------------------------------------------------------------------------------- */

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 * MILLISECONDS + t.tv_nsec;
}

/* Wait until the end is done, for at most so long from `since`. True if it is done. With `until_killed`, a kill ends
 * the wait, too, and the limit is the granted time, which may change meanwhile. */
static bool done_within(interpreter *self, int64_t since, int64_t nanoseconds, bool until_killed) {
    pthread_mutex_lock(&self->mutex);
    while (self->course == COURSE_ENDING && !(until_killed && self->killed)) {
        int64_t limit = until_killed ? self->end_within : nanoseconds;
        int64_t left = limit - (now() - since);
        if (limit < 0) { /* no limit */
            pthread_cond_wait(&self->changed, &self->mutex);
        } else if (left <= 0) {
            break;
        } else {
            int64_t until = now() + left;
            struct timespec at = {until / (1000 * MILLISECONDS), until % (1000 * MILLISECONDS)};
            pthread_cond_timedwait(&self->changed, &self->mutex, &at);
        }
    }
    bool done = self->course != COURSE_ENDING;
    pthread_mutex_unlock(&self->mutex);
    return done;
}

static double seconds_granted(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    int64_t granted = self->end_within;
    pthread_mutex_unlock(&self->mutex);
    return (double)granted / (1000.0 * MILLISECONDS);
}

/* Name what is left and where it waits, then tell it. On a thread of its own, like a kill: this takes the GIL. */
static void *tell_thread(void *argument) {
    interpreter *self = argument;
    if (native_visit_begin(self)) {
        PyThreadState *mine = PyThreadState_New(self->state);
        if (mine != NULL) {
            PyEval_RestoreThread(mine);
            PyObject *boot = module_there("csp.hosts.boot");
            PyObject *told = boot == NULL
                                 ? NULL
                                 : PyObject_CallMethod(boot, "tell_left", "kd", self->identity, seconds_granted(self));
            PyErr_Clear();
            Py_XDECREF(told);
            Py_XDECREF(boot);
            PyThreadState_Clear(mine);
            PyThreadState_DeleteCurrent();
        }
        native_visit_end(self);
    }
    csp_holder_cancel(self->holder);
    native_interpreter_release(self);
    return NULL;
}

static void tell(interpreter *self) {
    native_interpreter_retain(self);
    if (!csp_thread_start(tell_thread, self, "csp teller", CSP_THREAD_OURS)) {
        csp_holder_cancel(self->holder);
        native_interpreter_release(self);
    }
}

static void *warden_thread(void *argument) {
    interpreter *self = argument;
    bool done;
    if (self->killed) {
        done = done_within(self, now(), killed_for, false);
    } else {
        done = done_within(self, now(), 0, true);
        if (!done && !self->killed) {
            tell(self);
            done = done_within(self, now(), told_for, false);
        }
    }
    int64_t each = self->killed ? killed_raised_for : raised_for;
    for (int again = 0; !done && again < 2; again++) {
        native_interpreter_kill(self);
        done = done_within(self, now(), each, false);
    }
    if (!done) {
        native_interpreter_leave(self);
    }
    native_interpreter_release(self);
    return NULL;
}

bool native_interpreter_wind_up(interpreter *self) {
    bool killed = self->killed;
    forget_half_imported_modules();
    if (!is_alone() || count_exit_handlers() > 0 || count_of("threading", "_threading_atexits") > 0) {
        native_interpreter_retain(self);
        if (!csp_thread_start(warden_thread, self, "csp warden", CSP_THREAD_OURS)) {
            native_interpreter_release(self); /* without a warden there is no limit */
        }
        if (killed) {
            native_poison_other_threads();
            csp_holder_cancel(self->holder);
        }
        do {
            end_threads();
            wait_until_alone();
            own_thread_goes_on();
            run_exit_handlers(); /* which may have started threads */
        } while (!is_alone());
        forget_half_imported_modules();
    }
    wait_until_untraced(self);
    return native_course_change(self, COURSE_ENDING, COURSE_ENDED);
}
