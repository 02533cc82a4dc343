/* SPDX-License-Identifier: MIT
 *
 * What can be seen from outside: statistics, totals, the wait graph. */
#include <stdatomic.h>

#include "native.h"

static PyStructSequence_Field statistics_fields[] = {
    {"channel_id", "the channel's number in this process"},
    {"capacity", "messages the buffer can hold; 0 for a rendezvous, -1 for unbounded"},
    {"overflow", "what a full buffer does: block, drop_oldest, drop_newest or error"},
    {"length", "messages waiting in the buffer now"},
    {"waiting_senders", "operations waiting to send now"},
    {"waiting_receivers", "operations waiting to receive now"},
    {"peak_senders", "most that ever waited to send at once (up to 65535)"},
    {"peak_receivers", "most that ever waited to receive at once (up to 65535)"},
    {"senders", "open Sender handles, those inside messages included"},
    {"receivers", "open Receiver handles, those inside messages included"},
    {"sent", "messages accepted from senders"},
    {"received", "messages given to receivers"},
    {"dropped", "messages lost to the overflow policy"},
    {"undelivered", "messages that were buffered when the channel ended"},
    {"parks", "waits that slept"},
    {"wakes", "sleeps that ended"},
    {"spins_hit", "waits that ended while spinning"},
    {"spins_missed", "spins that had to sleep after all"},
    {"aborted", "whether the channel was aborted"},
    {NULL, NULL},
};

static PyStructSequence_Desc statistics_description = {
    "csp.Statistics", "A channel, read in one instant (the wait counters: very nearly).", statistics_fields, 19};

PyTypeObject *native_statistics_type(void);
PyTypeObject *native_statistics_type(void) { return PyStructSequence_NewType(&statistics_description); }

PyObject *native_statistics_object(native_state *state, const csp_statistics *s) {
    static const char *const overflow[] = {"block", "drop_oldest", "drop_newest", "error"};
    PyObject *object = PyStructSequence_New(state->statistics_type);
    if (object == NULL) {
        return NULL;
    }
    PyObject *values[19] = {
        PyLong_FromUnsignedLongLong(s->id),
        s->capacity == CSP_UNBOUNDED ? PyLong_FromLong(-1) : PyLong_FromUnsignedLong(s->capacity),
        PyUnicode_FromString(overflow[s->overflow]),
        PyLong_FromUnsignedLong(s->length),
        PyLong_FromUnsignedLong(s->waiting_senders),
        PyLong_FromUnsignedLong(s->waiting_receivers),
        PyLong_FromUnsignedLong(s->peak_senders),
        PyLong_FromUnsignedLong(s->peak_receivers),
        PyLong_FromUnsignedLong(s->sending_ends),
        PyLong_FromUnsignedLong(s->receiving_ends),
        PyLong_FromUnsignedLongLong(s->sent),
        PyLong_FromUnsignedLongLong(s->received),
        PyLong_FromUnsignedLongLong(s->dropped),
        PyLong_FromUnsignedLongLong(s->undelivered),
        PyLong_FromUnsignedLongLong(s->parks),
        PyLong_FromUnsignedLongLong(s->wakes),
        PyLong_FromUnsignedLongLong(s->spins_hit),
        PyLong_FromUnsignedLongLong(s->spins_missed),
        PyBool_FromLong(s->aborted),
    };
    bool ok = true;
    for (Py_ssize_t i = 0; i < 19; i++) {
        ok = ok && values[i] != NULL;
        PyStructSequence_SetItem(object, i, values[i]);
    }
    if (!ok) {
        Py_CLEAR(object);
    }
    return object;
}

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
                         (long long)t.holders, "blocks", (long long)t.blocks, "replies", (long long)t.replies,
                         "threads", (long long)t.threads, "running", (long long)t.running, "cpus", (long long)t.cpus);
}

typedef struct {
    PyObject *list;
    PyThreadState *saved;
} graph_visit;

static void add_edge(const csp_edge *edge, void *context) {
    graph_visit *visit = context;
    static const char *const kinds[] = {"waits", "holds", "asks"};
    static const char *const things[] = {
        [CSP_SYNC_NONE] = "channel",        [CSP_SYNC_LOCK] = "Lock",       [CSP_SYNC_RLOCK] = "RLock",
        [CSP_SYNC_SEMAPHORE] = "Semaphore", [CSP_SYNC_EVENT] = "Event",     [CSP_SYNC_CONDITION] = "Condition",
        [CSP_SYNC_BARRIER] = "Barrier",     [CSP_SYNC_COUNTER] = "Counter", [CSP_SYNC_BROADCAST] = "Broadcaster"};
    if (visit->list == NULL) {
        return;
    }
    PyObject *name = native_text(edge->name);
    bool waits = edge->kind != CSP_EDGE_HOLDS;
    PyObject *deadline =
        waits && edge->deadline != CSP_FOREVER ? PyFloat_FromDouble((double)edge->deadline / 1e9) : Py_NewRef(Py_None);
    PyObject *since = waits && edge->since > 0 ? PyFloat_FromDouble((double)edge->since / 1e9) : Py_NewRef(Py_None);
    PyObject *tuple =
        name == NULL || deadline == NULL || since == NULL
            ? NULL
            : Py_BuildValue("(sKOKKKsOIOKs)", kinds[edge->kind], (unsigned long long)edge->holder, name,
                            (unsigned long long)edge->thread, (unsigned long long)edge->channel,
                            (unsigned long long)edge->asked, edge->direction == CSP_SENDING ? "send" : "receive",
                            deadline, edge->count, since, (unsigned long long)edge->wait, things[edge->sync]);
    Py_XDECREF(name);
    Py_XDECREF(deadline);
    Py_XDECREF(since);
    if (tuple == NULL || PyList_Append(visit->list, tuple) < 0) {
        Py_CLEAR(visit->list);
    }
    Py_XDECREF(tuple);
}

static PyObject *wait_graph(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    graph_visit visit = {PyList_New(0), NULL};
    if (csp_graph_visit(add_edge, &visit) == CSP_NO_MEMORY) {
        Py_CLEAR(visit.list);
        return PyErr_NoMemory();
    }
    return visit.list;
}

static PyObject *set_placement(PyObject *module, PyObject *object) {
    (void)module;
    int on = PyObject_IsTrue(object);
    if (on < 0) {
        return NULL;
    }
    csp_placement(on != 0);
    Py_RETURN_NONE;
}

static PyObject *thread_count(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    long count = 0;
    for (PyThreadState *t = PyInterpreterState_ThreadHead(PyInterpreterState_Get()); t != NULL;
         t = PyThreadState_Next(t)) {
        count++;
    }
    return PyLong_FromLong(count);
}

static PyObject *set_hint_delay(PyObject *module, PyObject *seconds) {
    (void)module;
    double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    if (!(value >= 0.0 && value <= 1e6)) {
        PyErr_Format(PyExc_ValueError, "the hint's delay must be between 0 and 1e6 seconds, not %R", seconds);
        return NULL;
    }
    native_set_hint_delay((int64_t)(value * 1e9));
    Py_RETURN_NONE;
}

static PyObject *set_spin_limit(PyObject *module, PyObject *seconds) {
    (void)module;
    double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    if (!(value >= 0.0 && value <= 1.0)) {
        PyErr_Format(PyExc_ValueError, "the spin limit must be between 0 and 1 second, not %R", seconds);
        return NULL;
    }
    csp_spin_limit((int64_t)(value * 1e9));
    Py_RETURN_NONE;
}

/* print_traceback(traceback, file): CPython's own text of a traceback, without importing the module of that name. */
static PyObject *print_traceback(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "print_traceback takes a traceback and a file");
        return NULL;
    }
    if (PyTraceBack_Print(args[0], args[1]) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* The lowest level of the stdlib's logging that main shows: interpreters that begin read it, main writes it. */
static _Atomic long log_threshold = 30;

static PyObject *log_level(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyLong_FromLong(atomic_load_explicit(&log_threshold, memory_order_relaxed));
}

static PyObject *set_log_level(PyObject *module, PyObject *level) {
    (void)module;
    long value = PyLong_AsLong(level);
    if (value == -1 && PyErr_Occurred()) {
        return NULL;
    }
    atomic_store_explicit(&log_threshold, value, memory_order_relaxed);
    Py_RETURN_NONE;
}

PyMethodDef observe_methods[] = {
    {"log_level", log_level, METH_NOARGS,
     "log_level()\n--\n\nThe lowest level of the stdlib's logging that main shows, as set_log_level said."},
    {"set_log_level", set_log_level, METH_O,
     "set_log_level(level, /)\n--\n\nTell interpreters that begin from now on what level main shows."},
    {"print_traceback", (PyCFunction)(void (*)(void))print_traceback, METH_FASTCALL,
     "print_traceback(traceback, file, /)\n--\n\nWrite the traceback's text to file."},
    {"channel_statistics", channel_statistics, METH_O,
     "channel_statistics(channel_id, /)\n--\n\nA Statistics snapshot by number. LookupError when the channel is "
     "gone."},
    {"totals", totals, METH_NOARGS, "totals()\n--\n\nWhat is alive in this process, by kind: a dict of counts."},
    {"wait_graph", wait_graph, METH_NOARGS,
     "wait_graph()\n--\n\n[(kind, holder, name, thread, channel, asked, direction, deadline, count, since, wait, "
     "thing)];\n"
     "kind is waits, holds or asks.\n\ndeadline and since are instants of time.monotonic() or None (none; it does not "
     "sleep yet); wait tells one wait of a thread from its next; thing is channel, Lock, ..."},
    {"thread_count", thread_count, METH_NOARGS,
     "thread_count()\n--\n\nHow many threads the calling interpreter has, also those that are in C code and have no "
     "frame."},
    {"set_hint_delay", set_hint_delay, METH_O,
     "set_hint_delay(seconds, /)\n--\n\nAfter how long a main thread that waits is told if it waits for itself; for "
     "tests."},
    {"set_placement", set_placement, METH_O,
     "set_placement(on, /)\n--\n\nWhether interpreters that wait for each other more than they work may be moved to "
     "one CPU "
     "meanwhile,\nfor the whole process."},
    {"set_spin_limit", set_spin_limit, METH_O,
     "set_spin_limit(seconds, /)\n--\n\nHow long a wait may spin before it sleeps, for the whole process; 0 never "
     "spins."},
    {NULL, NULL, 0, NULL},
};
