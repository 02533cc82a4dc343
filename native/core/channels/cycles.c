/* SPDX-License-Identifier: MIT
 *
 * A receiving end that lies in a buffer can be had only by receiving from that buffer's channel. So a set of channels is cut
 * off when each of their receiving ends lies in the buffer of one of the set: nothing can bring one out, and once this is
 * so it stays so. (Trial deletion: Lins 1992; Bacon and Rajan 2001; here over receiving ends alone.)
 *
 * First the channels that can be reached from the suspect's buffer are listed, with one lock at a time; then they are judged
 * with all their locks held, in the order of their ids, as an alternative does. What happened in between only makes them
 * live: an end that was taken out of a buffer is not found there. */
#include "channels/cycles.h"

#include "channels/end.h"
#include "holding/held.h"
#include "holding/payload.h"
#include "platform/list.h"
#include "platform/lock.h"

enum { MOST_MESSAGES = 1 << 16 }; /* looked at in one buffer: the lock is held meanwhile */

static csp_message *buffered(csp_channel *channel, uint32_t i) {
    return i < channel->returned_count
               ? &channel->returned[i]
               : &channel->ring[(channel->head + i - channel->returned_count) & (channel->room - 1)];
}

typedef void (*visit)(csp_suspects *list, csp_end *end);

/* Under the channel's lock: visit the receiving ends in its buffer. A payload that others hold, too, is left out: there the
 * ends can be had without this channel. */
static void for_ends_inside(csp_suspects *list, csp_channel *channel, visit what) {
    uint32_t messages = channel->returned_count + channel->count;
    if (messages > MOST_MESSAGES) {
        list->complete = false;
        return;
    }
    for (uint32_t i = 0; i < messages; i++) {
        csp_message *message = buffered(channel, i);
        if ((message->kind & CSP_KIND_PAYLOAD) == 0 || csp__payload_is_shared(message->as.payload)) {
            continue;
        }
        for (uint32_t a = 0; a < csp__payload_attachments(message->as.payload); a++) {
            csp_held *held = csp__payload_attached(message->as.payload, a);
            csp_end *end = held != NULL && held->kind == list->ends ? CSP_CONTAINER(held, csp_end, held) : NULL;
            if (end != NULL && end->direction == CSP_RECEIVING &&
                !atomic_load_explicit(&end->closed, memory_order_acquire)) {
                what(list, end);
            }
        }
    }
}

static csp_suspect *find(csp_suspects *list, const csp_channel *channel) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->all[i].channel == channel) {
            return &list->all[i];
        }
    }
    return NULL;
}

/* The reference that the end holds keeps its channel meanwhile. */
static void add(csp_suspects *list, csp_end *end) {
    if (find(list, end->channel) != NULL) {
        return;
    }
    if (list->count == CSP_SUSPECTS_MOST) {
        list->complete = false;
        return;
    }
    atomic_fetch_add_explicit(&end->channel->references, 1, memory_order_relaxed);
    list->all[list->count++] = (csp_suspect){.channel = end->channel};
}

static void count_inside(csp_suspects *list, csp_end *end) {
    csp_suspect *found = find(list, end->channel);
    if (found != NULL) {
        found->inside++;
    }
}

static void make_live(csp_suspects *list, csp_end *end) {
    csp_suspect *found = find(list, end->channel);
    if (found != NULL && !found->live) {
        found->live = true;
        for_ends_inside(list, found->channel, make_live);
    }
}

static void list_reachable(csp_suspects *list) {
    for (uint32_t i = 0; i < list->count && list->complete; i++) {
        csp_channel *channel = list->all[i].channel;
        csp__lock(&channel->lock);
        for_ends_inside(list, channel, add);
        csp__unlock(&channel->lock);
    }
}

static void sort_by_id(csp_suspects *list) {
    for (uint32_t i = 1; i < list->count; i++) {
        csp_suspect moved = list->all[i];
        uint32_t place = i;
        for (; place > 0 && list->all[place - 1].channel->id > moved.channel->id; place--) {
            list->all[place] = list->all[place - 1];
        }
        list->all[place] = moved;
    }
}

static void judge(csp_suspects *list) {
    sort_by_id(list);
    for (uint32_t i = 0; i < list->count; i++) {
        csp__lock(&list->all[i].channel->lock);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        for_ends_inside(list, list->all[i].channel, count_inside);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        csp_suspect *s = &list->all[i];
        if (!s->live && s->channel->open[CSP_RECEIVING] > s->inside) {
            s->live = true;
            for_ends_inside(list, s->channel, make_live);
        }
    }
    for (uint32_t i = 0; i < list->count; i++) {
        csp__unlock(&list->all[i].channel->lock);
    }
}

bool csp__may_be_cut_off(const csp_channel *channel) {
    if (channel->count + channel->returned_count == 0 || channel->open[CSP_RECEIVING] == 0) {
        return false;
    }
    const csp_node *ends = &channel->ends[CSP_RECEIVING];
    for (const csp_node *node = ends->next; node != ends; node = node->next) {
        const csp_end *end = CSP_CONTAINER(node, csp_end, of_channel);
        if (atomic_load_explicit(&end->holder, memory_order_relaxed) != NULL) {
            return false;
        }
    }
    return true;
}

void csp__find_cut_off(csp_channel *channel, const csp_held_kind *ends, csp_suspects *list) {
    list->ends = ends;
    list->count = 0;
    list->complete = true;
    atomic_fetch_add_explicit(&channel->references, 1, memory_order_relaxed);
    list->all[list->count++] = (csp_suspect){.channel = channel};
    list_reachable(list);
    if (list->complete) {
        judge(list);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        list->all[i].live = list->all[i].live || !list->complete;
    }
}
