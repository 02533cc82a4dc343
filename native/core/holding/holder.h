/* SPDX-License-Identifier: MIT */
#ifndef CSP_HOLDER_H
#define CSP_HOLDER_H

#include "csp/csp.h"
#include "holding/held.h"
#include "platform/list.h"
#include "platform/lock.h"

struct csp_holder {
    _Atomic int64_t references;
    _Atomic bool cancelled; /* asked to stop; can be taken back */
    _Atomic bool fenced;    /* cut off for good */
    uint64_t id;
    csp_lock lock; /* guards the lists; may be held while a channel's lock is taken, never the other way round */
    csp_node held[CSP_CUT_OFF_TURNS]; /* csp_held.of_holder */
    csp_node waiting;                 /* csp_waiter.of_holder: who may wait for it and is no thread; see stopping.c */
    uint64_t sweeps;                  /* cancels that have gone, or go, through `waiting` */
    _Atomic(const char *) name;       /* one of these; the second is written once, before it is published */
    char first_name[64], second_name[64];
    _Atomic bool renamed;
};

static inline bool csp__holder_stops(const csp_holder *holder) {
    /* seq_cst: see csp__arm. */
    return holder != NULL && atomic_load_explicit(&holder->cancelled, memory_order_seq_cst);
}

/* Put what was just given to the holder on its list. False: the holder was cut off. */
static inline bool csp__holder_keeps(csp_holder *holder, csp_held *held) {
    csp__lock(&holder->lock);
    bool fenced = atomic_load_explicit(&holder->fenced, memory_order_acquire);
    if (!fenced) {
        csp__list_append(&holder->held[held->kind->turn], &held->of_holder);
    }
    csp__unlock(&holder->lock);
    return !fenced;
}

/* Take it off the list, unless a fence has done that before. */
static inline void csp__holder_loses(csp_holder *holder, csp_held *held) {
    csp__lock(&holder->lock);
    csp__list_remove(&held->of_holder);
    csp__unlock(&holder->lock);
}

int64_t csp__holders_alive(void);

#endif
