/* SPDX-License-Identifier: MIT
 *
 * Time limits that stand still while somebody debugs. A limit is a deadline and the time for which the process had been
 * paused when it began: what it was paused for since then does not count. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "types.h"
#include "waiting/limits.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int prompts;          /* open now */
static int64_t since, spent; /* when the first of them opened; all the time before that */
static _Atomic bool ever;    /* has one been opened: no call looks further before */

static int64_t paused(void) {
    if (!atomic_load_explicit(&ever, memory_order_relaxed)) {
        return 0;
    }
    pthread_mutex_lock(&lock);
    int64_t total = spent + (prompts > 0 ? csp_now() - since : 0);
    pthread_mutex_unlock(&lock);
    return total;
}

static bool are_off(void) {
    static _Atomic int known; /* 1 on, 2 off */
    int state = atomic_load_explicit(&known, memory_order_relaxed);
    if (state == 0) {
        const char *text = getenv("CSP_NO_LIMITS");
        state = text != NULL && text[0] != '\0' && !(text[0] == '0' && text[1] == '\0') ? 2 : 1;
        atomic_store_explicit(&known, state, memory_order_relaxed);
    }
    return state == 2;
}

void native_limit_begin(native_limit *limit, int64_t deadline) {
    limit->deadline = deadline != CSP_POLL && are_off() ? CSP_FOREVER : deadline;
    limit->paused = paused();
}

bool native_limit_goes_on(native_limit *limit, csp_status status) {
    if (status != CSP_TIMEOUT || limit->deadline == CSP_FOREVER || limit->deadline == CSP_POLL) {
        return false;
    }
    int64_t now = paused(), more = now - limit->paused;
    limit->paused = now;
    limit->deadline += more;
    return more > 0;
}

static void pause_or_go_on(bool opens) {
    pthread_mutex_lock(&lock);
    if (opens) {
        since = prompts++ == 0 ? csp_now() : since;
        atomic_store(&ever, true);
    } else if (prompts > 0 && --prompts == 0) {
        spent += csp_now() - since;
    }
    pthread_mutex_unlock(&lock);
}

/* pause_limits(on): a debugger's prompt opens, or closes. */
static PyObject *pause_limits(PyObject *module, PyObject *on) {
    (void)module;
    int opens = PyObject_IsTrue(on);
    if (opens < 0) {
        return NULL;
    }
    pause_or_go_on(opens != 0);
    Py_RETURN_NONE;
}

/* breakpointhook(*args, **kwargs): as sys.__breakpointhook__. In C, because pdb takes who called for what is debugged. */
static PyObject *breakpointhook(PyObject *module, PyObject *args, PyObject *kwargs) {
    (void)module;
    PyObject *hook = PySys_GetObject("__breakpointhook__");
    if (hook == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "lost sys.__breakpointhook__");
        return NULL;
    }
    Py_INCREF(hook);
    pause_or_go_on(true); /* importing a debugger takes a while */
    PyObject *result = PyObject_Call(hook, args, kwargs);
    pause_or_go_on(false);
    Py_DECREF(hook);
    return result;
}

/* limits_paused() -> float */
static PyObject *limits_paused(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyFloat_FromDouble((double)paused() / 1e9);
}

/* limits_off() -> bool */
static PyObject *limits_off(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyBool_FromLong(are_off());
}

PyMethodDef limit_methods[] = {
    {"pause_limits", pause_limits, METH_O,
     "pause_limits($module, on, /)\n--\n\nTime limits of calls, casts and stops stand still until it is told off."},
    {"breakpointhook", FASTCALL(breakpointhook), METH_VARARGS | METH_KEYWORDS,
     "breakpointhook($module, /, *args, **kwargs)\n--\n\nAs sys.__breakpointhook__, while time limits stand still."},
    {"limits_paused", limits_paused, METH_NOARGS,
     "limits_paused($module, /)\n--\n\nSeconds for which they have stood still, all together."},
    {"limits_off", limits_off, METH_NOARGS,
     "limits_off($module, /)\n--\n\nWhether there are none: CSP_NO_LIMITS=1 in the environment."},
    {NULL, NULL, 0, NULL},
};
