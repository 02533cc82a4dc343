/* SPDX-License-Identifier: MIT
 *
 * What only pickle knows is written and read by csp.messages.pickling, which is imported at first need. */
#include "codec/pickled.h"

bool native_load_pickling(native_state *state) {
    if (state->dumps == NULL) {
        PyObject *module = PyImport_ImportModule("csp.messages.pickling");
        if (module == NULL) {
            return false;
        }
        PyObject *dumps = PyObject_GetAttrString(module, "dumps");
        PyObject *loads = PyObject_GetAttrString(module, "loads");
        Py_DECREF(module);
        if (dumps == NULL || loads == NULL) {
            Py_XDECREF(dumps);
            Py_XDECREF(loads);
            return false;
        }
        if (state->dumps != NULL) { /* another thread came first while this one imported */
            Py_DECREF(dumps);
            Py_DECREF(loads);
            return true;
        }
        state->dumps = dumps;
        state->loads = loads;
    }
    return true;
}
