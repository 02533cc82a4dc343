/* SPDX-License-Identifier: MIT
 *
 * list and tuple; and tuples of parts, of which others are made. */
#ifndef CSP_NATIVE_SEQUENCES_H
#define CSP_NATIVE_SEQUENCES_H

#include "codec/reader.h"
#include "codec/writer.h"

native_put native_put_list(native_writer *w, PyObject *list);
native_put native_put_tuple(native_writer *w, PyObject *tuple);
/* The items from `start` on, as a tuple of their own. */
native_put native_put_tuple_from(native_writer *w, PyObject *tuple, Py_ssize_t start);
native_put native_next_of_list(native_writer *w, native_put_frame *f);
native_put native_next_of_tuple(native_writer *w, native_put_frame *f);
/* At the end of what can only be referred to when it is complete: number it, or, if it was built meanwhile as a part of
 * itself, say in its item that that one is taken instead. */
native_put native_complete(native_writer *w, native_put_frame *f, int again);

native_get native_open_list(native_reader *r, bool remembered);
/* `first` (or NULL; consumed) is put before its items. */
native_get native_open_tuple(native_reader *r, bool remembered, bool again, PyObject *first);
native_get native_deliver_to_list(native_reader *r, native_get_frame *f);
native_get native_deliver_to_tuple(native_reader *r, native_get_frame *f);
/* A tuple of so many parts that are still to come, for f->finish. */
native_get_frame *native_open_record(native_reader *r, size_t count);
native_get native_deliver_to_record(native_reader *r, native_get_frame *f);
/* All parts are there. */
native_get native_finish_record(native_reader *r, native_get_frame *f);
/* Leave the frame with that object as what was GOT: remembered, or what was built meanwhile instead. */
native_get native_close(native_reader *r, PyObject *object);

#endif
