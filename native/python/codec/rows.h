/* SPDX-License-Identifier: MIT
 *
 * Lists of nothing but numbers: int that fit into 4 bytes each, or float. */
#ifndef CSP_NATIVE_ROWS_H
#define CSP_NATIVE_ROWS_H

#include "codec/reader.h"
#include "codec/writer.h"

/* At least one item. PUT_ELSE: not all of them are such numbers. */
native_put native_put_row(native_writer *w, PyObject *const *items, size_t count, int remembered);
native_get native_get_row(native_reader *r, bool floats);

#endif
