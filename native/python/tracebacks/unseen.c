/* SPDX-License-Identifier: MIT
 *
 * Functions and iterators of csp's Python that do not stand in tracebacks: what they raise looks raised by the line that called
 * them. */
#include "tracebacks/unseen.h"
#include "types.h"

/* ---- what is raised ------------------------------------------------------------------------------------------- */

/* Leave out csp's frames of the exception that is set, as csp.messages.frames says. It stays as it is if that fails; but who is
 * interrupted meanwhile hears that. */
static void trim(void) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *module = PyImport_ImportModule("csp.messages.frames");
    PyObject *done = module != NULL ? PyObject_CallMethod(module, "trim", "O", error) : NULL;
    Py_XDECREF(module);
    if (done == NULL && !PyErr_ExceptionMatches(PyExc_Exception)) {
        PyObject *interrupt = PyErr_GetRaisedException();
        PyException_SetContext(interrupt, error);
        PyErr_SetRaisedException(interrupt);
        return;
    }
    Py_XDECREF(done);
    PyErr_SetRaisedException(error); /* it takes the place of what trimming raised */
}

/* ---- functions ------------------------------------------------------------------------------------------------ */

typedef struct {
    PyObject_HEAD vectorcallfunc vectorcall;
    PyObject *function;
} unseen_object;

static PyObject *unseen_vectorcall(PyObject *self, PyObject *const *args, size_t count, PyObject *keywords) {
    PyObject *result = PyObject_Vectorcall(((unseen_object *)self)->function, args, count, keywords);
    if (result == NULL) {
        trim();
    }
    return result;
}

static PyObject *unseen(PyObject *module, PyObject *function) {
    PyTypeObject *type = state_of_module(module)->unseen_type;
    unseen_object *self = (unseen_object *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->vectorcall = unseen_vectorcall;
        self->function = Py_NewRef(function);
    }
    return (PyObject *)self;
}

static int unseen_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((unseen_object *)self)->function);
    return 0;
}

static int unseen_clear(PyObject *self) {
    Py_CLEAR(((unseen_object *)self)->function);
    return 0;
}

static void unseen_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    unseen_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *unseen_bind(PyObject *self, PyObject *instance, PyObject *owner) {
    (void)owner;
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

/* Its name, its text, its annotations: those of the function. */
static PyObject *unseen_getattro(PyObject *self, PyObject *name) {
    PyObject *value = PyObject_GenericGetAttr(self, name);
    if (value == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        value = PyObject_GetAttr(((unseen_object *)self)->function, name);
    }
    return value;
}

static PyObject *unseen_doc(PyObject *self, void *unused) {
    (void)unused;
    return PyObject_GetAttrString(((unseen_object *)self)->function, "__doc__");
}

static PyObject *unseen_module(PyObject *self, void *unused) {
    (void)unused;
    return PyObject_GetAttrString(((unseen_object *)self)->function, "__module__");
}

static PyObject *unseen_repr(PyObject *self) { return PyObject_Repr(((unseen_object *)self)->function); }

static PyMemberDef unseen_members[] = {
    {"__wrapped__", Py_T_OBJECT_EX, offsetof(unseen_object, function), Py_READONLY, NULL},
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(unseen_object, vectorcall), Py_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef unseen_properties[] = {
    {"__doc__", unseen_doc, NULL, NULL, NULL},
    {"__module__", unseen_module, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot unseen_slots[] = {
    {Py_tp_traverse, unseen_traverse}, {Py_tp_clear, unseen_clear},
    {Py_tp_dealloc, unseen_dealloc},   {Py_tp_call, PyVectorcall_Call},
    {Py_tp_descr_get, unseen_bind},    {Py_tp_getattro, unseen_getattro},
    {Py_tp_repr, unseen_repr},         {Py_tp_members, unseen_members},
    {Py_tp_getset, unseen_properties}, {0, NULL},
};

PyType_Spec unseen_spec = {
    .name = "csp._native.Unseen",
    .basicsize = sizeof(unseen_object),
    .flags = FINAL_TYPE_MADE_HERE | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .slots = unseen_slots,
};

/* ---- iterators ------------------------------------------------------------------------------------------------ */

typedef struct {
    PyObject_HEAD PyObject *iterator;
} iterator_object;

static PyObject *unseen_iterator(PyObject *module, PyObject *iterator) {
    if (!PyIter_Check(iterator)) {
        return PyErr_Format(PyExc_TypeError, "unseen_iterator takes an iterator, not %T", iterator);
    }
    PyTypeObject *type = state_of_module(module)->unseen_iterator_type;
    iterator_object *self = (iterator_object *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->iterator = Py_NewRef(iterator);
    }
    return (PyObject *)self;
}

static int iterator_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((iterator_object *)self)->iterator);
    return 0;
}

static int iterator_clear(PyObject *self) {
    Py_CLEAR(((iterator_object *)self)->iterator);
    return 0;
}

static void iterator_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    iterator_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *iterator_next(PyObject *self) {
    PyObject *iterator = ((iterator_object *)self)->iterator;
    PyObject *value = Py_TYPE(iterator)->tp_iternext(iterator);
    if (value == NULL && PyErr_Occurred() != NULL && !PyErr_ExceptionMatches(PyExc_StopIteration)) {
        trim();
    }
    return value;
}

static PyObject *iterator_getattro(PyObject *self, PyObject *name) {
    PyObject *value = PyObject_GenericGetAttr(self, name);
    if (value == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        value = PyObject_GetAttr(((iterator_object *)self)->iterator, name);
    }
    return value;
}

static PyType_Slot iterator_slots[] = {
    {Py_tp_traverse, iterator_traverse},
    {Py_tp_clear, iterator_clear},
    {Py_tp_dealloc, iterator_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, iterator_next},
    {Py_tp_getattro, iterator_getattro},
    {0, NULL},
};

PyType_Spec unseen_iterator_spec = {
    .name = "csp._native.UnseenIterator",
    .basicsize = sizeof(iterator_object),
    .flags = FINAL_TYPE_MADE_HERE,
    .slots = iterator_slots,
};

PyMethodDef unseen_methods[] = {
    {"unseen", unseen, METH_O,
     "unseen(function, /)\n--\n\nThat function, whose own frame and those of csp below are left out of what it "
     "raises."},
    {"unseen_iterator", unseen_iterator, METH_O, "unseen_iterator(iterator, /)\n--\n\nThe same for an iterator."},
    {NULL, NULL, 0, NULL},
};
