/* SPDX-License-Identifier: MIT
 *
 * What the code of an interpreter does that others could see its thread's CPUs by: start a thread or a program, ask for its
 * CPUs, choose them. Placement must not be seen, so a thread that was moved is let go before. Python tells of most of it by
 * audit events, in the thread that is about to do it. It does not tell of three things:
 *
 *  - what the C code of others starts (the pools of BLAS): the thread of an interpreter that has loaded an extension module
 *    which is not CPython's own is not moved at all, nor that of one with a module that opens the door to such code;
 *  - multiprocessing, which starts programs behind subprocess's back: likewise;
 *  - os.sched_getaffinity and os.sched_setaffinity: in our interpreters others stand in for them, which leave first. */
#include <stdatomic.h>
#include <string.h>

#include "interpreters/audit.h"
#include "interpreters/interpreter_table.h"
#include "types.h"

/* Modules of CPython's that run code of others (_ctypes, _sqlite3, _tkinter), or start threads or programs unasked. */
static bool opens_a_door(const char *module) {
    static const char *const doors[] = {"_ctypes", "_sqlite3", "_tkinter", "_zstd", "multiprocessing.util"};
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        if (strcmp(module, doors[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* CPython's extension modules are in a folder of that name; of all others we know only our own. */
static bool is_foreign(const char *module, const char *file) {
    const char *end = strrchr(file, '/');
    static const char own[] = "/lib-dynload";
    const size_t length = sizeof own - 1;
    bool cpythons = end != NULL && (size_t)(end - file) >= length && strncmp(end - length, own, length) == 0;
    return !cpythons && strncmp(module, "csp.", 4) != 0;
}

/* The interpreter of the event, if the thread is in one. */
static void stay(void) {
    PyThreadState *current = PyThreadState_GetUnchecked();
    if (current != NULL) {
        native_table_stays(PyThreadState_GetInterpreter(current));
    }
}

static void hear_import(PyObject *arguments) {
    PyObject *name =
        PyTuple_Check(arguments) && PyTuple_GET_SIZE(arguments) > 1 ? PyTuple_GET_ITEM(arguments, 0) : NULL;
    PyObject *file = name != NULL ? PyTuple_GET_ITEM(arguments, 1) : NULL;
    const char *module = name != NULL && PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
    const char *path = file != NULL && PyUnicode_Check(file) ? PyUnicode_AsUTF8(file) : NULL;
    if (module == NULL || (file != NULL && PyUnicode_Check(file) && path == NULL)) {
        PyErr_Clear(); /* a name that is no text: then it is nobody's that we know */
        stay();
    } else if (opens_a_door(module) || (path != NULL && is_foreign(module, path))) {
        stay();
    }
}

static bool begins(const char *event, const char *with) { return strncmp(event, with, strlen(with)) == 0; }

static _Atomic bool hears;

/* A file that is opened may be one under /proc that tells of CPUs. */
static int hear(const char *event, PyObject *arguments, void *unused) {
    (void)unused;
    if (strcmp(event, "import") == 0) {
        hear_import(arguments);
    } else if (begins(event, "os.") || begins(event, "_thread.") || begins(event, "subprocess.") ||
               strcmp(event, "open") == 0) {
        csp_thread_leave();
    } else if (strcmp(event, "cpython.PyInterpreterState_New") == 0) {
        stay(); /* that one's modules are not those we know */
    } else if (strcmp(event, "csp.placement") == 0) {
        hears = true;
    }
    return 0;
}

bool native_listen(void) {
    static _Atomic bool asked;
    if (!atomic_exchange(&asked, true)) {
        /* Somebody else's hook may refuse ours, with or without an exception; then nobody is moved. */
        if (PySys_AddAuditHook(hear, NULL) < 0 || PySys_Audit("csp.placement", NULL) < 0) {
            PyErr_Clear();
        }
    }
    return hears;
}

/* ---- CPUs asked for and chosen -------------------------------------------------------------------------------- */

static PyObject *leave_and_call(PyObject *original, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords) {
    csp_thread_leave();
    return PyObject_Vectorcall(original, arguments, (size_t)count, keywords);
}

static PyMethodDef stand_ins[] = {
    {"sched_getaffinity", FASTCALL(leave_and_call), METH_FASTCALL | METH_KEYWORDS,
     "sched_getaffinity($module, pid, /)\n--\n\nReturn the affinity of the process identified by pid (or the current "
     "process if zero).\n\nThe affinity is returned as a set of CPU identifiers."},
    {"sched_setaffinity", FASTCALL(leave_and_call), METH_FASTCALL | METH_KEYWORDS,
     "sched_setaffinity($module, pid, mask, /)\n--\n\nSet the CPU affinity of the process identified by pid to mask."},
};

/* os has copies of what posix has. */
bool native_stand_in(void) {
    PyObject *posix = PyImport_ImportModule("posix"), *os = posix != NULL ? PyImport_ImportModule("os") : NULL;
    PyObject *module_name = os != NULL ? PyUnicode_FromString("posix") : NULL;
    bool done = module_name != NULL;
    for (size_t i = 0; done && i < sizeof stand_ins / sizeof *stand_ins; i++) {
        PyObject *original = PyObject_GetAttrString(posix, stand_ins[i].ml_name);
        if (original == NULL) {
            PyErr_Clear(); /* not on this platform, where nobody is moved */
            continue;
        }
        PyObject *other = PyCFunction_NewEx(&stand_ins[i], original, module_name);
        Py_DECREF(original);
        done = other != NULL && PyObject_SetAttrString(posix, stand_ins[i].ml_name, other) == 0 &&
               PyObject_SetAttrString(os, stand_ins[i].ml_name, other) == 0;
        Py_XDECREF(other);
    }
    Py_XDECREF(module_name);
    Py_XDECREF(os);
    Py_XDECREF(posix);
    return done;
}
