/* SPDX-License-Identifier: MIT
 *
 * What Python can do with interpreters that have their own GIL and thread: start, stop and list them. And what it can
 * do with the interpreter that it runs in. */
#include <stdio.h>

#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"
#include "interpreters/audit.h"
#include "interpreters/course.h"
#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/interpreters.h"
#include "interpreters/kill.h"
#include "interpreters/look.h"
#include "interpreters/own_thread.h"
#include "interpreters/starts.h"
#include "interpreters/turn.h"
#include "types.h"

/* Nanoseconds that an interpreter's end waits for what its code left running: by default as long as a child's
 * shutdown. */
static const int64_t END_WITHIN = INT64_C(5000000000);

/* ---- starting ------------------------------------------------------------------------------------------------- */

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

/* The record of one that is to be started, from the arguments of start_interpreter. NULL with an exception. */
static interpreter *make(native_state *state, PyObject *const *args, int64_t tag) {
    interpreter *self = calloc(1, sizeof *self);
    if (self == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->tag = tag;
    if (!copy_text(args[0], self->name, sizeof self->name, "name") ||
        !copy_text(args[1], self->module, sizeof self->module, "module") ||
        !copy_text(args[2], self->function, sizeof self->function, "function")) {
        free(self);
        return NULL;
    }
    self->holder = csp_holder_new(self->name);
    if (self->holder == NULL) {
        free(self);
        PyErr_NoMemory();
        return NULL;
    }
    self->control = csp_end_clone(end_of(args[3]), self->holder);
    self->exits = csp_end_clone(end_of(args[4]), NULL);
    self->id = csp_holder_id(self->holder);
    self->starter = csp_holder_id(native_holder(state));
    self->references = 1;
    self->may_settle = native_listen();
    self->end_within = END_WITHIN;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_mutex_init(&self->killing, NULL);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return self;
}

/* start_interpreter(name, module, function, control, exits, tag) -> id */
static PyObject *start_interpreter(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    if (count != 6 || !Py_IS_TYPE(args[3], state->receiver_type) || !Py_IS_TYPE(args[4], state->sender_type)) {
        PyErr_SetString(PyExc_TypeError,
                        "start_interpreter takes name, module, function, a Receiver, a Sender and a tag");
        return NULL;
    }
    int64_t tag = PyLong_AsLongLong(args[5]);
    if (tag == -1 && PyErr_Occurred()) {
        return NULL;
    }
    const char *refused = native_no_starts(); /* asked here: no Python runs from now until the start */
    if (refused != NULL) {
        PyErr_SetString(PyExc_RuntimeError, refused);
        return NULL;
    }
    interpreter *self = make(state, args, tag);
    if (self == NULL) {
        return NULL;
    }
    PyObject *id = PyLong_FromUnsignedLongLong(self->id);
    bool ready = id != NULL && self->control != NULL && self->exits != NULL;
    if (ready) {
        native_table_add(self);
        if (native_interpreter_start(self)) {
            return id;
        }
        native_table_remove(self, false);
        PyErr_SetString(PyExc_OSError, "the system gives no more threads (see `ulimit -u` and the memory limits)");
    } else if (id != NULL) {
        native_raise(state, CSP_CLOSED_END, end_of(args[3]), NULL, false);
    }
    Py_XDECREF(id);
    if (self->control != NULL) {
        csp_end_free(self->control);
    }
    if (self->exits != NULL) {
        csp_end_free(self->exits);
    }
    native_interpreter_release(self);
    return NULL;
}

/* ---- stopping ------------------------------------------------------------------------------------------------- */

/* The interpreter, with one more reference. NULL without an exception: it is gone. NULL and `failed`: no such id. */
static interpreter *find(PyObject *id, bool *failed) {
    unsigned long long wanted = PyLong_AsUnsignedLongLong(id);
    *failed = wanted == (unsigned long long)-1 && PyErr_Occurred() != NULL;
    return *failed ? NULL : native_table_find(wanted);
}

typedef void (*action)(interpreter *);

static PyObject *act(PyObject *id, action what) {
    bool failed;
    interpreter *self = find(id, &failed);
    if (self == NULL) {
        return failed ? NULL : PyBool_FromLong(0);
    }
    what(self);
    native_interpreter_release(self);
    Py_RETURN_TRUE;
}

static void do_resume(interpreter *self) { csp_holder_resume(self->holder); }

static void do_fence(interpreter *self) {
    self->abandoned = true;
    csp_holder_fence(self->holder);
    native_turn_look(self);
    native_kill_started(self->id);
}

static PyObject *cancel_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, native_interpreter_cancel);
}
static PyObject *resume_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, do_resume);
}
static PyObject *kill_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, native_interpreter_kill);
}
static PyObject *fence_interpreter(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, do_fence);
}

/* end_within(id, seconds or None) */
static PyObject *end_within(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    double seconds = count != 2 ? -1.0 : args[1] == Py_None ? 0.0 : PyFloat_AsDouble(args[1]);
    if (count != 2 || !(seconds >= 0.0)) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_TypeError, "end_within takes an id, and seconds (0 or more) or None");
        }
        return NULL;
    }
    bool failed;
    interpreter *self = find(args[0], &failed);
    if (self == NULL) {
        return failed ? NULL : PyBool_FromLong(0);
    }
    native_interpreter_end_within(self, args[1] == Py_None ? -1 : seconds < 1e9 ? (int64_t)(seconds * 1e9) : -1);
    native_interpreter_release(self);
    Py_RETURN_TRUE;
}

/* ---- their time ----------------------------------------------------------------------------------------------- */

static PyObject *interpreter_thread_number(PyObject *module, PyObject *id) {
    (void)module;
    bool failed;
    interpreter *self = find(id, &failed);
    if (self == NULL) {
        return failed ? NULL : PyLong_FromLong(0);
    }
    long number = self->thread;
    native_interpreter_release(self);
    return PyLong_FromLong(number);
}

static PyObject *interpreter_end_time(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyFloat_FromDouble((double)native_table_count().end_cpu / 1e9);
}

/* ---- listing -------------------------------------------------------------------------------------------------- */

static PyObject *list(bool left) {
    size_t count;
    seen_interpreter *copies = native_table_see(left, &count);
    if (copies == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *name = native_text(copies[i].name);
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

static PyObject *interpreters(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return list(false);
}

static PyObject *left_interpreters(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return list(true);
}

static PyObject *interpreter_counts(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    interpreter_numbers numbers = native_table_count();
    return Py_BuildValue("(LLLL)", (long long)numbers.alive, (long long)numbers.started, (long long)numbers.ended,
                         (long long)numbers.abandoned);
}

/* ---- the one that calls --------------------------------------------------------------------------------------- */

static PyObject *self_id(PyObject *module, PyObject *unused) {
    (void)unused;
    return PyLong_FromUnsignedLongLong(csp_holder_id(native_holder(state_of_module(module))));
}

static PyObject *self_rename(PyObject *module, PyObject *name) {
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    if (text == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "a name must be a str, not %T", name);
        }
        return NULL;
    }
    /* A guest's thread belongs to the program, and keeps its name. */
    if (native_started_holder() != NULL && native_guest_in(state_of_module(module)) == NULL) {
        csp_thread_name(text);
    }
    return PyBool_FromLong(csp_holder_rename(native_holder(state_of_module(module)), text));
}

static PyObject *self_resume(PyObject *module, PyObject *unused) {
    (void)unused;
    csp_holder_resume(native_holder(state_of_module(module)));
    Py_RETURN_NONE;
}

/* ---- for the module ------------------------------------------------------------------------------------------- */

PyMethodDef interpreter_methods[] = {
    {"start_interpreter", FASTCALL(start_interpreter), METH_FASTCALL,
     "start_interpreter(name, module, function, control, exits, tag, /)\n--\n\nStart an own-GIL interpreter on a "
     "thread of its own "
     "and call module.function(control) in it.\n\nReturns its id at once. (tag, ending, detail) is sent to `exits` "
     "when it has ended."},
    {"cancel_interpreter", cancel_interpreter, METH_O,
     "cancel_interpreter(id, /)\n--\n\nRaise Stopped in every operation of it that waits, now and later; one that "
     "has not been made is not made. False if it is gone."},
    {"resume_interpreter", resume_interpreter, METH_O,
     "resume_interpreter(id, /)\n--\n\nTake cancel_interpreter back."},
    {"kill_interpreter", kill_interpreter, METH_O,
     "kill_interpreter(id, /)\n--\n\nMake all its Python code raise, from a reaper thread; does not wait. False if it "
     "is gone."},
    {"fence_interpreter", fence_interpreter, METH_O,
     "fence_interpreter(id, /)\n--\n\nCut it off: close all its ends, break all answers it owes. For one that cannot "
     "be stopped."},
    {"interpreter_thread", interpreter_thread_number, METH_O,
     "interpreter_thread(id, /)\n--\n\nThe operating system's number of its thread; 0: it has none, or not yet."},
    {"interpreter_end_time", interpreter_end_time, METH_NOARGS,
     "interpreter_end_time()\n--\n\nSeconds of CPU that it took to end all that have ended."},
    {"end_within", FASTCALL(end_within), METH_FASTCALL,
     "end_within(id, seconds, /)\n--\n\nSo long (None: for ever) its end waits for threads and exit handlers that its "
     "code has left; default 5 s. Then they are told, then killed, then left behind. False if it is gone."},
    {"left_interpreters", left_interpreters, METH_NOARGS,
     "left_interpreters()\n--\n\n[(id, name, abandoned)] of those whose exit was told although something in them "
     "could not be ended."},
    {"look_into_interpreter", FASTCALL(native_look), METH_FASTCALL,
     "look_into_interpreter(id, seconds, /)\n--\n\nWhere its threads are, the oldest first: for each its frames as "
     "(file, "
     "line, function), the innermost first.\n\nIf its GIL cannot be had within "
     "that time: the innermost frame of its own thread.\n\nNone if it is gone, or that cannot be had either."},
    {"interpreters", interpreters, METH_NOARGS, "interpreters()\n--\n\n[(id, name, abandoned)] of those alive."},
    {"interpreter_counts", interpreter_counts, METH_NOARGS,
     "interpreter_counts()\n--\n\n"
     "(alive, started, ended, abandoned); abandoned: ended, but for threads that could not be stopped."},
    {"self_id", self_id, METH_NOARGS,
     "self_id()\n--\n\nThe caller's id as a holder of ends: a guest's own, else that of its interpreter."},
    {"self_rename", self_rename, METH_O,
     "self_rename(name, /)\n--\n\nGive the caller, a guest or else this interpreter, the name of what it is used for, "
     "once; for reports."},
    {"self_resume", self_resume, METH_NOARGS,
     "self_resume()\n--\n\nTake back a request to stop the caller, a guest or else this interpreter, so that its "
     "clean-up code may use channels."},
    {NULL, NULL, 0, NULL},
};
