/* SPDX-License-Identifier: MIT
 *
 * Broadcasts: one lock, which is the turn to send, and a channel for each subscriber. */
#include <stdlib.h>

#include "block.h"
#include "holder.h"
#include "sync.h"

csp_status csp_broadcast_new(bool keep, csp_holder *holder, csp_end **handle) {
    csp_status status = csp__sync_make(CSP_SYNC_BROADCAST, 1, 1, holder, handle);
    if (status == CSP_OK) { /* nobody else knows the handle yet */
        (*handle)->channel->sync->subscribers.keep = keep;
    }
    return status;
}

/* The same message once more: its block, if it has one, gets another reference. */
static csp_message copy_of(const csp_message *message) {
    if ((message->kind & CSP_KIND_BLOCK) != 0) {
        csp_block_retain(message->as.block);
    }
    return *message;
}

csp_subscribers csp__broadcast_over(csp_channel *channel) {
    csp_subscribers all = channel->sync->subscribers;
    channel->sync->subscribers = (csp_subscribers){0};
    return all;
}

void csp__subscribers_free(csp_subscribers *subscribers) {
    for (uint32_t i = 0; i < subscribers->count; i++) {
        csp_end_free(subscribers->ends[i]);
    }
    free(subscribers->ends);
    csp_message_drop(&subscribers->latest);
}

/* ---- subscribing ---------------------------------------------------------------------------------------------- */

static bool make_room(csp_subscribers *subscribers) {
    if (subscribers->count < subscribers->room) {
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
    csp__end_rehold(sending, NULL); /* it belongs to the broadcast, and not to who subscribes */
    csp_message latest = {.kind = 0}, dropped = {.kind = 0};
    csp_wakes wakes = {.count = 0};
    csp_subscribers *subscribers = &channel->sync->subscribers;
    csp__lock(&channel->lock);
    status = atomic_load_explicit(&handle->closed, memory_order_relaxed) ? CSP_CLOSED_END
             : make_room(subscribers)                                    ? CSP_OK
                                                                         : CSP_NO_MEMORY;
    if (status == CSP_OK) {
        /* One instant: a message that is under way has this subscriber on its list, or is what it begins with. */
        subscribers->ends[subscribers->count++] = sending;
        latest = copy_of(&subscribers->latest);
        if (latest.kind != 0) {
            /* Nested, and harmless: nobody knows the new channel who could hold its lock and want ours. A rendezvous
             * takes nothing here; its subscriber begins with the next. */
            csp__lock(&sending->channel->lock);
            csp_status offered = csp__offer(sending->channel, &latest, NULL, &wakes, &dropped);
            csp__unlock(&sending->channel->lock);
            if (offered == CSP_NO_MEMORY) { /* without the latest it would be no subscriber of this kind */
                subscribers->count--;
                status = CSP_NO_MEMORY;
            }
        }
    }
    csp__unlock(&channel->lock);
    csp_message_drop(&latest);
    if (status != CSP_OK) {
        csp_end_free(sending);
        csp_end_free(*receiving);
    }
    return status;
}

/* Under the lock: take it off the list. True if it was there; then it is the caller's to free. */
static bool strike_off(csp_subscribers *subscribers, const csp_end *gone) {
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

/* Have the turn. A sender that ended in the middle of its own left some subscribers without that message: no reason for
 * the next one not to send. */
static csp_status take_turn(csp_end *handle, int64_t deadline, const csp_hooks *hooks) {
    csp_message token;
    csp_status status;
    do {
        status = csp_recv(handle, &token, deadline, hooks);
    } while (status == CSP_ABANDONED);
    return status;
}

/* Those who subscribe now, each with a reference; and the message becomes the latest. NULL when out of memory. */
static csp_end **everybody(csp_channel *channel, const csp_message *message, uint32_t *count, csp_message *before) {
    csp_subscribers *subscribers = &channel->sync->subscribers;
    csp__lock(&channel->lock);
    *count = subscribers->count;
    csp_end **ends = malloc(sizeof *ends * (*count + 1));
    if (ends != NULL) {
        for (uint32_t i = 0; i < *count; i++) {
            ends[i] = subscribers->ends[i];
            csp__end_retain(ends[i]);
        }
        if (subscribers->keep) {
            *before = subscribers->latest;
            subscribers->latest = copy_of(message);
        }
    }
    csp__unlock(&channel->lock);
    return ends;
}

static csp_status send_to(csp_channel *channel, csp_end *subscriber, const csp_message *message, csp_holder *holder,
                          int64_t deadline, const csp_hooks *hooks, uint32_t *reached) {
    csp_message copy = copy_of(message);
    csp_status status = csp__send_as(subscriber, &copy, holder, deadline, hooks);
    /* It has the message, also where we were stopped while it held us. */
    *reached += status == CSP_FAILED || copy.kind == 0;
    csp_message_drop(&copy); /* a no-op unless it did not go, or the receiver failed with it */
    if (status == CSP_OK || status == CSP_FAILED || status == CSP_OVERFLOW) {
        return CSP_OK; /* to refuse is that subscriber's choice */
    }
    if (status == CSP_BROKEN || status == CSP_CLOSED_END) {
        csp__lock(&channel->lock);
        bool ours = strike_off(&channel->sync->subscribers, subscriber);
        csp__unlock(&channel->lock);
        if (ours) {
            csp_end_free(subscriber);
        }
        return CSP_OK;
    }
    return status;
}

csp_status csp_broadcast_send(csp_end *handle, csp_message *message, int64_t deadline, const csp_hooks *hooks,
                              uint32_t *reached) {
    csp_channel *channel = handle->channel;
    csp_holder *holder = atomic_load_explicit(&handle->holder, memory_order_relaxed);
    *reached = 0;
    if (csp_end_sync(handle) != CSP_SYNC_BROADCAST ||
        ((message->kind & CSP_KIND_BLOCK) != 0 && csp__block_attachments(message->as.block) > 0)) {
        return CSP_INVALID;
    }
    csp_status status = take_turn(handle, deadline, hooks);
    if (status != CSP_OK) {
        return status;
    }
    uint32_t count;
    csp_message before = {.kind = 0};
    csp_end **ends = everybody(channel, message, &count, &before);
    if (ends == NULL) {
        csp_sync_release(handle, 1);
        return CSP_NO_MEMORY;
    }
    csp_message_drop(&before);
    uint32_t waiting = 0; /* those that are left are moved to the front */
    csp_status refused = CSP_WOULD_BLOCK;
    for (uint32_t i = 0; i < count; i++) {
        csp_status sent = send_to(channel, ends[i], message, holder, CSP_POLL, NULL, reached);
        if (sent != CSP_OK) {
            ends[waiting++] = ends[i];
            refused = sent == CSP_NO_MEMORY ? CSP_NO_MEMORY : refused;
        } else {
            csp__end_release(ends[i]);
        }
    }
    status = waiting > 0 && deadline == CSP_POLL ? refused : CSP_OK;
    for (uint32_t i = 0; i < waiting; i++) {
        if (status == CSP_OK) {
            status = send_to(channel, ends[i], message, holder, deadline, hooks, reached);
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
    *message = copy_of(&channel->sync->subscribers.latest);
    csp__unlock(&channel->lock);
    return message->kind != 0;
}

uint32_t csp_broadcast_subscribers(csp_end *handle) {
    csp_channel *channel = handle->channel;
    if (csp_end_sync(handle) != CSP_SYNC_BROADCAST) {
        return 0;
    }
    csp__lock(&channel->lock);
    uint32_t count = channel->sync->subscribers.count;
    csp__unlock(&channel->lock);
    return count;
}
