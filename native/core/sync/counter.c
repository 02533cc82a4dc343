/* SPDX-License-Identifier: MIT
 *
 * Counters: one number that all who have a handle change at once, without the channel's lock. */
#include "sync/counter.h"

#include <stdlib.h>

#include "channels/channel_kind.h"
#include "channels/end.h"
#include "channels/opening.h"
#include "waiting/waiter.h"

typedef struct {
    _Atomic int64_t count;
    int64_t limit;
} counter_state;

static counter_state *state_of(const csp_channel *channel) { return channel->state; }

/* NULL for what is no counter. */
static _Atomic int64_t *count_of(csp_end *counter) {
    return csp_end_sync(counter) == CSP_SYNC_COUNTER ? &state_of(counter->channel)->count : NULL;
}

/* seq_cst: what was written before an addition is seen by whoever sees its result, in one order for all counters. */
int64_t csp_counter_add(csp_end *counter, int64_t amount) {
    _Atomic int64_t *count = count_of(counter);
    if (count == NULL) {
        return 0;
    }
    /* Signed overflow wraps here by the standard: atomics are two's complement. */
    return (int64_t)((uint64_t)atomic_fetch_add_explicit(count, amount, memory_order_seq_cst) + (uint64_t)amount);
}

int64_t csp_counter_exchange(csp_end *counter, int64_t value) {
    _Atomic int64_t *count = count_of(counter);
    return count != NULL ? atomic_exchange_explicit(count, value, memory_order_seq_cst) : 0;
}

bool csp_counter_compare_exchange(csp_end *counter, int64_t *expected, int64_t value) {
    _Atomic int64_t *count = count_of(counter);
    return count != NULL &&
           atomic_compare_exchange_strong_explicit(count, expected, value, memory_order_seq_cst, memory_order_seq_cst);
}

/* ---- as a kind of channel ------------------------------------------------------------------------------------- */

static csp_status take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self) {
    (void)channel, (void)end, (void)message, (void)self;
    return CSP_INVALID;
}

static void untake(csp_end *end, csp_message *message) {
    (void)end;
    message->kind = 0;
}

static void left(csp_channel *channel, csp_end *end, bool last, csp_wakes *wakes, csp_leavings *leavings) {
    (void)channel, (void)end, (void)last, (void)wakes, (void)leavings;
}

static bool can_wake(const csp_channel *channel, const csp_end *end) {
    (void)channel, (void)end;
    return true;
}

static void statistics(const csp_channel *channel, csp_statistics *out) { (void)channel, (void)out; }

static void read(const csp_channel *channel, csp_sync_state *out) {
    out->value = atomic_load_explicit(&state_of(channel)->count, memory_order_seq_cst);
    out->limit = state_of(channel)->limit;
}

static const csp_channel_kind kind = {
    .sync = CSP_SYNC_COUNTER,
    .take = take,
    .untake = untake,
    .left = left,
    .can_wake = can_wake,
    .statistics = statistics,
    .read = read,
    .free = free,
};

csp_status csp__counter_new(int64_t value, int64_t limit, csp_holder *holder, csp_end **handle) {
    counter_state *state = malloc(sizeof *state);
    if (state != NULL) {
        atomic_init(&state->count, value);
        state->limit = limit;
    }
    return csp__channel_open_of(&kind, state, 0, holder, handle);
}
