/* SPDX-License-Identifier: MIT
 *
 * Many threads send and receive at once: every value arrives exactly once, in order, whatever times out or is undone.
 * Races with an end, a cancel or a fence are in test_ending_races.c, those of selects in test_select_races.c. */
#include "harness.h"

static const uint32_t race_capacities[] = {0, 1, 10, CSP_UNBOUNDED};
#define FOR_EACH_RACE_CAPACITY(c) \
    for (uint32_t c, i_##c = 0;   \
         i_##c < COUNT(race_capacities) && (c = race_capacities[i_##c], note("capacity %u", c), true); i_##c++)

/* ---- producers and consumers ----------------------------------------------------------------------------------- */

enum { MOST_PRODUCERS = 4 };

typedef struct {
    csp_end *end; /* the worker's own */
    int producer, producers;
    int64_t each;
    tally *values; /* value: number * producers + producer */
    int64_t received;
} worker;

static void *produce(void *argument) {
    worker *w = argument;
    for (int64_t n = 0; n < w->each; n++) {
        CHECK_STATUS(put(w->end, n * w->producers + w->producer, CSP_FOREVER), CSP_OK);
    }
    csp_end_free(w->end);
    return NULL;
}

static void *consume(void *argument) {
    worker *w = argument;
    int64_t last[MOST_PRODUCERS] = {-1, -1, -1, -1};
    int64_t value;
    while ((value = take(w->end, CSP_FOREVER)) >= 0) {
        int64_t *before = &last[value % w->producers];
        CHECK_INT(value, >, *before); /* what one producer sends stays in order */
        *before = value;
        tally_add(w->values, value);
        w->received++;
    }
    CHECK_INT(value, ==, NOT(CSP_END_OF_CHANNEL));
    csp_end_free(w->end);
    return NULL;
}

static void produce_and_consume(uint32_t capacity, int producers, int consumers, int64_t each) {
    pair p = channel(capacity);
    tally values = tally_of(each * producers);
    worker workers[16];
    pthread_t threads[16];
    for (int i = 0; i < producers + consumers; i++) {
        bool produces = i < producers;
        workers[i] = (worker){csp_end_clone(produces ? p.tx : p.rx, me), i, producers, each, &values, 0};
        threads[i] = go(produces ? produce : consume, &workers[i]);
    }
    csp_end_close(p.tx);
    csp_end_close(p.rx);
    for (int i = 0; i < producers + consumers; i++) {
        finish(threads[i]);
    }
    tally_check(&values, 1);
    csp_statistics s = seen(p.tx);
    CHECK_INT(s.sent, ==, each * producers);
    CHECK_INT(s.received, ==, each * producers);
    CHECK_INT(s.parks, ==, s.wakes);
    free_pair(&p);
}

CASE(one_to_one_delivers_each_value_once,
     "One producer, one consumer: all values, once, in order, at every capacity.") {
    FOR_EACH_RACE_CAPACITY(c) { produce_and_consume(c, 1, 1, scaled(c == 0 ? 20000 : 50000)); }
}

CASE(many_to_many_deliver_each_value_once,
     "Four producers, four consumers: all values, once, each producer's in order.") {
    FOR_EACH_RACE_CAPACITY(c) { produce_and_consume(c, MOST_PRODUCERS, 4, scaled(c == 0 ? 5000 : 15000)); }
}

CASE(one_feeds_ten_and_ten_feed_one,
     "Ten consumers of one producer, and three producers of one consumer, miss nothing.") {
    FOR_EACH_RACE_CAPACITY(c) {
        produce_and_consume(c, 1, 10, scaled(5000));
        produce_and_consume(c, 3, 1, scaled(3000));
    }
}

CASE(the_length_stays_within_its_bounds, "Seen at any instant, no more is buffered than the capacity allows.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        int64_t each = scaled(10000);
        tally values = tally_of(each);
        worker producer = {csp_end_clone(p.tx, me), 0, 1, each, &values, 0};
        worker consumer = {csp_end_clone(p.rx, me), 0, 1, each, &values, 0};
        pthread_t first = go(produce, &producer), second = go(consume, &consumer);
        csp_end_close(p.tx);
        csp_statistics s;
        do {
            s = seen(p.rx);
            CHECK_INT(s.length, <=, c);
            CHECK_CONSERVED(p.rx);
        } while (s.received < (uint64_t)each);
        finish(first);
        finish(second);
        tally_check(&values, 1);
        free_pair(&p);
    }
}

/* ---- one transfer per channel ---------------------------------------------------------------------------------- */

static void *receive_once_each(void *argument) {
    csp_end *deliveries = argument;
    csp_message message;
    int64_t value = 0;
    while (csp_recv(deliveries, &message, CSP_FOREVER, NULL) == CSP_OK) {
        csp_end *rx = csp_payload_take_end(message.as.payload, 0, me);
        csp_message_drop(&message);
        CHECK_INT(take(rx, CSP_FOREVER), ==, value++);
        csp_end_free(rx); /* while the sender may still be finishing */
    }
    return NULL;
}

CASE(fresh_channels_carry_one_message_each,
     "Thousands of channels are made, used once and freed by both sides at once.") {
    for (uint32_t c = 0; c < 2; c++) {
        pair deliveries = channel(4);
        pthread_t receiver = go(receive_once_each, deliveries.rx);
        for (int64_t n = 0, rounds = scaled(10000); n < rounds; n++) {
            pair p = channel(c);
            csp_message message = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
            csp_payload_attach_end(message.as.payload, 0, p.rx);
            CHECK_STATUS(csp_send(deliveries.tx, &message, CSP_FOREVER, NULL), CSP_OK);
            CHECK_STATUS(put(p.tx, n, CSP_FOREVER), CSP_OK);
            csp_end_free(p.tx);
        }
        csp_end_close(deliveries.tx);
        finish(receiver);
        free_pair(&deliveries);
    }
}

/* ---- polls ----------------------------------------------------------------------------------------------------- */

typedef struct {
    pair p;
    int64_t rounds;
} poller;

static void *put_one_take_one(void *argument) {
    poller *t = argument;
    for (int64_t n = 0; n < t->rounds; n++) {
        CHECK_STATUS(put(t->p.tx, n, n % 2 == 0 ? CSP_POLL : CSP_FOREVER), CSP_OK);
        CHECK_INT(take(t->p.rx, n % 3 == 0 ? 1 : CSP_POLL), >=, 0);
    }
    return NULL;
}

CASE(who_puts_one_in_can_take_one_out,
     "Four threads that each send and then poll a buffer of four never find it full or empty.") {
    poller t = {channel(4), scaled(20000)};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = go(put_one_take_one, &t);
    }
    for (int i = 0; i < 4; i++) {
        finish(threads[i]);
    }
    CHECK_INT(seen(t.p.tx).length, ==, 0);
    CHECK_CONSERVED(t.p.tx);
    free_pair(&t.p);
}

/* ---- timeouts -------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_end *end;
    int64_t rounds, moved, sum;
    uint64_t random;
} impatient;

static void *try_with_short_deadlines(void *argument) {
    impatient *t = argument;
    for (int64_t n = 0; n < t->rounds; n++) {
        int64_t deadline = csp_deadline_after(1000 + (int64_t)(random_next(&t->random) % 59000));
        int64_t value = (int64_t)(random_next(&t->random) % 1000000);
        if (csp_end_direction(t->end) == CSP_SENDING) {
            csp_status status = put(t->end, value, deadline);
            CHECK(status == CSP_OK || status == CSP_TIMEOUT);
            if (status == CSP_TIMEOUT) {
                continue;
            }
        } else {
            value = take(t->end, deadline);
            CHECK(value >= 0 || value == NOT(CSP_TIMEOUT));
            if (value < 0) {
                continue;
            }
        }
        t->moved++;
        t->sum += value;
    }
    return NULL;
}

CASE(short_deadlines_lose_and_double_nothing,
     "Six threads with deadlines of 1 to 60 us: what was sent was received, and queues end empty.") {
    static const uint32_t few[] = {0, 1, 4};
    for (size_t i = 0; i < COUNT(few); i++) {
        note("capacity %u", few[i]);
        pair p = channel(few[i]);
        impatient t[6];
        pthread_t threads[6];
        for (int k = 0; k < 6; k++) {
            t[k] = (impatient){k % 2 == 0 ? p.tx : p.rx, scaled(6000), 0, 0, (uint64_t)k * 7919 + 1};
            threads[k] = go(try_with_short_deadlines, &t[k]);
        }
        for (int k = 0; k < 6; k++) {
            finish(threads[k]);
        }
        int64_t left = 0, left_sum = 0, value;
        csp_statistics s = seen(p.tx);
        CHECK_INT(s.waiting_senders + s.waiting_receivers, ==, 0);
        CHECK_INT(s.parks, ==, s.wakes);
        while ((value = take(p.rx, CSP_POLL)) >= 0) {
            left++;
            left_sum += value;
        }
        CHECK_INT(left, <=, few[i]);
        CHECK_INT(t[0].moved + t[2].moved + t[4].moved, ==, t[1].moved + t[3].moved + t[5].moved + left);
        CHECK_INT(t[0].sum + t[2].sum + t[4].sum, ==, t[1].sum + t[3].sum + t[5].sum + left_sum);
        CHECK_INT(t[0].moved + t[2].moved + t[4].moved, ==, s.sent);
        free_pair(&p);
    }
}

/* ---- undone receives ------------------------------------------------------------------------------------------- */

CASE(undone_receives_keep_the_order,
     "A lone receiver that undoes receives at random still gets every value once, in order.") {
    FOR_EACH_RACE_CAPACITY(c) {
        pair p = channel(c);
        int64_t each = scaled(8000);
        worker producer = {csp_end_clone(p.tx, me), 0, 1, each, NULL, 0};
        pthread_t sender = go(produce, &producer);
        csp_end_close(p.tx);
        uint64_t random = 12345;
        csp_message message;
        int64_t next = 0;
        while (csp_recv(p.rx, &message, CSP_FOREVER, NULL) == CSP_OK) {
            if (random_next(&random) % 3 == 0) {
                csp_unreceive(p.rx, &message);
            } else {
                CHECK_INT(opened(&message), ==, next++);
            }
        }
        CHECK_INT(next, ==, each);
        finish(sender);
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

static void *consume_and_undo(void *argument) {
    worker *w = argument;
    uint64_t random = (uint64_t)w->producer + 1;
    csp_message message;
    csp_status status;
    /* To the end: whoever undoes a receive comes back to receive, so nothing is left behind. */
    while ((status = csp_recv(w->end, &message, CSP_FOREVER, NULL)) == CSP_OK) {
        if (random_next(&random) % 2 == 0) {
            csp_unreceive(w->end, &message);
        } else {
            tally_add(w->values, opened(&message));
        }
    }
    CHECK_STATUS(status, CSP_END_OF_CHANNEL);
    return NULL;
}

CASE(undone_receives_reach_other_receivers,
     "Several receivers that undo every other receive leave each value to exactly one.") {
    FOR_EACH_RACE_CAPACITY(c) {
        pair p = channel(c);
        int64_t each = scaled(6000);
        tally values = tally_of(each);
        worker producer = {csp_end_clone(p.tx, me), 0, 1, each, NULL, 0}, consumers[3];
        pthread_t threads[3], sender = go(produce, &producer);
        csp_end_close(p.tx);
        for (int i = 0; i < 3; i++) {
            consumers[i] = (worker){p.rx, i, 1, each, &values, 0};
            threads[i] = go(consume_and_undo, &consumers[i]);
        }
        finish(sender);
        for (int i = 0; i < 3; i++) {
            finish(threads[i]);
        }
        tally_check(&values, 1);
        CHECK_CONSERVED(p.tx);
        CHECK_INT(seen(p.tx).received, ==, each);
        free_pair(&p);
    }
}
