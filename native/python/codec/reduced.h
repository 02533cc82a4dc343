/* SPDX-License-Identifier: MIT
 *
 * Everything else: as copyreg, or its own __reduce_ex__ or __reduce__, says how to make it. In the same stream, with the same
 * memory; so parts that it shares with others arrive as they were. */
#ifndef CSP_NATIVE_REDUCED_H
#define CSP_NATIVE_REDUCED_H

#include "codec/writer.h"

native_put native_put_reduced(native_writer *w, PyObject *object);
native_put native_next_of_reduced(native_writer *w, native_put_frame *f);

#endif
