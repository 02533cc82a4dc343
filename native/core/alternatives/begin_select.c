/* SPDX-License-Identifier: MIT
 *
 * Choosing among guards without a thread. The guards are the caller's and stay where they are: their cases stand in the
 * queues. */
#include "alternatives/choosing.h"
#include "channels/asking.h"
#include "channels/channel_kind.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "waiting/operation.h"
#include "waiting/wait.h"

static bool is_over(csp_operation *operation, uint32_t code) {
    if (code < CSP_WON || operation->engaged) {
        return true;
    }
    csp_select_case *met = csp__guard_case(&operation->guards[code - CSP_WON]);
    if (met->base.outcome != CSP_ENGAGED) {
        return true;
    }
    operation->winner = code - CSP_WON;
    csp__choosing_leaves(operation->guards, operation->count, operation->winner);
    csp__operation_engages(operation, met->reply);
    return csp__operation_is_over(operation);
}

static bool leave(csp_operation *operation, uint32_t code) {
    if (operation->engaged) {
        return csp__operation_asked(operation);
    }
    csp__choosing_leaves(operation->guards, operation->count, code >= CSP_WON ? code - CSP_WON : operation->count);
    return false;
}

/* The guard that came to its end: `status` is its own. */
static csp_status chose(csp_guard *guards, uint32_t winner, csp_status status, uint32_t *chosen) {
    guards[winner].status = status;
    if (guards[winner].kind == CSP_GUARD_SEND && status == CSP_OK) {
        guards[winner].message->kind = 0;
    }
    *chosen = winner;
    return CSP_OK;
}

static csp_status tell(csp_operation *operation, uint32_t code, csp_message *message, uint32_t *chosen) {
    csp_guard *guards = operation->guards;
    (void)message; /* every guard has its own */
    if (operation->engaged) {
        csp_message *said = guards[operation->winner].message;
        said->kind = 0;
        return chose(guards, operation->winner, csp__operation_let_go(operation, code, said), chosen);
    }
    if (code >= CSP_WON) {
        csp_status outcome = (csp_status)csp__guard_case(&guards[code - CSP_WON])->base.outcome;
        return chose(guards, code - CSP_WON, outcome, chosen);
    }
    uint32_t timer =
        code == CSP_TIMEDOUT ? csp__due_timer(guards, operation->count, operation->deadline) : operation->count;
    return timer < operation->count ? chose(guards, timer, CSP_OK, chosen) : csp__unmet(code);
}

static void give_back(csp_operation *operation, csp_message *message, uint32_t chosen) {
    const csp_guard *guard = &operation->guards[chosen];
    (void)message;
    if (guard->kind == CSP_GUARD_RECV && (guard->status == CSP_OK || guard->status == CSP_ABANDONED)) {
        csp_unreceive(guard->end, guard->message);
    }
}

static void rest(csp_operation *operation) {
    for (uint32_t i = 0; i < operation->count; i++) {
        if (csp__guard_on_channel(&operation->guards[i])) {
            csp__end_release(operation->guards[i].end);
        }
    }
}

static const csp_operation_kind choice = {
    .over = is_over,
    .leave = leave,
    .tell = tell,
    .give_back = give_back,
    .rest = rest,
};

/* With every channel locked. */
static void join(csp_choosing *c, void *operation) {
    csp_operation *mine = operation;
    csp__operation_retain(mine); /* for whoever wakes it */
    mine->deadline = c->until;
    csp__arm_asleep(c->self, c->holder, c->until);
}

/* A recursive lock belongs to a thread, and there is none. */
static bool any_has_owner(const csp_guard *guards, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const csp_guard *guard = &guards[i];
        if (guard->kind == CSP_GUARD_RECV && guard->end->channel->kind != NULL &&
            guard->end->channel->kind->is_mine != NULL) {
            return true;
        }
    }
    return false;
}

/* Who waits, if its own holder does not. */
static csp_holder *holder_of_first(const csp_guard *guards, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (csp__guard_on_channel(&guards[i])) {
            return csp__guard_holder(&guards[i]);
        }
    }
    return NULL;
}

static void begins(csp_operation *operation, csp_guard *guards, uint32_t count, csp_holder *holder) {
    operation->guards = guards;
    operation->count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (csp__guard_on_channel(&guards[i])) {
            csp__end_retain(guards[i].end);
        }
    }
    csp__operation_begins(operation, &choice, holder, CSP_FOREVER);
}

csp_status csp_begin_select(csp_operation *operation, csp_guard *guards, uint32_t count, int flags, int64_t deadline,
                            uint32_t *chosen) {
    if (operation->kind != NULL || deadline == CSP_POLL || any_has_owner(guards, count)) {
        return CSP_INVALID;
    }
    csp_holder *holder = operation->own != NULL ? operation->own : holder_of_first(guards, count);
    CSP_CHOOSING(c) = {
        .guards = guards,
        .count = count,
        .flags = flags,
        .deadline = deadline,
        .self = &operation->waiter,
        .own = holder,
        .holder = holder,
    };
    csp_message none;
    uint32_t winner;
    begins(operation, guards, count, holder);
    csp_status status = csp__choose(&c, join, operation, &winner);
    if (c.joined) {
        return csp__operation_goes_on(operation, &none, chosen);
    }
    if (status == CSP_OK && winner == count) {
        status = c.told;
    } else if (status == CSP_OK) {
        *chosen = operation->winner = winner;
        csp_reply *engaged = csp__chosen(&c, winner);
        if (engaged != NULL) {
            csp__operation_engages(operation, engaged);
            return csp_operation_finish(operation, &none, chosen);
        }
    }
    csp__operation_rests(operation);
    return status;
}
