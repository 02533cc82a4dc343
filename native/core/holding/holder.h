/* SPDX-License-Identifier: MIT */
#ifndef CSP_HOLDER_H
#define CSP_HOLDER_H

#include "csp/csp.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/scopes.h"

struct csp_holder {
    _Atomic int64_t references;
    _Atomic bool cancelled; /* asked to stop; can be taken back */
    _Atomic bool fenced;    /* cut off for good */
    uint64_t id;
    csp_lock lock;    /* guards the lists; may be held while a channel's lock is taken, never the other way round */
    csp_node ends;    /* csp_end.of_holder */
    csp_node replies; /* csp_reply.of_holder: answers this holder owes */
    _Atomic(const char *) name; /* one of these; the second is written once, before it is published */
    char first_name[64], second_name[64];
    _Atomic bool renamed;
};

static inline bool csp__holder_stops(const csp_holder *holder) {
    /* seq_cst: see csp__arm. */
    return holder != NULL && atomic_load_explicit(&holder->cancelled, memory_order_seq_cst);
}

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

int64_t csp__holders_alive(void);

#endif
