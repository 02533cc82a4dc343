/* SPDX-License-Identifier: MIT */
#ifndef CSP_SEND_H
#define CSP_SEND_H

#include "channels/channel.h"
#include "csp/csp.h"

/* csp_send by another holder than the end's, which has none. */
csp_status csp__send_as(csp_end *end, csp_message *message, csp_holder *holder, int64_t deadline,
                        const csp_hooks *hooks);
/* Under the lock: an undone receive goes to a receiver that waits, or is what will be received next. Not moved: the channel is over,
 * or there is no memory. *engaged is filled if it was one that holds its sender, who is long gone: abandon it after the lock. */
void csp__put_back(csp_channel *channel, csp_message *message, csp_wakes *wakes, csp_reply **engaged);

#endif
