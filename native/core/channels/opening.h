/* SPDX-License-Identifier: MIT */
#ifndef CSP_OPENING_H
#define CSP_OPENING_H

#include "channels/channel.h"

/* A channel without ends, zeroed; NULL when out of memory. And its first ends (no sending one if `sending` is NULL): false
 * when out of memory, the channel is then freed. */
csp_channel *csp__channel_alloc(void);
bool csp__channel_open(csp_channel *channel, csp_holder *holder, csp_end **sending, csp_end **receiving);

/* A channel of that kind, with one handle. `state`, which belongs to the channel from then on, is freed if it cannot be made;
 * NULL: there was no memory for it, either. `ready`: what an alternative's first poll goes by; see csp_channel.buffered. */
csp_status csp__channel_open_of(const csp_channel_kind *kind, void *state, uint32_t ready, csp_holder *holder,
                                csp_end **handle);

#endif
