/* SPDX-License-Identifier: MIT
 *
 * Ends: one holder's handles on one direction of a channel.
 *
 * Invariant, under the channel's lock: channel->ends[d] holds exactly the open handles of direction d; open[d] is their
 * number. */
#ifndef CSP_END_H
#define CSP_END_H

#include "channels/channel.h"
#include "holding/held.h"

struct csp_end {
    _Atomic int64_t references; /* its owner, and a fence at work */
    csp_channel *channel;
    _Atomic(csp_holder *) holder; /* NULL: in transit inside a message */
    csp_direction direction;
    _Atomic bool closed;
    csp_held held;
    int64_t
        acquired; /* of a synchronisation object: units that this handle has acquired; guarded by the channel's lock */
    bool alone;   /* of a barrier: the last to wait through this handle was its holder's only thread; likewise */
    csp_node of_channel; /* guarded by the channel's lock */
};

/* Who waits in an operation through this end: whoever the hooks name, or the end's holder. */
static inline csp_holder *csp__who_waits(const csp_end *end, const csp_hooks *hooks) {
    return hooks != NULL && hooks->holder != NULL ? hooks->holder
                                                  : atomic_load_explicit(&end->holder, memory_order_relaxed);
}

/* A handle that is not yet counted, to join its channel under the lock or to be discarded. NULL when out of memory. */
csp_end *csp__end_alloc(csp_channel *channel, csp_direction direction);
void csp__end_join(csp_end *end);
void csp__end_discard(csp_end *end);

void csp__end_retain(csp_end *end);
void csp__end_release(csp_end *end);
/* Give an end in transit to a holder, or (NULL) put it in transit. */
void csp__end_rehold(csp_end *end, csp_holder *holder);

/* Give back a reference of a channel; with the last, which its last end had, it is freed. */
void csp__channel_release(csp_channel *channel);

/* Under no lock: what a kind has left behind. */
void csp__leavings_drop(csp_leavings *leavings);

int64_t csp__ends_alive(void);

#endif
