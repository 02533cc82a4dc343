/* SPDX-License-Identifier: MIT
 *
 * Receiver: the end of a channel that receives. */
#ifndef CSP_NATIVE_RECEIVER_H
#define CSP_NATIVE_RECEIVER_H

#include "native.h"

extern PyType_Spec receiver_spec;

#endif
