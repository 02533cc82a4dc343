/* SPDX-License-Identifier: MIT
 *
 * range and slice. */
#ifndef CSP_NATIVE_SPANS_H
#define CSP_NATIVE_SPANS_H

#include "codec/reader.h"
#include "codec/writer.h"

native_put native_put_range(native_writer *w, PyObject *range);
/* PUT_ELSE: a part of it is no int, and it goes as others go. */
native_put native_put_slice(native_writer *w, PyObject *slice);

native_get native_open_range(native_reader *r, bool remembered);
native_get native_open_slice(native_reader *r, bool remembered);

#endif
