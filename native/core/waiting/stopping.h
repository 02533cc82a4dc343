/* SPDX-License-Identifier: MIT
 *
 * What ends a wait that nobody meets: its holder is told to stop, or a scope around it is cancelled. */
#ifndef CSP_STOPPING_H
#define CSP_STOPPING_H

#include "holding/holder.h"
#include "waiting/scopes.h"

/* A record that is no thread's may wait for the holder, or does so no more. A cancel finds those of its own holder alone, however
 * many others there are; threads it finds in the list of all threads. */
void csp__may_wait_for(csp_holder *holder, csp_waiter *waiter);
void csp__waits_no_more(csp_holder *holder, csp_waiter *waiter);

/* What makes a wait end, or not begin: OK, if nothing does. */
static inline csp_status csp__told(const csp_holder *holder, const csp_waiter *self) {
    return csp__holder_stops(holder) ? CSP_CANCELLED : csp__calls_off(self) ? CSP_SCOPE_CANCELLED : CSP_OK;
}

/* What a poll that found nothing tells: it would have waited, and every wait hears that its holder is told to stop, or a scope
 * around it cancelled. */
static inline csp_status csp__nothing_yet(const csp_holder *holder, const csp_waiter *self) {
    csp_status told = csp__told(holder, self);
    return told != CSP_OK ? told : CSP_WOULD_BLOCK;
}

#endif
