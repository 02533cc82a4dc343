/* SPDX-License-Identifier: MIT
 *
 * Waiting without a GIL: what the core calls while a thread waits. */
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holding/current.h"
#include "waiting/hooks.h"
#include "waiting/reach.h"

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
    wait->hooks = (csp_hooks){.detach = detach,
                              .attach = attach,
                              .context = wait,
                              .spin_detached = shares_gil,
                              .holder = native_holder(state)};
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
