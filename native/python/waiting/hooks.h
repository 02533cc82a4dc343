/* SPDX-License-Identifier: MIT
 *
 * Waiting without a GIL: what the core calls while a thread waits. */
#ifndef CSP_NATIVE_HOOKS_H
#define CSP_NATIVE_HOOKS_H

#include "native.h"

/* One blocking call of one thread. */
typedef struct {
    csp_hooks hooks;
    PyThreadState *saved;
    bool signalled; /* a signal handler raised while we waited: the exception is set */
    int64_t hint;   /* of the main thread: when to look whether it waits for itself; 0: not known yet */
    int64_t pause;  /* until it looks again, after that */
} native_wait;

void native_wait_begin(native_wait *wait, const native_state *state);
/* Whether a signal handler raised: while we waited, or now. To be asked with a received value in hand, because the handler
 * would else run, and the value be lost, as soon as we return: the exception is set; give the value back. And when a message
 * was delivered, whose sender would else not learn it. This runs anything, like encoding and decoding. */
bool native_wait_signalled(native_wait *wait);
/* Whether the calling thread is the only one of its interpreter. */
bool native_is_alone(void);
/* How long the main thread waits before it is told if nobody but itself could end that; 5 s unless this was called. */
void native_set_hint_delay(int64_t nanoseconds);

#endif
