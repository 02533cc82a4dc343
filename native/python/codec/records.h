/* SPDX-License-Identifier: MIT
 *
 * What is a class and values, and is made of these: objects of namedtuples, and members of enums. */
#ifndef CSP_NATIVE_RECORDS_H
#define CSP_NATIVE_RECORDS_H

#include "codec/reader.h"
#include "codec/writer.h"

/* PUT_ELSE: copyreg knows it, or its value holds others. */
native_put native_put_namedtuple(native_writer *w, PyObject *object);
native_put native_put_member(native_writer *w, PyObject *object);
native_put native_next_of_namedtuple(native_writer *w, native_put_frame *f);

native_get native_open_namedtuple(native_reader *r, bool remembered, bool again);
native_get native_open_member(native_reader *r, bool remembered);

#endif
