/* SPDX-License-Identifier: MIT
 *
 * Barrier: where threads of any interpreter wait until all have come. */
#include "sync/barrier.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"
#include "interpreters/guests.h"
#include "sync/objects.h"
#include "types.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

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
    wait.hooks.alone = native_guest_in(state) != NULL ? native_guests_threads(state, 0) == 1 : native_is_alone();
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

static PyGetSetDef barrier_getset[] = {
    CLOSED,
    {"parties", get_parties, NULL, "How many must come.", NULL},
    {"n_waiting", sync_get_value, NULL, "How many wait now.", NULL},
    {"broken", get_broken, NULL, "Whether it is broken.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot barrier_slots[] = {
    {Py_tp_doc,
     "Barrier(parties)\n--\n\nWhere threads of any interpreter wait until all have come, again and again.\n\nA "
     "party that leaves without the others breaks it, and so does an interpreter that is stopped, killed or "
     "cut\noff while it has a handle; and it breaks when nobody is left who could come. Unlike threading's it "
     "has no\naction, and no timeout for all waits."},
    {Py_tp_new, (void *)barrier_new},
    {Py_tp_methods, barrier_methods},
    {Py_tp_getset, barrier_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_barrier_spec = {"csp.Barrier", sizeof(end_object), 0, FINAL_TYPE, barrier_slots};
