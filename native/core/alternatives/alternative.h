/* SPDX-License-Identifier: MIT
 *
 * What a reusable alternative consists of, for the two files that know: alternative.c, whose owner changes it and selects,
 * and watch.c, where the channels find it. */
#ifndef CSP_ALTERNATIVE_H
#define CSP_ALTERNATIVE_H

#include "channels/channel.h"

typedef struct {
    csp_node of_channel; /* the channel's lock */
    csp_node of_ready;   /* the alternative's lock */
    csp_node of_asked;   /* its owner's: among the timers, or the recursive locks */
    csp_alternative *alternative;
    csp_end *end; /* referenced; NULL: a timer, or a place that is free */
    csp_message
        slot; /* handed over; the owner's while the alternative is not armed, the channel's lock's while it is */
    int64_t deadline; /* timer */
    uint32_t place;
    uint8_t outcome;
    bool used;
    bool on;        /* its precondition; changed under the channel's lock */
    bool listed;    /* the channel's lock; a timer's is its owner's */
    bool set_aside; /* listed, and off when its turn came: back on the list when it is on again */
} watch;

struct csp_alternative {
    csp_waiter *waiter;
    csp_holder *holder;
    csp_lock lock;
    csp_node ready; /* watches that may be ready, the longest first */
    watch **places;
    uint32_t count, room;
    uint32_t used;              /* places that hold something */
    uint32_t free_from;         /* no place below this one is free */
    csp_node timers, reentrant; /* those that every select must ask, because no channel tells of them */
    csp_wait_statistics waits;
    bool interrupted;      /* `lock`: the select under way, or the next one, comes out */
    csp_waiter *selecting; /* `lock`: who waits in csp_alternative_select_among, NULL: nobody */
};

/* Whoever sets `listed`, under what guards it: put the watch at the end of its alternative's list. */
void csp__watch_list(watch *w);

#endif
