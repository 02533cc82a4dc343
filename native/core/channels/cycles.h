/* SPDX-License-Identifier: MIT
 *
 * Channels that nobody can receive from any more, because all of their receiving ends lie in each other's buffers. Counts
 * alone would keep them for ever, and their senders waiting. */
#ifndef CSP_CYCLES_H
#define CSP_CYCLES_H

#include "channels/channel.h"
#include "holding/held.h"

/* Under the channel's lock, after an end of it was closed: may it be in such a cycle? Cheap, and no for nearly all. */
bool csp__may_be_cut_off(const csp_channel *channel);

enum { CSP_SUSPECTS_MOST = 64, CSP_SHARED_MOST = 64 };

typedef struct {
    csp_channel *channel; /* with a reference, for whoever asked to give back */
    uint32_t inside;      /* its receiving ends that were found in buffers of the list */
    bool live;            /* false, at the end: it is cut off */
    bool spread;          /* what is in its buffer was made live, too */
} csp_suspect;

typedef struct {
    csp_payload *payload; /* with several references, in a buffer of the list */
    int64_t found;        /* of its references, in buffers of the list */
} csp_shared;

typedef struct {
    csp_suspect all[CSP_SUSPECTS_MOST];
    uint32_t count;
    csp_shared shared[CSP_SHARED_MOST];
    uint32_t shared_count, looks;
    bool complete;
    const csp_held_kind *ends;
} csp_suspects;

/* Without a lock, while the caller holds a reference of the channel: find the cycle that it is in, if it is in one. The caller
 * ends the receiving direction of those channels that are not live, as if their last receiving ends had been closed. Looks at
 * no more than 64 channels and 64 payloads of several owners: a longer cycle stays. `ends`: what those in a message are known by. */
void csp__find_cut_off(csp_channel *channel, const csp_held_kind *ends, csp_suspects *list);

#endif
