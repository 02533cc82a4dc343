/* SPDX-License-Identifier: MIT */
#include "codec/beside.h"
#include "codec/refusal.h"
#include "codec/table.h"
#include "types.h"

static PyObject *dumps(PyObject *module, PyObject *args, PyObject *keywords) {
    static char *names[] = {"value", "name", "reduce", NULL};
    PyObject *value, *override = Py_None, *done = NULL;
    const char *name = "message";
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|sO:dumps", names, &value, &name, &override)) {
        return NULL;
    }
    native_writer w;
    native_writer_begin(&w, state_of_module(module), native_put_any);
    PyObject *handles = PyList_New(0);
    if (handles == NULL) {
        return NULL;
    }
    w.handles = handles;
    w.override = override != Py_None ? override : NULL;
    if (native_put_all(&w, value, false)) {
        done = Py_BuildValue("(y#O)", (const char *)w.begin, (Py_ssize_t)(w.next - w.begin), handles);
    } else {
        native_refuse(&w, name);
    }
    native_writer_end(&w);
    Py_DECREF(handles);
    return done;
}

static PyObject *loads(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    if (count != 2 || !PyBytes_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "loads takes bytes, and the ends that belong to them");
        return NULL;
    }
    PyObject *handles = PySequence_Tuple(args[1]);
    if (handles == NULL) {
        return NULL;
    }
    native_reader r;
    native_reader_begin(&r, state_of_module(module), (const unsigned char *)PyBytes_AS_STRING(args[0]),
                        (size_t)PyBytes_GET_SIZE(args[0]), false);
    r.handles = handles;
    PyObject *object = native_get_all(&r, NULL);
    native_reader_end(&r);
    Py_DECREF(handles);
    return object;
}

PyMethodDef stream_methods[] = {
    {"dumps", FASTCALL(dumps), KEYWORDS,
     "dumps($module, /, value, name='message', reduce=None)\n--\n\nWrite value as a message is written: (bytes, the "
     "ends "
     "that they refer to by number).\n\nRaises NotShareable, which names the way to what cannot travel, beginning "
     "with name. reduce is asked first how an object is to be made, as a pickler's reducer_override."},
    {"loads", FASTCALL(loads), METH_FASTCALL,
     "loads(data, ends, /)\n--\n\nRead what dumps gave, in any interpreter and as often as wanted. The ends are "
     "handed "
     "out as they are. Raises MalformedMessage for other bytes."},
    {NULL, NULL, 0, NULL},
};
