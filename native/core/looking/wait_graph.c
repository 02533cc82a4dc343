/* SPDX-License-Identifier: MIT
 *
 * The wait graph and the totals: what can be seen from outside, without entering any interpreter. */
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/channel_table.h"
#include "channels/end.h"
#include "channels/registration.h"
#include "channels/reply.h"
#include "holding/holder.h"
#include "platform/list.h"
#include "platform/load.h"
#include "platform/lock.h"
#include "waiting/operation.h"
#include "waiting/running.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

typedef struct {
    csp_edge *edges;
    size_t count, room;
    bool full; /* out of room: count what is needed and come again */
} edge_buffer;

static void add(edge_buffer *buffer, const csp_edge *edge, const csp_holder *holder) {
    if (buffer->count < buffer->room) {
        csp_edge *place = &buffer->edges[buffer->count];
        *place = *edge;
        place->holder = csp_holder_id(holder);
        memset(place->name, 0, sizeof place->name);
        if (holder != NULL) {
            strncpy(place->name, csp_holder_name(holder), sizeof place->name - 1);
        }
    } else {
        buffer->full = true;
    }
    buffer->count++;
}

/* What one can see of a wait from outside. The number is that of the sequence: a wait that is found again with the same one
 * has lasted all the while (65,536 waits of one thread between two looks aside). */
static csp_edge seen(int kind, csp_waiter *waiter) {
    uint32_t state = atomic_load_explicit(&waiter->state, memory_order_acquire);
    bool sleeps = csp__code(state) == CSP_PARKED;
    return (csp_edge){.kind = kind,
                      .thread = csp__thread_id(atomic_load_explicit(&waiter->thread, memory_order_relaxed)),
                      .deadline = atomic_load_explicit(&waiter->deadline, memory_order_relaxed),
                      .since = sleeps ? atomic_load_explicit(&waiter->since, memory_order_relaxed) : 0,
                      .wait = state >> 16};
}

static void add_watching(csp_waiter *waiter, csp_end *end, void *buffer) {
    csp_edge edge = seen(CSP_EDGE_WAITS, waiter);
    edge.channel = end->channel->id;
    edge.direction = CSP_RECEIVING;
    edge.sync = csp_end_sync(end);
    add(buffer, &edge, atomic_load_explicit(&end->holder, memory_order_relaxed));
}

static void read_channel(csp_channel *channel, edge_buffer *buffer) {
    if (csp__has_registrations(channel)) {
        csp__registered_waiting(channel, add_watching, buffer);
    }
    for (int d = 0; d < 2; d++) {
        for (csp_node *n = channel->queue[d].next; n != &channel->queue[d]; n = n->next) {
            csp_case *c = CSP_CONTAINER(n, csp_case, node);
            csp_edge edge = seen(CSP_EDGE_WAITS, csp__case_waiter(c));
            edge.thread = csp__thread_id(csp__case_waiter(c));
            edge.channel = channel->id;
            edge.direction = (csp_direction)d;
            edge.sync = channel->kind != NULL ? channel->kind->sync : CSP_SYNC_NONE;
            /* It knows for whom it waits, which need not be the holder of the end that it waits through. That one lives:
             * whoever waits for it has not left the queue yet. */
            csp_holder *holder = atomic_load_explicit(&csp__case_waiter(c)->holder, memory_order_relaxed);
            add(buffer, &edge,
                holder != NULL ? holder : atomic_load_explicit(&csp__case_end(c)->holder, memory_order_relaxed));
        }
        for (csp_node *n = channel->ends[d].next; n != &channel->ends[d]; n = n->next) {
            csp_end *end = CSP_CONTAINER(n, csp_end, of_channel);
            csp_edge edge = {
                .kind = CSP_EDGE_HOLDS, .channel = channel->id, .direction = (csp_direction)d, .count = 1};
            csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
            add(buffer, &edge, holder);
            if (channel->kind != NULL && channel->kind->can_wake(channel, end)) {
                edge.direction = CSP_SENDING;
                add(buffer, &edge, holder);
            }
        }
    }
}

/* Handles of the same holder and direction become one edge with their number. */
static size_t merge_holds(csp_edge *edges, size_t count) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool merged = false;
        for (size_t k = 0; edges[i].kind == CSP_EDGE_HOLDS && k < kept && !merged; k++) {
            if (edges[k].kind == CSP_EDGE_HOLDS && edges[k].holder == edges[i].holder &&
                edges[k].direction == edges[i].direction) {
                edges[k].count += edges[i].count;
                merged = true;
            }
        }
        if (!merged) {
            edges[kept++] = edges[i];
        }
    }
    return kept;
}

static bool make_room(edge_buffer *buffer, size_t wanted) {
    if (wanted > buffer->room) {
        csp_edge *larger = realloc(buffer->edges, sizeof *larger * wanted);
        if (larger == NULL) {
            return false;
        }
        buffer->edges = larger;
        buffer->room = wanted;
    }
    return true;
}

static csp_status visit_channels(edge_buffer *buffer, void (*visit)(const csp_edge *, void *), void *context) {
    for (uint64_t id = csp__table_next(0); id != 0; id = csp__table_next(id)) {
        csp_channel *channel = csp__table_find(id);
        if (channel == NULL) {
            continue;
        }
        do {
            size_t needed = buffer->full ? buffer->count + 8 : 16;
            if (!make_room(buffer, needed)) {
                csp__channel_release(channel);
                return CSP_NO_MEMORY;
            }
            buffer->count = 0;
            buffer->full = false;
            csp__lock(&channel->lock);
            read_channel(channel, buffer);
            csp__unlock(&channel->lock);
        } while (buffer->full);
        csp__channel_release(channel);
        size_t count = merge_holds(buffer->edges, buffer->count);
        for (size_t i = 0; i < count; i++) {
            visit(&buffer->edges[i], context);
        }
    }
    return CSP_OK;
}

/* Who asks without a thread: under the lock of their list. */
static void add_asking(csp_waiter *waiter, csp_reply *asked, void *buffer) {
    csp_edge edge = seen(CSP_EDGE_ASKS, waiter);
    edge.asked = atomic_load_explicit(&asked->callee, memory_order_relaxed);
    add(buffer, &edge, atomic_load_explicit(&waiter->holder, memory_order_relaxed));
}

static csp_status visit_asking_operations(edge_buffer *buffer, void (*visit)(const csp_edge *, void *),
                                          void *context) {
    do {
        if (!make_room(buffer, buffer->full ? buffer->count + 8 : 16)) {
            return CSP_NO_MEMORY;
        }
        buffer->count = 0;
        buffer->full = false;
        csp__asking_look(add_asking, buffer);
    } while (buffer->full);
    for (size_t i = 0; i < buffer->count; i++) {
        visit(&buffer->edges[i], context);
    }
    return CSP_OK;
}

static void visit_asking(void (*visit)(const csp_edge *, void *), void *context) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        csp_edge edge = {.kind = CSP_EDGE_ASKS};
        edge_buffer one = {.edges = &edge, .room = 1};
        csp__lock(&w->asking_lock);
        csp_reply *reply = atomic_load_explicit(&w->asking, memory_order_relaxed);
        if (reply != NULL) {
            csp_edge asks = seen(CSP_EDGE_ASKS, w);
            asks.thread = csp__thread_id(w);
            asks.asked = atomic_load_explicit(&reply->callee, memory_order_relaxed);
            add(&one, &asks, atomic_load_explicit(&w->holder, memory_order_relaxed));
        }
        csp__unlock(&w->asking_lock);
        if (reply != NULL) {
            visit(&edge, context);
        }
    }
}

csp_status csp_graph_visit(void (*visit)(const csp_edge *edge, void *context), void *context) {
    edge_buffer buffer = {0};
    csp_status status = visit_channels(&buffer, visit, context);
    if (status == CSP_OK) {
        status = visit_asking_operations(&buffer, visit, context);
    }
    free(buffer.edges);
    if (status == CSP_OK) {
        visit_asking(visit, context);
    }
    return status;
}

void csp_totals_read(csp_totals *out) {
    *out = (csp_totals){
        .channels = csp__channels_alive(),
        .ends = csp__ends_alive(),
        .holders = csp__holders_alive(),
        .payloads = csp_payloads_alive(),
        .replies = csp__replies_alive(),
        .threads = csp__threads_alive(),
        .running = atomic_load_explicit(&csp__load.running, memory_order_relaxed),
        .cpus = csp__cpus_now(),
    };
}
