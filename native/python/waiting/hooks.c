/* SPDX-License-Identifier: MIT
 *
 * Waiting without a GIL, and saying in Python what a status means. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "native.h"

/* Signals are handled by the main interpreter on the process's main thread alone. One that arrives in the instant between a
 * look and the sleep is seen at the next look, so the main thread never sleeps longer than this. */
#define MAIN_SLICE_NS INT64_C(40000000)

static void detach(void *context) { ((native_wait *)context)->saved = PyEval_SaveThread(); }
static void attach(void *context) { PyEval_RestoreThread(((native_wait *)context)->saved); }

/* Who has waited for so long is told if it waits for nobody but itself. */
static _Atomic int64_t hint_delay = INT64_C(5000000000);

void native_set_hint_delay(int64_t nanoseconds) {
    atomic_store_explicit(&hint_delay, nanoseconds, memory_order_relaxed);
}

/* What could end the wait may go later, so one looks again, ever more rarely: a look costs as much as there are channels. With
 * an exception set if a signal handler raised while Python ran for the hint: that is the waiting program's. */
static void hint_in_time(native_wait *wait) {
    int64_t now = csp_now();
    if (wait->hint == 0) {
        wait->pause = atomic_load_explicit(&hint_delay, memory_order_relaxed);
        wait->hint = now + wait->pause;
    } else if (now >= wait->hint) {
        wait->pause = wait->pause < INT64_MAX / 4 ? 2 * wait->pause : wait->pause;
        wait->hint = now + wait->pause;
        PyObject *module = PyImport_ImportModule("csp.observe.waits");
        if (module == NULL && PyErr_ExceptionMatches(PyExc_ImportError)) {
            PyErr_Clear(); /* nothing can be imported any more, at the end of the program: no hint */
        }
        PyObject *done = module != NULL ? PyObject_CallMethod(module, "hint", NULL) : NULL;
        Py_XDECREF(done);
        Py_XDECREF(module);
    }
}

static int interrupted(void *context) {
    native_wait *wait = context;
    PyEval_RestoreThread(wait->saved);
    if (PyErr_CheckSignals() == 0) {
        hint_in_time(wait);
    }
    wait->signalled = PyErr_Occurred() != NULL;
    wait->saved = PyEval_SaveThread();
    return wait->signalled;
}

#ifdef __linux__
/* A signal for the process that comes before main has woken for another one goes to any thread. Python's handler took note of
 * it here, but main would sleep on in whatever it waits for.
 *
 * Which signal it was, nothing tells: one of ours, by which a thread of the dead is reached, interrupts main, too. To Python
 * code that is nothing, since it takes up again what was interrupted; C code has to, in a program with signals. */
static int interrupted_elsewhere(void *context) {
    (void)context;
    native_interrupt_main();
    return 0;
}
#endif

static bool on_main_thread(void) {
    static _Thread_local int known; /* 1 yes, 2 no */
    if (known == 0) {
        known = syscall(SYS_gettid) == getpid() ? 1 : 2;
    }
    return known == 1;
}

bool native_is_alone(void) {
    PyThreadState *first = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
    return first == NULL || PyThreadState_Next(first) == NULL;
}

/* A spin of microseconds keeps the GIL where nobody else could want it. */
static bool shares_gil(void *context) {
    (void)context;
    return !native_is_alone();
}

static bool always(void *context) {
    (void)context;
    return true;
}

void native_wait_begin(native_wait *wait, const native_state *state) {
    wait->signalled = false;
    wait->hint = 0;
    wait->hooks = (csp_hooks){
        .detach = detach, .attach = attach, .context = wait, .spin_detached = shares_gil, .holder = state->holder};
#ifdef __linux__ /* elsewhere a wait cannot tell a signal from its time to look */
    wait->hooks.interrupted = interrupted_elsewhere;
#endif
    if (state->is_main) {
        wait->hooks.spin_detached = always;
        if (on_main_thread()) {
            wait->hooks.interrupted = interrupted;
            wait->hooks.slice_ns = MAIN_SLICE_NS;
        }
    }
}

bool native_wait_signalled(native_wait *wait) {
    if (!wait->signalled && wait->hooks.interrupted == interrupted) {
        wait->signalled = PyErr_CheckSignals() != 0;
    }
    return wait->signalled;
}

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

PyObject *native_add_note(const char *text) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *done = PyObject_CallMethod(error, "add_note", "s", text);
    if (done == NULL) {
        PyErr_Clear(); /* better the exception without the note than another one */
    }
    Py_XDECREF(done);
    PyErr_SetRaisedException(error);
    return NULL;
}

void native_set_unsent(PyObject *unsent) {
    PyObject *error = PyErr_GetRaisedException();
    if (unsent == NULL || PyObject_SetAttrString(error, "unsent", unsent) < 0) {
        PyErr_Clear(); /* better the exception without it than another one */
    }
    Py_XDECREF(unsent);
    PyErr_SetRaisedException(error);
}

PyObject *native_raise_delivered(const char *text) {
    native_add_note(text);
    PyObject *error = PyErr_GetRaisedException();
    PyObject *nothing = PyTuple_New(0);
    PyErr_SetRaisedException(error);
    native_set_unsent(nothing);
    return NULL;
}

PyObject *native_text(const char *text) { return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace"); }

static PyObject *raise_broken(native_state *state, csp_end *end, PyObject *unsent) {
    csp_message cause = {0};
    PyObject *why = NULL;
    if (end != NULL && csp_end_cause(end, &cause)) {
        why = native_decode(state, &cause);
        if (why == NULL) {
            return NULL;
        }
    }
    csp_statistics channel = {.aborted = false};
    if (end != NULL) {
        csp_end_statistics(end, &channel);
    }
    const char *where = unsent != NULL ? "; the message is in .unsent" : "";
    PyObject *text = why != NULL       ? PyUnicode_FromFormat("the channel was aborted: %S%s", why, where)
                     : channel.aborted ? PyUnicode_FromFormat("the channel was aborted%s", where)
                                       : PyUnicode_FromFormat("every receiver of this channel is gone%s", where);
    PyObject *error =
        text != NULL ? PyObject_CallFunctionObjArgs(state->broken_channel, text, unsent != NULL ? unsent : Py_None,
                                                    why != NULL ? why : Py_None, NULL)
                     : NULL;
    if (error != NULL) {
        PyErr_SetObject(state->broken_channel, error);
        Py_DECREF(error);
    }
    Py_XDECREF(text);
    Py_XDECREF(why);
    return NULL;
}

static PyObject *raise_abandoned(native_state *state, csp_end *end) {
    csp_sync_state sync;
    csp_sync_read(end, &sync);
    PyObject *text = PyUnicode_FromFormat(
        "%s ended while it held this; what it guards may be half done. It is not held now, and can be acquired again",
        sync.abandoner[0] != '\0' ? sync.abandoner : "an interpreter");
    PyObject *name = native_text(sync.abandoner);
    PyObject *error =
        text != NULL && name != NULL ? PyObject_CallFunctionObjArgs(state->abandoned, text, name, NULL) : NULL;
    if (error != NULL) {
        PyErr_SetObject(state->abandoned, error);
        Py_DECREF(error);
    }
    Py_XDECREF(name);
    Py_XDECREF(text);
    return NULL;
}

PyObject *native_raise(native_state *state, csp_status status, csp_end *end, PyObject *unsent, bool nowait) {
    if (PyErr_Occurred()) {
        return NULL; /* a signal handler's, which may itself have ended what was waited for */
    }
    bool sending = end != NULL && csp_end_direction(end) == CSP_SENDING;
    switch (status) {
        case CSP_WOULD_BLOCK:
        case CSP_TIMEOUT:
            if (nowait) {
                PyErr_SetString(state->would_block, sending ? "no receiver is waiting and the buffer has no room"
                                                            : "no message is there and no sender is waiting");
            } else {
                PyErr_SetString(PyExc_TimeoutError, sending ? "nobody took the message before the timeout"
                                                            : "nothing arrived before the timeout");
            }
            break;
        case CSP_END_OF_CHANNEL:
            PyErr_SetString(state->end_of_channel, "every sender of this channel is gone and nothing is left in it");
            break;
        case CSP_BROKEN:
            return raise_broken(state, end, unsent);
        case CSP_CLOSED_END:
            PyErr_Format(state->closed_end,
                         "this %s was closed by its own holder; clone it before closing if others need it",
                         end != NULL && csp_end_sync(end) != CSP_SYNC_NONE ? "handle"
                         : sending                                         ? "Sender"
                                                                           : "Receiver");
            break;
        case CSP_ABANDONED:
            return raise_abandoned(state, end);
        case CSP_CANCELLED:
            PyErr_SetString(state->stopped, "told to stop");
            break;
        case CSP_SCOPE_CANCELLED:
            PyErr_SetString(state->cancelled, "cancelled by a scope around this");
            break;
        case CSP_INTERRUPTED:
            PyErr_SetString(PyExc_InterruptedError, "interrupted");
            break;
        case CSP_NO_MEMORY:
            PyErr_NoMemory();
            break;
        case CSP_OVERFLOW:
            PyErr_SetString(state->would_block, "the buffer is full, and its overflow policy is \"error\"");
            break;
        default:
            PyErr_Format(PyExc_SystemError, "csp core: %s (%s)", csp_status_name(status), csp_status_text(status));
            break;
    }
    return NULL;
}
