/* SPDX-License-Identifier: MIT
 *
 * A call that a thread is carrying out, as long as it is. */
#ifndef CSP_NATIVE_HANDLING_H
#define CSP_NATIVE_HANDLING_H

#include "holding/handles.h"

/* On the stack of who carries it out. */
struct native_handling {
    csp_handling core;
    csp_envelope kept;      /* if it is answered before the end: then the reply may be gone */
    native_handling *outer; /* of the same reply */
};

/* The reply is open. Between the two it is the call that this thread carries out. */
void native_handling_begin(native_handling *handling, reply_object *reply);
void native_handling_end(native_handling *handling, reply_object *reply);

/* The right goes out of the object, to be used; who still carries the call out keeps what it brought. */
csp_reply *native_reply_release(reply_object *reply);

#endif
