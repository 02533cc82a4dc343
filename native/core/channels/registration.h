/* SPDX-License-Identifier: MIT
 *
 * Reusable alternatives, as the hand-over sees them: registrations that stay with their channels between two selects,
 * so that a select costs the same whatever the number of channels.
 *
 * A registration is of use in two ways. While its alternative waits, an offer hands its message to the registration
 * and claims the alternative, as it would a receiver in the queue; receivers in the queue go first. While it does not,
 * whoever makes the channel ready to receive puts the registration on the alternative's list, where the next select
 * finds it.
 *
 * Invariant: a registration that is not listed has a channel from which nothing can be received. `listed` is guarded
 * by the channel's lock; the list itself by the alternative's, which may be taken under a channel's lock, never the
 * other way. */
#ifndef CSP_REGISTRATION_H
#define CSP_REGISTRATION_H

#include "channels/channel.h"

typedef struct {
    csp_node of_channel; /* the channel's lock */
    csp_node of_ready;   /* the alternative's lock */
    csp_node of_asked;   /* its owner's: among the timers, or the recursive locks */
    csp_alternative *alternative;
    csp_end *end; /* referenced; NULL: a timer, or one that is free */
    csp_message
        slot; /* handed over; the owner's while the alternative is not armed, the channel's lock's while it is */
    int64_t deadline; /* timer */
    uint32_t index;
    uint8_t outcome;
    bool used;
    bool on;        /* its precondition; changed under the channel's lock */
    bool listed;    /* the channel's lock; a timer's is its owner's */
    bool set_aside; /* listed, and off when its turn came: back on the list when it is on again */
} registration;

struct csp_alternative {
    csp_waiter *waiter;
    csp_holder *holder;
    csp_lock lock;
    csp_node ready; /* registrations that may be ready, the longest first */
    registration **registrations;
    uint32_t count, room;
    uint32_t used;              /* those that hold something */
    uint32_t free_from;         /* none below this index is free */
    csp_node timers, reentrant; /* those that every select must ask, because no channel tells of them */
    csp_wait_statistics waits;
    bool interrupted;      /* `lock`: the select under way, or the next one, comes out */
    csp_waiter *selecting; /* `lock`: who waits in csp_alternative_select_among, NULL: nobody */
};

/* Whoever sets `listed`, under what guards it: put the registration at the end of its alternative's list. */
void csp__list_registration(registration *r);

/* Under the lock: hand the message to an alternative that waits. True: it was moved out. */
bool csp__offer_to_registered(csp_channel *channel, csp_message *message, const csp_waiter *self, csp_wakes *wakes);
/* Under the lock, after a receive became possible: list the channel's registrations. With `only`, an end that was
 * closed while the channel goes on, list the registrations of that end alone: those that wait through another end must
 * stay waiting, so that a poll to send can meet them. */
void csp__notify_registered(csp_channel *channel, const csp_end *only, csp_wakes *wakes);
/* Under the lock: how many alternatives wait for this channel now; and (may be NULL) a visit for each. */
uint32_t csp__registered_waiting(csp_channel *channel, void (*visit)(csp_waiter *waiter, csp_end *end, void *context),
                                 void *context);

/* Take a pending interrupt: true if there was one. */
bool csp__alternative_interrupted(csp_alternative *alternative);
/* For csp_select, between arming and leaving all queues: who waits in it and can be interrupted; NULL: nobody. */
void csp__alternative_waits(csp_alternative *alternative, csp_waiter *waiter);

#endif
