/* SPDX-License-Identifier: MIT */
#ifndef CSP_PACKED_H
#define CSP_PACKED_H

#include "csp/csp.h"
#include "holding/held.h"

extern const csp_held_kind csp__packed_kind;

/* Have a look at the payload in there, which stays there meanwhile: under a lock that only other packed messages are locked in,
 * from the outer to the inner. Nothing is called if there is none. */
void csp__packed_look(csp_held *held, void (*look)(csp_payload *payload, void *context), void *context);

#endif
