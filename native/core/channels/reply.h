/* SPDX-License-Identifier: MIT */
#ifndef CSP_REPLY_H
#define CSP_REPLY_H

#include "csp/csp.h"
#include "holding/held.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

struct csp_reply {
    alignas(64) csp_lock lock; /* guards done, abandoned, waiter, message */
    bool done;                 /* completed or broken; never again */
    bool abandoned;
    csp_waiter *waiter; /* who waits in csp_reply_wait, while it does */
    csp_message message;
    _Atomic int64_t references; /* asking right, answering right, a fence at work */
    _Atomic uint64_t callee;    /* the holder that has taken the call; 0: still in a mailbox */
    csp_holder *holder;         /* likewise; referenced */
    csp_held held;              /* the answering right, which a holder owes or a message carries */
    csp_channel
        *channel; /* of an extended rendezvous: whose sender asks; good while it does, because it has an end of it */
    csp_node of_channel; /* while it does; the channel's lock */
    csp_end *target;     /* routed: where the answer goes, ours */
    uint64_t tag;
};

void csp__reply_retain(csp_reply *reply);
void csp__reply_release(csp_reply *reply);
/* A fence took the callee away: break the reply, and leave the answering right to whoever has it. */
void csp__reply_force_break(csp_reply *reply);
/* The answering right goes to a holder that took the call out of a message, or (NULL) into a message. */
void csp__reply_taken(csp_reply *reply, csp_holder *holder);
int64_t csp__replies_alive(void);

#endif
