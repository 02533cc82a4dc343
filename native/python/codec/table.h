/* SPDX-License-Identifier: MIT
 *
 * The table of types, and the loops that write and read a whole stream by it. */
#ifndef CSP_NATIVE_TABLE_H
#define CSP_NATIVE_TABLE_H

#include "codec/reader.h"
#include "codec/writer.h"

/* Write one object: PUT_OPENED: its items are still to come. */
native_put native_put_any(native_writer *w, PyObject *object);
/* Write an object and all that it holds; a stream that has to be begun anew is. As a call: a tuple that arrives as another,
 * with the reply in front. False with an exception. */
bool native_put_all(native_writer *w, PyObject *object, bool as_call);
/* Read one, and all that it holds. `reply` (or NULL; consumed) comes first in it, which is a tuple. */
PyObject *native_get_all(native_reader *r, PyObject *reply);

#endif
