/* SPDX-License-Identifier: MIT */
#include "holding/packed.h"

PyObject *native_wrap_packed(native_state *state, csp_packed *packed) {
    packed_object *self = PyObject_GC_New(packed_object, state->packed_type);
    if (self == NULL) {
        csp_packed_free(packed);
        return NULL;
    }
    self->packed = packed;
    PyObject_GC_Track((PyObject *)self);
    return (PyObject *)self;
}

void native_packed_close(PyObject *self) {
    csp_packed *packed = packed_of(self);
    ((packed_object *)self)->packed = NULL;
    if (packed != NULL) {
        csp_packed_free(packed);
    }
}

void native_packed_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    native_packed_close(self);
    type->tp_free(self);
    Py_DECREF(type);
}
