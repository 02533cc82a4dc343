/* SPDX-License-Identifier: MIT
 *
 * Where the threads of another interpreter are in their Python code. Only who has its GIL can tell: so a thread of its own
 * goes in and asks, and whoever wants to know waits for it only so long. C code may keep a GIL for ever; then its thread is
 * asked itself, by a signal, and tells its innermost frame. */
#include <math.h>
#include <time.h>

#include "codec/decode.h"
#include "codec/encode.h"
#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/look.h"
#include "interpreters/visits.h"
#include "waiting/reach.h"

enum { MOST_FRAMES = 40 };

/* Shared by the two; the last one frees it. */
typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    interpreter *whom;
    csp_message seen;
    bool done, gone;
    int references;
} look;

static void release(look *self) {
    pthread_mutex_lock(&self->mutex);
    bool last = --self->references == 0;
    pthread_mutex_unlock(&self->mutex);
    if (last) {
        if (self->done) {
            csp_message_drop(&self->seen);
        }
        native_interpreter_release(self->whom);
        pthread_mutex_destroy(&self->mutex);
        pthread_cond_destroy(&self->changed);
        free(self);
    }
}

/* ---- the one that goes in ------------------------------------------------------------------------------------- */

/* [(file, line, function)], the innermost first. */
static PyObject *frames_of(PyThreadState *thread) {
    PyObject *list = PyList_New(0);
    PyFrameObject *frame = list != NULL ? PyThreadState_GetFrame(thread) : NULL;
    for (int depth = 0; frame != NULL && depth < MOST_FRAMES; depth++) {
        PyCodeObject *code = PyFrame_GetCode(frame);
        PyObject *item = Py_BuildValue("(OiO)", code->co_filename, PyFrame_GetLineNumber(frame), code->co_qualname);
        if (item == NULL || PyList_Append(list, item) < 0) {
            PyErr_Clear();
        }
        Py_XDECREF(item);
        Py_DECREF(code);
        PyFrameObject *outer = PyFrame_GetBack(frame);
        Py_DECREF(frame);
        frame = outer;
    }
    Py_XDECREF(frame);
    return list;
}

/* The threads in the order of their making, which is the reverse of their list. */
static PyObject *threads_of(PyInterpreterState *state, PyThreadState *mine) {
    PyObject *list = PyList_New(0);
    for (PyThreadState *t = PyInterpreterState_ThreadHead(state); list != NULL && t != NULL;
         t = PyThreadState_Next(t)) {
        PyObject *frames = t != mine ? frames_of(t) : NULL;
        if (frames != NULL && PyList_GET_SIZE(frames) > 0 && PyList_Insert(list, 0, frames) < 0) {
            PyErr_Clear();
        }
        Py_XDECREF(frames);
    }
    return list;
}

static void *look_thread(void *argument) {
    look *self = argument;
    csp_message seen;
    bool done = false, entered = native_visit_begin(self->whom);
    if (entered) {
        PyThreadState *mine = PyThreadState_New(self->whom->state);
        if (mine != NULL) {
            PyEval_RestoreThread(mine);
            PyObject *name = PyUnicode_FromString("csp._native");
            PyObject *native = name != NULL ? PyImport_GetModule(name) : NULL;
            PyObject *threads = native != NULL ? threads_of(self->whom->state, mine) : NULL;
            done = threads != NULL && native_encode(state_of_module(native), threads, NULL, &seen);
            PyErr_Clear();
            Py_XDECREF(threads);
            Py_XDECREF(native);
            Py_XDECREF(name);
            PyThreadState_Clear(mine);
            PyThreadState_DeleteCurrent();
        }
        native_visit_end(self->whom);
    }
    pthread_mutex_lock(&self->mutex);
    if (done) {
        self->seen = seen;
    }
    self->done = done;
    self->gone = !entered;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
    release(self);
    return NULL;
}

/* ---- by a signal ---------------------------------------------------------------------------------------------- */

static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;
static struct {
    char file[512], function[128];
    int line; /* 0: nothing was told */
} told;       /* guarded by it, also while the handler writes */

/* As UTF-8, cut to what there is room for. Allocates nothing. */
static void copy_unicode(PyObject *text, char *place, size_t room) {
    size_t used = 0;
    for (Py_ssize_t i = 0; PyUnicode_Check(text) && i < PyUnicode_GET_LENGTH(text) && used + 4 < room; i++) {
        Py_UCS4 c = PyUnicode_READ_CHAR(text, i);
        if (c < 0x80) {
            place[used++] = (char)c;
            continue;
        }
        int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        static const unsigned char first[] = {0, 0xC0, 0xE0, 0xF0};
        place[used++] = (char)(first[more] | (c >> (6 * more)));
        while (more-- > 0) {
            place[used++] = (char)(0x80 | ((c >> (6 * more)) & 0x3F));
        }
    }
    place[used] = '\0';
}

/* In the signal handler of a thread that has its GIL and, as nobody else gets it, is inside of C code: its frames stand still.
 * Reads, and takes and gives back one reference, which leaves what is interrupted in the middle of counting as it was. */
static void tell(void *context) {
    (void)context;
    PyThreadState *mine = PyThreadState_GetUnchecked();
    struct _PyInterpreterFrame *frame = mine != NULL ? mine->current_frame : NULL;
    PyObject *code = frame != NULL ? PyUnstable_InterpreterFrame_GetCode(frame) : NULL;
    if (code != NULL && PyCode_Check(code)) {
        copy_unicode(((PyCodeObject *)code)->co_filename, told.file, sizeof told.file);
        copy_unicode(((PyCodeObject *)code)->co_qualname, told.function, sizeof told.function);
        told.line = PyUnstable_InterpreterFrame_GetLine(frame);
    }
    Py_XDECREF(code);
}

/* The same as look_into_interpreter gives, of its own thread; or None. */
static PyObject *ask_by_signal(interpreter *whom) {
    PyObject *threads = NULL;
    PyThreadState *saved = PyEval_SaveThread();
    pthread_mutex_lock(&telling);
    told.line = 0;
    bool entered = native_visit_begin(whom);
    if (entered) {
        native_reach((long)whom->thread, tell);
        native_visit_end(whom);
    }
    PyEval_RestoreThread(saved);
    if (told.line > 0) {
        PyObject *file = PyUnicode_DecodeUTF8(told.file, (Py_ssize_t)strlen(told.file), "replace");
        PyObject *function = PyUnicode_DecodeUTF8(told.function, (Py_ssize_t)strlen(told.function), "replace");
        threads = file != NULL && function != NULL ? Py_BuildValue("[[(OiO)]]", file, told.line, function) : NULL;
        Py_XDECREF(file);
        Py_XDECREF(function);
        PyErr_Clear();
    }
    pthread_mutex_unlock(&telling);
    return threads != NULL ? threads : Py_NewRef(Py_None);
}

/* ---- the one that asks ---------------------------------------------------------------------------------------- */

static void wait_for(look *self, double seconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t end = (int64_t)until.tv_nsec + (int64_t)(seconds * 1e9);
    until.tv_sec += (time_t)(end / 1000000000);
    until.tv_nsec = (long)(end % 1000000000);
    pthread_mutex_lock(&self->mutex);
    while (!self->done && !self->gone && pthread_cond_timedwait(&self->changed, &self->mutex, &until) == 0) {
    }
    pthread_mutex_unlock(&self->mutex);
}

PyObject *native_look(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    double seconds = count == 2 ? PyFloat_AsDouble(args[1]) : 0.0;
    unsigned long long id = count == 2 ? PyLong_AsUnsignedLongLong(args[0]) : 0;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "look_into_interpreter takes an id and seconds");
    }
    if (PyErr_Occurred()) {
        return NULL;
    }
    look *self = calloc(1, sizeof *self);
    interpreter *whom = self != NULL ? native_table_find(id) : NULL;
    if (whom == NULL) {
        free(self);
        Py_RETURN_NONE;
    }
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->changed, &clock);
    pthread_condattr_destroy(&clock);
    self->whom = whom;
    self->references = 2;
    PyThreadState *saved = PyEval_SaveThread();
    if (csp_thread_start(look_thread, self, "csp look", CSP_THREAD_OURS)) {
        wait_for(self, fmin(fmax(seconds, 0.0), 1e6));
    } else {
        release(self);
    }
    PyEval_RestoreThread(saved);
    pthread_mutex_lock(&self->mutex);
    csp_message seen = self->seen;
    bool done = self->done;
    self->done = false; /* it is ours now */
    pthread_mutex_unlock(&self->mutex);
    PyObject *threads = done ? native_decode(state_of_module(module), &seen) : ask_by_signal(whom);
    release(self); /* and with it `whom` */
    return threads;
}
