/* SPDX-License-Identifier: MIT
 *
 * Objects that were written as their reduce gives them: made anew. */
#ifndef CSP_NATIVE_REMADE_H
#define CSP_NATIVE_REMADE_H

#include "codec/reader.h"

native_get native_open_reduced(native_reader *r);
native_get native_deliver_to_reduced(native_reader *r, native_get_frame *f);
/* ITEM_STOP was met. */
native_get native_stop(native_reader *r);

#endif
