/* SPDX-License-Identifier: MIT */
#include "channels/forward.h"
#include "errors.h"
#include "holding/handles.h"

PyObject *native_forward(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    native_state *state = state_of_module(module);
    if (count != 3 || Py_TYPE(args[0]) != state->receiver_type || Py_TYPE(args[1]) != state->sender_type) {
        PyErr_SetString(PyExc_TypeError, "forward takes a Receiver, a Sender, and how many messages at most");
        return NULL;
    }
    unsigned long most = PyLong_AsUnsignedLong(args[2]);
    if (most == (unsigned long)-1 && PyErr_Occurred()) {
        return NULL;
    }
    csp_end *receiving = end_of(args[0]), *sending = end_of(args[1]);
    uint32_t moved;
    csp_status status = csp_forward(receiving, sending, most < UINT32_MAX ? (uint32_t)most : UINT32_MAX, &moved);
    if (status == CSP_INVALID) {
        PyErr_SetString(PyExc_ValueError, "forward takes the ends of two different channels");
        return NULL;
    }
    if (status != CSP_OK && status != CSP_WOULD_BLOCK && moved == 0) {
        bool ours = status == CSP_END_OF_CHANNEL || csp_end_is_closed(receiving);
        return native_raise(state, status, ours ? receiving : sending, NULL, false);
    }
    return PyLong_FromUnsignedLong(moved);
}
