/* SPDX-License-Identifier: MIT
 *
 * Time limits that stand still while somebody debugs, and are none with CSP_NO_LIMITS=1. */
#ifndef CSP_NATIVE_LIMITS_H
#define CSP_NATIVE_LIMITS_H

#include "native.h"

extern PyMethodDef limit_methods[];

typedef struct {
    int64_t deadline, paused;
} native_limit;

void native_limit_begin(native_limit *limit, int64_t deadline);
/* After an operation with limit.deadline: whether to do it again, with the deadline moved. */
bool native_limit_goes_on(native_limit *limit, csp_status status);

#endif
