/* SPDX-License-Identifier: MIT
 *
 * The way is read off the frames that are open. Its text is made by csp.messages.refusing, which is imported for that. */
#include "codec/refusal.h"

static PyObject *name_of_field(const native_put_frame *f) {
    PyObject *name = NULL, *value;
    Py_ssize_t position = 0;
    if (f->phase != 0 && f->pending != NULL) {
        Py_ssize_t slot = f->index - f->count - 1 + PyTuple_GET_SIZE(f->pending) / 2;
        name = slot >= 0 && slot < PyTuple_GET_SIZE(f->pending) ? PyTuple_GET_ITEM(f->pending, slot) : NULL;
    }
    for (Py_ssize_t i = 0; f->phase == 0 && i < f->index && PyDict_Next(f->source, &position, &name, &value); i++) {
    }
    return name;
}

/* (what kind of step, which, the object it leads out of) */
static PyObject *step_of(const native_put_frame *f) {
    PyObject *which = NULL;
    const char *kind = "";
    switch (f->kind) {
        case FRAME_LIST:
        case FRAME_TUPLE:
        case FRAME_NAMEDTUPLE:
            return Py_BuildValue("(snO)", "index", f->index - 1, f->object);
        case FRAME_DICT:
            kind = f->phase == 1 ? "key" : "item";
            which = f->pending;
            break;
        case FRAME_SET:
            kind = "member";
            which = f->pending;
            break;
        case FRAME_FIELDS:
            kind = "field";
            which = name_of_field(f);
            break;
        default:
            return Py_BuildValue("(s(inO)O)", "reduced", (int)f->phase, f->index,
                                 f->pending != NULL ? f->pending : Py_None, f->object);
    }
    return Py_BuildValue("(sOO)", kind, which != NULL ? which : Py_None, f->object);
}

void native_refuse(native_writer *w, const char *name) {
    if (w->own_error || PyErr_ExceptionMatches(PyExc_MemoryError) || !PyErr_ExceptionMatches(PyExc_Exception)) {
        return;
    }
    PyObject *error = PyErr_GetRaisedException();
    PyObject *steps = PyList_New(0);
    for (uint32_t i = 0; steps != NULL && i < w->depth; i++) {
        if (i == 20 && w->depth > 40) {
            i = w->depth - 10; /* the text would be of no use to anybody */
        }
        PyObject *step = step_of(&w->frames[i]);
        if (step == NULL || PyList_Append(steps, step) < 0) {
            Py_CLEAR(steps);
        }
        Py_XDECREF(step);
    }
    PyObject *module = steps != NULL ? PyImport_ImportModule("csp.messages.refusing") : NULL;
    PyObject *refusal = NULL;
    if (module != NULL) {
        refusal = PyObject_CallMethod(module, "refusal", "sOOO", name, steps,
                                      w->culprit != NULL ? w->culprit : Py_None, error);
    }
    Py_XDECREF(module);
    Py_XDECREF(steps);
    if (refusal != NULL && PyExceptionInstance_Check(refusal)) {
        PyErr_SetRaisedException(refusal);
        Py_DECREF(error);
    } else {
        Py_XDECREF(refusal);
        PyErr_Clear();
        PyErr_SetRaisedException(error);
    }
}
