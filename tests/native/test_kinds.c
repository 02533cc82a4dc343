/* SPDX-License-Identifier: MIT
 *
 * The core's four tables of functions, each with a kind that only this file knows: nothing else had to change for them. */
#include <stdlib.h>

#include "channels/asleep.h"
#include "channels/channel.h"
#include "channels/end.h"
#include "channels/opening.h"
#include "channels/reply.h"
#include "harness.h"
#include "holding/holder.h"
#include "holding/payload.h"
#include "platform/list.h"
#include "waiting/stopping.h"
#include "waiting/waiter.h"

/* ---- something that is held ----------------------------------------------------------------------------------- */

typedef struct token {
    csp_held held;
    csp_holder *holder;
    int references, cuts, drops, forsaken;
    struct token *cloned; /* the next clone, if there is one */
} token;

static token *token_of(csp_held *held) { return CSP_CONTAINER(held, token, held); }

static void token_cut_off(csp_held *held) { token_of(held)->cuts++; }

static void token_give(csp_held *held, csp_holder *holder) {
    token *t = token_of(held);
    if (t->holder != NULL) {
        csp__holder_loses(t->holder, held);
    }
    t->holder = holder;
    if (holder != NULL && !csp__holder_keeps(holder, held)) {
        token_cut_off(held);
    }
}

static void token_drop(csp_held *held) { token_of(held)->drops++; }
static void token_retain(csp_held *held) { token_of(held)->references++; }
static void token_release(csp_held *held) { token_of(held)->references--; }

static void token_forsaken(csp_held *held) { token_of(held)->forsaken++; }
static bool token_keeps_nothing_open(csp_held *held) { return token_of(held)->cloned == NULL; }

static csp_held *token_clone(csp_held *held, csp_holder *holder) {
    token *cloned = token_of(held)->cloned;
    if (cloned == NULL) {
        return NULL;
    }
    csp__held_init(&cloned->held, held->kind);
    token_give(&cloned->held, holder);
    return &cloned->held;
}

static const csp_held_kind token_kind = {
    .turn = CSP_CUT_OFF_LAST,
    .give = token_give,
    .cut_off = token_cut_off,
    .drop = token_drop,
    .retain = token_retain,
    .release = token_release,
};

CASE(it_travels_and_ends_with_its_holder,
     "What is held goes into a message and out to a holder, and is cut off with it; nobody else can take it.") {
    token t = {.references = 1};
    csp__held_init(&t.held, &token_kind);
    csp_holder *one = csp_holder_new("one"), *other = csp_holder_new("other");
    token_give(&t.held, one);
    csp_payload *payload = csp_payload_new(8, 1);
    csp__payload_attach(payload, 0, &t.held);
    CHECK(t.holder == NULL);
    csp_holder_fence(one); /* it is not there any more */
    CHECK_INT(t.cuts, ==, 0);
    CHECK(csp_payload_take_end(payload, 0, other) == NULL);
    CHECK(csp_payload_take_reply(payload, 0, other) == NULL);
    CHECK(csp__payload_take(payload, 0, &token_kind, other) == &t.held);
    CHECK(t.holder == other);
    csp_holder_fence(other);
    CHECK_INT(t.cuts, ==, 1);
    CHECK_INT(t.references, ==, 1);
    csp__payload_attach(payload, 0, &t.held);
    CHECK(csp__payload_take(payload, 0, &token_kind, other) == &t.held); /* who was cut off gets nothing */
    CHECK_INT(t.cuts, ==, 2);
    csp__payload_attach(payload, 0, &t.held);
    csp_payload_release(payload);
    CHECK_INT(t.drops, ==, 1);
    csp_holder_release(one);
    csp_holder_release(other);
}

static const csp_held_kind copied_kind = {
    .turn = CSP_CUT_OFF_LAST,
    .give = token_give,
    .cut_off = token_cut_off,
    .drop = token_drop,
    .clone = token_clone,
    .keeps_nothing_open = token_keeps_nothing_open,
    .forsaken = token_forsaken,
    .retain = token_retain,
    .release = token_release,
};

CASE(it_is_opened_as_often_as_its_kind_says,
     "Shared, it is cloned for a holder, or taken by the first; it hears that one of several let go of it.") {
    token second = {.references = 1}, t = {.references = 1, .cloned = &second}, once = {.references = 1};
    csp__held_init(&t.held, &copied_kind);
    csp__held_init(&once.held, &token_kind);
    csp_holder *holder = csp_holder_new("holder");
    csp_payload *payload = csp_payload_new(8, 2);
    csp__payload_attach(payload, 0, &t.held);
    CHECK(!csp__payload_is_once(payload) && csp__payload_keeps_open(payload));
    csp__payload_attach(payload, 1, &once.held);
    CHECK(csp__payload_is_once(payload));
    csp_payload_retain(payload);
    CHECK(csp__payload_take(payload, 0, &copied_kind, holder) == &second.held);
    CHECK(second.holder == holder && t.holder == NULL);
    t.cloned = NULL;
    CHECK(csp__payload_take(payload, 0, &copied_kind, holder) == NULL);
    CHECK(csp__payload_attached(payload, 0) == &t.held); /* it stays, also when there is no clone to be had */
    CHECK(csp__payload_take(payload, 1, &token_kind, holder) == &once.held);
    CHECK(csp__payload_take(payload, 1, &token_kind, holder) == NULL);
    CHECK_INT(t.references, ==, 1);
    csp_payload_release(payload);
    CHECK_INT(t.forsaken, ==, 1);
    CHECK(csp__payload_take(payload, 0, &copied_kind, holder) == &t.held);
    csp_payload_release(payload);
    CHECK_INT(t.forsaken, ==, 1);
    CHECK_INT(t.drops, ==, 0);
    token_give(&t.held, NULL);
    token_give(&once.held, NULL);
    token_give(&second.held, NULL);
    payload = csp_payload_new(8, 1);
    csp__payload_attach(payload, 0, &t.held); /* now it keeps nothing open */
    CHECK(!csp__payload_keeps_open(payload));
    csp_payload_release(payload);
    CHECK_INT(t.drops, ==, 1);
    csp_holder_release(holder);
}

CASE(ends_are_cut_off_before_the_rest, "A fence closes the ends first, whatever was held before them.") {
    csp_holder *holder = csp_holder_new("holder");
    token t = {.references = 1};
    csp__held_init(&t.held, &token_kind);
    token_give(&t.held, holder); /* held before the end, and yet it goes after it */
    csp_end *tx, *rx;
    CHECK_STATUS(csp_channel_new(1, CSP_OVERFLOW_BLOCK, holder, &tx, &rx), CSP_OK);
    CHECK(&t.held.of_holder == holder->held[CSP_CUT_OFF_LAST].next);
    CHECK(&tx->held.of_holder == holder->held[CSP_CUT_OFF_FIRST].next);
    csp_holder_fence(holder);
    CHECK(csp_end_is_closed(tx) && csp_end_is_closed(rx));
    CHECK_INT(t.cuts, ==, 1);
    csp_end_free(tx);
    csp_end_free(rx);
    csp_holder_release(holder);
}

/* ---- a channel of another kind: a number of tickets, each to be had once -------------------------------------- */

typedef struct {
    int64_t left;
    int *freed;
} tickets;

static tickets *tickets_of(const csp_channel *channel) { return channel->state; }

static csp_status tickets_take(csp_channel *channel, csp_end *end, csp_message *message, const csp_waiter *self) {
    (void)end, (void)self;
    if (tickets_of(channel)->left == 0) {
        return CSP_WOULD_BLOCK;
    }
    *message = (csp_message){.kind = 1, .size = 8, .as.integer = tickets_of(channel)->left--};
    atomic_store(&channel->buffered, (uint32_t)tickets_of(channel)->left);
    return CSP_OK;
}

static void tickets_untake(csp_end *end, csp_message *message) {
    csp__lock(&end->channel->lock);
    atomic_store(&end->channel->buffered, (uint32_t)++tickets_of(end->channel)->left);
    csp__unlock(&end->channel->lock);
    message->kind = 0;
}

static void tickets_left(csp_channel *channel, csp_end *end, bool last, csp_wakes *wakes, csp_leavings *leavings) {
    (void)channel, (void)end, (void)last, (void)wakes, (void)leavings;
}

static bool tickets_can_wake(const csp_channel *channel, const csp_end *end) {
    (void)channel, (void)end;
    return false;
}

static void tickets_statistics(const csp_channel *channel, csp_statistics *out) {
    out->received = (uint64_t)tickets_of(channel)->left;
}

static void tickets_read(const csp_channel *channel, csp_sync_state *out) { out->value = tickets_of(channel)->left; }

static void tickets_free(void *state) {
    ++*((tickets *)state)->freed;
    free(state);
}

static const csp_channel_kind tickets_kind = {
    .sync = CSP_SYNC_EVENT,
    .take = tickets_take,
    .untake = tickets_untake,
    .left = tickets_left,
    .can_wake = tickets_can_wake,
    .statistics = tickets_statistics,
    .read = tickets_read,
    .free = tickets_free,
};

CASE(a_channel_of_another_kind,
     "A channel of a kind of ours is received from, undone, selected and freed like any other.") {
    int freed = 0;
    tickets *state = malloc(sizeof *state);
    CHECK(state != NULL);
    *state = (tickets){.left = 2, .freed = &freed};
    csp_holder *holder = csp_holder_new("holder");
    csp_end *handle;
    CHECK_STATUS(csp__channel_open_of(&tickets_kind, state, 2, holder, &handle), CSP_OK);
    csp_message got;
    CHECK_STATUS(csp_recv(handle, &got, CSP_POLL, NULL), CSP_OK);
    CHECK_INT(got.as.integer, ==, 2);
    csp_unreceive(handle, &got);
    csp_guard guard = {.kind = CSP_GUARD_RECV, .end = handle, .message = &got};
    uint32_t chosen;
    CHECK_STATUS(csp_select(&guard, 1, 0, CSP_FOREVER, NULL, &chosen), CSP_OK);
    CHECK_INT(got.as.integer, ==, 2);
    CHECK_STATUS(csp_recv(handle, &got, CSP_POLL, NULL), CSP_OK);
    CHECK_STATUS(csp_recv(handle, &got, CSP_POLL, NULL), CSP_WOULD_BLOCK);
    CHECK_STATUS(csp_end_abort(handle, NULL), CSP_INVALID);
    csp_sync_state read;
    csp_sync_read(handle, &read);
    CHECK_INT(read.value, ==, 0);
    csp_end_free(handle);
    CHECK_INT(freed, ==, 1);
    csp_holder_release(holder);
}

/* ---- where an answer goes ------------------------------------------------------------------------------------- */

typedef struct {
    csp_reply reply;
    int64_t *sum;
    int *closes;
} adding_reply;

static adding_reply *adding_of(csp_reply *reply) { return CSP_CONTAINER(reply, adding_reply, reply); }

static bool adding_deliver(csp_reply *reply, csp_message *message, uint64_t flags) {
    *adding_of(reply)->sum += (flags & CSP_REPLY_BROKEN) != 0 ? 1000 : message->as.integer;
    csp_message_drop(message);
    return true;
}

static void adding_close(csp_reply *reply) { ++*adding_of(reply)->closes; }

static const csp_reply_sink adding_sink = {.deliver = adding_deliver, .close = adding_close};

static csp_reply *new_adding(int64_t *sum, int *closes) {
    csp_reply *reply = csp__reply_alloc(sizeof(adding_reply), 1, &adding_sink);
    CHECK(reply != NULL);
    adding_of(reply)->sum = sum;
    adding_of(reply)->closes = closes;
    return reply;
}

CASE(an_answer_goes_where_its_sink_says,
     "A sink gets the answer, or that there is none, once; and is closed with the reply.") {
    int64_t sum = 0;
    int closes = 0;
    csp_message answer = {.kind = 1, .size = 8, .as.integer = 7};
    CHECK(csp_reply_complete(new_adding(&sum, &closes), &answer, 0));
    CHECK_INT(sum, ==, 7);
    CHECK_INT(closes, ==, 1);
    csp_reply_break(new_adding(&sum, &closes), true);
    CHECK_INT(sum, ==, 1007);
    CHECK_INT(closes, ==, 2);
}

/* ---- who waits: one that only counts how often it is woken ----------------------------------------------------- */

typedef struct {
    csp_waiter waiter;
    int wakes;
    uint32_t found; /* the code that it was woken with */
} counter;

static void count_wake(csp_waiter *waiter) {
    counter *c = CSP_CONTAINER(waiter, counter, waiter);
    c->wakes++;
    c->found = csp__code(atomic_load(&waiter->state));
}

static const csp_waiter_kind counter_kind = {.wake = count_wake};

static void join_queue(counter *c, csp_end *end, int64_t value) {
    csp_message message = csp_end_direction(end) == CSP_SENDING ? inlined(value) : (csp_message){.kind = 0};
    csp_reply *engaged;
    CHECK_STATUS(csp__try_or_join_asleep(end, &message, &c->waiter, me, CSP_FOREVER, &engaged), CSP_WOULD_BLOCK);
}

CASE(who_waits_is_woken_as_its_kind_says,
     "A waiter of a kind of ours is met, closed, answered and stopped like any other, and woken once for each.") {
    counter c = {.wakes = 0};
    csp_message got;
    pair p = channel(0);
    csp__waiter_init(&c.waiter, &counter_kind);
    csp__may_wait_for(me, &c.waiter);
    join_queue(&c, p.rx, 0);
    CHECK_STATUS(put(p.tx, 4, CSP_POLL), CSP_OK);
    CHECK_INT(c.wakes, ==, 1);
    CHECK_INT(c.found, ==, CSP_WON);
    CHECK_INT(opened(&c.waiter.slot), ==, 4);
    join_queue(&c, p.tx, 5);
    CHECK_INT(take(p.rx, CSP_POLL), ==, 5);
    CHECK_INT(c.wakes, ==, 2);
    join_queue(&c, p.tx, 6);
    csp_holder_cancel(me);
    CHECK_INT(c.wakes, ==, 3);
    CHECK_INT(c.found, ==, CSP_STOPPED);
    csp_holder_resume(me);
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK)); /* found in the queue, and passed over */
    join_queue(&c, p.rx, 0);
    csp_end_close(p.tx);
    CHECK_INT(c.wakes, ==, 4);
    CHECK_INT(c.waiter.single.outcome, ==, CSP_END_OF_CHANNEL);
    csp_reply *reply = csp_reply_new();
    CHECK(csp__reply_join(reply, &c.waiter, me, CSP_FOREVER));
    csp_reply_break(reply, false);
    CHECK_INT(c.wakes, ==, 5);
    CHECK(csp__reply_leave(reply));
    got = csp__reply_take(reply);
    CHECK((got.tag & CSP_REPLY_BROKEN) != 0);
    csp_reply_abandon(reply);
    csp__waits_no_more(me, &c.waiter);
    free_pair(&p);
}
