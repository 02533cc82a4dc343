/* SPDX-License-Identifier: MIT
 *
 * What meets or counts: Barrier, the queue of a Condition, Counter. */
#include "sync/objects.h"

static bool is_open(PyObject *self) {
    if (csp_end_is_closed(end_of(self))) {
        native_raise(state_of(self), CSP_CLOSED_END, end_of(self), NULL, false);
        return false;
    }
    return true;
}

/* ---- Barrier -------------------------------------------------------------------------------------------------- */

static PyObject *barrier_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"parties", NULL};
    PyObject *object;
    int64_t parties;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:Barrier", names, &object) ||
        !sync_read_int64(object, "parties", &parties)) {
        return NULL;
    }
    if (parties < 1) {
        PyErr_Format(PyExc_ValueError, "a Barrier has at least 1 party, not %lld", (long long)parties);
        return NULL;
    }
    return sync_make(type, CSP_SYNC_BARRIER, 0, parties);
}

static PyObject *raise_broken_barrier(PyObject *self, csp_status status) {
    PyObject *error = state_of(self)->broken_barrier;
    if (status == CSP_ABANDONED) {
        csp_sync_state barrier = sync_read_state(self);
        bool known = barrier.abandoner[0] != '\0';
        PyErr_Format(error, "%s%s, and the barrier of %lld parties can never be complete",
                     known ? barrier.abandoner : "nobody is left who could come", known ? " has left" : "",
                     (long long)barrier.limit);
    } else {
        PyErr_SetString(error, status == CSP_TIMEOUT
                                   ? "not all parties came before the timeout, which breaks the barrier"
                                   : "the barrier is broken: a party left it, or it was aborted or reset");
    }
    return NULL;
}

static PyObject *barrier_wait(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of(self);
    int64_t deadline, index;
    if (!native_timeout_argument(state, "wait", args, count, 0, keywords, &deadline)) {
        return NULL;
    }
    native_wait wait;
    native_wait_begin(&wait, state);
    wait.hooks.alone = native_is_alone();
    /* A wait of no time at all still comes and goes, and so breaks the barrier unless it was the last to come. */
    csp_status status = csp_barrier_wait(end_of(self), deadline == CSP_POLL ? 1 : deadline, &wait.hooks, &index);
    if (wait.signalled) {
        return NULL;
    }
    if (status == CSP_OK) {
        return PyLong_FromLongLong(index);
    }
    if (status == CSP_BROKEN || status == CSP_TIMEOUT || status == CSP_ABANDONED) {
        return raise_broken_barrier(self, status);
    }
    return native_raise(state, status, end_of(self), NULL, false);
}

static PyObject *barrier_abort(PyObject *self, PyObject *unused) {
    (void)unused;
    return sync_done(self, csp_barrier_put(end_of(self), true));
}

static PyObject *barrier_reset(PyObject *self, PyObject *unused) {
    (void)unused;
    return sync_done(self, csp_barrier_put(end_of(self), false));
}

static PyObject *get_parties(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(sync_read_state(self).limit);
}

static PyObject *get_broken(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(sync_read_state(self).broken);
}

/* ---- the queue of a Condition --------------------------------------------------------------------------------- */

static PyObject *condition_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return sync_no_arguments("ConditionQueue", args, keywords) ? sync_make(type, CSP_SYNC_CONDITION, 0, 1) : NULL;
}

static PyObject *condition_wait(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of(self);
    int64_t deadline;
    if (count != 3 || !native_is_end(args[0])) {
        PyErr_SetString(PyExc_TypeError, "wait takes a Lock or an RLock, a timeout and a deadline");
        return NULL;
    }
    if (!native_timeout_or_deadline(args[1], args[2], &deadline)) {
        return NULL;
    }
    csp_end *lock = end_of(args[0]);
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_condition_wait(end_of(self), lock, deadline == CSP_POLL ? 1 : deadline, &wait.hooks);
    if (status == CSP_OK && native_wait_signalled(&wait)) {
        csp_condition_notify(end_of(self), 1); /* as the core does when we leave with an error */
    }
    if (wait.signalled) {
        return NULL;
    }
    if (status == CSP_OK || status == CSP_TIMEOUT) {
        return PyBool_FromLong(status == CSP_OK);
    }
    if (status == CSP_INVALID) {
        PyErr_SetString(PyExc_RuntimeError, "wait on a Condition whose lock is not held: enter it with `with` first");
        return NULL;
    }
    return native_raise(state, status, status == CSP_ABANDONED ? lock : end_of(self), NULL, false);
}

static PyObject *condition_notify(PyObject *self, PyObject *object) {
    int64_t count;
    if (!sync_read_int64(object, "n", &count) || !is_open(self)) {
        return NULL;
    }
    return PyLong_FromLongLong(csp_condition_notify(end_of(self), count));
}

/* ---- Counter -------------------------------------------------------------------------------------------------- */

static PyObject *counter_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"value", NULL};
    PyObject *object = NULL;
    int64_t value = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:Counter", names, &object) ||
        (object != NULL && !sync_read_int64(object, "value", &value))) {
        return NULL;
    }
    return sync_make(type, CSP_SYNC_COUNTER, value, 1);
}

static PyObject *counter_add(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    int64_t amount = 1;
    if (count > 1) {
        PyErr_SetString(PyExc_TypeError, "add takes one argument, the amount");
        return NULL;
    }
    if (count == 1 && !sync_read_int64(args[0], "the amount", &amount)) {
        return NULL;
    }
    return is_open(self) ? PyLong_FromLongLong(csp_counter_add(end_of(self), amount)) : NULL;
}

static PyObject *counter_exchange(PyObject *self, PyObject *object) {
    int64_t value;
    if (!sync_read_int64(object, "the value", &value) || !is_open(self)) {
        return NULL;
    }
    return PyLong_FromLongLong(csp_counter_exchange(end_of(self), value));
}

static PyObject *counter_compare_exchange(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    int64_t expected, value;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "compare_exchange takes what is expected and the new value");
        return NULL;
    }
    if (!sync_read_int64(args[0], "what is expected", &expected) || !sync_read_int64(args[1], "the value", &value) ||
        !is_open(self)) {
        return NULL;
    }
    return PyBool_FromLong(csp_counter_compare_exchange(end_of(self), &expected, value));
}

/* ---- types ---------------------------------------------------------------------------------------------------- */

static PyMethodDef barrier_methods[] = {
    {"wait", FASTCALL(barrier_wait), METH_FASTCALL | METH_KEYWORDS,
     "wait($self, /, timeout=None, *, deadline=None)\n--\n\nBlock until all parties wait; gives how many came before "
     "this one.\n\n"
     "Who leaves without that breaks the barrier for all: a timeout, Ctrl-C, a stop, the end of an interpreter. "
     "Raises "
     "BrokenBarrier."},
    {"abort", barrier_abort, METH_NOARGS, "abort($self, /)\n--\n\nBreak it: all who wait or come get BrokenBarrier."},
    {"reset", barrier_reset, METH_NOARGS, "reset($self, /)\n--\n\nMake it whole; who waits gets BrokenBarrier."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};
static PyMethodDef condition_methods[] = {
    {"wait", FASTCALL(condition_wait), METH_FASTCALL,
     "wait($self, lock, timeout, deadline, /)\n--\n\nGive the lock up, wait, take it again. False when the timeout "
     "passed."},
    {"notify", condition_notify, METH_O, "notify($self, n, /)\n--\n\nRelease up to n who wait; gives how many."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};
static PyMethodDef counter_methods[] = {
    {"add", FASTCALL(counter_add), METH_FASTCALL,
     "add($self, amount=1, /)\n--\n\nAdd in one atomic step; gives the sum. It wraps at 64 bits. Never blocks."},
    {"exchange", counter_exchange, METH_O, "exchange($self, value, /)\n--\n\nSet it; gives the value before."},
    {"compare_exchange", FASTCALL(counter_compare_exchange), METH_FASTCALL,
     "compare_exchange($self, expected, value, /)\n--\n\nSet it if it is `expected`; whether it was."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef counter_getset[] = {
    CLOSED,
    {"value", sync_get_value, NULL, "The number now.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyGetSetDef barrier_getset[] = {
    CLOSED,
    {"parties", get_parties, NULL, "How many must come.", NULL},
    {"n_waiting", sync_get_value, NULL, "How many wait now.", NULL},
    {"broken", get_broken, NULL, "Whether it is broken.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

SYNC_TYPE(barrier, "csp.Barrier", barrier_new, barrier_methods, barrier_getset,
          "Barrier(parties)\n--\n\nWhere threads of any interpreter wait until all have come, again and again.\n\nA "
          "party that leaves without the others breaks it, and so does an interpreter that is stopped, killed or "
          "cut\noff while it has a handle; and it breaks when nobody is left who could come. Unlike threading's it "
          "has no\naction, and no timeout for all waits.");
SYNC_TYPE(condition, "csp._native.ConditionQueue", condition_new, condition_methods, sync_handle_getset,
          "ConditionQueue()\n--\n\nWho waits on a csp.Condition.");
SYNC_TYPE(counter, "csp.Counter", counter_new, counter_methods, counter_getset,
          "Counter(value=0)\n--\n\nAn integer of 64 bits that threads of any interpreter change in atomic steps.");
