/* SPDX-License-Identifier: MIT
 *
 * An extension module that is not linked to the core: it reaches it through csp's capsule, in every interpreter. */
#include <csp/capsule.h>
#include <pthread.h>

/* In any interpreter the same pointer: the table is one for the process. */
static const csp_functions *csp;

static PyObject *status_text(csp_status status) { return PyUnicode_FromString(csp->status_name(status)); }

typedef struct {
    csp_end *end;
    int64_t count;
    csp_status status;
} task;

static void *run(void *argument) {
    task *self = argument;
    for (int64_t i = 0; i < self->count && self->status == CSP_OK; i++) {
        csp_message message = csp->message_integer(i);
        self->status = csp->send(self->end, &message, CSP_FOREVER, NULL);
    }
    csp->end_free(self->end);
    return NULL;
}

/* send(sender, count): a thread without a GIL sends 0 to count-1; gives the last status. */
static PyObject *user_send(PyObject *module, PyObject *args) {
    PyObject *object;
    long long count;
    (void)module;
    if (!PyArg_ParseTuple(args, "OL", &object, &count)) {
        return NULL;
    }
    csp_holder *holder = csp->holder_new("capsule user");
    task self = {csp->end_of_object(object, holder), count, CSP_OK};
    csp->holder_release(holder);
    if (self.end == NULL) {
        return NULL;
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &self) != 0) {
        csp->end_free(self.end);
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS;
    pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS;
    return status_text(self.status);
}

/* channel(): the two ends of a channel that was made in C, with one message in it. */
static PyObject *user_channel(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    csp_holder *holder = csp->holder_new("capsule user");
    csp_end *sending, *receiving;
    csp_status status = csp->channel_new(2, CSP_OVERFLOW_BLOCK, holder, &sending, &receiving);
    csp->holder_release(holder);
    if (status != CSP_OK) {
        return PyErr_NoMemory();
    }
    csp_message message = csp->message_text("made in C, and longer than 16 bytes", 35);
    status = csp->send(sending, &message, CSP_POLL, NULL);
    PyObject *tx = csp->object_of_end(sending);
    PyObject *rx = csp->object_of_end(receiving);
    PyObject *result = tx != NULL && rx != NULL ? Py_BuildValue("OOs", tx, rx, csp->status_name(status)) : NULL;
    Py_XDECREF(tx);
    Py_XDECREF(rx);
    return result;
}

static PyMethodDef methods[] = {
    {"send", user_send, METH_VARARGS, NULL},
    {"channel", user_channel, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int exec_module(PyObject *module) {
    (void)module;
    csp = csp_import();
    return csp == NULL ? -1 : 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)exec_module},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "capsule_user", .m_methods = methods,
                                        .m_slots = slots};

PyMODINIT_FUNC PyInit_capsule_user(void);
PyMODINIT_FUNC PyInit_capsule_user(void) { return PyModuleDef_Init(&definition); }
