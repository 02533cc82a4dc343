/* SPDX-License-Identifier: MIT
 *
 * Sender: the end of a channel that sends. */
#ifndef CSP_NATIVE_SENDER_H
#define CSP_NATIVE_SENDER_H

#include "native.h"

extern PyType_Spec sender_spec;

#endif
