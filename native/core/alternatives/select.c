/* SPDX-License-Identifier: MIT
 *
 * The alternative: a thread waits until one of several guards is ready and carries it out. */
#include "alternatives/select.h"

#include "alternatives/choosing.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "channels/registration.h"
#include "waiting/stopping.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

/* With every channel locked. */
static void join(csp_choosing *c, void *alternative) {
    csp__arm(c->self, c->holder, c->until);
    if (alternative != NULL) {
        csp__alternative_waits(alternative, c->self);
    }
}

static csp_status wait_held(csp_guard *guard, csp_reply *engaged, const csp_hooks *hooks) {
    return csp__wait_engaged(engaged, csp__who_waits(guard->end, hooks), guard->message, hooks);
}

/* Claimed by whoever met this guard. */
static void was_met(csp_guard *guard, const csp_hooks *hooks) {
    const csp_select_case *c = csp__guard_case(guard);
    guard->status = (csp_status)c->base.outcome;
    if (c->base.outcome == CSP_ENGAGED) {
        guard->status = wait_held(guard, c->reply, hooks);
    }
    if (guard->kind == CSP_GUARD_SEND && guard->status == CSP_OK) {
        guard->message->kind = 0;
    }
}

static csp_status wait_for_one(csp_alternative *alternative, csp_choosing *c, const csp_hooks *hooks,
                               uint32_t *chosen) {
    csp_guard *guards = c->guards;
    uint32_t count = c->count;
    csp_waiter *self = c->self;
    uint32_t code = csp__wait(self, c->first != NULL ? &c->first->channel->waits : &self->replies, c->until, hooks);
    if (alternative != NULL) {
        csp__alternative_waits(alternative, NULL);
    }
    uint32_t winner = code >= CSP_WON ? code - CSP_WON : count;
    csp__choosing_leaves(guards, count, winner);
    if (winner < count) {
        was_met(&guards[winner], hooks);
    } else if (code == CSP_TIMEDOUT && (winner = csp__due_timer(guards, count, c->until)) < count) {
        guards[winner].status = CSP_OK;
    } else {
        if (code == CSP_NOTIFIED) {
            csp__alternative_interrupted(alternative);
        }
        return csp__unmet(code);
    }
    *chosen = winner;
    return CSP_OK;
}

/* Inline: the plain select has no alternative, and pays for none. */
static inline __attribute__((always_inline)) csp_status select_for(csp_alternative *alternative, csp_guard *guards,
                                                                   uint32_t count, int flags, int64_t deadline,
                                                                   const csp_hooks *hooks, uint32_t *chosen) {
    csp_waiter *self = csp__self();
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    CSP_CHOOSING(c);
    c.passage.told = false;
    c.guards = guards;
    c.count = count;
    c.flags = flags;
    c.deadline = deadline;
    c.self = self;
    c.own = NULL;
    c.holder = hooks != NULL ? hooks->holder : NULL;
    uint32_t winner;
    csp_status status = csp__choose(&c, deadline != CSP_POLL ? join : NULL, alternative, &winner);
    if (status != CSP_OK) {
        return status;
    }
    if (winner < count) {
        csp_reply *engaged = csp__chosen(&c, winner);
        if (engaged != NULL) {
            guards[winner].status = wait_held(&guards[winner], engaged, hooks);
        }
        *chosen = winner;
        return CSP_OK;
    }
    if (c.told != CSP_OK) {
        return c.told;
    }
    if (deadline == CSP_POLL) {
        return csp__nothing_yet(c.holder, self);
    }
    return wait_for_one(alternative, &c, hooks, chosen);
}

csp_status csp_select(csp_guard *guards, uint32_t count, int flags, int64_t deadline, const csp_hooks *hooks,
                      uint32_t *chosen) {
    return select_for(NULL, guards, count, flags, deadline, hooks, chosen);
}

csp_status csp__select(csp_alternative *alternative, csp_guard *guards, uint32_t count, int flags, int64_t deadline,
                       const csp_hooks *hooks, uint32_t *chosen) {
    return select_for(alternative, guards, count, flags, deadline, hooks, chosen);
}
