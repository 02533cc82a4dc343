/* SPDX-License-Identifier: MIT */
#include "codec/names.h"
#include "codec/text.h"

static bool is_script(PyObject *module) {
    return PyUnicode_EqualToUTF8(module, "__main__") || PyUnicode_EqualToUTF8(module, "__mp_main__");
}

/* `found` (consumed) and then by attributes, each to the next dot. */
static PyObject *follow(PyObject *found, PyObject *name) {
    Py_ssize_t length = PyUnicode_GET_LENGTH(name), begin = 0;
    while (found != NULL && begin <= length) {
        Py_ssize_t dot = PyUnicode_FindChar(name, '.', begin, length, 1);
        Py_ssize_t end = dot < 0 ? length : dot;
        PyObject *part = begin == 0 && end == length ? Py_NewRef(name) : PyUnicode_Substring(name, begin, end);
        PyObject *next = part != NULL ? PyObject_GetAttr(found, part) : NULL;
        Py_XDECREF(part);
        Py_SETREF(found, next);
        begin = end + 1;
    }
    return found;
}

/* Loaded to its end, also when another thread is at it. */
static PyObject *import_module(PyObject *name) {
    PyObject *top = PyImport_ImportModuleLevelObject(name, NULL, NULL, NULL, 0);
    if (top == NULL) {
        return NULL;
    }
    if (PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), 1) < 0) {
        return top;
    }
    Py_DECREF(top);
    PyObject *module = PyImport_GetModule(name);
    if (module == NULL && !PyErr_Occurred()) {
        PyErr_Format(PyExc_ImportError, "%U is not there after its import", name);
    }
    return module;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* Where something is that does not say it: in whichever module has it under that name. */
static PyObject *search_modules(PyObject *object, PyObject *name) {
    PyObject *modules = PyDict_Copy(PyImport_GetModuleDict()), *key, *module, *found = NULL;
    Py_ssize_t position = 0;
    while (modules != NULL && found == NULL && PyDict_Next(modules, &position, &key, &module)) {
        if (PyUnicode_CheckExact(key) && PyModule_CheckExact(module) && !is_script(key)) {
            PyObject *there = PyDict_GetItemWithError(PyModule_GetDict(module), name);
            found = there == object ? Py_NewRef(key) : NULL;
        }
    }
    Py_XDECREF(modules);
    return found != NULL || PyErr_Occurred() ? found : PyUnicode_FromString("__main__");
}

static PyObject *module_of(PyObject *object, PyObject *name) {
    PyObject *module;
    if (PyObject_GetOptionalAttrString(object, "__module__", &module) < 0) {
        return NULL;
    }
    if (module == NULL || module == Py_None) {
        Py_XDECREF(module);
        return search_modules(object, name);
    }
    return module;
}

static PyObject *name_of(PyObject *object) {
    PyObject *name;
    if (PyObject_GetOptionalAttrString(object, "__qualname__", &name) == 0 && name == NULL) {
        name = PyObject_GetAttrString(object, "__name__");
    }
    return name;
}

/* Whether the receiver will find this very object; if not, an exception says why. */
static bool is_found(PyObject *object, PyObject *module, PyObject *name) {
    if (!PyUnicode_CheckExact(module) || !PyUnicode_CheckExact(name)) {
        PyErr_SetString(PyExc_TypeError, "it has no name by which another interpreter could import it");
        return false;
    }
    PyObject *found = PyImport_GetModule(module);
    if (found == NULL && !PyErr_Occurred()) {
        found = import_module(module);
    }
    found = found != NULL ? follow(found, name) : NULL;
    if (found == object) {
        Py_DECREF(found);
        return true;
    }
    if (found == NULL && PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_Exception)) {
        return false;
    }
    PyErr_Clear();
    PyObject *shown =
        is_script(module) ? PyUnicode_FromString("__main__") : Py_NewRef(module); /* as its author knows it */
    if (shown == NULL) {
        Py_XDECREF(found);
        return false;
    }
    PyErr_Format(PyExc_TypeError,
                 found == NULL ? "it is not found as %U.%U: define it at the top level of a module"
                               : "it is not the same object as %U.%U",
                 shown, name);
    Py_XDECREF(found);
    Py_DECREF(shown);
    return false;
}

native_put native_put_global(native_writer *w, PyObject *object, PyObject *name) {
    uint32_t number;
    if (native_remembered(w, object, &number)) {
        return native_put_again(w, number);
    }
    w->runs_code = true;
    PyObject *called = name != NULL ? Py_NewRef(name) : name_of(object);
    PyObject *module = called != NULL ? module_of(object, called) : NULL;
    native_put result = module != NULL && is_found(object, module, called) &&
                                native_put_tag(w, ITEM_GLOBAL | REMEMBERED) == PUT_DONE &&
                                native_put_key(w, module) == PUT_DONE && native_put_key(w, called) == PUT_DONE &&
                                native_remember(w, object, &number)
                            ? PUT_DONE
                            : PUT_FAILED;
    Py_XDECREF(called);
    Py_XDECREF(module);
    return result;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* The script as a module, which another interpreter has to run for that. */
static PyObject *script(const native_reader *r) {
    if (r->state->is_main) {
        return PyImport_AddModuleRef("__main__");
    }
    PyObject *home = PyImport_ImportModule("csp.hosts.script");
    PyObject *module = home != NULL ? PyObject_CallMethod(home, "main_module", NULL) : NULL;
    Py_XDECREF(home);
    return module;
}

static PyObject *not_in_script(PyObject *name) {
    PyObject *errors = PyImport_ImportModule("csp.errors");
    PyObject *type = errors != NULL ? PyObject_GetAttrString(errors, "NotImportable") : NULL;
    if (type != NULL) {
        PyErr_Format(type, "the script has no %R at module level in this interpreter", name);
    }
    Py_XDECREF(type);
    Py_XDECREF(errors);
    return NULL;
}

native_get native_get_global(native_reader *r) {
    PyObject *module = native_get_any_text(r);
    PyObject *name = module != NULL ? native_get_any_text(r) : NULL;
    PyObject *found = NULL;
    if (name != NULL) {
        bool of_script = is_script(module);
        PyObject *home = of_script ? script(r) : import_module(module);
        found = home != NULL ? follow(home, name) : NULL;
        if (home != NULL && found == NULL && of_script && PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear();
            found = not_in_script(name);
        }
    }
    Py_XDECREF(module);
    Py_XDECREF(name);
    return native_got(r, found);
}

PyObject *native_get_class(native_reader *r) {
    PyObject *class = NULL;
    if (!native_available(r, 2)) {
        return NULL;
    }
    unsigned tag = *r->next++;
    if (tag == (ITEM_GLOBAL | REMEMBERED)) {
        if (native_get_global(r) == GOT) {
            class = r->value;
            r->value = NULL;
            if (!native_keep_again(r, class)) {
                Py_CLEAR(class);
            }
        }
    } else if (tag == ITEM_AGAIN8 || (tag == ITEM_AGAIN32 && native_available(r, 4))) {
        uint32_t number = *r->next;
        if (tag == ITEM_AGAIN32) {
            memcpy(&number, r->next, 4);
            r->next += 3;
        }
        r->next++;
        class = number < r->again_used ? Py_NewRef(r->again[number]) : NULL;
    }
    if (class != NULL && !PyType_Check(class)) {
        Py_CLEAR(class);
    }
    if (class == NULL && !PyErr_Occurred()) {
        native_malformed("a class is none");
    }
    return class;
}
