/* SPDX-License-Identifier: MIT */
#ifndef CSP_BARRIER_H
#define CSP_BARRIER_H

#include "csp/csp.h"

/* csp_sync_new of a barrier. */
csp_status csp__barrier_new(int64_t parties, csp_holder *holder, csp_end **handle);

#endif
