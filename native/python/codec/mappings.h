/* SPDX-License-Identifier: MIT
 *
 * dict, set, frozenset: what hashes. */
#ifndef CSP_NATIVE_MAPPINGS_H
#define CSP_NATIVE_MAPPINGS_H

#include "codec/reader.h"
#include "codec/writer.h"

native_put native_put_dict(native_writer *w, PyObject *dict);
native_put native_put_set(native_writer *w, PyObject *set);
native_put native_put_frozenset(native_writer *w, PyObject *set);
native_put native_next_of_dict(native_writer *w, native_put_frame *f);
native_put native_next_of_set(native_writer *w, native_put_frame *f);

native_get native_open_dict(native_reader *r, bool remembered);
native_get native_open_set(native_reader *r, bool remembered);
native_get native_open_frozenset(native_reader *r, bool remembered, bool again);
native_get native_deliver_to_dict(native_reader *r, native_get_frame *f);
native_get native_deliver_to_set(native_reader *r, native_get_frame *f);

#endif
