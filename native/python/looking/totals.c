/* SPDX-License-Identifier: MIT
 *
 * How much of what there is: in a channel, in the process, in this interpreter. */
#include "looking/totals.h"
#include "channels/snapshot.h"
#include "interpreters/guests.h"

static PyObject *channel_statistics(PyObject *module, PyObject *id) {
    native_state *state = state_of_module(module);
    csp_statistics statistics;
    unsigned long long wanted = PyLong_AsUnsignedLongLong(id);
    if (wanted == (unsigned long long)-1 && PyErr_Occurred()) {
        return NULL;
    }
    if (csp_channel_statistics(wanted, &statistics) == CSP_STALE) {
        PyErr_Format(PyExc_LookupError, "channel %S is gone", id);
        return NULL;
    }
    return native_statistics_object(state, &statistics);
}

static PyObject *totals(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    csp_totals t;
    csp_totals_read(&t);
    return Py_BuildValue("{sLsLsLsLsLsLsLsL}", "channels", (long long)t.channels, "ends", (long long)t.ends, "holders",
                         (long long)t.holders, "payloads", (long long)t.payloads, "replies", (long long)t.replies,
                         "threads", (long long)t.threads, "running", (long long)t.running, "cpus", (long long)t.cpus);
}

static PyObject *thread_count(PyObject *module, PyObject *unused) {
    (void)unused;
    long count = 0;
    for (PyThreadState *t = PyInterpreterState_ThreadHead(PyInterpreterState_Get()); t != NULL;
         t = PyThreadState_Next(t)) {
        count++;
    }
    return PyLong_FromLong(native_guests_threads(state_of_module(module), count));
}

PyMethodDef total_methods[] = {
    {"channel_statistics", channel_statistics, METH_O,
     "channel_statistics(channel_id, /)\n--\n\nA Statistics snapshot by number. LookupError when the channel is "
     "gone."},
    {"totals", totals, METH_NOARGS, "totals()\n--\n\nWhat is alive in this process, by kind: a dict of counts."},
    {"thread_count", thread_count, METH_NOARGS,
     "thread_count()\n--\n\nHow many threads have the caller's holder, a guest's or else its interpreter's, also "
     "those "
     "that are in C code and have no frame."},
    {NULL, NULL, 0, NULL},
};
