/* SPDX-License-Identifier: MIT
 *
 * Blocks, as those files of the core see them that look into messages. */
#ifndef CSP_PAYLOAD_H
#define CSP_PAYLOAD_H

#include "csp/csp.h"

/* How many places for ends and replies it has. */
uint32_t csp__block_attachments(const csp_block *block);
/* The end in that place, which the block keeps; NULL if there is none. Under the lock of the channel that has buffered the
 * block, and only while nobody shares it. */
csp_end *csp__block_end(csp_block *block, uint32_t index);
/* Has anybody else a reference? */
bool csp__block_is_shared(const csp_block *block);

#endif
