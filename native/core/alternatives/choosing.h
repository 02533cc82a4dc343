/* SPDX-License-Identifier: MIT
 *
 * One choice among guards, from looking them over to leaving their queues, whoever waits for it: a thread (select.c), or none
 * (begin_select.c).
 *
 * First a poll with one channel's lock at a time (not by priority: only there a find needs a common instant). Then, with all
 * channels locked in the order of their ids, a poll that is one instant; and if that finds nothing, a case in each queue and
 * a wait. Because an operation that runs is in no queue while it claims, only one party is ever claimed. */
#ifndef CSP_CHOOSING_H
#define CSP_CHOOSING_H

#include "alternatives/polling.h"
#include "channels/end.h"

/* A choice begins here, and is over, for the gate too, at the end of the block: after its wait, if it waits. */
#define CSP_CHOOSING(c) csp_choosing c __attribute__((cleanup(csp__choosing_over)))
static inline void csp__choosing_over(const csp_choosing *c) { csp__passed(&c->passage); }

/* OK: *winner was carried out (then see csp__chosen), or is `count`: none is ready. In that case `join` (NULL: nobody waits) is called
 * while all channels are locked, and arms the record, which then stands in all queues (`joined`); unless it is told to stop
 * (`told`). INVALID: nothing could ever be ready, or an end has another direction than its guard; NO_MEMORY, SCOPE_CANCELLED:
 * nothing happened. */
csp_status csp__choose(csp_choosing *c, void (*join)(csp_choosing *c, void *context), void *context, uint32_t *winner);

/* Leave every queue but the winner's (`count`: all), which the claimer left for us. Also waits out a claimer that still writes
 * into a loser's slot: it holds that channel's lock. */
void csp__choosing_leaves(csp_guard *guards, uint32_t count, uint32_t winner);
/* The earliest timer that is due at `now`, or `count`. */
uint32_t csp__due_timer(const csp_guard *guards, uint32_t count, int64_t now);

static inline csp_select_case *csp__guard_case(csp_guard *guard) { return (csp_select_case *)(void *)guard->internal; }
/* Of a winner that was carried out at once: its reply, if a receiver holds it, else NULL; its status is set otherwise. */
static inline csp_reply *csp__chosen(csp_choosing *c, uint32_t winner) {
    if (!csp__guard_on_channel(&c->guards[winner])) {
        c->guards[winner].status = CSP_OK;
        return NULL;
    }
    return c->wakes.engaged;
}

static inline csp_holder *csp__guard_holder(const csp_guard *guard) {
    return atomic_load_explicit(&guard->end->holder, memory_order_relaxed);
}

#endif
