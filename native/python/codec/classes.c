/* SPDX-License-Identifier: MIT */
#include "codec/classes.h"

enum { CLASSES = 256 };

struct native_classes {
    native_class at[CLASSES];
};

PyObject *native_in_class(PyTypeObject *type, PyObject *name) {
    PyObject *mro = type->tp_mro, *found = NULL;
    for (Py_ssize_t i = 0; mro != NULL && i < PyTuple_GET_SIZE(mro) && found == NULL; i++) {
        PyObject *dict = PyType_GetDict((PyTypeObject *)PyTuple_GET_ITEM(mro, i));
        if (dict != NULL && PyDict_GetItemRef(dict, name, &found) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
        Py_XDECREF(dict);
    }
    return found;
}

static PyObject *in_class(PyTypeObject *type, const char *name) {
    PyObject *text = PyUnicode_InternFromString(name);
    PyObject *found = text != NULL ? native_in_class(type, text) : NULL;
    Py_XDECREF(text);
    return found;
}

static bool has(PyTypeObject *type, const char *name) {
    PyObject *found = in_class(type, name);
    Py_XDECREF(found);
    return found != NULL;
}

static bool as_object_has_it(PyTypeObject *type, const char *name) {
    PyObject *mine = in_class(type, name), *of_all = in_class(&PyBaseObject_Type, name);
    bool same = mine == of_all;
    Py_XDECREF(mine);
    Py_XDECREF(of_all);
    return same;
}

Py_ssize_t native_slot_offset(PyTypeObject *type, PyObject *descriptor) {
    if (descriptor == NULL || !Py_IS_TYPE(descriptor, &PyMemberDescr_Type) ||
        !PyType_IsSubtype(type, ((PyDescrObject *)descriptor)->d_type)) {
        return 0;
    }
    const PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    return member->type == Py_T_OBJECT_EX && member->flags == 0 ? member->offset : 0;
}

/* The slots that classes written in Python have given themselves. False: it is another kind of class, or no memory. */
static bool find_slots(PyTypeObject *type, native_class *c) {
    PyObject *names = PyList_New(0), *mro = type->tp_mro;
    bool ok = names != NULL;
    for (Py_ssize_t i = 0; ok && i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (base == &PyBaseObject_Type) {
            continue;
        }
        PyObject *dict = PyType_GetDict(base), *name, *value;
        Py_ssize_t position = 0;
        int slotted = dict != NULL ? PyDict_ContainsString(dict, "__slots__") : -1;
        ok = PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE) && slotted >= 0;
        while (ok && slotted && PyDict_Next(dict, &position, &name, &value)) {
            if (native_slot_offset(base, value) > 0 && ((PyDescrObject *)value)->d_type == base) {
                ok = PyList_Append(names, name) == 0;
            }
        }
        Py_XDECREF(dict);
    }
    Py_ssize_t count = ok ? PyList_GET_SIZE(names) : 0;
    ok = ok && type->tp_basicsize == PyBaseObject_Type.tp_basicsize + count * (Py_ssize_t)sizeof(PyObject *);
    if (ok && count > 0) {
        c->slots = PyList_AsTuple(names);
        c->offsets = PyMem_RawCalloc((size_t)count, sizeof *c->offsets);
        ok = c->slots != NULL && c->offsets != NULL;
        for (Py_ssize_t i = 0; ok && i < count; i++) {
            PyObject *descriptor = native_in_class(type, PyTuple_GET_ITEM(c->slots, i));
            c->offsets[i] = native_slot_offset(type, descriptor);
            ok = c->offsets[i] > 0; /* else a base's slot is hidden by another attribute */
            Py_XDECREF(descriptor);
        }
    }
    Py_XDECREF(names);
    return ok;
}

/* Whether it is a function of that module (of all that begin so, if that ends in _), and (unless NULL) of that name.
 * Consumes it. */
static bool is_of(PyObject *function, const char *module, const char *called) {
    PyObject *unbound = function;
    bool same = false;
    if (unbound != NULL && Py_IS_TYPE(unbound, &PyStaticMethod_Type)) {
        unbound = PyObject_GetAttrString(unbound, "__func__");
        Py_XSETREF(function, unbound);
    }
    if (unbound != NULL && PyFunction_Check(unbound)) {
        PyObject *name = PyDict_GetItemString(PyFunction_GetGlobals(unbound), "__name__"); /* borrowed */
        const char *text = name != NULL && PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
        size_t length = strlen(module);
        same = text != NULL && strncmp(text, module, length) == 0 && (text[length] == 0 || module[length - 1] == '_');
        PyObject *code = PyFunction_GetCode(unbound); /* borrowed */
        if (same && called != NULL) {
            PyObject *own = PyObject_GetAttrString(code, "co_name");
            same = own != NULL && PyUnicode_EqualToUTF8(own, called);
            Py_XDECREF(own);
        }
    }
    Py_XDECREF(function);
    return same;
}

/* Its class must not have an own way of making it, nor anything beside the items. */
static bool is_namedtuple(PyTypeObject *type) {
    return PyType_HasFeature(type, Py_TPFLAGS_TUPLE_SUBCLASS) && type->tp_dictoffset == 0 &&
           type->tp_basicsize == PyTuple_Type.tp_basicsize && type->tp_itemsize == PyTuple_Type.tp_itemsize &&
           type->tp_getattro == PyObject_GenericGetAttr && has(type, "_fields") &&
           as_object_has_it(type, "__reduce__") && as_object_has_it(type, "__reduce_ex__") &&
           as_object_has_it(type, "__getstate__") && !has(type, "__getnewargs_ex__") && !has(type, "__setstate__") &&
           is_of(in_class(type, "__getnewargs__"), "collections", NULL) &&
           is_of(in_class(type, "__new__"), "namedtuple_", "<lambda>");
}

static bool is_member(PyTypeObject *type) {
    return has(type, "_value2member_map_") && is_of(in_class(type, "__reduce_ex__"), "enum", "__reduce_ex__") &&
           type->tp_getattro == PyObject_GenericGetAttr &&
           is_of(in_class(Py_TYPE(type), "__call__"), "enum", "__call__");
}

/* Nobody has said anything about its state but dataclasses or attrs, for slots: theirs is the attributes again, in the order
 * of the fields. A hash that attrs keeps in the object is of this interpreter alone: that goes their way, which leaves it. */
static bool state_is_attributes(PyTypeObject *type) {
    if (as_object_has_it(type, "__getstate__")) {
        return !has(type, "__setstate__");
    }
    static const struct {
        const char *module, *get, *set;
    } makers[] = {
        {"dataclasses", "_dataclass_getstate", "_dataclass_setstate"},
        {"attr._make", "slots_getstate", "slots_setstate"},
    };
    for (int i = 0; i < 2; i++) {
        if (is_of(in_class(type, "__getstate__"), makers[i].module, makers[i].get) &&
            is_of(in_class(type, "__setstate__"), makers[i].module, makers[i].set)) {
            return !has(type, "_attrs_cached_hash");
        }
    }
    return false;
}

static native_way way_of(PyTypeObject *type, native_class *c) {
    if (has(type, "__csp_stays__") && as_object_has_it(type, "__reduce__") &&
        as_object_has_it(type, "__reduce_ex__")) {
        return STAYS;
    }
    if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && is_namedtuple(type)) {
        return BY_ITEMS;
    }
    if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && is_member(type)) {
        return BY_MEMBER;
    }
    bool plain = PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) && type->tp_itemsize == 0 &&
                 type->tp_getattro == PyObject_GenericGetAttr && as_object_has_it(type, "__reduce__") &&
                 as_object_has_it(type, "__reduce_ex__") && state_is_attributes(type) &&
                 !has(type, "__getnewargs__") && !has(type, "__getnewargs_ex__") && find_slots(type, c);
    return plain ? BY_ATTRIBUTES : BY_REDUCE;
}

static void clear(native_class *c) {
    Py_CLEAR(c->names);
    Py_CLEAR(c->slots);
    PyMem_RawFree(c->offsets);
    *c = (native_class){0};
}

native_class *native_class_of(native_state *state, PyTypeObject *type) {
    if (state->classes == NULL) {
        state->classes = PyMem_RawCalloc(1, sizeof *state->classes);
        if (state->classes == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
    }
    native_class *c = &state->classes->at[((uintptr_t)type >> 5) * UINT64_C(0x9E3779B97F4A7C15) >> 56];
    if (c->type == type && c->version != 0 && c->version == type->tp_version_tag) {
        return c;
    }
    clear(c);
    (void)PyUnstable_Type_AssignVersionTag(type);
    c->type = type;
    c->version = type->tp_version_tag;
    c->way = way_of(type, c);
    return PyErr_Occurred() ? NULL : c;
}

PyObject *native_copyreg_of(native_state *state, PyTypeObject *type) {
    (void)state;
    PyObject *name = PyUnicode_InternFromString("copyreg");
    PyObject *module = name != NULL ? PyDict_GetItemWithError(PyImport_GetModuleDict(), name) : NULL;
    Py_XDECREF(name);
    PyObject *table;
    if (module == NULL || PyObject_GetOptionalAttrString(module, "dispatch_table", &table) <= 0) {
        return NULL;
    }
    /* Borrowed from the module, whose it stays. */
    PyObject *reduce = PyDict_Check(table) ? PyDict_GetItemWithError(table, (PyObject *)type) : NULL;
    Py_DECREF(table);
    return reduce;
}

void native_classes_free(native_state *state) {
    for (int i = 0; state->classes != NULL && i < CLASSES; i++) {
        clear(&state->classes->at[i]);
    }
    PyMem_RawFree(state->classes);
    state->classes = NULL;
}
