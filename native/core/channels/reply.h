/* SPDX-License-Identifier: MIT */
#ifndef CSP_REPLY_H
#define CSP_REPLY_H

#include "csp/csp.h"
#include "holding/held.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

/* Where an answer goes that nobody waits for. To add one: a file with a record that begins with the csp_reply, and a table. */
typedef struct csp_reply_sink {
    /* Once, under no lock: *message is the answer, or says with `flags` that there will be none; it is moved, or dropped.
     * False: nobody got it. */
    bool (*deliver)(csp_reply *reply, csp_message *message, uint64_t flags);
    /* Nothing will be delivered any more: let go of what the record keeps. Comes a second time where a fence was first. */
    void (*close)(csp_reply *reply);
    /* Under the reply's lock, before it has closed: whether anybody could get the answer. NULL: somebody always could. */
    bool (*wanted)(csp_reply *reply);
} csp_reply_sink;

struct csp_reply {
    alignas(64) csp_lock lock; /* guards done, abandoned, waiter, message */
    bool done;                 /* completed or broken; never again */
    _Atomic bool abandoned;    /* written under the lock; a hint without it */
    csp_waiter *waiter;        /* who waits in csp_reply_wait, while it does */
    csp_message message;
    _Atomic int64_t references; /* asking right, answering right, a fence at work */
    _Atomic uint64_t callee;    /* the holder that has taken the call; 0: still in a mailbox */
    csp_holder *holder;         /* likewise; referenced */
    csp_held held;              /* the answering right, which a holder owes or a message carries */
    csp_channel
        *channel; /* of an extended rendezvous: whose sender asks; good while it does, because it has an end of it */
    csp_node of_channel;        /* while it does; the channel's lock */
    const csp_reply_sink *sink; /* NULL: the answer stays here, for csp_reply_wait */
    csp_envelope envelope;      /* a line of its own, which nobody needs to answer */
};

/* A reply that needs more than the record begins with it. All of it but the reply is zeroed; NULL when out of memory. Its
 * envelope is that of no call.
 * `references`: one for the answering right, and one for the asking right if there is one. */
csp_reply *csp__reply_alloc(size_t size, int64_t references, const csp_reply_sink *sink);

void csp__reply_retain(csp_reply *reply);
void csp__reply_release(csp_reply *reply);
/* A record that no thread waits by waits for the answer, asleep; false: the answer is there, and it does not. And it waits no more;
 * true: the answer is there. */
bool csp__reply_join(csp_reply *reply, csp_waiter *waiter, csp_holder *holder, int64_t deadline);
bool csp__reply_leave(csp_reply *reply);
/* The answer that is there. */
csp_message csp__reply_take(csp_reply *reply);
/* A fence took the callee away: break the reply, and leave the answering right to whoever has it. */
void csp__reply_force_break(csp_reply *reply);
/* The answering right goes to a holder that took the call out of a message, or (NULL) into a message. */
void csp__reply_taken(csp_reply *reply, csp_holder *holder);
int64_t csp__replies_alive(void);

#endif
