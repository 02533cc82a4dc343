/* SPDX-License-Identifier: MIT */
#ifndef CSP_SELECT_H
#define CSP_SELECT_H

#include "csp/csp.h"

/* csp_select on behalf of an alternative, or (NULL) of nobody. */
csp_status csp__select(csp_alternative *alternative, csp_guard *guards, uint32_t count, int flags, int64_t deadline,
                       const csp_hooks *hooks, uint32_t *chosen);

#endif
