/* SPDX-License-Identifier: MIT
 *
 * Blocks, as those files of the core see them that look into messages. */
#ifndef CSP_PAYLOAD_H
#define CSP_PAYLOAD_H

#include "csp/csp.h"
#include "holding/held.h"

/* How many places for attachments it has. */
uint32_t csp__payload_attachments(const csp_payload *payload);
/* Put something into that place, which is empty. The payload owns it from then on. */
void csp__payload_attach(csp_payload *payload, uint32_t index, csp_held *held);
/* Take it out again, and give it to a holder. NULL: nothing of that kind is there. */
csp_held *csp__payload_take(csp_payload *payload, uint32_t index, const csp_held_kind *kind, csp_holder *holder);
/* What is in that place, which the payload keeps; NULL: nothing. Under the lock of the channel that has buffered the payload, and
 * only while nobody shares it. */
csp_held *csp__payload_attached(csp_payload *payload, uint32_t index);
/* Has anybody else a reference? */
bool csp__payload_is_shared(const csp_payload *payload);

#endif
