/* SPDX-License-Identifier: MIT
 *
 * Conditions: wait for a notification while a lock is given up (monitors: Hoare 1974, with Mesa's semantics, 1980). */
#include "channels/channel.h"
#include "holding/gate.h"
#include "platform/lock.h"
#include "sync/locks.h"
#include "waiting/thread.h"
#include "waiting/wait.h"
#include "waiting/waiter.h"

/* After an interruption the lock is taken again only if that is quick: whoever pressed Ctrl-C must not wait for a lock whose
 * holder hangs. */
enum { AGAIN_WITHIN_NS = 100000000 };

/* Two channels' locks, in the order in which an alternative takes them. */
static void lock_both(csp_channel *a, csp_channel *b) {
    csp__lock(a->id < b->id ? &a->lock : &b->lock);
    csp__lock(a->id < b->id ? &b->lock : &a->lock);
}

static bool is_closed(const csp_end *end) { return atomic_load_explicit(&end->closed, memory_order_relaxed); }

/* Get the lock back, whatever has ended the wait. */
static csp_status lock_again(csp_end *lock, int64_t depth, bool interrupted, const csp_hooks *hooks,
                             csp_waiter *self) {
    csp_hooks deaf; /* a handler's exception is under way: no second one */
    int64_t until = CSP_FOREVER;
    if (interrupted && hooks != NULL) {
        deaf = *hooks;
        deaf.interrupted = NULL;
        hooks = &deaf;
        until = csp_deadline_after(AGAIN_WITHIN_NS);
    }
    /* Scopes are not heard: one may end inside the block that has the lock, which then must have it. */
    csp_scopes *scopes = self->scopes;
    self->scopes = NULL;
    csp_status again = csp__lock_again(lock, depth, until, hooks);
    self->scopes = scopes;
    return again;
}

csp_status csp_condition_wait(csp_end *condition, csp_end *lock, int64_t deadline, const csp_hooks *hooks) {
    csp_channel *channel = condition->channel;
    csp_waiter *self = csp__self();
    csp_sync_kind of_lock = csp_end_sync(lock);
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    if (csp_end_sync(condition) != CSP_SYNC_CONDITION || (of_lock != CSP_SYNC_LOCK && of_lock != CSP_SYNC_RLOCK)) {
        return CSP_INVALID;
    }
    csp_holder *holder = csp__who_waits(condition, hooks);
    csp_wakes wakes = {.count = 0};
    int64_t depth = 0;
    CSP_PASS_GATE(CSP_GATE_RECV, holder, channel->id);
    /* Under both locks: whoever gets the lock next finds us in the queue, and we give up no lock but our own. */
    lock_both(channel, lock->channel);
    csp_status ready = CSP_OK;
    if (is_closed(condition) || is_closed(lock)) {
        ready = CSP_CLOSED_END;
    } else if ((depth = csp__lock_depth(lock, self)) == 0) {
        ready = CSP_INVALID;
    } else {
        self->single.index = 0;
        self->single.direction = CSP_RECEIVING;
        self->single_end = condition;
        csp__arm(self, holder, deadline);
        csp__enqueue(channel, &self->single);
        csp__lock_give_up(lock, &wakes);
    }
    csp__unlock(&channel->lock);
    csp__unlock(&lock->channel->lock);
    csp__wakes_flush(&wakes);
    if (ready != CSP_OK) {
        return ready;
    }
    uint32_t code = csp__wait(self, &channel->waits, deadline, hooks);
    csp_status status = code >= CSP_WON ? (csp_status)self->single.outcome : csp__unmet(code);
    if (code < CSP_WON) {
        csp__lock(&channel->lock);
        csp__dequeue(channel, &self->single);
        csp__unlock(&channel->lock);
    }
    csp_status again = lock_again(lock, depth, status == CSP_INTERRUPTED, hooks, self);
    if (status == CSP_OK && again != CSP_OK) {
        csp_condition_notify(condition,
                             1); /* we leave with an error: somebody else must look at what we were told of */
    }
    return status == CSP_OK || status == CSP_TIMEOUT || status == CSP_SCOPE_CANCELLED
               ? (again == CSP_OK ? status : again)
               : status;
}

int64_t csp_condition_notify(csp_end *condition, int64_t count) {
    csp_channel *channel = condition->channel;
    csp_wakes wakes = {.count = 0};
    int64_t notified = 0;
    if (csp_end_sync(condition) != CSP_SYNC_CONDITION) {
        return 0;
    }
    CSP_PASS_GATE(CSP_GATE_SEND, atomic_load_explicit(&condition->holder, memory_order_relaxed), channel->id);
    csp__lock(&channel->lock);
    csp_case *c;
    while (notified < count && (c = csp__first_other(channel, CSP_RECEIVING, NULL)) != NULL) {
        if (wakes.count == CSP_WAKES) {
            csp__wakes_flush(&wakes);
        }
        csp__case_message(c)->kind = 1;
        notified += csp__win(channel, c, CSP_OK, &wakes);
    }
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    return notified;
}
