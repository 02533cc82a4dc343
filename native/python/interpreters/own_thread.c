/* SPDX-License-Identifier: MIT
 *
 * The life of an interpreter, on a thread of its own where it is created, run and ended, and the way to cut it short.
 *
 * The order of the end: the entry function returned -> no raising tracer is left -> its threads have ended and its exit
 * handlers have run (ending.c; what takes too long is left behind: ending the interpreter would hang or crash) -> nobody
 * attaches to it any more -> Py_EndInterpreter -> its holder is fenced -> the exit message. Whoever wants to act on a running
 * interpreter passes its gate first. */

#include "csp/message_kinds.h"
#include "interpreters/interpreter.h"

static _Thread_local csp_holder *thread_holder;

csp_holder *native_thread_holder(void) { return thread_holder; }

/* ---- killing -------------------------------------------------------------------------------------------------- */

/* A trace function that raises: unlike an asynchronous exception, no `except:` can swallow it for good. */
static int poison(PyObject *object, PyFrameObject *frame, int what, PyObject *argument) {
    (void)object;
    (void)frame;
    (void)what;
    (void)argument;
    PyErr_SetString(PyExc_SystemExit, "killed");
    return -1;
}

bool native_is_poisoned(const PyThreadState *thread) { return thread->c_tracefunc == poison; }

/* Where poison() hits a destructor or a callback of a weak reference, nobody can catch what it raised, and sys.unraisablehook
 * gets it. That is no news; `before`, the hook so far, gets anything else. Written in C, so not itself traced. */
static PyObject *unraisable_hook(PyObject *before, PyObject *unraisable) {
    PyObject *type = PyObject_GetAttrString(unraisable, "exc_type");
    if (type == NULL) {
        return NULL;
    }
    Py_DECREF(type);
    return type == PyExc_SystemExit ? Py_NewRef(Py_None) : PyObject_CallOneArg(before, unraisable);
}

static PyMethodDef unraisable_hook_method = {"unraisablehook", unraisable_hook, METH_O, NULL};

void native_poison_other_threads(void) {
    PyObject *before = PySys_GetObject("unraisablehook");
    if (before != NULL && !(PyCFunction_Check(before) && PyCFunction_GetFunction(before) == unraisable_hook)) {
        PyObject *hook = PyCFunction_New(&unraisable_hook_method, before);
        if (hook == NULL || PySys_SetObject("unraisablehook", hook) < 0) {
            PyErr_Clear(); /* then it is loud */
        }
        Py_XDECREF(hook);
    }
    PyEval_SetTraceAllThreads(poison, NULL);
    PyEval_SetTrace(NULL, NULL);
}

/* On a thread of its own, because attaching waits for the victim's GIL, which C code may hold for long. */
static void *kill_thread(void *argument) {
    interpreter *self = argument;
    pthread_mutex_lock(&self->killing);
    if (native_gate_enter(self)) {
        PyThreadState *mine = PyThreadState_New(self->state);
        if (mine != NULL) {
            PyEval_RestoreThread(mine);
            native_poison_other_threads();
            PyThreadState_Clear(mine);
            PyThreadState_DeleteCurrent();
        }
        native_gate_leave(self);
    }
    /* After the tracer is set: what is parked wakes up into it, and does not get as far as any clean-up. */
    native_interpreter_cancel(self);
    native_kill_started(self); /* it cannot end them itself any more */
    native_interpreter_interrupt(self);
    pthread_mutex_unlock(&self->killing);
    native_interpreter_release(self);
    return NULL;
}

void native_interpreter_kill(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    self->killed = true;
    pthread_cond_broadcast(&self->changed); /* whoever waits for its end hurries now */
    pthread_mutex_unlock(&self->mutex);
    native_interpreter_retain(self);
    if (!csp_thread_start(kill_thread, self, "csp killer", CSP_THREAD_OURS)) {
        native_interpreter_cancel(self);
        native_kill_started(self);
        native_interpreter_release(self);
    }
}

/* ---- one life ------------------------------------------------------------------------------------------------- */

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

/* Without an interpreter there are no words: the tag as a real number says that it was told to stop before it began, and as an
 * integer that it could not be made. */
static void make_bare_exit(interpreter *self, bool wanted) {
    if (wanted) {
        native_encode_integer(self->tag, &self->exit);
    } else {
        self->exit = csp_message_real((double)self->tag);
    }
}

/* The pending exception as "Type: text". */
static PyObject *describe_exception(void) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *text = error != NULL ? PyUnicode_FromFormat("%T: %S", error, error) : NULL;
    PyErr_Clear();
    Py_XDECREF(error);
    return text != NULL ? text : PyUnicode_FromString("unknown error");
}

/* (tag, ending, detail); `ending` is "ended" with what the entry returned, "killed" or "failed" with a text. What cannot
 * travel becomes a text that says so; should even that fail, the bare tag goes out. */
static void make_exit(interpreter *self, PyObject *result) {
    native_encode_integer(self->tag, &self->exit);
    PyObject *detail = result != NULL ? Py_NewRef(result) : describe_exception();
    PyObject *native = PyImport_ImportModule("csp._native");
    bool returned = result != NULL, done = native == NULL;
    for (int attempt = 0; !done && attempt < 2; attempt++) {
        const char *ending = returned ? "ended" : self->killed ? "killed" : "failed";
        PyObject *triple = Py_BuildValue("(LsO)", (long long)self->tag, ending, detail != NULL ? detail : Py_None);
        csp_message whole;
        done = triple != NULL && native_encode(state_of_module(native), triple, NULL, &whole);
        Py_XDECREF(triple);
        if (done) {
            self->exit = whole;
        } else {
            returned = false;
            Py_XSETREF(detail, describe_exception());
        }
    }
    PyErr_Clear();
    Py_XDECREF(detail);
    Py_XDECREF(native);
}

/* Its exit is told, once, and nothing that it held stays open. */
static void tell_exit(interpreter *self, bool left) {
    csp_holder_fence(self->holder);
    native_registry_remove(self, left); /* first: who got the exit message may count on it */
    if (csp_send(self->exits, &self->exit, CSP_POLL, NULL) != CSP_OK) {
        csp_message_drop(&self->exit);
    }
    csp_end_free(self->exits);
    if (self->control != NULL) {
        csp_end_free(self->control);
    }
}

void native_interpreter_leave(interpreter *self) {
    if (native_course_change(self, COURSE_ENDING, COURSE_LEFT)) {
        native_kill_started(self);
        tell_exit(self, true);
    }
}

static void *interpreter_thread(void *argument) {
    interpreter *self = argument;
    self->thread = native_thread_number();
    thread_holder = self->holder;
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
    bool wanted = native_turn_take(self);
    /* What rules it out may have begun since the start was asked for. */
    PyStatus status =
        wanted && native_no_starts() == NULL ? Py_NewInterpreterFromConfig(&mine, &config) : PyStatus_Ok();
    if (wanted) {
        native_turn_give();
    }
    if (PyStatus_Exception(status) || mine == NULL) {
        make_bare_exit(self, wanted);
        tell_exit(self, false);
        native_interpreter_release(self);
        return NULL;
    }
    self->state = PyThreadState_GetInterpreter(mine);
    self->identity = PyThread_get_thread_ident();
    native_gate_open(self);
    if (native_stand_in() && self->may_settle) {
        native_registry_settles(self, self->state, csp_thread_may_settle());
    }
    PyErr_Clear();
    if (self->killed) { /* before there was anything to raise in */
        PyEval_SetTrace(poison, NULL);
    }
    if (native_interpreter_wanted(self)) {
        PyObject *result = run(self);
        PyEval_SetTraceAllThreads(NULL, NULL);
        make_exit(self, result);
        Py_CLEAR(result);
    } else {
        make_bare_exit(self, false);
    }
    int64_t cpu_before = native_thread_cpu();
    /* One that was fenced may have come back from where it was stuck: nothing keeps it from ending like any other. */
    bool ours_to_tell = native_interpreter_wind_up(self);
    native_gate_close(self);
    PyEval_SetTraceAllThreads(NULL, NULL); /* a kill that came in the meantime */
    PyErr_Clear();
    Py_EndInterpreter(mine);
    native_registry_add_end(native_thread_cpu() - cpu_before);
    native_end_started(self);
    if (ours_to_tell) {
        tell_exit(self, false);
    } else {
        native_registry_ended_after_all(self);
    }
    native_interpreter_release(self);
    return NULL;
}

bool native_interpreter_start(interpreter *self) {
    return csp_thread_start(interpreter_thread, self, self->name, CSP_THREAD_OF_USER);
}
