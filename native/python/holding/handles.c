/* SPDX-License-Identifier: MIT
 *
 * What an interpreter holds, as objects of Python: how an end and the right to answer a call are wrapped, and freed. */
#include "holding/handles.h"

PyObject *native_wrap_end(native_state *state, csp_end *end) {
    csp_sync_kind kind = csp_end_sync(end);
    PyTypeObject *type = kind != CSP_SYNC_NONE                   ? state->sync_types[kind]
                         : csp_end_direction(end) == CSP_SENDING ? state->sender_type
                                                                 : state->receiver_type;
    end_object *self = PyObject_GC_New(end_object, type);
    if (self == NULL) {
        csp_end_free(end);
        return NULL;
    }
    self->end = end;
    PyObject_GC_Track((PyObject *)self);
    return (PyObject *)self;
}

void native_end_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    csp_end_free(((end_object *)self)->end);
    type->tp_free(self);
    Py_DECREF(type);
}

PyObject *native_wrap_reply(native_state *state, csp_reply *reply) {
    reply_object *self = PyObject_GC_New(reply_object, state->reply_type);
    if (self == NULL) {
        csp_reply_break(reply, false);
        return NULL;
    }
    self->reply = reply;
    self->handling = NULL;
    PyObject_GC_Track((PyObject *)self);
    return (PyObject *)self;
}

void native_reply_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (((reply_object *)self)->reply != NULL) {
        csp_reply_break(((reply_object *)self)->reply, true);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

bool native_reply_is_open(const reply_object *reply) {
    if (reply->reply == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this call was answered already");
    }
    return reply->reply != NULL;
}

bool native_is_given_up(csp_reply *reply) {
    return !csp_reply_wanted(reply) &&
           (csp_reply_envelope(reply)->flags & (CSP_CALL_CAST | CSP_CALL_DROPPABLE)) == CSP_CALL_DROPPABLE;
}
