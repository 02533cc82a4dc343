/* SPDX-License-Identifier: MIT
 *
 * How the types and the functions of the module are declared. */
#ifndef CSP_NATIVE_TYPES_H
#define CSP_NATIVE_TYPES_H

#include "native.h"

#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function))
#define KEYWORDS (METH_VARARGS | METH_KEYWORDS)

/* Nobody derives from it, and nobody changes it: so the type of an object is the one that was made with the module. */
#define FINAL_TYPE (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE)
/* And not by calling it are its objects made. */
#define FINAL_TYPE_MADE_HERE (FINAL_TYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION)

#define NATIVE_EXIT_DOC "__exit__($self, kind, error, trace, /)\n--\n\nWhat leaving the with block does."

/* For an object that refers to nothing but its type, and that to the module. The collector must see even this: an end that
 * only falls with the interpreter's last garbage would otherwise keep the module, and with it the whole heap (2.7 MiB) for
 * ever. */
static inline int native_traverse_type(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    return 0;
}

#endif
