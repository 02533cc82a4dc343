/* SPDX-License-Identifier: MIT
 *
 * Reply: the right to answer one call. */
#ifndef CSP_NATIVE_REPLY_H
#define CSP_NATIVE_REPLY_H

#include "native.h"

extern PyType_Spec reply_spec;

#endif
