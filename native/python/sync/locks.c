/* SPDX-License-Identifier: MIT
 *
 * What is acquired: Lock, RLock, Semaphore, Event. */
#include "sync/locks.h"
#include "errors.h"
#include "holding/handles.h"
#include "sync/objects.h"
#include "types.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

/* ---- acquiring ------------------------------------------------------------------------------------------------ */

/* As csp_recv, with what a signal handler needs. True: acquired. False with or without an exception (no time left). */
static bool acquire(PyObject *self, int64_t deadline) {
    native_state *state = state_of(self);
    csp_message token;
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_recv(end_of(self), &token, deadline, &wait.hooks);
    bool taken = status == CSP_OK || status == CSP_ABANDONED;
    if (taken ? native_wait_signalled(&wait) : wait.signalled) {
        if (taken) {
            csp_unreceive(end_of(self), &token);
        }
        return false;
    }
    if (status == CSP_OK) {
        return true;
    }
    if (status != CSP_WOULD_BLOCK && status != CSP_TIMEOUT) {
        native_raise(state, status, end_of(self), NULL, false);
    }
    return false;
}

/* threading's arguments: blocking=True, timeout=None or -1. And a deadline. */
static bool acquire_arguments(PyObject *args, PyObject *keywords, int64_t *deadline) {
    static char *names[] = {"blocking", "timeout", "deadline", NULL};
    int blocking = 1;
    PyObject *timeout = Py_None, *instant = Py_None;
    *deadline = CSP_FOREVER;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|pO$O:acquire", names, &blocking, &timeout, &instant)) {
        return false;
    }
    bool endless = timeout == Py_None;
    if (PyLong_Check(timeout) || PyFloat_Check(timeout)) {
        endless = PyFloat_AsDouble(timeout) == -1.0;
        if (PyErr_Occurred()) {
            return false;
        }
    }
    if (!blocking) {
        if (!endless || instant != Py_None) {
            PyErr_SetString(PyExc_ValueError, "acquire that does not block takes no timeout");
            return false;
        }
        *deadline = CSP_POLL;
        return true;
    }
    return native_timeout_or_deadline(endless ? Py_None : timeout, instant, deadline);
}

static PyObject *sync_acquire(PyObject *self, PyObject *args, PyObject *keywords) {
    int64_t deadline;
    if (!acquire_arguments(args, keywords, &deadline)) {
        return NULL;
    }
    bool acquired = acquire(self, deadline);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(acquired);
}

static PyObject *sync_enter(PyObject *self, PyObject *unused) {
    (void)unused;
    return acquire(self, CSP_FOREVER) ? Py_NewRef(Py_True) : NULL;
}

static PyObject *release(PyObject *self, int64_t count) {
    csp_status status = csp_sync_release(end_of(self), count);
    if (status != CSP_INVALID) {
        return sync_done(self, status);
    }
    csp_sync_state state = sync_read_state(self);
    if (state.kind == CSP_SYNC_SEMAPHORE) {
        PyErr_Format(
            PyExc_ValueError,
            "a Semaphore of at most %lld units with %lld free cannot take back %lld: it was released too often",
            (long long)state.limit, (long long)state.value, (long long)count);
    } else {
        PyErr_SetString(PyExc_RuntimeError, state.kind == CSP_SYNC_LOCK
                                                ? "release of a Lock that nobody holds"
                                                : "release of an RLock that this thread does not hold");
    }
    return NULL;
}

static PyObject *sync_release(PyObject *self, PyObject *unused) {
    (void)unused;
    return release(self, 1);
}

static PyObject *sync_exit(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    /* A handle that was closed meanwhile holds nothing: no reason to hide the body's own error. */
    if (count > 0 && args[0] != Py_None && csp_end_is_closed(end_of(self))) {
        Py_RETURN_NONE;
    }
    return release(self, 1);
}

static PyObject *sync_locked(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_sync_state state = sync_read_state(self);
    return PyBool_FromLong((state.kind == CSP_SYNC_LOCK) == (state.value == 0));
}

/* ---- Lock, RLock, Semaphore ----------------------------------------------------------------------------------- */

static PyObject *lock_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return sync_no_arguments("Lock", args, keywords) ? sync_make(type, CSP_SYNC_LOCK, 1, 1) : NULL;
}

static PyObject *rlock_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return sync_no_arguments("RLock", args, keywords) ? sync_make(type, CSP_SYNC_RLOCK, 0, 1) : NULL;
}

static PyObject *semaphore_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"value", "limit", NULL};
    PyObject *value_object = NULL, *limit_object = Py_None;
    int64_t value = 1, limit = INT64_MAX;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|OO:Semaphore", names, &value_object, &limit_object) ||
        (value_object != NULL && !sync_read_int64(value_object, "value", &value)) ||
        (limit_object != Py_None && !sync_read_int64(limit_object, "limit", &limit))) {
        return NULL;
    }
    if (value < 0 || limit < 1 || value > limit) {
        PyErr_Format(PyExc_ValueError, "a Semaphore starts with 0 to limit units, not with %lld of %lld",
                     (long long)value, (long long)limit);
        return NULL;
    }
    return sync_make(type, CSP_SYNC_SEMAPHORE, value, limit);
}

static PyObject *semaphore_release(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"n", NULL};
    PyObject *object = NULL;
    int64_t count = 1;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:release", names, &object) ||
        (object != NULL && !sync_read_int64(object, "n", &count))) {
        return NULL;
    }
    if (count < 1) {
        PyErr_Format(PyExc_ValueError, "release takes at least 1 unit, not %lld", (long long)count);
        return NULL;
    }
    return release(self, count);
}

/* ---- Event ---------------------------------------------------------------------------------------------------- */

static PyObject *event_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return sync_no_arguments("Event", args, keywords) ? sync_make(type, CSP_SYNC_EVENT, 0, 1) : NULL;
}

static PyObject *event_set(PyObject *self, PyObject *unused) {
    (void)unused;
    return sync_done(self, csp_event_put(end_of(self), true));
}

static PyObject *event_clear(PyObject *self, PyObject *unused) {
    (void)unused;
    return sync_done(self, csp_event_put(end_of(self), false));
}

static PyObject *event_is_set(PyObject *self, PyObject *unused) {
    (void)unused;
    return PyBool_FromLong(sync_read_state(self).value != 0);
}

static PyObject *event_wait(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    int64_t deadline;
    if (!native_timeout_argument(state_of(self), "wait", args, count, 0, keywords, &deadline)) {
        return NULL;
    }
    bool set = acquire(self, deadline);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(set);
}

/* ---- types ---------------------------------------------------------------------------------------------------- */

#define ACQUIRE(what)                                                                                                 \
    {"acquire", FASTCALL(sync_acquire), KEYWORDS,                                                                     \
     "acquire($self, /, blocking=True, timeout=None, *, deadline=None)\n--\n\n" what                                  \
     "; blocks until that is possible, first come first served.\n\nFalse when the timeout (seconds; None or -1: for " \
     "ever) passed. Raises Abandoned, ClosedEnd, Stopped."},                                                          \
        {"__enter__", sync_enter, METH_NOARGS, NULL}, {                                                               \
        "__exit__", FASTCALL(sync_exit), METH_FASTCALL, NATIVE_EXIT_DOC                                               \
    }

static PyMethodDef lock_methods[] = {
    ACQUIRE("Take the lock"),
    {"release", sync_release, METH_NOARGS,
     "release($self, /)\n--\n\nGive the lock back; the first of those who wait has it. Any holder may. Raises "
     "RuntimeError."},
    {"locked", sync_locked, METH_NOARGS, "locked($self, /)\n--\n\nWhether somebody has it now."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};
static PyMethodDef rlock_methods[] = {
    ACQUIRE("Take the lock, once more if this thread has it"),
    {"release", sync_release, METH_NOARGS,
     "release($self, /)\n--\n\nUndo one acquire; with the last the lock is free. Raises RuntimeError in any other "
     "thread."},
    {"locked", sync_locked, METH_NOARGS, "locked($self, /)\n--\n\nWhether somebody has it now."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};
static PyMethodDef semaphore_methods[] = {
    ACQUIRE("Take one unit"),
    {"release", FASTCALL(semaphore_release), KEYWORDS,
     "release($self, /, n=1)\n--\n\nGive back n units, or add them. Never blocks. Raises ValueError beyond the "
     "limit."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};
static PyMethodDef event_methods[] = {
    {"wait", FASTCALL(event_wait), METH_FASTCALL | METH_KEYWORDS,
     "wait($self, /, timeout=None, *, deadline=None)\n--\n\nBlock until the event is set. False when the timeout "
     "(seconds) passed."},
    {"set", event_set, METH_NOARGS, "set($self, /)\n--\n\nLet all through who wait, and all who come, until cleared."},
    {"clear", event_clear, METH_NOARGS, "clear($self, /)\n--\n\nLet nobody through until it is set again."},
    {"is_set", event_is_set, METH_NOARGS, "is_set($self, /)\n--\n\nWhether it is set now."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef semaphore_getset[] = {
    CLOSED,
    {"value", sync_get_value, NULL, "Free units now.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot lock_slots[] = {
    {Py_tp_doc,
     "Lock()\n--\n\nA lock for threads of any interpreter; travels inside messages.\n\nFirst come first served: "
     "unlike "
     "threading's it is handed over, and nobody gets in between.\nIf its holder ends without releasing it, the next "
     "taker gets Abandoned, and the lock is free.\nCan be a guard of select."},
    {Py_tp_new, (void *)lock_new},
    {Py_tp_methods, lock_methods},
    {Py_tp_getset, sync_handle_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_lock_spec = {"csp.Lock", sizeof(end_object), 0, FINAL_TYPE, lock_slots};

static PyType_Slot rlock_slots[] = {
    {Py_tp_doc,
     "RLock()\n--\n\nA lock that its own thread may take again, and only that thread may release; see Lock."},
    {Py_tp_new, (void *)rlock_new},
    {Py_tp_methods, rlock_methods},
    {Py_tp_getset, sync_handle_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_rlock_spec = {"csp.RLock", sizeof(end_object), 0, FINAL_TYPE, rlock_slots};

static PyType_Slot semaphore_slots[] = {
    {Py_tp_doc,
     "Semaphore(value=1, limit=None)\n--\n\nSo many units for threads of any interpreter (Dijkstra 1965); travels "
     "inside messages.\n\nlimit is how many there can ever be, None for any number. Units that an interpreter holds "
     "when it\nends are free again, and the next taker gets Abandoned. Can be a guard of select."},
    {Py_tp_new, (void *)semaphore_new},
    {Py_tp_methods, semaphore_methods},
    {Py_tp_getset, semaphore_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_semaphore_spec = {"csp.Semaphore", sizeof(end_object), 0, FINAL_TYPE, semaphore_slots};

static PyType_Slot event_slots[] = {
    {Py_tp_doc,
     "Event()\n--\n\nA flag that threads of any interpreter wait for. Can be a guard of select.\n\nUnlike "
     "threading's its wait refuses a negative timeout, and a set lets all through who waited then, also when "
     "it\nis cleared at once."},
    {Py_tp_new, (void *)event_new},
    {Py_tp_methods, event_methods},
    {Py_tp_getset, sync_handle_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_event_spec = {"csp.Event", sizeof(end_object), 0, FINAL_TYPE, event_slots};
