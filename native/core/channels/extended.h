/* SPDX-License-Identifier: MIT
 *
 * The extended rendezvous: the receiver works on the message while its sender is held, and then lets it go or fails it.
 * (occam-pi's extended input, Welch and Barnes.)
 *
 * The receiver brings a reply: it keeps the answering right, the sender gets the asking right when they meet, and then waits
 * for the answer like any caller. So it learns of the receiver's end, can be stopped, and is seen in the wait graph. */
#ifndef CSP_EXTENDED_H
#define CSP_EXTENDED_H

#include "channels/channel.h"

/* csp_case.outcome of a sender that was met so: its reply is at csp__case_reply. */
enum { CSP_ENGAGED = 255 };

/* What an abort does for those senders: they are let go, as if their receivers had ended. */
void csp__release_engaged(csp_channel *channel);

/* Its sender begins to wait for it: an abort lets the sender go from now on, or has already; and its outcome, as below, when the
 * wait has ended with `status`, and with this answer if it is OK. */
void csp__engage(csp_reply *reply);
csp_status csp__engagement_over(csp_reply *reply, csp_status status, csp_message *answer, csp_message *message);

/* Wait until the receiver has finished; consumes the asking right. The message was moved out; on CSP_FAILED it is what the
 * receiver said, empty if it ended without a word. Others: CANCELLED, INTERRUPTED. */
csp_status csp__wait_engaged(csp_reply *reply, csp_holder *holder, csp_message *message, const csp_hooks *hooks);

#endif
