/* SPDX-License-Identifier: MIT
 *
 * The thread of an interpreter, on which it is made, runs, and ends.
 *
 * The order of the end: the entry function returned -> no raising tracer is left -> its threads have ended and its exit
 * handlers have run (ending.c: what takes too long is left behind: ending the interpreter would hang or crash) -> nobody
 * attaches to it any more -> Py_EndInterpreter -> its holder is fenced -> the exit message. Whoever acts on a running
 * interpreter visits it (visits.c). */
#include <time.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "holding/handles.h"
#include "interpreters/audit.h"
#include "interpreters/ending.h"
#include "interpreters/exit.h"
#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/own_thread.h"
#include "interpreters/poison.h"
#include "interpreters/started.h"
#include "interpreters/starts.h"
#include "interpreters/turn.h"
#include "interpreters/visits.h"

static _Thread_local csp_holder *thread_holder;

csp_holder *native_started_holder(void) { return thread_holder; }

static long thread_number(void) {
#ifdef __linux__
    return syscall(SYS_gettid);
#else
    return 0;
#endif
}

static int64_t thread_cpu(void) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static PyObject *run(interpreter *self) {
    PyObject *result = NULL;
    PyObject *native = PyImport_ImportModule("csp._native");
    if (native != NULL) {
        native_state *state = state_of_module(native);
        PyObject *control = native_wrap_end(state, self->control);
        self->control = NULL;
        PyObject *module = control != NULL ? PyImport_ImportModule(self->module) : NULL;
        PyObject *function = module != NULL ? PyObject_GetAttrString(module, self->function) : NULL;
        if (function != NULL) {
            result = PyObject_CallOneArg(function, control);
        }
        Py_XDECREF(function);
        Py_XDECREF(module);
        Py_XDECREF(control);
        Py_DECREF(native);
    }
    return result;
}

/* A new interpreter, and this thread attached to it; NULL: it could not be made, or may not be. */
static PyThreadState *make(void) {
    PyInterpreterConfig config = {
        .use_main_obmalloc = 0,
        .allow_fork = 0,
        .allow_exec = 0,
        .allow_threads = 1,
        .allow_daemon_threads = 0,
        .check_multi_interp_extensions = 1,
        .gil = PyInterpreterConfig_OWN_GIL,
    };
    PyThreadState *mine = NULL;
    if (native_no_starts() != NULL) { /* that may have begun since the start was asked for */
        return NULL;
    }
    PyStatus status = Py_NewInterpreterFromConfig(&mine, &config);
    return PyStatus_Exception(status) ? NULL : mine;
}

static void *interpreter_thread(void *argument) {
    interpreter *self = argument;
    self->thread = thread_number();
    thread_holder = self->holder;
    bool wanted = native_turn_take(self);
    PyThreadState *mine = wanted ? make() : NULL;
    if (wanted) {
        native_turn_give();
    }
    if (mine == NULL) {
        native_exit_bare(self, wanted);
        native_exit_tell(self, false);
        native_interpreter_release(self);
        return NULL;
    }
    self->state = PyThreadState_GetInterpreter(mine);
    self->identity = PyThread_get_thread_ident();
    native_visits_open(self);
    if (native_stand_in() && self->may_settle) {
        native_table_settles(self, self->state, csp_thread_may_settle());
    }
    PyErr_Clear();
    if (self->killed) { /* before there was anything to raise in */
        native_poison_this_thread();
    }
    if (native_interpreter_wanted(self)) {
        PyObject *result = run(self);
        PyEval_SetTraceAllThreads(NULL, NULL);
        native_exit_make(self, result);
        Py_CLEAR(result);
    } else {
        native_exit_bare(self, false);
    }
    int64_t cpu_before = thread_cpu();
    /* One that was fenced may have come back from where it was stuck: nothing keeps it from ending like any other. */
    bool ours_to_tell = native_interpreter_wind_up(self);
    native_visits_close(self);
    PyEval_SetTraceAllThreads(NULL, NULL); /* a kill that came in the meantime */
    PyErr_Clear();
    Py_EndInterpreter(mine);
    native_table_add_end(thread_cpu() - cpu_before);
    native_end_started(self->id, self->killed);
    if (ours_to_tell) {
        native_exit_tell(self, false);
    } else {
        native_table_ended_after_all(self);
    }
    native_interpreter_release(self);
    return NULL;
}

bool native_interpreter_start(interpreter *self) {
    return csp_thread_start(interpreter_thread, self, self->name, CSP_THREAD_OF_USER);
}
