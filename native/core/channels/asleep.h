/* SPDX-License-Identifier: MIT
 *
 * A send or receive for a record that no thread waits by: a posting's, an operation's. */
#ifndef CSP_ASLEEP_H
#define CSP_ASLEEP_H

#include "channels/channel.h"
#include "waiting/waiter.h"

/* One try, which never waits. A sender may meet a receiver that will hold it: *engaged is then its reply, else NULL. `self`, whose
 * try it is, may be NULL for a sender. */
csp_status csp__try_asleep(csp_end *end, csp_message *message, csp_waiter *self, csp_reply **engaged);
/* The same; where it would have to wait, the record joins the queue, a sender with the message in its slot. */
csp_status csp__try_or_join_asleep(csp_end *end, csp_message *message, csp_waiter *self, csp_holder *holder,
                                   int64_t deadline, csp_reply **engaged);

#endif
