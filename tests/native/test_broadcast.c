/* SPDX-License-Identifier: MIT
 *
 * Broadcasts: every subscriber gets every message, in one order. */
#include "harness.h"

static csp_end *broadcast(bool keep) {
    csp_end *handle;
    CHECK_STATUS(csp_broadcast_new(keep, me, &handle), CSP_OK);
    return handle;
}

static csp_end *subscriber(csp_end *handle, uint32_t capacity, csp_overflow overflow) {
    csp_end *rx;
    CHECK_STATUS(csp_broadcast_subscribe(handle, capacity, overflow, me, &rx), CSP_OK);
    return rx;
}

/* The status; *reached as of csp_broadcast_send. */
static csp_status send_number(csp_end *handle, int64_t value, int64_t deadline, uint32_t *reached) {
    csp_message message = boxed(value);
    csp_status status = csp_broadcast_send(handle, &message, deadline, NULL, reached);
    CHECK((message.kind == 0) == (status == CSP_OK));
    csp_message_drop(&message);
    return status;
}

CASE(everybody_gets_everything,
     "Each subscriber gets each message from when it subscribed on, whatever its capacity.") {
    csp_end *handle = broadcast(false);
    uint32_t reached;
    CHECK_STATUS(send_number(handle, 0, CSP_POLL, &reached), CSP_OK);
    CHECK_INT(reached, ==, 0);
    csp_end *first = subscriber(handle, 10, CSP_OVERFLOW_BLOCK);
    CHECK_STATUS(send_number(handle, 1, CSP_POLL, &reached), CSP_OK);
    CHECK_INT(reached, ==, 1);
    csp_end *second = subscriber(handle, 3, CSP_OVERFLOW_BLOCK);
    for (int64_t n = 2; n < 5; n++) {
        CHECK_STATUS(send_number(handle, n, CSP_POLL, &reached), CSP_OK);
        CHECK_INT(reached, ==, 2);
    }
    for (int64_t n = 1; n < 5; n++) {
        CHECK_INT(take(first, CSP_POLL), ==, n);
        CHECK_INT(n == 1 ? 1 : take(second, CSP_POLL), ==, n);
    }
    CHECK_INT(csp_payloads_alive(), ==, 0);
    csp_end_free(handle);
    CHECK_INT(take(first, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
    csp_end_free(first);
    csp_end_free(second);
}

typedef struct {
    csp_end *handle;
    int64_t value, deadline;
    uint32_t reached;
    csp_status status;
    _Atomic bool over;
    pthread_t thread;
} sending;

static void *send_one(void *argument) {
    sending *s = argument;
    s->status = send_number(s->handle, s->value, s->deadline, &s->reached);
    atomic_store(&s->over, true);
    return NULL;
}

CASE(a_slow_subscriber_is_waited_for, "A send returns when the last has it; the others need not wait for that one.") {
    csp_end *handle = broadcast(false);
    csp_end *slow = subscriber(handle, 0, CSP_OVERFLOW_BLOCK), *fast = subscriber(handle, 1, CSP_OVERFLOW_BLOCK);
    sending s = {.handle = handle, .value = 7, .deadline = CSP_FOREVER};
    s.thread = go(send_one, &s);
    CHECK_INT(take(fast, CSP_FOREVER), ==, 7);
    EVENTUALLY(SENDERS_WAITING(slow) == 1);
    CHECK(!atomic_load(&s.over));
    CHECK_INT(take(slow, CSP_FOREVER), ==, 7);
    finish(s.thread);
    CHECK_STATUS(s.status, CSP_OK);
    CHECK_INT(s.reached, ==, 2);
    s = (sending){.handle = handle, .value = 8, .deadline = csp_deadline_after(MILLISECONDS)};
    send_one(&s);
    CHECK_STATUS(s.status, CSP_TIMEOUT);
    CHECK_INT(s.reached, ==, 1);
    uint32_t reached;
    CHECK_INT(take(fast, CSP_POLL), ==, 8);
    CHECK_STATUS(send_number(handle, 9, CSP_POLL, &reached), CSP_WOULD_BLOCK);
    CHECK_INT(reached, ==, 1);
    csp_end_free(handle);
    csp_end_free(slow);
    csp_end_free(fast);
}

CASE(each_has_its_policy, "One that drops never makes a sender wait.") {
    csp_end *handle = broadcast(false);
    csp_end *oldest = subscriber(handle, 2, CSP_OVERFLOW_OLDEST), *newest = subscriber(handle, 2, CSP_OVERFLOW_NEWEST);
    csp_end *refuse = subscriber(handle, 2, CSP_OVERFLOW_REFUSE);
    uint32_t reached;
    for (int64_t n = 0; n < 5; n++) {
        CHECK_STATUS(send_number(handle, n, CSP_FOREVER, &reached), CSP_OK);
        CHECK_INT(reached, ==, n < 2 ? 3 : 2);
    }
    for (int64_t n = 0; n < 2; n++) {
        CHECK_INT(take(oldest, CSP_POLL), ==, n + 3);
        CHECK_INT(take(newest, CSP_POLL), ==, n);
        CHECK_INT(take(refuse, CSP_POLL), ==, n);
    }
    csp_end *all[] = {oldest, newest, refuse};
    for (int i = 0; i < 3; i++) { /* whatever the policy, what is lost to it is counted, and only there */
        note("subscriber %d", i);
        CHECK_INT(seen(all[i]).sent, ==, 5);
        CHECK_INT(seen(all[i]).dropped, ==, 3);
        CHECK_INT(seen(all[i]).received, ==, 2);
    }
    csp_end_free(handle);
    csp_end_free(oldest);
    csp_end_free(newest);
    csp_end_free(refuse);
}

CASE(a_subscriber_that_goes_is_forgotten,
     "Closing the receiver ends the subscription, also of one that was waited for.") {
    csp_end *handle = broadcast(false);
    csp_end *leaving = subscriber(handle, 0, CSP_OVERFLOW_BLOCK), *staying = subscriber(handle, 5, CSP_OVERFLOW_BLOCK);
    sending s = {.handle = handle, .value = 1, .deadline = CSP_FOREVER};
    s.thread = go(send_one, &s);
    EVENTUALLY(SENDERS_WAITING(leaving) == 1);
    csp_end_free(leaving);
    finish(s.thread);
    CHECK_STATUS(s.status, CSP_OK);
    CHECK_INT(s.reached, ==, 1);
    CHECK_INT(csp_broadcast_subscribers(handle), ==, 1);
    csp_end_free(handle);
    csp_end_free(staying);
}

static int64_t channels_alive(void) {
    csp_totals totals;
    csp_totals_read(&totals);
    return totals.channels;
}

CASE(who_is_gone_does_not_pile_up,
     "However many come and go between two sends, no more is kept of them than of those who stay.") {
    enum { STAYING = 3, ROUNDS = 1000 };
    csp_end *handle = broadcast(true), *staying[STAYING];
    for (int i = 0; i < STAYING; i++) {
        staying[i] = subscriber(handle, 1, CSP_OVERFLOW_OLDEST);
    }
    for (int i = 0; i < ROUNDS; i++) {
        csp_end_free(subscriber(handle, 1, CSP_OVERFLOW_OLDEST));
        CHECK_INT(channels_alive(), <=, 1 + 4 * STAYING);
    }
    CHECK_INT(csp_broadcast_subscribers(handle), ==, STAYING);
    CHECK_INT(channels_alive(), ==, 1 + STAYING);
    uint32_t reached;
    CHECK_STATUS(send_number(handle, 1, CSP_POLL, &reached), CSP_OK);
    CHECK_INT(reached, ==, STAYING);
    for (int i = 0; i < STAYING; i++) {
        CHECK_INT(take(staying[i], CSP_POLL), ==, 1);
        csp_end_free(staying[i]);
    }
    csp_end_free(handle);
}

CASE(who_left_is_no_subscriber, "A receiver that closes is not counted any more, without a send in between.") {
    csp_end *handle = broadcast(false);
    csp_end *leaving = subscriber(handle, 1, CSP_OVERFLOW_BLOCK), *staying = subscriber(handle, 1, CSP_OVERFLOW_BLOCK);
    CHECK_INT(csp_broadcast_subscribers(handle), ==, 2);
    csp_end_close(leaving);
    CHECK_INT(csp_broadcast_subscribers(handle), ==, 1);
    csp_end_free(leaving);
    csp_end_free(staying);
    CHECK_INT(csp_broadcast_subscribers(handle), ==, 0);
    csp_end_free(handle);
}

CASE(a_closed_handle_waits_no_more,
     "Closing the handle through which a send waits ends that send, whether it was the last handle or not.") {
    for (int last = 0; last < 2; last++) {
        note("last %d", last);
        csp_end *handle = broadcast(false), *other = last ? NULL : csp_end_clone(handle, me);
        csp_end *slow = subscriber(handle, 0, CSP_OVERFLOW_BLOCK), *fast = subscriber(handle, 1, CSP_OVERFLOW_BLOCK);
        sending s = {.handle = handle, .value = 1, .deadline = CSP_FOREVER};
        s.thread = go(send_one, &s);
        EVENTUALLY(SENDERS_WAITING(slow) == 1);
        csp_end_close(handle);
        finish(s.thread);
        CHECK_STATUS(s.status, CSP_CLOSED_END);
        CHECK_INT(s.reached, ==, 1);
        CHECK_INT(take(fast, CSP_POLL), ==, 1);
        if (other != NULL) { /* who still has a handle notices nothing */
            CHECK_INT(csp_broadcast_subscribers(other), ==, 2);
            s = (sending){.handle = other, .value = 2, .deadline = CSP_FOREVER};
            s.thread = go(send_one, &s);
            CHECK_INT(take(slow, CSP_FOREVER), ==, 2);
            CHECK_INT(take(fast, CSP_FOREVER), ==, 2);
            finish(s.thread);
            CHECK_STATUS(s.status, CSP_OK);
            csp_end_free(other);
        }
        CHECK_INT(take(slow, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
        csp_end_free(handle);
        csp_end_free(slow);
        csp_end_free(fast);
    }
}

CASE(another_handle_goes_on, "Closing a handle that does not send leaves the one that does waiting.") {
    csp_end *handle = broadcast(false), *other = csp_end_clone(handle, me);
    csp_end *slow = subscriber(handle, 0, CSP_OVERFLOW_BLOCK);
    sending s = {.handle = handle, .value = 1, .deadline = CSP_FOREVER};
    s.thread = go(send_one, &s);
    EVENTUALLY(SENDERS_WAITING(slow) == 1);
    csp_end_free(other);
    CHECK_INT(SENDERS_WAITING(slow), ==, 1);
    CHECK_INT(take(slow, CSP_FOREVER), ==, 1);
    finish(s.thread);
    CHECK_STATUS(s.status, CSP_OK);
    csp_end_free(handle);
    csp_end_free(slow);
}

CASE(an_abort_ends_all_of_it,
     "Aborting a broadcast ends every subscription with the cause, and a send that waits; it takes no more.") {
    csp_end *handle = broadcast(true), *other = csp_end_clone(handle, me), *rx;
    csp_end *slow = subscriber(handle, 0, CSP_OVERFLOW_BLOCK), *fast = subscriber(handle, 1, CSP_OVERFLOW_BLOCK);
    sending s = {.handle = handle, .value = 1, .deadline = CSP_FOREVER};
    s.thread = go(send_one, &s);
    EVENTUALLY(SENDERS_WAITING(slow) == 1);
    csp_message cause = boxed(99);
    csp_end_abort(other, &cause);
    finish(s.thread);
    CHECK_STATUS(s.status, CSP_BROKEN);
    CHECK_INT(s.reached, ==, 1);
    csp_end *all[] = {handle, other, slow, fast};
    for (int i = 0; i < 4; i++) {
        note("handle %d", i);
        CHECK(seen(all[i]).aborted);
        CHECK(csp_end_cause(all[i], &cause));
        CHECK_INT(opened(&cause), ==, 99);
    }
    CHECK_INT(take(slow, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
    CHECK_INT(take(fast, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
    CHECK_INT(csp_broadcast_subscribers(other), ==, 0);
    uint32_t reached;
    CHECK_STATUS(send_number(other, 2, CSP_FOREVER, &reached), CSP_BROKEN);
    CHECK_INT(reached, ==, 0);
    CHECK_STATUS(csp_broadcast_subscribe(other, 1, CSP_OVERFLOW_OLDEST, me, &rx), CSP_BROKEN);
    for (int i = 0; i < 4; i++) {
        csp_end_free(all[i]);
    }
    CHECK_INT(csp_payloads_alive(), ==, 0);
}

CASE(a_watch_begins_with_the_latest,
     "With `keep` a new subscriber gets the latest value first, and whoever looks sees it.") {
    csp_end *handle = broadcast(true);
    uint32_t reached;
    csp_message latest;
    CHECK(!csp_broadcast_latest(handle, &latest));
    for (int64_t n = 0; n < 3; n++) {
        CHECK_STATUS(send_number(handle, n, CSP_FOREVER, &reached), CSP_OK);
    }
    csp_end *rx = subscriber(handle, 1, CSP_OVERFLOW_OLDEST);
    CHECK_INT(take(rx, CSP_POLL), ==, 2);
    CHECK_INT(take(rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK(csp_broadcast_latest(handle, &latest));
    CHECK_INT(opened(&latest), ==, 2);
    csp_end_close(handle);
    CHECK(csp_broadcast_latest(handle, &latest)); /* also through a closed handle */
    CHECK_INT(opened(&latest), ==, 2);
    csp_end_free(handle);
    csp_end_free(rx);
    CHECK_INT(csp_payloads_alive(), ==, 0);
}

CASE(a_watch_keeps_no_ends, "A message with an end in it is refused by a watch, and is still the caller's.") {
    csp_end *handle = broadcast(true);
    pair c = channel(0);
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 1, .as.payload = csp_payload_new(1, 1)};
    csp_payload_attach_end(message.as.payload, 0, csp_end_clone(c.tx, NULL));
    uint32_t reached;
    CHECK_STATUS(csp_broadcast_send(handle, &message, CSP_POLL, NULL, &reached), CSP_INVALID);
    csp_message_drop(&message);
    CHECK_INT(seen(c.rx).sending_ends, ==, 1);
    csp_end *rx;
    CHECK_STATUS(csp_broadcast_subscribe(c.tx, 1, CSP_OVERFLOW_BLOCK, me, &rx), CSP_INVALID);
    CHECK_STATUS(csp_broadcast_subscribe(handle, 0, CSP_OVERFLOW_OLDEST, me, &rx), CSP_INVALID);
    csp_end_close(handle);
    CHECK_STATUS(csp_broadcast_subscribe(handle, 1, CSP_OVERFLOW_BLOCK, me, &rx), CSP_CLOSED_END);
    message = inlined(1);
    CHECK_STATUS(csp_broadcast_send(handle, &message, CSP_POLL, NULL, &reached), CSP_CLOSED_END);
    free_pair(&c);
    csp_end_free(handle);
}

CASE(a_stop_reaches_the_sender,
     "A sender that waits for a subscriber is stopped with its holder, and gives its turn on.") {
    csp_holder *stopped = csp_holder_new("stopped");
    csp_end *handle = broadcast(false), *theirs = csp_end_clone(handle, stopped);
    csp_end *slow = subscriber(handle, 0, CSP_OVERFLOW_BLOCK);
    sending s = {.handle = theirs, .value = 1, .deadline = CSP_FOREVER};
    s.thread = go(send_one, &s);
    EVENTUALLY(SENDERS_WAITING(slow) == 1);
    csp_holder_cancel(stopped);
    finish(s.thread);
    CHECK_STATUS(s.status, CSP_CANCELLED);
    csp_end_free(theirs);
    csp_holder_release(stopped);
    s = (sending){.handle = handle, .value = 2, .deadline = CSP_FOREVER};
    s.thread = go(send_one, &s);
    CHECK_INT(take(slow, CSP_FOREVER), ==, 2);
    finish(s.thread);
    csp_end_free(handle);
    csp_end_free(slow);
}

static uint64_t waits_as;
static void who_waits(const csp_edge *edge, void *context) {
    (void)context;
    if (edge->kind == CSP_EDGE_WAITS) {
        waits_as = edge->holder;
    }
}

CASE(a_waiting_sender_has_a_name,
     "The wait graph shows who waits for a slow subscriber, though it sends through an end of nobody's.") {
    csp_end *handle = broadcast(false), *slow = subscriber(handle, 0, CSP_OVERFLOW_BLOCK);
    sending s = {.handle = handle, .value = 1, .deadline = CSP_FOREVER};
    s.thread = go(send_one, &s);
    EVENTUALLY(SENDERS_WAITING(slow) == 1);
    CHECK_STATUS(csp_graph_visit(who_waits, NULL), CSP_OK);
    CHECK(waits_as == csp_holder_id(me));
    CHECK_INT(take(slow, CSP_FOREVER), ==, 1);
    finish(s.thread);
    csp_end_free(handle);
    csp_end_free(slow);
}

/* ---- races ----------------------------------------------------------------------------------------------------- */

enum { SENDERS = 3, SUBSCRIBERS = 3, MOST = 30000 };

typedef struct {
    csp_end *handle, *rx;
    int64_t first, rounds, count;
    int64_t got[MOST];
} party;

static void *send_all(void *argument) {
    party *p = argument;
    uint32_t reached;
    for (int64_t n = 0; n < p->rounds; n++) {
        CHECK_STATUS(send_number(p->handle, p->first + n, CSP_FOREVER, &reached), CSP_OK);
        CHECK_INT(reached, >=, SUBSCRIBERS);
    }
    return NULL;
}

static void *receive_all(void *argument) {
    party *p = argument;
    int64_t value;
    while ((value = take(p->rx, CSP_FOREVER)) >= 0) {
        p->got[p->count++] = value;
    }
    CHECK_INT(value, ==, NOT(CSP_END_OF_CHANNEL));
    return NULL;
}

static void *come_and_go(void *argument) {
    party *p = argument;
    uint64_t random = 9;
    for (int64_t n = 0; n < p->rounds; n++) {
        csp_end *rx;
        if (csp_broadcast_subscribe(p->handle, (uint32_t)(random_next(&random) % 3), CSP_OVERFLOW_BLOCK, me, &rx) !=
            CSP_OK) {
            break;
        }
        int64_t value = take(rx, csp_deadline_after((int64_t)(random_next(&random) % 50000) + 1));
        CHECK(value >= 0 || value == NOT(CSP_TIMEOUT) || value == NOT(CSP_END_OF_CHANNEL));
        csp_end_free(rx);
    }
    return NULL;
}

CASE(all_see_one_order,
     "Several senders, subscribers of every capacity, one that comes and goes: all get all, in one order.") {
    static party parties[SENDERS + SUBSCRIBERS + 1];
    csp_end *handle = broadcast(false);
    pthread_t threads[SENDERS + SUBSCRIBERS + 1];
    int64_t rounds = scaled(4000);
    for (int i = 0; i < SUBSCRIBERS; i++) {
        parties[SENDERS + i].rx = subscriber(handle, i == 0 ? 0 : (uint32_t)i * 7, CSP_OVERFLOW_BLOCK);
        parties[SENDERS + i].count = 0;
        threads[SENDERS + i] = go(receive_all, &parties[SENDERS + i]);
    }
    party *guest = &parties[SENDERS + SUBSCRIBERS];
    guest->handle = csp_end_clone(handle, me);
    guest->rounds = rounds / 10 + 1;
    threads[SENDERS + SUBSCRIBERS] = go(come_and_go, guest);
    for (int i = 0; i < SENDERS; i++) {
        parties[i].handle = csp_end_clone(handle, me);
        parties[i].first = rounds * i;
        parties[i].rounds = rounds;
        threads[i] = go(send_all, &parties[i]);
    }
    for (int i = 0; i < SENDERS; i++) {
        finish(threads[i]);
        csp_end_free(parties[i].handle);
    }
    finish(threads[SENDERS + SUBSCRIBERS]);
    csp_end_free(guest->handle);
    csp_end_free(handle);
    for (int i = 0; i < SUBSCRIBERS; i++) {
        party *p = &parties[SENDERS + i];
        finish(threads[SENDERS + i]);
        CHECK_INT(p->count, ==, rounds * SENDERS);
        CHECK(memcmp(p->got, parties[SENDERS].got, sizeof(int64_t) * (size_t)p->count) == 0);
        csp_end_free(p->rx);
    }
}
