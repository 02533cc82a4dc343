/* SPDX-License-Identifier: MIT
 *
 * A receiving end stored in a buffer can be reached only by receiving from that channel. So a set of channels is cut
 * off when every one of their receiving ends is stored in a buffer of the set: nothing can bring one out, and that
 * stays so for ever. (Trial deletion: Lins 1992; Bacon and Rajan 2001; here over receiving ends alone.)
 *
 * First the channels that can be reached from the suspect's buffer are listed, with one lock at a time. Then they are
 * judged with all their locks held, taken in the order of their ids, as an alternative does. What happens in between
 * can only make them live: an end that was taken out of a buffer is not found there.
 *
 * A payload may be in several buffers, packed in other payloads, and in somebody's hands. If all its references were
 * found in buffers of the list, it can be reached only from there. If there are more, its ends can be reached from
 * outside, and the channels that they receive from are live. Only who has a reference can hand one on: so a payload
 * that was judged to have no reference outside will get none. */
#include "channels/cycles.h"

#include "channels/end.h"
#include "holding/held.h"
#include "holding/packed.h"
#include "holding/payload.h"
#include "platform/list.h"
#include "platform/lock.h"

enum {
    MOST_MESSAGES = 1 << 16, /* looked at in one buffer: the lock is held meanwhile */
    DEEPEST = 8,             /* packed messages in packed messages */
    MOST_PAYLOADS = 1 << 18, /* looked at in all */
};

static csp_message *buffered(csp_channel *channel, uint32_t i) {
    return i < channel->returned_count
               ? &channel->returned[i]
               : &channel->ring[(channel->head + i - channel->returned_count) & (channel->room - 1)];
}

typedef void (*visit)(csp_suspects *list, csp_end *end);

typedef struct {
    csp_suspects *list;
    visit what;
    bool counts; /* the references of payloads */
    int depth;
} looking;

/* A payload that others may have, too: how many of its references were found. True for the first of them, when what is
 * inside is still to be visited. */
static bool is_first_found(csp_suspects *list, csp_payload *payload) {
    for (uint32_t i = 0; i < list->shared_count; i++) {
        if (list->shared[i].payload == payload) {
            list->shared[i].found++;
            return false;
        }
    }
    if (list->shared_count == CSP_SHARED_MOST) {
        list->complete = false;
        return false;
    }
    list->shared[list->shared_count++] = (csp_shared){.payload = payload, .found = 1};
    return true;
}

/* The receiving ends in it, and in what is packed in it. */
static void for_ends_in(csp_payload *payload, void *context) {
    looking *l = context;
    if (l->depth == DEEPEST || l->list->looks++ == MOST_PAYLOADS) {
        l->list->complete = false;
        l->list->looks = MOST_PAYLOADS;
        return;
    }
    if (!csp__payload_keeps_open(payload) ||
        (l->counts && csp__payload_references(payload) > 1 && !is_first_found(l->list, payload))) {
        return;
    }
    l->depth++;
    for (uint32_t a = 0; a < csp__payload_attachments(payload); a++) {
        csp_held *held = csp__payload_attached(payload, a);
        if (held != NULL && held->kind == &csp__packed_kind) {
            csp__packed_look(held, for_ends_in, l);
        }
        csp_end *end = held != NULL && held->kind == l->list->ends ? CSP_CONTAINER(held, csp_end, held) : NULL;
        if (end != NULL && end->direction == CSP_RECEIVING &&
            !atomic_load_explicit(&end->closed, memory_order_acquire)) {
            l->what(l->list, end);
        }
    }
    l->depth--;
}

/* Under the channel's lock: visit the receiving ends in its buffer. */
static void for_ends_inside(csp_suspects *list, csp_channel *channel, visit what, bool counts) {
    uint32_t messages = channel->returned_count + channel->count;
    if (messages > MOST_MESSAGES) {
        list->complete = false;
        return;
    }
    looking l = {.list = list, .what = what, .counts = counts};
    for (uint32_t i = 0; i < messages; i++) {
        csp_message *message = buffered(channel, i);
        if ((message->kind & CSP_KIND_PAYLOAD) != 0) {
            for_ends_in(message->as.payload, &l);
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
    if (found != NULL) {
        found->live = true;
    }
}

/* What can be received from a live channel makes others live. */
static void spread(csp_suspects *list) {
    for (uint32_t i = 0; i < list->count;) {
        csp_suspect *s = &list->all[i++];
        if (s->live && !s->spread) {
            s->spread = true;
            for_ends_inside(list, s->channel, make_live, false);
            i = 0;
        }
    }
}

static void list_reachable(csp_suspects *list) {
    for (uint32_t i = 0; i < list->count && list->complete; i++) {
        csp_channel *channel = list->all[i].channel;
        csp__lock(&channel->lock);
        for_ends_inside(list, channel, add, false);
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
        for_ends_inside(list, list->all[i].channel, count_inside, true);
    }
    for (uint32_t i = 0; i < list->shared_count; i++) {
        if (csp__payload_references(list->shared[i].payload) > list->shared[i].found) {
            looking l = {.list = list, .what = make_live};
            for_ends_in(list->shared[i].payload, &l); /* somebody outside has it, too, and its ends by it */
        }
    }
    for (uint32_t i = 0; i < list->count; i++) {
        csp_suspect *s = &list->all[i];
        s->live = s->live || s->channel->open[CSP_RECEIVING] > s->inside;
    }
    spread(list);
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
    list->count = list->shared_count = list->looks = 0;
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
