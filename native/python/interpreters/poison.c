/* SPDX-License-Identifier: MIT
 *
 * Making the Python code of an interpreter raise, for good. */
#include "interpreters/poison.h"

/* A trace function that raises: unlike an asynchronous exception, no `except:` can swallow it for good. */
static int poison(PyObject *object, PyFrameObject *frame, int what, PyObject *argument) {
    (void)object;
    (void)frame;
    (void)what;
    (void)argument;
    PyErr_SetString(PyExc_SystemExit, "killed");
    return -1;
}

bool native_is_poisoned(const PyThreadState *thread) { return thread->c_tracefunc == poison; }

/* Where poison() hits a destructor or a callback of a weak reference, nobody can catch what it raised, and sys.unraisablehook
 * gets it. That is no news; `before`, the hook so far, gets anything else. Written in C, so not itself traced. */
static PyObject *unraisable_hook(PyObject *before, PyObject *unraisable) {
    PyObject *type = PyObject_GetAttrString(unraisable, "exc_type");
    if (type == NULL) {
        return NULL;
    }
    Py_DECREF(type);
    return type == PyExc_SystemExit ? Py_NewRef(Py_None) : PyObject_CallOneArg(before, unraisable);
}

static PyMethodDef unraisable_hook_method = {"unraisablehook", unraisable_hook, METH_O, NULL};

void native_poison_other_threads(void) {
    PyObject *before = PySys_GetObject("unraisablehook");
    if (before != NULL && !(PyCFunction_Check(before) && PyCFunction_GetFunction(before) == unraisable_hook)) {
        PyObject *hook = PyCFunction_New(&unraisable_hook_method, before);
        if (hook == NULL || PySys_SetObject("unraisablehook", hook) < 0) {
            PyErr_Clear(); /* then it is loud */
        }
        Py_XDECREF(hook);
    }
    PyEval_SetTraceAllThreads(poison, NULL);
    PyEval_SetTrace(NULL, NULL);
}

void native_poison_this_thread(void) { PyEval_SetTrace(poison, NULL); }
