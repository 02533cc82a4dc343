/* SPDX-License-Identifier: MIT */
#ifndef CSP_CHANNEL_TABLE_H
#define CSP_CHANNEL_TABLE_H

#include "csp/csp.h"

/* The table of all channels, for looking in from outside. Adding sets channel->id, before anybody can find the channel;
 * false when out of memory. */
bool csp__table_add(csp_channel *channel);
void csp__table_remove(uint64_t id);
/* The channel with one more reference, or NULL when it is gone. */
csp_channel *csp__table_find(uint64_t id);
/* The next living id after `id` (0 to begin), or 0. */
uint64_t csp__table_next(uint64_t id);
int64_t csp__channels_alive(void);

#endif
