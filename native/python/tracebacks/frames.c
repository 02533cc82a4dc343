/* SPDX-License-Identifier: MIT
 *
 * Tracebacks: an entry for code that ran in another interpreter, and the text of one. */
#include "tracebacks/frames.h"
#include "types.h"

#include <frameobject.h> /* which needs Python.h before it */

static PyObject *frame_of(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2 || !PyCode_Check(args[0]) || !PyDict_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "frame_of takes a code object and a dict of globals");
        return NULL;
    }
    return (PyObject *)PyFrame_New(PyThreadState_Get(), (PyCodeObject *)args[0], args[1], NULL);
}

/* print_traceback(traceback, file): CPython's own text of a traceback, without importing the module of that name. */
static PyObject *print_traceback(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "print_traceback takes a traceback and a file");
        return NULL;
    }
    if (PyTraceBack_Print(args[0], args[1]) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyMethodDef frame_methods[] = {
    {"frame_of", FASTCALL(frame_of), METH_FASTCALL,
     "frame_of(code, names, /)\n--\n\nA frame of that code which does not run: what an entry of a traceback shows."},
    {"print_traceback", FASTCALL(print_traceback), METH_FASTCALL,
     "print_traceback(traceback, file, /)\n--\n\nWrite the traceback's text to file."},
    {NULL, NULL, 0, NULL},
};
