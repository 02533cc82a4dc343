/* SPDX-License-Identifier: MIT
 *
 * What all synchronisation objects have: making, reading of arguments, representation. */
#include "sync/objects.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"

PyObject *sync_make(PyTypeObject *type, csp_sync_kind kind, int64_t value, int64_t limit) {
    native_state *state = state_of_type(type);
    csp_end *handle;
    csp_status status = csp_sync_new(kind, value, limit, native_holder(state), &handle);
    return status == CSP_OK ? native_wrap_end(state, handle) : native_raise(state, status, NULL, NULL, false);
}

PyObject *sync_done(PyObject *self, csp_status status) {
    if (status == CSP_OK) {
        Py_RETURN_NONE;
    }
    return native_raise(state_of(self), status, end_of(self), NULL, false);
}

bool sync_is_open(PyObject *self) {
    if (csp_end_is_closed(end_of(self))) {
        native_raise(state_of(self), CSP_CLOSED_END, end_of(self), NULL, false);
        return false;
    }
    return true;
}

bool sync_no_arguments(const char *name, PyObject *args, PyObject *keywords) {
    if (PyTuple_GET_SIZE(args) > 0 || (keywords != NULL && PyDict_GET_SIZE(keywords) > 0)) {
        PyErr_Format(PyExc_TypeError, "%s takes no arguments", name);
        return false;
    }
    return true;
}

bool sync_read_int64(PyObject *object, const char *what, int64_t *value) {
    if (!PyLong_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be an int, not %T", what, object);
        return false;
    }
    int overflow;
    *value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0) {
        PyErr_Format(PyExc_OverflowError, "%s must fit into 64 bits, and %S does not", what, object);
        return false;
    }
    return true;
}

PyObject *sync_get_value(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(sync_read_state(self).value);
}

PyObject *sync_get_closed(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(csp_end_is_closed(end_of(self)));
}

PyGetSetDef sync_handle_getset[] = {
    CLOSED,
    {NULL, NULL, NULL, NULL, NULL},
};

PyObject *sync_repr(PyObject *self) {
    csp_sync_state s = sync_read_state(self);
    unsigned long long id = csp_end_channel(end_of(self));
    const char *closed = csp_end_is_closed(end_of(self)) ? ", closed" : "";
    switch (s.kind) {
        case CSP_SYNC_LOCK:
            return PyUnicode_FromFormat("<csp.Lock %llu, %s%s>", id, s.value != 0 ? "free" : "taken", closed);
        case CSP_SYNC_RLOCK:
            return s.value == 0 ? PyUnicode_FromFormat("<csp.RLock %llu, free%s>", id, closed)
                   : s.value == 1
                       ? PyUnicode_FromFormat("<csp.RLock %llu, taken once%s>", id, closed)
                       : PyUnicode_FromFormat("<csp.RLock %llu, taken %lld times%s>", id, (long long)s.value, closed);
        case CSP_SYNC_SEMAPHORE:
            return PyUnicode_FromFormat("<csp.Semaphore %llu, %lld free%s>", id, (long long)s.value, closed);
        case CSP_SYNC_EVENT:
            return PyUnicode_FromFormat("<csp.Event %llu, %s%s>", id, s.value != 0 ? "set" : "not set", closed);
        case CSP_SYNC_BARRIER:
            return PyUnicode_FromFormat("<csp.Barrier %llu, %u of %lld wait%s%s>", id, s.waiting, (long long)s.limit,
                                        s.broken ? ", broken" : "", closed);
        case CSP_SYNC_COUNTER:
            return PyUnicode_FromFormat("<csp.Counter %llu, %lld%s>", id, (long long)s.value, closed);
        case CSP_SYNC_BROADCAST:
            return PyUnicode_FromFormat("<csp.Broadcaster %llu, %u subscribers%s>", id,
                                        csp_broadcast_subscribers(end_of(self)), closed);
        default:
            return PyUnicode_FromFormat("<csp.ConditionQueue %llu, %u wait%s>", id, s.waiting, closed);
    }
}
