/* SPDX-License-Identifier: MIT
 *
 * Interpreters with a GIL and a thread of their own: created, run and ended on that one thread.
 *
 * The order of the end: the entry function returned -> no raising tracer is left -> no other thread is left in it (else the
 * interpreter is abandoned: ending it would hang or crash) -> nobody attaches to it any more -> Py_EndInterpreter -> its
 * holder is fenced -> the exit message. Whoever wants to act on a running interpreter passes its gate first. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "native.h"

typedef struct interpreter {
    uint64_t id; /* its holder's */
    csp_holder *holder;
    csp_end *control, *exits; /* until the thread takes them over */
    char module[128], function[64], name[64];
    int64_t tag; /* the starter's, for the exit message */
    PyInterpreterState *state;
    /* The gate: `inside` attached visitors; when `closing`, none may enter. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int inside;
    bool open, closing;
    _Atomic bool killed;
    _Atomic bool abandoned;
    int64_t references; /* guarded by registry_mutex */
    struct interpreter *next;
} interpreter;

static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the list, references and the counts */
static interpreter *all;
static int64_t alive, abandoned_count, started_count, ended_count;
static _Thread_local csp_holder *thread_holder;

csp_holder *native_thread_holder(void) { return thread_holder; }

/* ---- registry ------------------------------------------------------------------------------------------------- */

static void registry_add(interpreter *self) {
    pthread_mutex_lock(&registry_mutex);
    self->next = all;
    all = self;
    alive++;
    started_count++;
    pthread_mutex_unlock(&registry_mutex);
}

static interpreter *registry_find(uint64_t id) {
    pthread_mutex_lock(&registry_mutex);
    interpreter *found = all;
    while (found != NULL && found->id != id) {
        found = found->next;
    }
    if (found != NULL) {
        found->references++;
    }
    pthread_mutex_unlock(&registry_mutex);
    return found;
}

static void release(interpreter *self) {
    pthread_mutex_lock(&registry_mutex);
    bool last = --self->references == 0;
    pthread_mutex_unlock(&registry_mutex);
    if (last) {
        pthread_mutex_destroy(&self->mutex);
        pthread_cond_destroy(&self->changed);
        csp_holder_release(self->holder);
        free(self);
    }
}

/* `left`: it could not be ended. */
static void registry_remove(interpreter *self, bool left) {
    pthread_mutex_lock(&registry_mutex);
    interpreter **place = &all;
    while (*place != NULL && *place != self) {
        place = &(*place)->next;
    }
    if (*place == self) {
        *place = self->next;
        alive--;
        ended_count++;
        if (left) {
            abandoned_count++;
        }
    }
    bool trim = ended_count % 64 == 0;
    pthread_mutex_unlock(&registry_mutex);
    if (trim) {
        malloc_trim(0); /* what ended interpreters gave back would otherwise stay with the allocator */
    }
}

/* ---- the gate ------------------------------------------------------------------------------------------------- */

static bool gate_enter(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    bool entered = self->open && !self->closing;
    if (entered) {
        self->inside++;
    }
    pthread_mutex_unlock(&self->mutex);
    return entered;
}

static void gate_leave(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    self->inside--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

static void gate_open(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    self->open = true;
    pthread_mutex_unlock(&self->mutex);
}

/* Attached. Waits, detached, until every visitor has left. */
static void gate_close(interpreter *self) {
    PyThreadState *saved = PyEval_SaveThread();
    pthread_mutex_lock(&self->mutex);
    self->closing = true;
    while (self->inside > 0) {
        pthread_cond_wait(&self->changed, &self->mutex);
    }
    pthread_mutex_unlock(&self->mutex);
    PyEval_RestoreThread(saved);
}

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

/* On a thread of its own, because attaching waits for the victim's GIL, which C code may hold for long. */
static void *kill_thread(void *argument) {
    interpreter *self = argument;
    if (gate_enter(self)) {
        PyThreadState *mine = PyThreadState_New(self->state);
        if (mine != NULL) {
            PyEval_RestoreThread(mine);
            PyEval_SetTraceAllThreads(poison, NULL);
            PyEval_SetTrace(NULL, NULL);
            PyThreadState_Clear(mine);
            PyThreadState_DeleteCurrent();
        }
        gate_leave(self);
    }
    /* After the tracer is set: what is parked wakes up into it, and does not get as far as any clean-up. */
    csp_holder_cancel(self->holder);
    release(self);
    return NULL;
}

static bool start_thread(void *(*function)(void *), void *argument) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all_signals, before;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all_signals);
    /* Signals are for the main thread: one that landed here would not wake it. */
    pthread_sigmask(SIG_SETMASK, &all_signals, &before);
    bool started = pthread_create(&thread, &attributes, function, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

/* ---- one life ------------------------------------------------------------------------------------------------- */

static int64_t count_threads(void) {
    int64_t count = 0;
    for (PyThreadState *t = PyInterpreterState_ThreadHead(PyInterpreterState_Get()); t != NULL;
         t = PyThreadState_Next(t)) {
        count++;
    }
    return count;
}

/* Attached. Wait up to `milliseconds`, detached in between, until ours is the only thread state. */
static bool alone_within(int milliseconds) {
    for (int waited = 0; count_threads() > 1; waited++) {
        if (waited >= milliseconds) {
            return false;
        }
        PyThreadState *saved = PyEval_SaveThread();
        struct timespec one = {0, 1000000};
        nanosleep(&one, NULL);
        PyEval_RestoreThread(saved);
    }
    return true;
}

/* Other threads that the code started and left behind: ask, then raise in them, then give up. */
static bool end_other_threads(interpreter *self) {
    if (alone_within(0)) {
        return true;
    }
    csp_holder_cancel(self->holder);
    if (alone_within(500)) {
        return true;
    }
    PyEval_SetTraceAllThreads(poison, NULL);
    PyEval_SetTrace(NULL, NULL);
    return alone_within(500);
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
static void make_exit(interpreter *self, PyObject *result, csp_message *message) {
    native_encode_integer(self->tag, message);
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
            *message = whole;
        } else {
            returned = false;
            Py_XSETREF(detail, describe_exception());
        }
    }
    PyErr_Clear();
    Py_XDECREF(detail);
    Py_XDECREF(native);
}

static void finish(interpreter *self, csp_message *exit_message, bool left) {
    csp_holder_fence(self->holder);
    registry_remove(self, left); /* first: who got the exit message may count on it */
    if (csp_send(self->exits, exit_message, CSP_POLL, NULL) != CSP_OK) {
        csp_message_drop(exit_message);
    }
    csp_end_free(self->exits);
    if (self->control != NULL) {
        csp_end_free(self->control);
    }
    release(self);
}

/* Threads were left that nobody can stop; all that the interpreter held is cut off, and its exit was told. Should they go one
 * day, it ends after them. */
static void outlive_left_threads(PyThreadState *mine) {
    struct timespec pause = {0, 20000000};
    for (;;) {
        nanosleep(&pause, NULL);
        PyEval_RestoreThread(mine);
        if (count_threads() == 1) {
            break;
        }
        PyEval_SaveThread();
        pause.tv_nsec = pause.tv_nsec < 500000000 ? pause.tv_nsec * 2 : pause.tv_nsec;
    }
    PyEval_SetTraceAllThreads(NULL, NULL);
    PyErr_Clear();
    Py_EndInterpreter(mine);
    pthread_mutex_lock(&registry_mutex);
    abandoned_count--;
    pthread_mutex_unlock(&registry_mutex);
}

static void *interpreter_thread(void *argument) {
    interpreter *self = argument;
    csp_thread_may_settle();
    csp_message exit_message = {0};
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
    PyStatus status = Py_NewInterpreterFromConfig(&mine, &config);
    if (PyStatus_Exception(status) || mine == NULL) {
        /* No interpreter, so no words. */
        native_encode_integer(self->tag, &exit_message);
        finish(self, &exit_message, false);
        return NULL;
    }
    self->state = PyThreadState_GetInterpreter(mine);
    gate_open(self);
    PyObject *result = run(self);
    PyEval_SetTraceAllThreads(NULL, NULL);
    make_exit(self, result, &exit_message);
    Py_CLEAR(result);
    /* One that was fenced may have come back from where it was stuck: nothing keeps it from ending like any other. */
    bool clean = end_other_threads(self);
    gate_close(self);
    PyEval_SetTraceAllThreads(NULL, NULL); /* a kill that came in the meantime; atexit handlers must be able to run */
    PyErr_Clear();
    if (clean) {
        Py_EndInterpreter(mine);
    } else {
        PyEval_SaveThread();
    }
    finish(self, &exit_message, !clean);
    if (!clean) {
        outlive_left_threads(mine);
    }
    return NULL;
}

/* ---- from Python ---------------------------------------------------------------------------------------------- */

static bool copy_text(PyObject *object, char *place, size_t room, const char *what) {
    Py_ssize_t length;
    const char *text = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, &length) : NULL;
    if (text == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "%s must be a str, not %T", what, object);
        }
        return false;
    }
    if (strcmp(what, "name") != 0 && (size_t)length >= room) {
        PyErr_Format(PyExc_ValueError, "%s is too long", what);
        return false;
    }
    snprintf(place, room, "%s", text);
    return true;
}

/* start_interpreter(name, module, function, control, exits, tag) -> id */
static PyObject *start_interpreter(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    if (count != 6 || !Py_IS_TYPE(args[3], state->receiver_type) || !Py_IS_TYPE(args[4], state->sender_type)) {
        PyErr_SetString(PyExc_TypeError,
                        "start_interpreter takes name, module, function, a Receiver, a Sender and a tag");
        return NULL;
    }
    interpreter *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return PyErr_NoMemory();
    }
    self->tag = PyLong_AsLongLong(args[5]);
    if ((self->tag == -1 && PyErr_Occurred()) || !copy_text(args[0], self->name, sizeof self->name, "name") ||
        !copy_text(args[1], self->module, sizeof self->module, "module") ||
        !copy_text(args[2], self->function, sizeof self->function, "function")) {
        free(self);
        return NULL;
    }
    self->holder = csp_holder_new(self->name);
    if (self->holder == NULL) {
        free(self);
        return PyErr_NoMemory();
    }
    self->control = csp_end_clone(((end_object *)args[3])->end, self->holder);
    self->exits = csp_end_clone(((end_object *)args[4])->end, NULL);
    self->id = csp_holder_id(self->holder);
    self->references = 1;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, NULL);
    PyObject *id = PyLong_FromUnsignedLongLong(self->id);
    bool ready = id != NULL && self->control != NULL && self->exits != NULL;
    if (ready) {
        registry_add(self);
        if (start_thread(interpreter_thread, self)) {
            return id;
        }
        registry_remove(self, false);
        PyErr_SetString(PyExc_OSError, "the system gives no more threads (see `ulimit -u` and the memory limits)");
    } else if (id != NULL) {
        native_raise(state, CSP_CLOSED_END, ((end_object *)args[3])->end, NULL, false);
    }
    Py_XDECREF(id);
    if (self->control != NULL) {
        csp_end_free(self->control);
    }
    if (self->exits != NULL) {
        csp_end_free(self->exits);
    }
    release(self);
    return NULL;
}

/* The interpreter with one more reference, or NULL without an exception when it is gone. */
static interpreter *find(PyObject *id, bool *failed) {
    unsigned long long wanted = PyLong_AsUnsignedLongLong(id);
    *failed = wanted == (unsigned long long)-1 && PyErr_Occurred() != NULL;
    return *failed ? NULL : registry_find(wanted);
}

typedef void (*action)(interpreter *);

static PyObject *act(PyObject *id, action what) {
    bool failed;
    interpreter *self = find(id, &failed);
    if (self == NULL) {
        return failed ? NULL : PyBool_FromLong(0);
    }
    what(self);
    release(self);
    Py_RETURN_TRUE;
}

static void do_cancel(interpreter *self) { csp_holder_cancel(self->holder); }
static void do_resume(interpreter *self) { csp_holder_resume(self->holder); }

static void do_kill(interpreter *self) {
    self->killed = true;
    pthread_mutex_lock(&registry_mutex);
    self->references++;
    pthread_mutex_unlock(&registry_mutex);
    if (!start_thread(kill_thread, self)) {
        csp_holder_cancel(self->holder);
        release(self);
    }
}

static void do_fence(interpreter *self) {
    self->abandoned = true;
    csp_holder_fence(self->holder);
}

static PyObject *cancel_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, do_cancel);
}
static PyObject *resume_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, do_resume);
}
static PyObject *kill_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, do_kill);
}
static PyObject *fence_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, do_fence);
}

typedef struct {
    uint64_t id;
    char name[64];
    bool abandoned;
} seen;

/* Copied under the lock, made into objects after it: an allocation may collect garbage, and that may come back here. */
static seen *see_all(size_t *count) {
    pthread_mutex_lock(&registry_mutex);
    seen *copies = calloc((size_t)alive + 1, sizeof *copies);
    *count = 0;
    for (interpreter *i = all; copies != NULL && i != NULL; i = i->next) {
        seen *copy = &copies[(*count)++];
        copy->id = i->id;
        copy->abandoned = i->abandoned;
        snprintf(copy->name, sizeof copy->name, "%s", csp_holder_name(i->holder));
    }
    pthread_mutex_unlock(&registry_mutex);
    return copies;
}

static PyObject *interpreters(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    size_t count;
    seen *copies = see_all(&count);
    if (copies == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        /* A name that was cut may end in half a character. */
        PyObject *name = PyUnicode_DecodeUTF8(copies[i].name, (Py_ssize_t)strlen(copies[i].name), "replace");
        PyObject *item = name == NULL ? NULL
                                      : Py_BuildValue("(KNO)", (unsigned long long)copies[i].id, name,
                                                      copies[i].abandoned ? Py_True : Py_False);
        if (item == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, (Py_ssize_t)i, item);
        }
    }
    free(copies);
    return list;
}

static PyObject *interpreter_counts(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    pthread_mutex_lock(&registry_mutex);
    int64_t counts[4] = {alive, started_count, ended_count, abandoned_count};
    pthread_mutex_unlock(&registry_mutex);
    return Py_BuildValue("(LLLL)", (long long)counts[0], (long long)counts[1], (long long)counts[2],
                         (long long)counts[3]);
}

static PyObject *self_id(PyObject *module, PyObject *unused) {
    (void)unused;
    return PyLong_FromUnsignedLongLong(csp_holder_id(state_of_module(module)->holder));
}

static PyObject *self_rename(PyObject *module, PyObject *name) {
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    if (text == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "a name must be a str, not %T", name);
        }
        return NULL;
    }
    return PyBool_FromLong(csp_holder_rename(state_of_module(module)->holder, text));
}

static PyObject *self_resume(PyObject *module, PyObject *unused) {
    (void)unused;
    csp_holder_resume(state_of_module(module)->holder);
    Py_RETURN_NONE;
}

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))

PyMethodDef interpreter_methods[] = {
    {"start_interpreter", FASTCALL(start_interpreter), METH_FASTCALL,
     "start_interpreter(name, module, function, control, exits, tag, /)\n--\n\nStart an own-GIL interpreter on a "
     "thread of its own "
     "and call module.function(control) in it.\n\nReturns its id at once. (tag, ending, detail) is sent to `exits` "
     "when it has ended."},
    {"cancel_interpreter", cancel_interpreter, METH_O,
     "cancel_interpreter(id, /)\n--\n\nRaise Stopped in every operation of it that waits, now and later. False if it "
     "is gone."},
    {"resume_interpreter", resume_interpreter, METH_O,
     "resume_interpreter(id, /)\n--\n\nTake cancel_interpreter back."},
    {"kill_interpreter", kill_interpreter, METH_O,
     "kill_interpreter(id, /)\n--\n\nMake all its Python code raise, from a reaper thread; does not wait. False if it "
     "is gone."},
    {"fence_interpreter", fence_interpreter, METH_O,
     "fence_interpreter(id, /)\n--\n\nCut it off: close all its ends, break all answers it owes. For one that cannot "
     "be stopped."},
    {"interpreters", interpreters, METH_NOARGS, "interpreters()\n--\n\n[(id, name, abandoned)] of those alive."},
    {"interpreter_counts", interpreter_counts, METH_NOARGS,
     "interpreter_counts()\n--\n\n"
     "(alive, started, ended, abandoned); abandoned: ended, but for threads that could not be stopped."},
    {"self_id", self_id, METH_NOARGS, "self_id()\n--\n\nThe calling interpreter's id as a holder of ends."},
    {"self_rename", self_rename, METH_O,
     "self_rename(name, /)\n--\n\nGive this interpreter the name of what it is used for, once; for reports."},
    {"self_resume", self_resume, METH_NOARGS,
     "self_resume()\n--\n\nTake back a request to stop this interpreter, so that its clean-up code may use channels."},
    {NULL, NULL, 0, NULL},
};
