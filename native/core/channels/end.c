/* SPDX-License-Identifier: MIT
 *
 * Ends: handles on a channel. They are given from holder to holder, and closed, which may end the channel. */
#include "channels/end.h"

#include <stdlib.h>

#include "channels/channel.h"
#include "channels/channel_kind.h"
#include "channels/channel_table.h"
#include "channels/cycles.h"
#include "channels/extended.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "holding/held.h"
#include "holding/holder.h"
#include "holding/payload.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

static _Atomic int64_t ends_alive;
static const csp_held_kind end_kind; /* below */

/* ---- handles -------------------------------------------------------------------------------------------------- */

/* Written under the channel's lock, because the wait graph reads it there. */
static void set_holder(csp_end *end, csp_holder *holder) {
    csp__lock(&end->channel->lock);
    atomic_store_explicit(&end->holder, holder, memory_order_relaxed);
    csp__unlock(&end->channel->lock);
}

static void leave_holder(csp_end *end) {
    csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
    if (holder != NULL) {
        csp__holder_loses(holder, &end->held);
        set_holder(end, NULL);
        csp_holder_release(holder);
    }
}

void csp__end_rehold(csp_end *end, csp_holder *holder) {
    leave_holder(end);
    if (holder == NULL) {
        return;
    }
    set_holder(end, csp_holder_retain(holder));
    if (!csp__holder_keeps(holder, &end->held)) {
        csp_end_close(end); /* a holder that was cut off gets nothing any more */
    }
}

/* A new handle, which its channel does not count yet. */
csp_end *csp__end_alloc(csp_channel *channel, csp_direction direction) {
    csp_end *end = calloc(1, sizeof *end);
    if (end == NULL) {
        return NULL;
    }
    atomic_init(&end->references, 1);
    end->channel = channel;
    end->direction = direction;
    csp__list_init(&end->of_channel);
    csp__held_init(&end->held, &end_kind);
    atomic_fetch_add_explicit(&ends_alive, 1, memory_order_relaxed);
    return end;
}

void csp__end_discard(csp_end *end) {
    free(end);
    atomic_fetch_sub_explicit(&ends_alive, 1, memory_order_relaxed);
}

void csp__end_join(csp_end *end) {
    csp_channel *channel = end->channel;
    csp__list_append(&channel->ends[end->direction], &end->of_channel);
    channel->open[end->direction]++;
    atomic_fetch_add_explicit(&channel->references, 1, memory_order_relaxed);
}

csp_end *csp_end_clone(csp_end *end, csp_holder *holder) {
    csp_channel *channel = end->channel;
    csp_end *clone = csp__end_alloc(channel, end->direction);
    if (clone == NULL) {
        return NULL;
    }
    csp__lock(&channel->lock);
    bool closed = atomic_load_explicit(&end->closed, memory_order_relaxed);
    if (!closed) {
        csp__end_join(clone);
    }
    csp__unlock(&channel->lock);
    if (closed) {
        csp__end_discard(clone);
        return NULL;
    }
    csp__end_rehold(clone, holder);
    return clone;
}

void csp__end_retain(csp_end *end) { atomic_fetch_add_explicit(&end->references, 1, memory_order_relaxed); }

void csp__end_release(csp_end *end) {
    if (atomic_fetch_sub_explicit(&end->references, 1, memory_order_acq_rel) == 1) {
        csp__channel_release(end->channel);
        csp__end_discard(end);
    }
}

/* ---- closing -------------------------------------------------------------------------------------------------- */

/* Under the lock: claim the waiters in queue[direction] that wait through `which` (NULL: all) until `wakes` is full.
 * True if there may be more. */
static bool release_waiters(csp_channel *channel, csp_direction direction, const csp_end *which, csp_status outcome,
                            csp_wakes *wakes) {
    csp_node *queue = &channel->queue[direction];
    for (csp_node *node = queue->next; node != queue;) {
        csp_case *c = CSP_CONTAINER(node, csp_case, node);
        node = node->next;
        if (which != NULL && csp__case_end(c) != which) {
            continue;
        }
        if (wakes->count == CSP_WAKES) {
            return true;
        }
        csp_waiter *waiter = csp__case_waiter(c);
        uint32_t index = c->index;
        bool must_wake = false;
        c->outcome = (uint8_t)outcome;
        csp__dequeue(channel, c);
        if (csp__claim(waiter, CSP_WON + index, &must_wake) && must_wake) {
            wakes->waiters[wakes->count++] = waiter;
        }
    }
    return false;
}

/* The content of a buffer, taken out under the lock and dropped after it. */
typedef struct {
    csp_message *ring, *returned;
    uint32_t room, head, count, returned_count;
} remains;

static void take_buffer(csp_channel *channel, remains *r) {
    r->ring = channel->ring;
    r->room = channel->room;
    r->head = channel->head;
    r->count = channel->count;
    r->returned = channel->returned;
    r->returned_count = channel->returned_count;
    channel->undelivered += channel->count + channel->returned_count;
    channel->ring = channel->returned = NULL;
    channel->room = channel->head = channel->count = channel->returned_count = channel->returned_room = 0;
    atomic_store_explicit(&channel->buffered, 0, memory_order_relaxed);
}

static void drop_remains(remains *r) {
    for (uint32_t i = 0; i < r->returned_count; i++) {
        csp_message_drop(&r->returned[r->returned_count - 1 - i]);
    }
    for (uint32_t i = 0; i < r->count; i++) {
        csp_message_drop(&r->ring[(r->head + i) & (r->room - 1)]);
    }
    free(r->ring);
    free(r->returned);
}

void csp__channel_release(csp_channel *channel) {
    if (atomic_fetch_sub_explicit(&channel->references, 1, memory_order_acq_rel) == 1) {
        csp__table_remove(channel->id);
        remains left;
        take_buffer(channel, &left);
        drop_remains(&left);
        csp_message_drop(&channel->cause);
        if (channel->kind != NULL) {
            channel->kind->free(channel->state);
        }
        free(channel);
    }
}

/* Do what closing the last receiving end does, for a channel whose receiving ends nobody can reach any more. */
static void end_receiving(csp_channel *channel) {
    csp_wakes wakes = {.count = 0};
    remains left = {0};
    csp__lock(&channel->lock);
    atomic_store_explicit(&channel->over[CSP_RECEIVING], true, memory_order_relaxed);
    take_buffer(channel, &left);
    while (release_waiters(channel, CSP_SENDING, NULL, CSP_BROKEN, &wakes)) {
        csp__unlock(&channel->lock);
        csp__wakes_flush(&wakes);
        csp__lock(&channel->lock);
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    drop_remains(&left);
}

static void end_those_cut_off(csp_channel *channel) {
    csp_suspects list;
    csp__find_cut_off(channel, &end_kind, &list);
    for (uint32_t i = 0; i < list.count; i++) {
        if (!list.all[i].live) {
            end_receiving(list.all[i].channel);
        }
        csp__channel_release(list.all[i].channel);
    }
}

void csp__leavings_drop(csp_leavings *leavings) {
    if (leavings->wait != NULL) {
        csp_end_close(leavings->wait);
        csp__end_release(leavings->wait);
    }
    for (uint32_t i = 0; i < leavings->count; i++) {
        csp_end_free(leavings->ends[i]);
    }
    free(leavings->ends);
}

void csp_end_close(csp_end *end) {
    csp_channel *channel = end->channel;
    csp_direction mine = end->direction;
    csp_direction other = mine == CSP_SENDING ? CSP_RECEIVING : CSP_SENDING;
    csp_wakes wakes = {.count = 0};
    remains left = {0};
    csp_leavings leavings = {0};
    CSP_PASS_GATE(CSP_GATE_CLOSE, atomic_load_explicit(&end->holder, memory_order_relaxed), channel->id);
    csp__lock(&channel->lock);
    if (!atomic_load_explicit(&end->closed, memory_order_relaxed)) {
        atomic_store_explicit(&end->closed, true, memory_order_release);
        csp__list_remove(&end->of_channel);
        channel->open[mine]--;
        bool last = channel->open[mine] == 0;
        if (last) {
            atomic_store_explicit(&channel->over[mine], true, memory_order_relaxed);
            if (mine == CSP_RECEIVING) {
                take_buffer(channel, &left);
            }
        }
        while (release_waiters(channel, mine, end, CSP_CLOSED_END, &wakes) ||
               (last && release_waiters(channel, other, NULL, mine == CSP_SENDING ? CSP_END_OF_CHANNEL : CSP_BROKEN,
                                        &wakes))) {
            csp__unlock(&channel->lock);
            csp__wakes_flush(&wakes);
            csp__lock(&channel->lock);
        }
        if (channel->kind != NULL) {
            channel->kind->left(channel, end, last, &wakes, &leavings);
        }
        csp__check(channel);
        if (csp__has_registrations(channel)) {
            csp__notify_registered(channel, last ? NULL : end, &wakes);
        }
    }
    bool cut_off = csp__may_be_cut_off(channel);
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    drop_remains(&left);
    csp__leavings_drop(&leavings);
    if (cut_off) {
        end_those_cut_off(channel);
    }
}

csp_status csp_end_abort(csp_end *end, csp_message *cause) {
    csp_channel *channel = end->channel;
    const csp_channel_kind *kind = channel->kind;
    if ((kind != NULL && kind->abort == NULL) ||
        (cause != NULL && (cause->kind & CSP_KIND_PAYLOAD) != 0 && csp__payload_keeps_open(cause->as.payload))) {
        return CSP_INVALID;
    }
    CSP_PASS_GATE(CSP_GATE_ABORT, atomic_load_explicit(&end->holder, memory_order_relaxed), channel->id);
    csp_wakes wakes = {.count = 0};
    remains left = {0};
    csp_message none = {.kind = 0};
    cause = cause != NULL ? cause : &none;
    if (kind != NULL) {
        kind->abort(channel, cause);
        csp_message_drop(cause);
        return CSP_OK;
    }
    csp__lock(&channel->lock);
    if (!channel->aborted) {
        channel->aborted = true;
        channel->cause = *cause;
        cause->kind = 0;
        atomic_store_explicit(&channel->over[CSP_SENDING], true, memory_order_relaxed);
        atomic_store_explicit(&channel->over[CSP_RECEIVING], true, memory_order_relaxed);
        take_buffer(channel, &left);
        while (release_waiters(channel, CSP_RECEIVING, NULL, CSP_END_OF_CHANNEL, &wakes) ||
               release_waiters(channel, CSP_SENDING, NULL, CSP_BROKEN, &wakes)) {
            csp__unlock(&channel->lock);
            csp__wakes_flush(&wakes);
            csp__lock(&channel->lock);
        }
        if (csp__has_registrations(channel)) {
            csp__notify_registered(channel, NULL, &wakes);
        }
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    csp__release_engaged(channel);
    drop_remains(&left);
    csp_message_drop(cause);
    return CSP_OK;
}

bool csp_end_cause(csp_end *end, csp_message *cause) {
    csp_channel *channel = end->channel;
    csp__lock(&channel->lock);
    *cause = channel->cause;
    if ((cause->kind & CSP_KIND_PAYLOAD) != 0) {
        csp_payload_retain(cause->as.payload);
    }
    csp__unlock(&channel->lock);
    return cause->kind != 0;
}

void csp_end_free(csp_end *end) {
    csp_end_close(end);
    leave_holder(end);
    csp__end_release(end);
}

/* ---- as something that is held -------------------------------------------------------------------------------- */

static csp_end *end_of(csp_held *held) { return CSP_CONTAINER(held, csp_end, held); }
static void give(csp_held *held, csp_holder *holder) { csp__end_rehold(end_of(held), holder); }
static void cut_off(csp_held *held) { csp_end_close(end_of(held)); }
static void drop(csp_held *held) { csp_end_free(end_of(held)); }
static void retain(csp_held *held) { csp__end_retain(end_of(held)); }
static void release(csp_held *held) { csp__end_release(end_of(held)); }

static csp_held *clone(csp_held *held, csp_holder *holder) {
    csp_end *end = csp_end_clone(end_of(held), holder);
    return end != NULL ? &end->held : NULL;
}

static void forsaken(csp_held *held) {
    csp_channel *channel = end_of(held)->channel;
    if (end_of(held)->direction == CSP_RECEIVING) {
        csp__lock(&channel->lock);
        bool cut_off = csp__may_be_cut_off(channel);
        csp__unlock(&channel->lock);
        if (cut_off) {
            end_those_cut_off(channel);
        }
    }
}

static const csp_held_kind end_kind = {
    .turn = CSP_CUT_OFF_FIRST,
    .give = give,
    .cut_off = cut_off,
    .drop = drop,
    .clone = clone,
    .forsaken = forsaken,
    .retain = retain,
    .release = release,
};

void csp_payload_attach_end(csp_payload *payload, uint32_t index, csp_end *end) {
    csp__payload_attach(payload, index, &end->held);
}

csp_end *csp_payload_take_end(csp_payload *payload, uint32_t index, csp_holder *holder) {
    csp_held *held = csp__payload_take(payload, index, &end_kind, holder);
    return held != NULL ? end_of(held) : NULL;
}

int64_t csp__ends_alive(void) { return atomic_load_explicit(&ends_alive, memory_order_relaxed); }
