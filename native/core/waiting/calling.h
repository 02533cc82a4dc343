/* SPDX-License-Identifier: MIT
 *
 * Which call a thread is carrying out, and what a call that it makes inherits from it. */
#ifndef CSP_CALLING_H
#define CSP_CALLING_H

#include "csp/csp.h"

/* For a new call of the calling thread: an id that no other call of this process has; the trace of the call that the thread is
 * carrying out, or a new one; no deadline, priority 0 and no flags. */
void csp__envelope_begin(csp_envelope *envelope);
/* In the child of a fork: its traces are not those of its parent. */
void csp__calling_forked(void);

#endif
