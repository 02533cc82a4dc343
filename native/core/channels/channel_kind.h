/* SPDX-License-Identifier: MIT
 *
 * What makes a channel more than a channel: locks, events, barriers, counters and broadcasts are channels that only have
 * receiving ends, one handle per holder, and instead of messages a state. A plain channel has no kind, and pays for this with
 * one look at that where it has found nothing to receive.
 *
 * To add one: a file with its state and a table, and a function that opens it (csp__channel_open_of). */
#ifndef CSP_CHANNEL_KIND_H
#define CSP_CHANNEL_KIND_H

#include "csp/csp.h"
#include "waiting/waiter.h"

/* Ends that go with a handle that was closed, found under the lock, for after it. */
typedef struct csp_leavings {
    csp_end **ends; /* to be freed, and the array */
    uint32_t count;
    csp_end *wait; /* to be closed, so that who waits by it hears of it; referenced; NULL: nobody does */
} csp_leavings;

/* All under the channel's lock, unless it says otherwise. */
typedef struct csp_channel_kind {
    csp_sync_kind sync;
    /* Acquire without waiting. CSP_OK, WOULD_BLOCK, ABANDONED, or INVALID where there is nothing to acquire. */
    csp_status (*take)(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self);
    /* Without the lock: undo that, or (an empty message) the news that it was abandoned; see csp_unreceive. */
    void (*untake)(csp_end *end, csp_message *message);
    /* Taken, it is ready to nobody but the thread that has it: whether that is `self`. NULL: there is no such thing. */
    bool (*is_mine)(const csp_channel *channel, const csp_waiter *self);
    /* A handle was closed (`last`: there is none any more), and with it goes what it had. */
    void (*left)(csp_channel *channel, csp_end *end, bool last, csp_wakes *wakes, csp_leavings *leavings);
    /* Whether the holder of this handle could wake somebody who waits here. */
    bool (*can_wake)(const csp_channel *channel, const csp_end *end);
    /* What it counts, added to what every channel does; and the rest of what csp_sync_read tells. */
    void (*statistics)(const csp_channel *channel, csp_statistics *out);
    void (*read)(const csp_channel *channel, csp_sync_state *out);
    /* Without the lock: csp_end_abort; *cause is moved if it is the first. NULL: it cannot be aborted. */
    void (*abort)(csp_channel *channel, csp_message *cause);
    /* Without the lock: the channel is gone. */
    void (*free)(void *state);
} csp_channel_kind;

#endif
