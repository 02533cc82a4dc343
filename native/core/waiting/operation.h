/* SPDX-License-Identifier: MIT
 *
 * Operations that no thread waits in: the record, and the list of those that have ended. An event loop has one such list, and
 * looks into it when it is told to.
 *
 * Invariants
 *  - An operation that is under way is asleep (PARKED) from the start. So whoever claims it wakes it, once, and `references`
 *    has one for that: the record is there until the last wake has come, and a late one meets no other operation's record.
 *    Its owner's own claim gives that reference back.
 *  - `queued` is taken by exchange, and given back by exchange when the record leaves the list, before its word is read. A
 *    wake that comes late, when its owner has found out and begun again, puts the record there for nothing, or finds it
 *    there; so it never stands there twice, and one that is over always does.
 *  - Whoever makes an empty list non-empty notifies, and nobody else does. */
#ifndef CSP_OPERATION_H
#define CSP_OPERATION_H

#include <stdatomic.h>
#include <stdlib.h>

#include "csp/csp.h"
#include "platform/list.h"
#include "waiting/waiter.h"

struct csp_loop {
    /* Those that have ended, the latest first; pushed by anybody, taken whole by who runs the loop. */
    alignas(64) _Atomic(csp_operation *) ready;
    alignas(64) csp_operation *taken; /* taken from there, the first first */
    void (*notify)(void *context);
    void (*closed)(void *context);
    void *context;
    _Atomic int64_t references; /* who made it, each record, and whoever is about to notify */
};

/* What kind of operation is under way. `code`: how the word was claimed. None is called under a lock. */
typedef struct csp_operation_kind {
    /* Whether it is over; it may go on with something else instead. */
    bool (*over)(csp_operation *operation, uint32_t code);
    /* Leave every queue; more than once. True: the owner gave up, and yet something had come. */
    bool (*leave)(csp_operation *operation, uint32_t code);
    /* After that: how it ended, as csp_operation_finish says it. */
    csp_status (*tell)(csp_operation *operation, uint32_t code, csp_message *message, uint32_t *chosen);
    /* After that, with CSP_OK or CSP_ABANDONED: nobody wants what it got. */
    void (*give_back)(csp_operation *operation, csp_message *message, uint32_t chosen);
    /* Last: let go of what it used. NULL: nothing. */
    void (*rest)(csp_operation *operation);
} csp_operation_kind;

struct csp_operation {
    csp_waiter waiter;
    const csp_operation_kind *kind; /* NULL: nothing is under way, nor waits to be told */
    csp_loop *loop;
    csp_holder *own;    /* whose operations these are; NULL: the ends' holders' */
    csp_holder *holder; /* of the one under way */
    void *context;
    _Atomic int64_t references; /* its owner, the list, and each wake that is still to come */
    _Atomic bool queued;
    _Atomic bool gone;   /* its owner has freed it */
    csp_operation *next; /* in the list */
    int64_t deadline;
    /* Waits for an answer; see asking.c. */
    csp_reply *asked;
    bool engaged;       /* ... of the receiver that holds it: a send */
    bool answered;      /* ... which is there */
    csp_node of_asking; /* in the list of all that wait for answers */
    /* Chooses; see begin_select.c. The caller's. */
    csp_guard *guards;
    uint32_t count, winner;
};

void csp__operation_retain(csp_operation *operation);
void csp__operation_release(csp_operation *operation);
int64_t csp__operations_alive(void);

/* Before it can be claimed: an operation of that kind begins, for that holder (or NULL). */
void csp__operation_begins(csp_operation *operation, const csp_operation_kind *kind, csp_holder *holder,
                           int64_t deadline);
/* It stands in its queues, and the locks are given back: WOULD_BLOCK, or how it ended, if its holder is told to stop. */
csp_status csp__operation_goes_on(csp_operation *operation, csp_message *message, uint32_t *chosen);
/* It ended, or could not begin: it is its owner's to begin with anew. */
void csp__operation_rests(csp_operation *operation);
/* Whether it was claimed, and does not go on. */
bool csp__operation_is_over(csp_operation *operation);
/* The owner's own claim. False: somebody was first. */
bool csp__operation_claims(csp_operation *operation, uint32_t code);

/* For the wait graph: it waits for the answer at `asked`, from the first to the second; and a look at each that does. */
void csp__operation_is_asking(csp_operation *operation);
void csp__operation_asks_no_more(csp_operation *operation);
void csp__asking_look(void (*look)(csp_waiter *waiter, csp_reply *asked, void *context), void *context);
/* In the child of a fork. */
void csp__operations_forked(void);

static inline void csp__loop_retain(csp_loop *loop) {
    atomic_fetch_add_explicit(&loop->references, 1, memory_order_relaxed);
}

/* With the last one nobody will notify any more. */
static inline void csp__loop_release(csp_loop *loop) {
    if (atomic_fetch_sub_explicit(&loop->references, 1, memory_order_acq_rel) == 1) {
        if (loop->closed != NULL) {
            loop->closed(loop->context);
        }
        free(loop);
    }
}

/* `ready` of a loop that was freed: nobody takes anything from it. */
extern csp_operation *const csp__loop_over;

#endif
