/* SPDX-License-Identifier: MIT */
#ifndef CSP_SEND_H
#define CSP_SEND_H

#include "csp/csp.h"

/* csp_send by another holder than the end's, which has none. */
csp_status csp__send_as(csp_end *end, csp_message *message, csp_holder *holder, int64_t deadline,
                        const csp_hooks *hooks);

#endif
