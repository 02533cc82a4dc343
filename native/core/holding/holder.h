/* SPDX-License-Identifier: MIT */
#ifndef CSP_HOLDER_H
#define CSP_HOLDER_H

#include "csp/csp.h"
#include "platform/list.h"
#include "platform/lock.h"

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

int64_t csp__holders_alive(void);

#endif
