/* SPDX-License-Identifier: MIT
 *
 * Classes, functions and all else that goes by name: module and qualified name, by which the receiver imports it. */
#ifndef CSP_NATIVE_NAMES_H
#define CSP_NATIVE_NAMES_H

#include "codec/reader.h"
#include "codec/writer.h"

/* `name` is NULL, or what its reduce calls it. */
native_put native_put_global(native_writer *w, PyObject *object, PyObject *name);
native_get native_get_global(native_reader *r);
/* An item that has to be a class, or a class again. A new reference. */
PyObject *native_get_class(native_reader *r);

#endif
