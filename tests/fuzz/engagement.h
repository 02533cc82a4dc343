/* SPDX-License-Identifier: MIT
 *
 * What a fuzzed program may believe of senders that extended receivers hold.
 *
 * Sender and receiver are in different threads, and each of them says what it is about to do before it does it. So the
 * two can be compared: no sender that is held reports that its message went, and what it is told is what the receiver
 * said. */
#ifndef CSP_FUZZ_ENGAGEMENT_H
#define CSP_FUZZ_ENGAGEMENT_H

#include "belief.h"

void engagements_begin(void);
/* When all is over. */
void engagements_check(void);

/* The sender's side. Before: it cannot wait (then nobody may hold it), or it is a broadcast, which several may hold. */
void will_offer(uint64_t tag, bool polls, bool broadcast);
/* After: its status; the message is left as it was, was taken (empty), or is what the receiver said. */
typedef enum { LEFT_ALONE, TAKEN, SAID } what_became;
void did_offer(uint64_t tag, csp_status status, what_became message);

/* The receiver's side. It got this message, and holds its sender. */
void does_hold(uint64_t tag);
/* It is about to let the sender go, to fail it with a message, to break the reply, or to pass the reply on. */
typedef enum { HOLDING, LETS_GO, FAILS, BREAKS, PASSES_ON } verdict;
void will_answer(uint64_t tag, verdict what);
/* LETS_GO and FAILS: whether somebody could hear it. */
void did_answer(uint64_t tag, bool heard);
/* Its receive is about to be undone: nothing more is known of that sender. */
void will_undo(uint64_t tag);

#endif
