/* SPDX-License-Identifier: MIT
 *
 * Objects to messages. */
#ifndef CSP_NATIVE_ENCODE_H
#define CSP_NATIVE_ENCODE_H

#include "native.h"

/* Encode an object into a self-contained message. With a reply, the object must be a tuple; it arrives with the answering
 * right in front: (reply, *object). The reply's answering right is taken over, also on failure. */
bool native_encode(native_state *state, PyObject *object, csp_reply *reply, csp_message *message);
/* A message that is one integer; needs no interpreter. */
void native_encode_integer(int64_t value, csp_message *message);

#endif
