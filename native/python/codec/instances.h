/* SPDX-License-Identifier: MIT
 *
 * Objects of plain Python classes, dataclasses among them: their attributes by name, as their default reduce gives them. A
 * shape is a class and the names; in a message each is written once. */
#ifndef CSP_NATIVE_INSTANCES_H
#define CSP_NATIVE_INSTANCES_H

#include "codec/classes.h"
#include "codec/writer.h"

native_put native_put_instance(native_writer *w, PyObject *object, native_class *c);
native_put native_next_of_fields(native_writer *w, native_put_frame *f);

#endif
