/* SPDX-License-Identifier: MIT
 *
 * What travels beside the stream, which refers to it by number: ends, of every kind, and packed messages. */
#ifndef CSP_NATIVE_ATTACHMENTS_H
#define CSP_NATIVE_ATTACHMENTS_H

#include "codec/reader.h"
#include "codec/writer.h"

native_put native_put_end(native_writer *w, PyObject *handle);
native_get native_get_end(native_reader *r);
native_put native_put_packed(native_writer *w, PyObject *packed);
native_get native_get_packed(native_reader *r);

#endif
