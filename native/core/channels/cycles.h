/* SPDX-License-Identifier: MIT
 *
 * Channels that nobody can receive from any more, because all of their receiving ends lie in each other's buffers. Counts
 * alone would keep them for ever, and their senders waiting. */
#ifndef CSP_CYCLES_H
#define CSP_CYCLES_H

#include "channels/channel.h"

/* Under the channel's lock, after an end of it was closed: may it be in such a cycle? Cheap, and no for nearly all. */
bool csp__may_be_cut_off(const csp_channel *channel);

/* Without a lock, while the caller holds a reference of the channel: find the cycle that it is in, if it is in one, and end
 * the receiving direction of its channels, as if their last receiving ends had been closed. Looks at no more than 64
 * channels: a longer cycle stays. */
void csp__end_if_cut_off(csp_channel *channel);

#endif
