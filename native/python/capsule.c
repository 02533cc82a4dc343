/* SPDX-License-Identifier: MIT
 *
 * What other native code gets from the extension: the table of functions in csp._native._C_API, and how an end of a channel
 * crosses from a Python object to C and back. */
#include "capsule.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "csp/capsule.h"
#include "errors.h"
#include "holding/current.h"
#include "holding/handles.h"

/* ---- crossing ------------------------------------------------------------------------------------------------- */

/* A clone first and the close after it, so that the channel has an end of this direction all the while. */
static csp_end *move_out(native_state *state, PyObject *object, csp_holder *holder) {
    if (!Py_IS_TYPE(object, state->sender_type) && !Py_IS_TYPE(object, state->receiver_type)) {
        PyErr_Format(PyExc_TypeError, "a csp.Sender or csp.Receiver is wanted, not %T", object);
        return NULL;
    }
    csp_end *end = end_of(object);
    csp_end *moved = csp_end_clone(end, holder);
    if (moved == NULL) {
        native_raise(state, csp_end_is_closed(end) ? CSP_CLOSED_END : CSP_NO_MEMORY, end, NULL, false);
        return NULL;
    }
    csp_end_close(end);
    return moved;
}

static PyObject *move_in(native_state *state, csp_end *end) {
    csp_end *moved = csp_end_clone(end, native_holder(state));
    if (moved == NULL) {
        return native_raise(state, csp_end_is_closed(end) ? CSP_CLOSED_END : CSP_NO_MEMORY, end, NULL, false);
    }
    PyObject *object = native_wrap_end(state, moved);
    if (object != NULL) {
        csp_end_free(end);
    }
    return object;
}

/* The functions of the table have no module at hand: it is the one of the interpreter that calls. */
static PyObject *this_module(void) { return PyImport_ImportModule("csp._native"); }

static csp_end *end_of_object(PyObject *object, csp_holder *holder) {
    PyObject *module = this_module();
    csp_end *end = module != NULL ? move_out(state_of_module(module), object, holder) : NULL;
    Py_XDECREF(module);
    return end;
}

static PyObject *object_of_end(csp_end *end) {
    PyObject *module = this_module();
    PyObject *object = module != NULL ? move_in(state_of_module(module), end) : NULL;
    Py_XDECREF(module);
    return object;
}

/* ---- the table ------------------------------------------------------------------------------------------------ */

static const csp_functions functions = {.size = sizeof(csp_functions),
                                        .abi = CSP_CAPSULE_ABI,
                                        .version_major = CSP_VERSION_MAJOR,
                                        .version_minor = CSP_VERSION_MINOR,
                                        .end_of_object = end_of_object,
                                        .object_of_end = object_of_end,
#define FILL(function) .function = csp_##function,
                                        CSP_FUNCTIONS(FILL)
#undef FILL
};

bool native_add_capsule(PyObject *module) {
    PyObject *capsule = PyCapsule_New((void *)(uintptr_t)&functions, CSP_CAPSULE_NAME, NULL);
    bool ok = capsule != NULL && PyModule_AddObjectRef(module, "_C_API", capsule) == 0;
    Py_XDECREF(capsule);
    return ok;
}

/* ---- the same crossings for csp.ffi, and those of messages; it knows all of them by their addresses ----------- */

static PyObject *end_release(PyObject *module, PyObject *args) {
    PyObject *object, *address;
    if (!PyArg_ParseTuple(args, "OO!:end_release", &object, &PyLong_Type, &address)) {
        return NULL;
    }
    csp_holder *holder = PyLong_AsVoidPtr(address);
    if (holder == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "an end needs a holder: csp_holder_new makes one");
        }
        return NULL;
    }
    csp_end *end = move_out(state_of_module(module), object, holder);
    return end != NULL ? PyLong_FromVoidPtr(end) : NULL;
}

static PyObject *end_adopt(PyObject *module, PyObject *address) {
    csp_end *end = PyLong_AsVoidPtr(address);
    if (end == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "an end is wanted, not NULL");
        }
        return NULL;
    }
    return move_in(state_of_module(module), end);
}

static csp_message *message_at(PyObject *address) {
    csp_message *message = PyLong_AsVoidPtr(address);
    if (message == NULL && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_ValueError, "a message is wanted, not NULL");
    }
    return message;
}

static PyObject *message_encode(PyObject *module, PyObject *args) {
    PyObject *object, *address;
    if (!PyArg_ParseTuple(args, "OO!:message_encode", &object, &PyLong_Type, &address)) {
        return NULL;
    }
    csp_message *message = message_at(address);
    if (message == NULL || !native_encode(state_of_module(module), object, NULL, message)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *message_decode(PyObject *module, PyObject *address) {
    csp_message *message = message_at(address);
    if (message == NULL) {
        return NULL;
    }
    if (message->kind == 0) {
        PyErr_SetString(PyExc_ValueError, "this message is empty: it was sent, decoded or dropped before");
        return NULL;
    }
    PyObject *object = native_decode(state_of_module(module), message);
    csp_message_drop(message); /* decoding leaves what stands in the message itself as it was */
    return object;
}

PyMethodDef capsule_methods[] = {
    {"end_release", end_release, METH_VARARGS,
     "end_release(end, holder, /)\n--\n\nMove the end out of its object to the holder at that address; the address of "
     "the csp_end.\nThe object is closed. For csp.ffi."},
    {"end_adopt", end_adopt, METH_O,
     "end_adopt(address, /)\n--\n\nMove the csp_end at that address into a new Sender or Receiver of this "
     "interpreter. "
     "For csp.ffi."},
    {"message_encode", message_encode, METH_VARARGS,
     "message_encode(value, address, /)\n--\n\nWrite a message that carries the value at that address, over what is "
     "there. For csp.ffi."},
    {"message_decode", message_decode, METH_O,
     "message_decode(address, /)\n--\n\nThe value that the csp_message at that address carries; the message is empty "
     "afterwards. For csp.ffi."},
    {NULL, NULL, 0, NULL},
};
