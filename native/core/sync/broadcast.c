/* SPDX-License-Identifier: MIT
 *
 * Broadcasts: one lock, which is the turn to send, and a channel for each subscriber. */
#include <stdlib.h>

#include "channels/channel.h"
#include "channels/channel_kind.h"
#include "channels/end.h"
#include "channels/opening.h"
#include "channels/send.h"
#include "holding/payload.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "sync/locks.h"
#include "waiting/waiter.h"

typedef struct {
    csp_end **ends;       /* sending ends, held by nobody */
    uint32_t count, room; /* counts subscribers who have left, too, until strike_off_gone() */
    bool keep;
    csp_message latest;
    csp_end *waits; /* the handle whose sender has the turn and waits for one subscriber, or NULL ... */
    csp_end *by;    /* ... and the sending end through which it waits */
} subscriber_list;

typedef struct {
    csp_sync turn; /* to send; the first member, so that the functions of locks.c can work on it */
    subscriber_list subscribers;
} broadcast_state;

static broadcast_state *state_of(const csp_channel *channel) { return channel->state; }

/* A copy that shares the payload, if there is one: it gets one more reference. */
static csp_message copy_of(const csp_message *message) {
    if ((message->kind & CSP_KIND_PAYLOAD) != 0) {
        csp_payload_retain(message->as.payload);
    }
    return *message;
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

/* Under the lock: detach the whole list. The caller frees it after unlocking. */
static csp_leavings take_list(subscriber_list *subscribers) {
    csp_leavings taken = {.ends = subscribers->ends, .count = subscribers->count};
    subscribers->ends = NULL;
    subscribers->count = subscribers->room = 0;
    return taken;
}

/* Closing a handle ends the wait of a sender that uses it; closing the last one gives up the list of subscribers. */
static void left(csp_channel *channel, csp_end *handle, bool last, csp_wakes *wakes, csp_leavings *leavings) {
    subscriber_list *subscribers = &state_of(channel)->subscribers;
    csp__sync_left(channel, handle, last, wakes, leavings);
    if (last) {
        *leavings = take_list(subscribers);
    }
    if (subscribers->waits == handle) {
        leavings->wait = subscribers->by;
        csp__end_retain(leavings->wait); /* the sender may be returning, and would free it */
    }
}

static void abort_all(csp_channel *channel, csp_message *cause) {
    csp_leavings all = {0};
    csp_message why = {.kind = 0};
    csp__lock(&channel->lock);
    if (!channel->aborted) {
        channel->aborted = true;
        channel->cause = *cause;
        cause->kind = 0;
        why = copy_of(&channel->cause);
        all = take_list(&state_of(channel)->subscribers);
    }
    csp__unlock(&channel->lock);
    for (uint32_t i = 0; i < all.count; i++) {
        csp_message theirs = copy_of(&why);
        csp_end_abort(all.ends[i], &theirs);
    }
    csp_message_drop(&why);
    csp__leavings_drop(&all);
}

/* Under the lock: whether this handle can send and subscribe at all, whatever the subscribers do. */
static csp_status standing(const csp_end *handle) {
    return atomic_load_explicit(&handle->closed, memory_order_relaxed) ? CSP_CLOSED_END
           : handle->channel->aborted                                  ? CSP_BROKEN
                                                                       : CSP_OK;
}

static csp_status look_at_standing(const csp_end *handle) {
    csp__lock(&handle->channel->lock);
    csp_status status = standing(handle);
    csp__unlock(&handle->channel->lock);
    return status;
}

/* ---- subscribing ---------------------------------------------------------------------------------------------- */

/* Under the lock: move the ends of subscribers who have left to `gone`, which is freed after unlocking. They are
 * linked through `held.of_holder`, which an end without a holder does not use. */
static void strike_off_gone(subscriber_list *subscribers, csp_node *gone) {
    uint32_t staying = 0;
    for (uint32_t i = 0; i < subscribers->count; i++) {
        csp_end *end = subscribers->ends[i];
        if (csp__is_over(end->channel, CSP_RECEIVING)) {
            csp__list_append(gone, &end->held.of_holder);
        } else {
            subscribers->ends[staying++] = end;
        }
    }
    subscribers->count = staying;
}

static void free_gone(csp_node *gone) {
    while (!csp__list_empty(gone)) {
        csp_end *end = CSP_CONTAINER(gone->next, csp_end, held.of_holder);
        csp__list_remove(&end->held.of_holder);
        csp_end_free(end);
    }
}

/* A full list first loses the subscribers who have left. If it is still more than half full, it doubles. Either way at
 * least half as many must join before the next scan as this one visited: the cost per subscriber is constant. */
static bool make_room(subscriber_list *subscribers, csp_node *gone) {
    if (subscribers->count < subscribers->room) {
        return true;
    }
    strike_off_gone(subscribers, gone);
    if (subscribers->count < subscribers->room && subscribers->count <= subscribers->room / 2) {
        return true;
    }
    uint32_t room = subscribers->room == 0 ? 4 : subscribers->room * 2;
    csp_end **larger = realloc(subscribers->ends, sizeof *larger * room);
    if (larger == NULL) {
        return false;
    }
    subscribers->ends = larger;
    subscribers->room = room;
    return true;
}

csp_status csp_broadcast_subscribe(csp_end *handle, uint32_t capacity, csp_overflow overflow, csp_holder *holder,
                                   csp_end **receiving) {
    csp_channel *channel = handle->channel;
    csp_end *sending;
    if (csp_end_sync(handle) != CSP_SYNC_BROADCAST) {
        return CSP_INVALID;
    }
    csp_status status = csp_channel_new(capacity, overflow, holder, &sending, receiving);
    if (status != CSP_OK) {
        return status;
    }
    csp__end_rehold(sending, NULL); /* it belongs to the broadcast, not to the subscriber */
    csp_message latest = {.kind = 0}, dropped = {.kind = 0};
    csp_wakes wakes = {.count = 0};
    subscriber_list *subscribers = &state_of(channel)->subscribers;
    csp_node gone;
    csp__list_init(&gone);
    csp__lock(&channel->lock);
    status = standing(handle);
    if (status == CSP_OK && !make_room(subscribers, &gone)) {
        status = CSP_NO_MEMORY;
    }
    if (status == CSP_OK) {
        /* Atomic against everybody(): a message under way has this subscriber on its list, or is the latest here. */
        subscribers->ends[subscribers->count++] = sending;
        latest = copy_of(&subscribers->latest);
        if (latest.kind != 0) {
            /* A second lock, but no deadlock: nobody else knows the new channel yet. A rendezvous accepts nothing
             * here; its subscriber begins with the next message. */
            csp__lock(&sending->channel->lock);
            csp_status offered = csp__offer(sending->channel, &latest, NULL, &wakes, &dropped);
            csp__unlock(&sending->channel->lock);
            if (offered == CSP_NO_MEMORY) { /* a subscriber of this kind must begin with the latest */
                subscribers->count--;
                status = CSP_NO_MEMORY;
            }
        }
    }
    csp__unlock(&channel->lock);
    free_gone(&gone);
    csp_message_drop(&latest);
    if (status != CSP_OK) {
        csp_end_free(sending);
        csp_end_free(*receiving);
    }
    return status;
}

/* Under the lock: remove one end from the list. True if it was there: then the caller frees it. */
static bool strike_off(subscriber_list *subscribers, const csp_end *gone) {
    for (uint32_t i = 0; i < subscribers->count; i++) {
        if (subscribers->ends[i] == gone) {
            for (uint32_t k = i; k + 1 < subscribers->count; k++) {
                subscribers->ends[k] = subscribers->ends[k + 1];
            }
            subscribers->count--;
            return true;
        }
    }
    return false;
}

/* ---- sending -------------------------------------------------------------------------------------------------- */

/* Acquire the turn. If the sender before us ended during its own turn, some subscribers missed its message. That is no
 * reason to refuse ours. */
static csp_status take_turn(csp_end *handle, int64_t deadline, const csp_hooks *hooks) {
    csp_message token;
    csp_status status;
    do {
        status = csp_recv(handle, &token, deadline, hooks);
    } while (status == CSP_ABANDONED);
    return status;
}

/* Snapshot the subscribers, with a reference to each, and make the message the latest. */
static csp_status everybody(csp_end *handle, const csp_message *message, csp_end ***ends, uint32_t *count) {
    csp_channel *channel = handle->channel;
    subscriber_list *subscribers = &state_of(channel)->subscribers;
    csp_message before = {.kind = 0};
    csp__lock(&channel->lock);
    csp_status status = standing(handle);
    *count = subscribers->count;
    *ends = status == CSP_OK ? malloc(sizeof **ends * (*count + 1)) : NULL;
    if (*ends != NULL) {
        for (uint32_t i = 0; i < *count; i++) {
            (*ends)[i] = subscribers->ends[i];
            csp__end_retain((*ends)[i]);
        }
        if (subscribers->keep) {
            before = subscribers->latest;
            subscribers->latest = copy_of(message);
        }
    }
    csp__unlock(&channel->lock);
    csp_message_drop(&before);
    return status == CSP_OK && *ends == NULL ? CSP_NO_MEMORY : status;
}

/* The channel's overflow policy refused a message. The subscriber loses it, and finds it counted in the statistics. */
static void count_refused(csp_channel *theirs) {
    csp__lock(&theirs->lock);
    theirs->sent++;
    theirs->dropped++;
    csp__unlock(&theirs->lock);
}

/* Send through `by`: the end on the list, or another sending end of the same channel. */
static csp_status send_to(csp_end *handle, csp_end *subscriber, csp_end *by, const csp_message *message,
                          int64_t deadline, const csp_hooks *hooks, uint32_t *reached) {
    csp_message copy = copy_of(message);
    csp_status status = csp__send_as(by, &copy, csp__who_waits(handle, hooks), deadline, hooks);
    /* The subscriber has the message, even if we were stopped while it held us. */
    *reached += status == CSP_FAILED || copy.kind == 0;
    csp_message_drop(&copy); /* does nothing unless it was not sent, or the receiver failed on it */
    if (status == CSP_OVERFLOW) {
        count_refused(subscriber->channel);
    }
    if (status == CSP_FAILED && look_at_standing(handle) == CSP_BROKEN) {
        return CSP_BROKEN; /* the abort released us, not the receiver */
    }
    if (status == CSP_OK || status == CSP_FAILED || status == CSP_OVERFLOW) {
        return CSP_OK; /* a subscriber may refuse, or fail: the others go on */
    }
    if (status != CSP_BROKEN && status != CSP_CLOSED_END) {
        return status;
    }
    csp_channel *channel = handle->channel;
    csp__lock(&channel->lock);
    csp_status ours = standing(handle);
    bool struck = ours == CSP_OK && strike_off(&state_of(channel)->subscribers, subscriber);
    csp__unlock(&channel->lock);
    if (struck) {
        csp_end_free(subscriber);
    }
    return ours; /* CSP_OK: only the subscriber has left */
}

/* Wait for one subscriber, through an end made for the wait: closing the handle closes it, and nobody else notices. */
static csp_status wait_for(csp_end *handle, csp_end *subscriber, const csp_message *message, int64_t deadline,
                           const csp_hooks *hooks, uint32_t *reached) {
    csp_channel *channel = handle->channel;
    subscriber_list *subscribers = &state_of(channel)->subscribers;
    csp_end *by = csp_end_clone(subscriber, NULL);
    if (by == NULL) {
        return csp_end_is_closed(subscriber) ? look_at_standing(handle) : CSP_NO_MEMORY;
    }
    csp__lock(&channel->lock);
    csp_status status = standing(handle);
    if (status == CSP_OK) {
        subscribers->waits = handle;
        subscribers->by = by;
    }
    csp__unlock(&channel->lock);
    if (status == CSP_OK) {
        status = send_to(handle, subscriber, by, message, deadline, hooks, reached);
        csp__lock(&channel->lock);
        subscribers->waits = subscribers->by = NULL;
        csp__unlock(&channel->lock);
    }
    csp_end_free(by);
    return status;
}

/* Every subscriber opens the message, so it must open more than once. A watch also keeps it: an end inside would stay
 * open, and might be the watch's own. */
static bool may_be_sent(const csp_message *message, bool keep) {
    return (message->kind & CSP_KIND_PAYLOAD) == 0 ||
           (!csp__payload_is_once(message->as.payload) && !(keep && csp__payload_keeps_open(message->as.payload)));
}

csp_status csp_broadcast_send(csp_end *handle, csp_message *message, int64_t deadline, const csp_hooks *hooks,
                              uint32_t *reached) {
    *reached = 0;
    if (csp_end_sync(handle) != CSP_SYNC_BROADCAST ||
        !may_be_sent(message, state_of(handle->channel)->subscribers.keep)) {
        return CSP_INVALID;
    }
    csp_status status = take_turn(handle, deadline, hooks);
    if (status != CSP_OK) {
        return status;
    }
    uint32_t count;
    csp_end **ends;
    status = everybody(handle, message, &ends, &count);
    if (status != CSP_OK) {
        csp_sync_release(handle, 1);
        return status;
    }
    uint32_t waiting = 0; /* subscribers that must be waited for are moved to the front */
    csp_status refused = CSP_WOULD_BLOCK;
    for (uint32_t i = 0; i < count; i++) {
        csp_status sent = send_to(handle, ends[i], ends[i], message, CSP_POLL, hooks, reached);
        if (sent == CSP_WOULD_BLOCK || sent == CSP_NO_MEMORY) {
            ends[waiting++] = ends[i];
            refused = sent == CSP_NO_MEMORY ? CSP_NO_MEMORY : refused;
        } else {
            csp__end_release(ends[i]);
            status = sent != CSP_OK ? sent : status;
        }
    }
    if (status == CSP_OK && waiting > 0 && deadline == CSP_POLL) {
        status = refused;
    }
    for (uint32_t i = 0; i < waiting; i++) {
        if (status == CSP_OK) {
            status = wait_for(handle, ends[i], message, deadline, hooks, reached);
        }
        csp__end_release(ends[i]);
    }
    free(ends);
    csp_sync_release(handle, 1);
    if (status == CSP_OK) {
        csp_message_drop(message);
    }
    return status;
}

/* ---- looking in ----------------------------------------------------------------------------------------------- */

bool csp_broadcast_latest(csp_end *handle, csp_message *message) {
    csp_channel *channel = handle->channel;
    message->kind = 0;
    if (csp_end_sync(handle) != CSP_SYNC_BROADCAST) {
        return false;
    }
    csp__lock(&channel->lock);
    *message = copy_of(&state_of(channel)->subscribers.latest);
    csp__unlock(&channel->lock);
    return message->kind != 0;
}

uint32_t csp_broadcast_subscribers(csp_end *handle) {
    csp_channel *channel = handle->channel;
    if (csp_end_sync(handle) != CSP_SYNC_BROADCAST) {
        return 0;
    }
    csp_node gone;
    csp__list_init(&gone);
    csp__lock(&channel->lock);
    strike_off_gone(&state_of(channel)->subscribers, &gone);
    uint32_t count = state_of(channel)->subscribers.count;
    csp__unlock(&channel->lock);
    free_gone(&gone);
    return count;
}

/* ---- as a kind of channel ------------------------------------------------------------------------------------- */

static void free_state(void *state) {
    csp_message_drop(&((broadcast_state *)state)->subscribers.latest);
    free(state);
}

static const csp_channel_kind kind = {
    .sync = CSP_SYNC_BROADCAST,
    .take = csp__sync_take,
    .untake = csp__sync_untake,
    .left = left,
    .can_wake = csp__sync_can_wake,
    .statistics = csp__sync_statistics,
    .read = csp__sync_read,
    .abort = abort_all,
    .free = free_state,
};

csp_status csp_broadcast_new(bool keep, csp_holder *holder, csp_end **handle) {
    broadcast_state *state = calloc(1, sizeof *state);
    if (state != NULL) {
        csp__sync_init(&state->turn, CSP_SYNC_BROADCAST, 1, 1);
        state->subscribers.keep = keep;
    }
    return csp__channel_open_of(&kind, state, 1, holder, handle);
}
