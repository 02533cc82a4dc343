/* SPDX-License-Identifier: MIT
 *
 * Lock, RLock, Semaphore, Event, Barrier, Counter, and the queue of a Condition: handles like a channel's ends, with the
 * methods of their namesakes in threading. */
#include "native.h"

static csp_end *end_of(PyObject *self) { return ((end_object *)self)->end; }

static csp_sync_state read_state(PyObject *self) {
    csp_sync_state state;
    csp_sync_read(end_of(self), &state);
    return state;
}

static PyObject *make(PyTypeObject *type, csp_sync_kind kind, int64_t value, int64_t limit) {
    native_state *state = state_of_type(type);
    csp_end *handle;
    csp_status status = csp_sync_new(kind, value, limit, state->holder, &handle);
    return status == CSP_OK ? native_wrap_end(state, handle) : native_raise(state, status, NULL, NULL, false);
}

static PyObject *done(PyObject *self, csp_status status) {
    if (status == CSP_OK) {
        Py_RETURN_NONE;
    }
    return native_raise(state_of(self), status, end_of(self), NULL, false);
}

static bool read_int64(PyObject *object, const char *what, int64_t *value) {
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

/* ---- acquiring ------------------------------------------------------------------------------------------------ */

/* As csp_recv, with what a signal handler needs. True: acquired. False with or without an exception (no time left). */
static bool acquire(PyObject *self, int64_t deadline) {
    native_state *state = state_of(self);
    csp_message token;
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_recv(end_of(self), &token, deadline, &wait.hooks);
    if (status == CSP_OK) {
        if (native_wait_signalled(&wait)) {
            csp_sync_release(end_of(self), 1); /* an event has nothing to give back, and says so to nobody */
            return false;
        }
        return true;
    }
    if (status != CSP_WOULD_BLOCK && status != CSP_TIMEOUT) {
        native_raise(state, status, end_of(self), NULL, false);
    }
    return false;
}

/* threading's arguments: blocking=True, timeout=None or -1. */
static bool acquire_arguments(PyObject *args, PyObject *keywords, int64_t *deadline) {
    static char *names[] = {"blocking", "timeout", NULL};
    int blocking = 1;
    PyObject *timeout = Py_None;
    *deadline = CSP_FOREVER;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|pO:acquire", names, &blocking, &timeout)) {
        return false;
    }
    bool endless = timeout == Py_None || (PyLong_Check(timeout) && PyLong_AsLong(timeout) == -1);
    if (PyErr_Occurred()) {
        return false;
    }
    if (!blocking) {
        if (!endless) {
            PyErr_SetString(PyExc_ValueError, "acquire that does not block takes no timeout");
            return false;
        }
        *deadline = CSP_POLL;
        return true;
    }
    return endless || native_deadline(timeout, deadline);
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
        return done(self, status);
    }
    csp_sync_state state = read_state(self);
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
    (void)args;
    (void)count;
    return release(self, 1);
}

static PyObject *sync_locked(PyObject *self, PyObject *unused) {
    (void)unused;
    csp_sync_state state = read_state(self);
    return PyBool_FromLong((state.kind == CSP_SYNC_LOCK) == (state.value == 0));
}

/* ---- Lock, RLock, Semaphore ----------------------------------------------------------------------------------- */

static bool no_arguments(const char *name, PyObject *args, PyObject *keywords) {
    if (PyTuple_GET_SIZE(args) > 0 || (keywords != NULL && PyDict_GET_SIZE(keywords) > 0)) {
        PyErr_Format(PyExc_TypeError, "%s takes no arguments", name);
        return false;
    }
    return true;
}

static PyObject *lock_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return no_arguments("Lock", args, keywords) ? make(type, CSP_SYNC_LOCK, 1, 1) : NULL;
}

static PyObject *rlock_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return no_arguments("RLock", args, keywords) ? make(type, CSP_SYNC_RLOCK, 0, 1) : NULL;
}

static PyObject *semaphore_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"value", "limit", NULL};
    PyObject *value_object = NULL, *limit_object = Py_None;
    int64_t value = 1, limit = INT64_MAX;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|OO:Semaphore", names, &value_object, &limit_object) ||
        (value_object != NULL && !read_int64(value_object, "value", &value)) ||
        (limit_object != Py_None && !read_int64(limit_object, "limit", &limit))) {
        return NULL;
    }
    if (value < 0 || limit < 1 || value > limit) {
        PyErr_Format(PyExc_ValueError, "a Semaphore starts with 0 to limit units, not with %lld of %lld",
                     (long long)value, (long long)limit);
        return NULL;
    }
    return make(type, CSP_SYNC_SEMAPHORE, value, limit);
}

static PyObject *semaphore_release(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"n", NULL};
    PyObject *object = NULL;
    int64_t count = 1;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O:release", names, &object) ||
        (object != NULL && !read_int64(object, "n", &count))) {
        return NULL;
    }
    if (count < 1) {
        PyErr_Format(PyExc_ValueError, "release takes at least 1 unit, not %lld", (long long)count);
        return NULL;
    }
    return release(self, count);
}

static PyObject *get_value(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(read_state(self).value);
}

/* ---- Event ---------------------------------------------------------------------------------------------------- */

static PyObject *event_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return no_arguments("Event", args, keywords) ? make(type, CSP_SYNC_EVENT, 0, 1) : NULL;
}

static PyObject *event_set(PyObject *self, PyObject *unused) {
    (void)unused;
    return done(self, csp_event_put(end_of(self), true));
}

static PyObject *event_clear(PyObject *self, PyObject *unused) {
    (void)unused;
    return done(self, csp_event_put(end_of(self), false));
}

static PyObject *event_is_set(PyObject *self, PyObject *unused) {
    (void)unused;
    return PyBool_FromLong(read_state(self).value != 0);
}

static PyObject *event_wait(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    int64_t deadline;
    if (!native_timeout_argument(state_of(self), "wait", args, count, 0, keywords, &deadline)) {
        return NULL;
    }
    bool set = acquire(self, deadline);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(set);
}

/* ---- Barrier -------------------------------------------------------------------------------------------------- */

static PyObject *barrier_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"parties", NULL};
    PyObject *object;
    int64_t parties;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:Barrier", names, &object) ||
        !read_int64(object, "parties", &parties)) {
        return NULL;
    }
    if (parties < 1) {
        PyErr_Format(PyExc_ValueError, "a Barrier has at least 1 party, not %lld", (long long)parties);
        return NULL;
    }
    return make(type, CSP_SYNC_BARRIER, 0, parties);
}

static PyObject *raise_broken_barrier(PyObject *self, csp_status status) {
    PyObject *error = state_of(self)->broken_barrier;
    if (status == CSP_ABANDONED) {
        PyErr_Format(error, "%s ended, and the barrier of %lld parties can never be complete",
                     read_state(self).abandoner, (long long)read_state(self).limit);
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
    /* A wait of no time at all still comes and goes, and so breaks the barrier unless it was the last to come. */
    csp_status status = csp_barrier_wait(end_of(self), deadline == CSP_POLL ? 1 : deadline, &wait.hooks, &index);
    if (status == CSP_OK) {
        return wait.signalled ? NULL : PyLong_FromLongLong(index);
    }
    if (status == CSP_BROKEN || status == CSP_TIMEOUT || status == CSP_ABANDONED) {
        return raise_broken_barrier(self, status);
    }
    return native_raise(state, status, end_of(self), NULL, false);
}

static PyObject *barrier_abort(PyObject *self, PyObject *unused) {
    (void)unused;
    return done(self, csp_barrier_put(end_of(self), true));
}

static PyObject *barrier_reset(PyObject *self, PyObject *unused) {
    (void)unused;
    return done(self, csp_barrier_put(end_of(self), false));
}

static PyObject *get_parties(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(read_state(self).limit);
}

static PyObject *get_broken(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(read_state(self).broken);
}

/* ---- the queue of a Condition --------------------------------------------------------------------------------- */

static PyObject *condition_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    return no_arguments("ConditionQueue", args, keywords) ? make(type, CSP_SYNC_CONDITION, 0, 1) : NULL;
}

static PyObject *condition_wait(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of(self);
    int64_t deadline;
    if (count != 2 || !native_is_end(args[0])) {
        PyErr_SetString(PyExc_TypeError, "wait takes a Lock or an RLock and a timeout");
        return NULL;
    }
    if (!native_deadline(args[1], &deadline)) {
        return NULL;
    }
    csp_end *lock = end_of(args[0]);
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_status status = csp_condition_wait(end_of(self), lock, deadline == CSP_POLL ? 1 : deadline, &wait.hooks);
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
    if (!read_int64(object, "n", &count)) {
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
        (object != NULL && !read_int64(object, "value", &value))) {
        return NULL;
    }
    return make(type, CSP_SYNC_COUNTER, value, 1);
}

static PyObject *counter_add(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    int64_t amount = 1;
    if (count > 1) {
        PyErr_SetString(PyExc_TypeError, "add takes one argument, the amount");
        return NULL;
    }
    if (count == 1 && !read_int64(args[0], "the amount", &amount)) {
        return NULL;
    }
    return PyLong_FromLongLong(csp_counter_add(end_of(self), amount));
}

static PyObject *counter_exchange(PyObject *self, PyObject *object) {
    int64_t value;
    return read_int64(object, "the value", &value) ? PyLong_FromLongLong(csp_counter_exchange(end_of(self), value))
                                                   : NULL;
}

static PyObject *counter_compare_exchange(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    int64_t expected, value;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "compare_exchange takes what is expected and the new value");
        return NULL;
    }
    if (!read_int64(args[0], "what is expected", &expected) || !read_int64(args[1], "the value", &value)) {
        return NULL;
    }
    return PyBool_FromLong(csp_counter_compare_exchange(end_of(self), &expected, value));
}

/* ---- types ---------------------------------------------------------------------------------------------------- */

static PyObject *sync_repr(PyObject *self) {
    csp_sync_state s = read_state(self);
    unsigned long long id = csp_end_channel(end_of(self));
    const char *closed = csp_end_is_closed(end_of(self)) ? ", closed" : "";
    switch (s.kind) {
        case CSP_SYNC_LOCK:
            return PyUnicode_FromFormat("<csp.Lock %llu, %s%s>", id, s.value != 0 ? "free" : "taken", closed);
        case CSP_SYNC_RLOCK:
            return PyUnicode_FromFormat("<csp.RLock %llu, taken %lld times%s>", id, (long long)s.value, closed);
        case CSP_SYNC_SEMAPHORE:
            return PyUnicode_FromFormat("<csp.Semaphore %llu, %lld free%s>", id, (long long)s.value, closed);
        case CSP_SYNC_EVENT:
            return PyUnicode_FromFormat("<csp.Event %llu, %s%s>", id, s.value != 0 ? "set" : "not set", closed);
        case CSP_SYNC_BARRIER:
            return PyUnicode_FromFormat("<csp.Barrier %llu, %u of %lld wait%s%s>", id, s.waiting, (long long)s.limit,
                                        s.broken ? ", broken" : "", closed);
        case CSP_SYNC_COUNTER:
            return PyUnicode_FromFormat("<csp.Counter %llu, %lld%s>", id, (long long)s.value, closed);
        default:
            return PyUnicode_FromFormat("<csp.ConditionQueue %llu, %u wait%s>", id, s.waiting, closed);
    }
}

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))
#define KEYWORDS (METH_VARARGS | METH_KEYWORDS)

#define HANDLE_METHODS                                                                                             \
    {"close", native_end_close, METH_NOARGS,                                                                       \
     "close($self, /)\n--\n\nClose this handle; idempotent, never blocks. What was acquired through it is free."}, \
        {"clone", native_end_clone, METH_NOARGS,                                                                   \
         "clone($self, /)\n--\n\nAnother handle on the same object, with a life of its own. Raises ClosedEnd."},   \
        {"statistics", native_end_statistics, METH_NOARGS,                                                         \
         "statistics($self, /)\n--\n\nA Statistics snapshot: waiting_receivers wait now, received were granted."}, \
    {                                                                                                              \
        "__reduce__", native_end_reduce, METH_NOARGS, NULL                                                         \
    }

#define ACQUIRE(what)                                                                                                 \
    {"acquire", FASTCALL(sync_acquire), KEYWORDS,                                                                     \
     "acquire($self, /, blocking=True, timeout=None)\n--\n\n" what                                                    \
     "; blocks until that is possible, first come first served.\n\nFalse when the timeout (seconds; None or -1: for " \
     "ever) passed. Raises Abandoned, ClosedEnd, Stopped."},                                                          \
        {"__enter__", sync_enter, METH_NOARGS, NULL}, {                                                               \
        "__exit__", FASTCALL(sync_exit), METH_FASTCALL, NULL                                                          \
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
     "wait($self, /, timeout=None)\n--\n\nBlock until the event is set. False when the timeout (seconds) passed."},
    {"set", event_set, METH_NOARGS, "set($self, /)\n--\n\nLet all through who wait, and all who come, until cleared."},
    {"clear", event_clear, METH_NOARGS, "clear($self, /)\n--\n\nLet nobody through until it is set again."},
    {"is_set", event_is_set, METH_NOARGS, "is_set($self, /)\n--\n\nWhether it is set now."},
    HANDLE_METHODS,
    {NULL, NULL, 0, NULL},
};
static PyMethodDef barrier_methods[] = {
    {"wait", FASTCALL(barrier_wait), METH_FASTCALL | METH_KEYWORDS,
     "wait($self, /, timeout=None)\n--\n\nBlock until all parties wait; gives how many came before this one.\n\n"
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
     "wait($self, lock, timeout, /)\n--\n\nGive the lock up, wait, take it again. False when the timeout passed."},
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

static PyObject *get_closed(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(csp_end_is_closed(end_of(self)));
}

#define CLOSED {"closed", get_closed, NULL, "Whether this handle was closed.", NULL}

static PyGetSetDef semaphore_getset[] = {
    CLOSED,
    {"value", get_value, NULL, "Free units now.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyGetSetDef counter_getset[] = {
    CLOSED,
    {"value", get_value, NULL, "The number now.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyGetSetDef barrier_getset[] = {
    CLOSED,
    {"parties", get_parties, NULL, "How many must come.", NULL},
    {"n_waiting", get_value, NULL, "How many wait now.", NULL},
    {"broken", get_broken, NULL, "Whether it is broken.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyGetSetDef handle_getset[] = {
    CLOSED,
    {NULL, NULL, NULL, NULL, NULL},
};

#define SYNC_TYPE(variable, name, constructor, methods, getset, doc)                                          \
    static PyType_Slot variable##_slots[] = {                                                                 \
        {Py_tp_doc, doc},                                                                                     \
        {Py_tp_new, (void *)constructor},                                                                     \
        {Py_tp_dealloc, (void *)native_end_dealloc},                                                          \
        {Py_tp_traverse, (void *)native_end_traverse},                                                        \
        {Py_tp_methods, methods},                                                                             \
        {Py_tp_getset, getset},                                                                               \
        {Py_tp_repr, (void *)sync_repr},                                                                      \
        {Py_tp_richcompare, (void *)native_end_compare},                                                      \
        {Py_tp_hash, (void *)native_end_hash},                                                                \
        {0, NULL},                                                                                            \
    };                                                                                                        \
    static PyType_Spec variable##_spec = {name, sizeof(end_object), 0,                                        \
                                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_HAVE_GC, \
                                          variable##_slots}

SYNC_TYPE(
    lock, "csp.Lock", lock_new, lock_methods, handle_getset,
    "Lock()\n--\n\nA lock for threads of any interpreter; travels inside messages.\n\nFirst come first served. If "
    "its holder ends without releasing it, the next taker gets Abandoned,\nand the lock is free. Can be a guard of "
    "select.");
SYNC_TYPE(rlock, "csp.RLock", rlock_new, rlock_methods, handle_getset,
          "RLock()\n--\n\nA lock that its own thread may take again; see Lock.");
SYNC_TYPE(
    semaphore, "csp.Semaphore", semaphore_new, semaphore_methods, semaphore_getset,
    "Semaphore(value=1, limit=None)\n--\n\nSo many units for threads of any interpreter (Dijkstra 1965); travels "
    "inside messages.\n\nlimit is how many there can ever be, None for any number. Units that an interpreter holds "
    "when it\nends are free again, and the next taker gets Abandoned. Can be a guard of select.");
SYNC_TYPE(event, "csp.Event", event_new, event_methods, handle_getset,
          "Event()\n--\n\nA flag that threads of any interpreter wait for. Can be a guard of select.");
SYNC_TYPE(
    barrier, "csp.Barrier", barrier_new, barrier_methods, barrier_getset,
    "Barrier(parties)\n--\n\nWhere threads of any interpreter wait until all have come, again and again.\n\nAn "
    "interpreter that is cut off while it holds the barrier breaks it, and so does closing a handle\nafter which "
    "everybody left waits already.");
SYNC_TYPE(condition, "csp._native.ConditionQueue", condition_new, condition_methods, handle_getset,
          "ConditionQueue()\n--\n\nWho waits on a csp.Condition.");
SYNC_TYPE(counter, "csp.Counter", counter_new, counter_methods, counter_getset,
          "Counter(value=0)\n--\n\nAn integer of 64 bits that threads of any interpreter change in atomic steps.");

bool native_add_sync_types(PyObject *module) {
    static struct {
        csp_sync_kind kind;
        const char *name;
        PyType_Spec *spec;
    } types[] = {
        {CSP_SYNC_LOCK, "Lock", &lock_spec},
        {CSP_SYNC_RLOCK, "RLock", &rlock_spec},
        {CSP_SYNC_SEMAPHORE, "Semaphore", &semaphore_spec},
        {CSP_SYNC_EVENT, "Event", &event_spec},
        {CSP_SYNC_CONDITION, "ConditionQueue", &condition_spec},
        {CSP_SYNC_BARRIER, "Barrier", &barrier_spec},
        {CSP_SYNC_COUNTER, "Counter", &counter_spec},
    };
    native_state *state = state_of_module(module);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        PyObject *type = PyType_FromModuleAndSpec(module, types[i].spec, NULL);
        if (type == NULL || PyModule_AddObjectRef(module, types[i].name, type) < 0) {
            Py_XDECREF(type);
            return false;
        }
        state->sync_types[types[i].kind] = (PyTypeObject *)type;
    }
    return true;
}
