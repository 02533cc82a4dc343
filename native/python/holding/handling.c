/* SPDX-License-Identifier: MIT */
#include "holding/handling.h"

void native_handling_begin(native_handling *handling, reply_object *reply) {
    handling->outer = reply->handling;
    reply->handling = handling;
    csp_handling_begin(&handling->core, csp_reply_envelope(reply->reply));
}

void native_handling_end(native_handling *handling, reply_object *reply) {
    native_handling **place = &reply->handling;
    while (*place != NULL && *place != handling) { /* another thread has begun one since, and goes on */
        place = &(*place)->outer;
    }
    if (*place == handling) {
        *place = handling->outer;
    }
    csp_handling_end(&handling->core);
}

csp_reply *native_reply_release(reply_object *reply) {
    csp_reply *right = reply->reply;
    for (native_handling *one = reply->handling; one != NULL; one = one->outer) {
        one->kept = *csp_reply_envelope(right);
        one->core.envelope = &one->kept;
    }
    reply->reply = NULL;
    return right;
}
