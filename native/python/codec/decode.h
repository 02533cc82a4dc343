/* SPDX-License-Identifier: MIT
 *
 * Messages to objects. */
#ifndef CSP_NATIVE_DECODE_H
#define CSP_NATIVE_DECODE_H

#include "native.h"

/* Decode and consume the message. NULL with an exception set on failure; the message is dropped all the same. */
PyObject *native_decode(native_state *state, csp_message *message);

#endif
