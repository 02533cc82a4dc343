/* SPDX-License-Identifier: MIT
 *
 * Reusable alternatives, as the transfer sees them: watches that stay with their channels between two selects, so that a
 * select costs the same whatever the number of channels.
 *
 * A watch is of use in two ways. While its alternative waits, an offer hands its message to the watch and claims the
 * alternative, as it would a receiver in the queue; receivers in the queue go first. While it does not, whoever makes the
 * channel ready to receive puts the watch on the alternative's list, where the next select finds it.
 *
 * Invariant: a watch that is not listed has a channel from which nothing can be received. `listed` is guarded by the
 * channel's lock; the list itself by the alternative's, which may be taken under a channel's lock, never the other way. */
#ifndef CSP_REGISTRATION_H
#define CSP_REGISTRATION_H

#include "channels/channel.h"

/* Under the lock: hand the message to an alternative that waits. True: it was moved out. */
bool csp__offer_to_watchers(csp_channel *channel, csp_message *message, const csp_waiter *self, csp_wakes *wakes);
/* Under the lock, after the channel became ready to receive from: list its watches. With `only`, an end that was closed while the
 * channel goes on, its watches alone: who waits by another end must stay somebody whom a poll to send can meet. */
void csp__notify_watchers(csp_channel *channel, const csp_end *only, csp_wakes *wakes);
/* Under the lock: how many alternatives wait for this channel now; and (may be NULL) a visit for each. */
uint32_t csp__watchers_waiting(csp_channel *channel, void (*visit)(csp_waiter *waiter, csp_end *end, void *context),
                               void *context);

/* Whether somebody interrupted it; he is heard by that. */
bool csp__alternative_interrupted(csp_alternative *alternative);
/* csp_select's, between arming and leaving all queues: who waits in it, and can be interrupted; NULL: nobody any more. */
void csp__alternative_waits(csp_alternative *alternative, csp_waiter *waiter);
/* csp_select on behalf of an alternative, or (NULL) of nobody. */
csp_status csp__select(csp_alternative *alternative, csp_guard *guards, uint32_t count, int flags, int64_t deadline,
                       const csp_hooks *hooks, uint32_t *chosen);

static inline bool csp__is_watched(const csp_channel *channel) {
    return atomic_load_explicit(&channel->watched, memory_order_relaxed) > 0;
}

#endif
