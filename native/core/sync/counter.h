/* SPDX-License-Identifier: MIT */
#ifndef CSP_COUNTER_H
#define CSP_COUNTER_H

#include "csp/csp.h"

/* csp_sync_new of a counter. */
csp_status csp__counter_new(int64_t value, int64_t limit, csp_holder *holder, csp_end **handle);

#endif
