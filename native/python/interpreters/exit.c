/* SPDX-License-Identifier: MIT
 *
 * What is told when an interpreter has ended, or will not: its exit message, once. */
#include "interpreters/exit.h"
#include "codec/encode.h"
#include "csp/message_kinds.h"
#include "interpreters/course.h"
#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/kill.h"

/* Without an interpreter there are no words: the tag as a real number says that it was told to stop before it began, and as an
 * integer that it could not be made. */
void native_exit_bare(interpreter *self, bool wanted) {
    if (wanted) {
        native_encode_integer(self->tag, &self->exit);
    } else {
        self->exit = csp_message_real((double)self->tag);
    }
}

/* The pending exception as "Type: text". */
static PyObject *describe_exception(void) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *text = error != NULL ? PyUnicode_FromFormat("%T: %S", error, error) : NULL;
    PyErr_Clear();
    Py_XDECREF(error);
    return text != NULL ? text : PyUnicode_FromString("unknown error");
}

/* (tag, ending, detail); `ending` is "ended" with what the entry returned, "killed" or "failed" with a text. What cannot
 * travel becomes a text that says so; should even that fail, the bare tag goes out. */
void native_exit_make(interpreter *self, PyObject *result) {
    native_encode_integer(self->tag, &self->exit);
    PyObject *detail = result != NULL ? Py_NewRef(result) : describe_exception();
    PyObject *native = PyImport_ImportModule("csp._native");
    bool returned = result != NULL, done = native == NULL;
    for (int attempt = 0; !done && attempt < 2; attempt++) {
        const char *ending = returned ? "ended" : self->killed ? "killed" : "failed";
        PyObject *triple = Py_BuildValue("(LsO)", (long long)self->tag, ending, detail != NULL ? detail : Py_None);
        csp_message whole;
        done = triple != NULL && native_encode(state_of_module(native), triple, NULL, &whole);
        Py_XDECREF(triple);
        if (done) {
            self->exit = whole;
        } else {
            returned = false;
            Py_XSETREF(detail, describe_exception());
        }
    }
    PyErr_Clear();
    Py_XDECREF(detail);
    Py_XDECREF(native);
}

/* Its exit is told, once, and nothing that it held stays open. */
void native_exit_tell(interpreter *self, bool left) {
    csp_holder_fence(self->holder);
    native_table_remove(self, left); /* first: who got the exit message may count on it */
    if (csp_send(self->exits, &self->exit, CSP_POLL, NULL) != CSP_OK) {
        csp_message_drop(&self->exit);
    }
    csp_end_free(self->exits);
    if (self->control != NULL) {
        csp_end_free(self->control);
    }
}

void native_interpreter_leave(interpreter *self) {
    if (native_course_change(self, COURSE_ENDING, COURSE_LEFT)) {
        native_kill_started(self->id);
        native_exit_tell(self, true);
    }
}
