/* SPDX-License-Identifier: MIT
 *
 * Payloads, as those files of the core see them that look into messages. */
#ifndef CSP_PAYLOAD_H
#define CSP_PAYLOAD_H

#include "csp/csp.h"
#include "holding/held.h"

/* How many places for attachments it has. */
uint32_t csp__payload_attachments(const csp_payload *payload);
/* Put something into that place, which is empty, before anybody else has the payload, which owns it from then on. */
void csp__payload_attach(csp_payload *payload, uint32_t index, csp_held *held);
/* Have it, for a holder: taken out by the last who has the payload, and by whoever is first if it is there once; else a clone. NULL:
 * nothing of that kind is there, or there is no memory. */
csp_held *csp__payload_take(csp_payload *payload, uint32_t index, const csp_held_kind *kind, csp_holder *holder);
/* What is in that place and stays there as long as a channel that has buffered the payload is locked; NULL: nothing, or what is
 * there once. */
csp_held *csp__payload_attached(csp_payload *payload, uint32_t index);
/* Whether something in it is there once: then it cannot be opened as often as wanted. */
bool csp__payload_is_once(const csp_payload *payload);
/* Whether something in it keeps a channel open, or a caller waiting. */
bool csp__payload_keeps_open(const csp_payload *payload);
/* How many have it. */
int64_t csp__payload_references(const csp_payload *payload);

#endif
