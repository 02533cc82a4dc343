/* SPDX-License-Identifier: MIT
 *
 * sleep(): a wait for nothing but the time, which hears what every wait hears. */
#include "waiting/sleep.h"
#include "errors.h"
#include "waiting/deadlines.h"
#include "waiting/hooks.h"

/* sleep(seconds) or sleep(deadline=instant). */
static bool read_wake(native_state *state, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
                      int64_t *wake) {
    Py_ssize_t named = keywords != NULL ? PyTuple_GET_SIZE(keywords) : 0;
    if (count > 1 || named > 1 ||
        (named == 1 && PyUnicode_Compare(PyTuple_GET_ITEM(keywords, 0), state->str_deadline) != 0)) {
        PyErr_SetString(PyExc_TypeError, "sleep takes a number of seconds, or deadline=instant");
        return false;
    }
    PyObject *seconds = count == 1 ? args[0] : Py_None, *instant = named == 1 ? args[count] : Py_None;
    if (seconds == Py_None && instant == Py_None) {
        PyErr_SetString(PyExc_TypeError,
                        "sleep takes a number of seconds, or deadline=instant; math.inf sleeps until told to stop");
        return false;
    }
    return native_timeout_or_deadline(seconds, instant, wake);
}

PyObject *native_sleep(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords) {
    native_state *state = state_of_module(module);
    int64_t wake;
    if (!read_wake(state, args, count, keywords, &wake)) {
        return NULL;
    }
    wake = wake == CSP_FOREVER ? CSP_FOREVER - 1 : wake == CSP_POLL ? 1 : wake; /* a timer that could fire */
    if (wake <= csp_now()) {
        Py_BEGIN_ALLOW_THREADS /* who sleeps for no time lets others run all the same */
            Py_END_ALLOW_THREADS
    }
    native_wait wait;
    native_wait_begin(&wait, state);
    csp_guard timer = {.kind = CSP_GUARD_TIMER, .deadline = wake};
    uint32_t chosen;
    csp_status status = csp_select(&timer, 1, CSP_SELECT_FAIR, CSP_FOREVER, &wait.hooks, &chosen);
    if (status != CSP_OK) {
        return native_raise_no_choice(state, status);
    }
    if (native_wait_signalled(&wait)) {
        return NULL;
    }
    Py_RETURN_NONE;
}
