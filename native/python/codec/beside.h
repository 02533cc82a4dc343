/* SPDX-License-Identifier: MIT
 *
 * Streams as bytes, with the ends that they refer to beside them: for what is kept, and read more than once. */
#ifndef CSP_NATIVE_BESIDE_H
#define CSP_NATIVE_BESIDE_H

#include "native.h"

extern PyMethodDef stream_methods[];

#endif
