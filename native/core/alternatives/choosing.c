/* SPDX-License-Identifier: MIT */
#include "alternatives/choosing.h"

#include <stdlib.h>

#include "alternatives/polling.h"
#include "channels/channel.h"
#include "channels/end.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "platform/lock.h"
#include "waiting/scopes.h"
#include "waiting/stopping.h"
#include "waiting/waiter.h"

enum { ON_STACK = 16 };

_Static_assert(sizeof(csp_select_case) <= sizeof(((csp_guard *)0)->internal), "csp_guard.internal holds a case");

/* ---- looking over --------------------------------------------------------------------------------------------- */

/* False: it has the wrong direction. */
static bool look_at_end(csp_choosing *c, const csp_guard *guard) {
    if (guard->end->direction != (guard->kind == CSP_GUARD_SEND ? CSP_SENDING : CSP_RECEIVING)) {
        return false;
    }
    if (guard->kind == CSP_GUARD_RECV) {
        guard->message->kind = 0;
    }
    if (c->first == NULL) {
        c->first = guard->end;
        if (c->own != NULL) {
            c->holder = c->own;
        } else if (c->holder == NULL) { /* nobody else is named who waits */
            c->holder = csp__guard_holder(guard);
        }
    }
    return true;
}

/* False: it is INVALID. */
static bool look_over(csp_choosing *c) {
    bool can_end = c->deadline != CSP_FOREVER;
    c->until = c->deadline;
    c->first = NULL;
    c->has_timer = c->has_skip = false;
    for (uint32_t i = 0; i < c->count; i++) {
        const csp_guard *guard = &c->guards[i];
        if (csp__guard_on_channel(guard)) {
            if (!look_at_end(c, guard)) {
                return false;
            }
            can_end = true;
        } else if (guard->kind == CSP_GUARD_TIMER && guard->deadline != CSP_FOREVER) {
            c->has_timer = can_end = true;
            if (c->deadline != CSP_POLL && guard->deadline < c->until) {
                c->until = guard->deadline > 0 ? guard->deadline : 1;
            }
        } else if (guard->kind == CSP_GUARD_SKIP) {
            c->has_skip = can_end = true;
        }
    }
    return can_end;
}

static void prepare(csp_choosing *c) {
    c->priority = (c->flags & CSP_SELECT_PRIORITY) != 0;
    c->rotates = !c->priority && (c->flags & CSP_SELECT_ROTATE) != 0;
    c->start = c->rotates && c->count > 0 ? ((uint32_t)c->flags >> 8) % c->count : 0;
    c->locked = c->joined = false;
    c->now = c->has_timer ? csp_now() : 0;
    c->told = c->has_timer || c->has_skip ? csp__told(c->holder, c->self) : CSP_OK;
    c->wakes.count = 0;
    c->wakes.may_engage = c->deadline != CSP_POLL;
    c->wakes.engaged = NULL;
    c->dropped.kind = 0;
}

/* ---- one instant ---------------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b) {
    uint64_t x = (*(csp_channel *const *)a)->id, y = (*(csp_channel *const *)b)->id;
    return x < y ? -1 : x > y;
}

/* The distinct channels of the guards, in the order of their ids. */
static uint32_t sort_channels(csp_guard *guards, uint32_t count, csp_channel **channels) {
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (csp__guard_on_channel(&guards[i])) {
            channels[used++] = guards[i].end->channel;
        }
    }
    if (used > 1) {
        qsort(channels, used, sizeof *channels, by_id);
    }
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < used; i++) {
        if (distinct == 0 || channels[distinct - 1] != channels[i]) {
            channels[distinct++] = channels[i];
        }
    }
    return distinct;
}

static void lock_all(csp_channel **channels, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        csp__lock(&channels[i]->lock);
    }
}

static void unlock_all(csp_channel **channels, uint32_t count) {
    for (uint32_t i = count; i-- > 0;) {
        csp__check(channels[i]);
        csp__unlock(&channels[i]->lock);
    }
}

static void enqueue_all(csp_guard *guards, uint32_t count, csp_waiter *self, csp_wakes *wakes) {
    for (uint32_t i = 0; i < count; i++) {
        if (csp__guard_on_channel(&guards[i])) {
            csp_select_case *c = csp__guard_case(&guards[i]);
            *c = (csp_select_case){
                .base = {.index = (uint16_t)i, .direction = (uint8_t)guards[i].end->direction},
                .waiter = self,
                .end = guards[i].end,
                .message = guards[i].message,
            };
            csp__enqueue(guards[i].end->channel, &c->base);
            if (csp__has_registrations(guards[i].end->channel) && guards[i].kind == CSP_GUARD_SEND) {
                csp__notify_registered(guards[i].end->channel, NULL, wakes);
            }
        }
    }
}

/* With all channels locked: one that is ready, or a place in every queue. */
static csp_status choose_in_one_instant(csp_choosing *c, void (*join)(csp_choosing *, void *), void *context,
                                        uint32_t *winner) {
    csp_channel *few[ON_STACK], **channels = few;
    if (c->count > ON_STACK && (channels = malloc(sizeof(csp_channel *) * c->count)) == NULL) {
        return CSP_NO_MEMORY;
    }
    uint32_t distinct = sort_channels(c->guards, c->count, channels);
    c->now = c->has_timer ? csp_now() : 0;
    c->locked = true;
    c->start = c->priority || c->rotates || c->count < 2 ? c->start : (uint32_t)(csp__next_random(c->self) % c->count);
    lock_all(channels, distinct);
    *winner = csp__poll_all_locked(c);
    if (*winner == c->count && join != NULL && c->told == CSP_OK) {
        join(c, context);
        c->joined = true;
        enqueue_all(c->guards, c->count, c->self, &c->wakes);
    }
    unlock_all(channels, distinct);
    if (channels != few) {
        free(channels);
    }
    return CSP_OK;
}

csp_status csp__choose(csp_choosing *c, void (*join)(csp_choosing *, void *), void *context, uint32_t *winner) {
    if (c->count > CSP_GUARDS_MAX || !look_over(c)) {
        return CSP_INVALID;
    }
    c->passage = csp__pass(CSP_GATE_SELECT, c->holder, 0);
    if (c->deadline != CSP_POLL && !c->has_skip && csp__calls_off(c->self)) {
        return CSP_SCOPE_CANCELLED;
    }
    prepare(c);
    csp_status status = CSP_OK;
    *winner = c->priority ? c->count : c->rotates ? csp__poll_in_order(c) : csp__poll_fairly(c);
    if (*winner == c->count) {
        status = choose_in_one_instant(c, join, context, winner);
    }
    csp__wakes_flush(&c->wakes);
    csp_message_drop(&c->dropped);
    return status;
}

/* ---- afterwards ----------------------------------------------------------------------------------------------- */

void csp__choosing_leaves(csp_guard *guards, uint32_t count, uint32_t winner) {
    for (uint32_t i = 0; i < count; i++) {
        if (i != winner && csp__guard_on_channel(&guards[i])) {
            csp_channel *channel = guards[i].end->channel;
            csp__lock(&channel->lock);
            csp__dequeue(channel, &csp__guard_case(&guards[i])->base);
            csp__check(channel);
            csp__unlock(&channel->lock);
            if (guards[i].kind == CSP_GUARD_RECV) {
                guards[i].message->kind = 0; /* a claimer that lost may have scribbled here */
            }
        }
    }
}

uint32_t csp__due_timer(const csp_guard *guards, uint32_t count, int64_t now) {
    uint32_t found = count;
    for (uint32_t i = 0; i < count; i++) {
        if (guards[i].kind == CSP_GUARD_TIMER && guards[i].deadline <= now &&
            (found == count || guards[i].deadline < guards[found].deadline)) {
            found = i;
        }
    }
    return found;
}
