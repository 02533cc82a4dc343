/* SPDX-License-Identifier: MIT
 *
 * pack, and Packed: a message that is encoded once, sent by reference, and decoded where it is opened. */
#ifndef CSP_NATIVE_PACKING_H
#define CSP_NATIVE_PACKING_H

#include "native.h"

extern PyType_Spec packed_spec;
extern PyMethodDef packing_methods[];

#endif
