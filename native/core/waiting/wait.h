/* SPDX-License-Identifier: MIT
 *
 * A wait: begun by arming the waiter, ended by whoever claims it; in between it spins, or sleeps. */
#ifndef CSP_WAIT_H
#define CSP_WAIT_H

#include "waiting/waiter.h"

/* Begin an operation: from now on the waiter can be claimed. */
void csp__arm(csp_waiter *waiter, csp_holder *holder, int64_t deadline);

/* The same for a record that no thread waits by: it counts as asleep from the start, so whoever claims it wakes it. The
 * deadline is only told. */
void csp__arm_asleep(csp_waiter *waiter, csp_holder *holder, int64_t deadline);

/* For spins that are made elsewhere: whether they pay on this channel, and that one did. */
bool csp__spin_pays(const csp_wait_statistics *statistics);
void csp__spin_hit(csp_wait_statistics *statistics);

/* Wait until the armed waiter is claimed; by itself on deadline, stop, interruption or the end of a scope's time. Returns the
 * code. */
uint32_t csp__wait(csp_waiter *waiter, csp_wait_statistics *statistics, int64_t deadline, const csp_hooks *hooks);

/* What a code that is nobody's win means to whoever waited. */
static inline csp_status csp__unmet(uint32_t code) {
    return code == CSP_TIMEDOUT     ? CSP_TIMEOUT
           : code == CSP_STOPPED    ? CSP_CANCELLED
           : code == CSP_CALLED_OFF ? CSP_SCOPE_CANCELLED
                                    : CSP_INTERRUPTED;
}

#endif
