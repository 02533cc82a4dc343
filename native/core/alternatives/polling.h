/* SPDX-License-Identifier: MIT
 *
 * Looking which guard is ready, and carrying it out; see choosing.h. */
#ifndef CSP_POLLING_H
#define CSP_POLLING_H

#include "channels/channel.h"
#include "holding/gate.h"
#include "waiting/waiter.h"

/* One choice among guards. */
typedef struct csp_choosing {
    csp_guard *guards;
    uint32_t count;
    int flags;
    int64_t deadline;
    csp_waiter *self;
    csp_holder *own;      /* who waits, whatever the ends say; NULL: they say it */
    csp_holder *holder;   /* who waits: at first, where no end says it */
    csp__passage passage; /* through the gate; see CSP_CHOOSING */
    /* From here on it is csp__choose's. */
    uint32_t start; /* where a poll in order begins */
    bool priority, rotates;
    bool has_timer, has_skip;
    bool locked;     /* every channel is: one instant */
    bool joined;     /* it stands in all queues, armed */
    csp_status told; /* to stop, or cancelled: time that is up, and leave to go on, are no reasons to go on */
    int64_t now;
    int64_t until;  /* the next timer, or the deadline */
    csp_end *first; /* NULL: timers alone */
    csp_message dropped;
    csp_wakes wakes;
} csp_choosing;

/* The number of the guard that was carried out, or `count`. One of those that seem ready, each as likely as the others; the
 * first one that is ready, from `start` on. */
uint32_t csp__poll_fairly(csp_choosing *c);
uint32_t csp__poll_in_order(csp_choosing *c);
/* With every channel locked: the one instant that decides. */
uint32_t csp__poll_all_locked(csp_choosing *c);

uint64_t csp__next_random(csp_waiter *self);

static inline bool csp__guard_on_channel(const csp_guard *guard) {
    return guard->kind == CSP_GUARD_RECV || guard->kind == CSP_GUARD_SEND;
}

#endif
