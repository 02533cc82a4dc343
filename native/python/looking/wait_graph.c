/* SPDX-License-Identifier: MIT
 *
 * The wait graph: who waits for whom, as objects of Python. */
#include "looking/wait_graph.h"
#include "errors.h"

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

PyMethodDef wait_graph_methods[] = {
    {"wait_graph", wait_graph, METH_NOARGS,
     "wait_graph()\n--\n\n[(kind, holder, name, thread, channel, asked, direction, deadline, count, since, wait, "
     "thing)];\n"
     "kind is waits, holds or asks.\n\ndeadline and since are instants of time.monotonic() or None (none; it does not "
     "sleep yet); wait tells one wait of a thread from its next; thing is channel, Lock, ..."},
    {NULL, NULL, 0, NULL},
};
