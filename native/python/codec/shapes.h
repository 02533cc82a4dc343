/* SPDX-License-Identifier: MIT
 *
 * Objects of plain Python classes: made, and given their attributes, by what their shape says. */
#ifndef CSP_NATIVE_SHAPES_H
#define CSP_NATIVE_SHAPES_H

#include "codec/reader.h"

native_get native_open_shape(native_reader *r);
native_get native_open_instance(native_reader *r);
native_get native_deliver_to_instance(native_reader *r, native_get_frame *f);

#endif
