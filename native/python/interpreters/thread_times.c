/* SPDX-License-Identifier: MIT
 *
 * What the operating system tells of a thread of this process. */
#include <stdio.h>

#include "interpreters/thread_times.h"

static PyObject *thread_times(PyObject *module, PyObject *number) {
    (void)module;
    long thread = PyLong_AsLong(number);
    if (thread == -1 && PyErr_Occurred()) {
        return NULL;
    }
    char path[64];
    unsigned long long ran = 0, queued = 0;
    snprintf(path, sizeof path, "/proc/self/task/%ld/schedstat", thread);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%llu %llu", &ran, &queued) != 2) {
            ran = queued = 0;
        }
        fclose(file);
    }
    return Py_BuildValue("(dd)", (double)ran / 1e9, (double)queued / 1e9);
}

static PyObject *thread_is_runnable(PyObject *module, PyObject *number) {
    (void)module;
    long thread = PyLong_AsLong(number);
    if (thread == -1 && PyErr_Occurred()) {
        return NULL;
    }
    char path[64], text[128];
    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", thread);
    FILE *file = fopen(path, "re");
    size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    text[length] = '\0';
    const char *name_ends = strrchr(text, ')');
    return PyBool_FromLong(name_ends != NULL && strncmp(name_ends, ") R", 3) == 0);
}

PyMethodDef thread_methods[] = {
    {"thread_times", thread_times, METH_O,
     "thread_times(number, /)\n--\n\n(ran, queued): seconds that a thread of this process has had a CPU, and waited "
     "for one "
     "though it could run; zeros when it is gone, and where the system does not tell."},
    {"thread_is_runnable", thread_is_runnable, METH_O,
     "thread_is_runnable(number, /)\n--\n\nWhether a thread of this process has a CPU right now, or waits for one."},
    {NULL, NULL, 0, NULL},
};
