/* SPDX-License-Identifier: MIT
 *
 * The queue of a csp.Condition: who waits on it. */
#include "sync/condition.h"
#include "errors.h"
#include "holding/handles.h"
#include "sync/objects.h"
#include "types.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

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
    if (!sync_read_int64(object, "n", &count) || !sync_is_open(self)) {
        return NULL;
    }
    return PyLong_FromLongLong(csp_condition_notify(end_of(self), count));
}

static PyMethodDef condition_methods[] = {
    {"wait", FASTCALL(condition_wait), METH_FASTCALL,
     "wait($self, lock, timeout, deadline, /)\n--\n\nGive the lock up, wait, take it again. False when the timeout "
     "passed."},
    {"notify", condition_notify, METH_O, "notify($self, n, /)\n--\n\nRelease up to n who wait; gives how many."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};

static PyType_Slot condition_slots[] = {
    {Py_tp_doc, "ConditionQueue()\n--\n\nWho waits on a csp.Condition."},
    {Py_tp_new, (void *)condition_new},
    {Py_tp_methods, condition_methods},
    {Py_tp_getset, sync_handle_getset},
    SYNC_SLOTS,
    {0, NULL},
};

PyType_Spec sync_condition_spec = {"csp._native.ConditionQueue", sizeof(end_object), 0, FINAL_TYPE, condition_slots};
