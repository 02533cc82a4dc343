/* SPDX-License-Identifier: MIT
 *
 * Batches do what single operations would do one after the other, and say how far they came. */
#include "harness.h"

enum { MANY = 100, CROWD = 40 }; /* more than the core wakes, or drops, in one go */

/* Boxed numbers from `first` on. */
static void pack(csp_message *messages, size_t count, int64_t first) {
    for (size_t i = 0; i < count; i++) {
        messages[i] = boxed(first + (int64_t)i);
    }
}

/* The messages from `from` to `to` are still ours and are what pack made; the others are empty. */
static void check_kept(csp_message *messages, size_t count, size_t from, int64_t first) {
    for (size_t i = 0; i < count; i++) {
        note("message %zu", i);
        CHECK((messages[i].kind != 0) == (i >= from));
        if (i >= from) {
            CHECK_INT(opened(&messages[i]), ==, first + (int64_t)i);
        }
    }
}

CASE(a_batch_fills_what_there_is_room_for,
     "A poll sends as many as fit, in order, keeps the rest, and says WOULD_BLOCK.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        csp_message messages[MANY];
        size_t done = 99, fits = c < MANY ? c : MANY;
        pack(messages, MANY, 0);
        CHECK_STATUS(csp_send_many(p.tx, messages, MANY, &done, CSP_POLL, NULL),
                     fits == MANY ? CSP_OK : CSP_WOULD_BLOCK);
        CHECK_INT(done, ==, fits);
        check_kept(messages, MANY, fits, 0);
        for (size_t i = 0; i < fits; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(seen(p.tx).sent, ==, fits);
        free_pair(&p);
    }
}

CASE(a_batch_takes_what_is_there,
     "A receive takes up to its count, in order, without waiting for more; nothing there is WOULD_BLOCK.") {
    pair p = channel(10);
    csp_message messages[MANY];
    size_t done = 99;
    CHECK_STATUS(csp_recv_many(p.rx, messages, MANY, &done, CSP_POLL, NULL), CSP_WOULD_BLOCK);
    CHECK_INT(done, ==, 0);
    CHECK_STATUS(csp_recv_many(p.rx, messages, MANY, &done, csp_deadline_after(20000), NULL), CSP_TIMEOUT);
    CHECK_INT(done, ==, 0);
    for (int64_t i = 0; i < 10; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    pending sender; /* takes the first free place at once, and so is the eleventh */
    pend_send(&sender, p.tx, 10, CSP_FOREVER);
    CHECK_STATUS(csp_recv_many(p.rx, messages, 4, &done, CSP_FOREVER, NULL), CSP_OK);
    CHECK_INT(done, ==, 4);
    CHECK_STATUS(csp_recv_many(p.rx, messages + 4, MANY - 4, &done, CSP_FOREVER, NULL), CSP_OK);
    CHECK_INT(done, ==, 7);
    for (int64_t i = 0; i < 11; i++) {
        CHECK_INT(opened(&messages[i]), ==, i);
    }
    CHECK_INT(outcome(&sender), ==, CSP_OK);
    free_pair(&p);
}

CASE(a_batch_wakes_every_peer,
     "More parked receivers, or senders, than are woken in one go all get their turn, in order.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending peers[CROWD];
        csp_message messages[CROWD];
        size_t done;
        for (int i = 0; i < CROWD; i++) {
            pend_recv(&peers[i], p.rx, CSP_FOREVER);
        }
        pack(messages, CROWD, 0);
        CHECK_STATUS(csp_send_many(p.tx, messages, CROWD, &done, CSP_POLL, NULL), CSP_OK);
        CHECK_INT(done, ==, CROWD);
        for (int i = 0; i < CROWD; i++) {
            CHECK_INT(outcome(&peers[i]), ==, i);
        }
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        for (int i = 0; i < CROWD; i++) {
            pend_send(&peers[i], p.tx, (int64_t)c + i, CSP_FOREVER);
        }
        for (int64_t next = 0; next < c + CROWD; next += (int64_t)done) {
            CHECK_STATUS(csp_recv_many(p.rx, messages, CROWD, &done, CSP_POLL, NULL), CSP_OK);
            CHECK_INT(done, >, 0);
            for (size_t i = 0; i < done; i++) {
                CHECK_INT(opened(&messages[i]), ==, next + (int64_t)i);
            }
        }
        for (int i = 0; i < CROWD; i++) {
            CHECK_INT(outcome(&peers[i]), ==, CSP_OK);
        }
        free_pair(&p);
    }
}

CASE(overflow_counts_every_message_of_a_batch,
     "OLDEST and NEWEST take whole batches and drop what does not fit; REFUSE stops there.") {
    static const csp_overflow policies[] = {CSP_OVERFLOW_OLDEST, CSP_OVERFLOW_NEWEST, CSP_OVERFLOW_REFUSE};
    for (size_t k = 0; k < COUNT(policies); k++) {
        bool refuses = policies[k] == CSP_OVERFLOW_REFUSE;
        pair p = channel_of(3, policies[k], me);
        csp_message messages[MANY];
        size_t done;
        pack(messages, MANY, 0);
        CHECK_STATUS(csp_send_many(p.tx, messages, MANY, &done, CSP_FOREVER, NULL), refuses ? CSP_OVERFLOW : CSP_OK);
        CHECK_INT(done, ==, refuses ? 3 : MANY);
        check_kept(messages, MANY, done, 0);
        note("policy %d", policies[k]);
        CHECK_INT(seen(p.tx).dropped, ==, refuses ? 0 : MANY - 3);
        CHECK_INT(csp_payloads_alive(), ==, 3);
        for (int64_t i = 0; i < 3; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, policies[k] == CSP_OVERFLOW_OLDEST ? MANY - 3 + i : i);
        }
        free_pair(&p);
    }
}

CASE(a_batch_meets_the_end_of_the_channel,
     "What is left comes first, the end with the next call; senders keep what nobody will take.") {
    pair p = channel(4);
    csp_message messages[MANY];
    size_t done;
    pack(messages, 3, 0);
    CHECK_STATUS(csp_send_many(p.tx, messages, 3, &done, CSP_FOREVER, NULL), CSP_OK);
    csp_end_close(p.tx);
    pack(messages, 3, 7);
    CHECK_STATUS(csp_send_many(p.tx, messages, 3, &done, CSP_FOREVER, NULL), CSP_CLOSED_END);
    CHECK_INT(done, ==, 0);
    check_kept(messages, 3, 0, 7);
    CHECK_STATUS(csp_recv_many(p.rx, messages, MANY, &done, CSP_FOREVER, NULL), CSP_OK);
    CHECK_INT(done, ==, 3);
    for (int64_t i = 0; i < 3; i++) {
        CHECK_INT(opened(&messages[i]), ==, i);
    }
    CHECK_STATUS(csp_recv_many(p.rx, messages, MANY, &done, CSP_FOREVER, NULL), CSP_END_OF_CHANNEL);
    CHECK_INT(done, ==, 0);
    free_pair(&p);
    p = channel(4);
    csp_end_close(p.rx);
    pack(messages, 3, 7);
    CHECK_STATUS(csp_send_many(p.tx, messages, 3, &done, CSP_FOREVER, NULL), CSP_BROKEN);
    check_kept(messages, 3, done, 7);
    CHECK_STATUS(csp_recv_many(p.rx, messages, MANY, &done, CSP_FOREVER, NULL), CSP_CLOSED_END);
    free_pair(&p);
}

CASE(a_batch_on_the_wrong_end_is_invalid,
     "Each call wants its own direction, a receive a count; an empty send is done.") {
    pair p = channel(1);
    csp_message message = boxed(1);
    size_t done = 9;
    CHECK_STATUS(csp_send_many(p.rx, &message, 1, &done, CSP_POLL, NULL), CSP_INVALID);
    CHECK_INT(done, ==, 0);
    CHECK_STATUS(csp_recv_many(p.tx, &message, 1, &done, CSP_POLL, NULL), CSP_INVALID);
    CHECK_STATUS(csp_recv_many(p.rx, &message, 0, &done, CSP_POLL, NULL), CSP_INVALID);
    CHECK_INT(opened(&message), ==, 1);
    CHECK_STATUS(csp_send_many(p.tx, &message, 0, &done, CSP_POLL, NULL), CSP_OK);
    CHECK_INT(done, ==, 0);
    free_pair(&p);
}

/* ---- batches that wait ------------------------------------------------------------------------------------------ */

typedef struct {
    csp_end *tx;
    csp_message messages[MANY];
    size_t done;
    csp_status status;
    int64_t deadline;
} batch;

static void *send_batch(void *argument) {
    batch *b = argument;
    b->status = csp_send_many(b->tx, b->messages, MANY, &b->done, b->deadline, NULL);
    return NULL;
}

CASE(a_batch_that_is_stopped_says_how_far_it_came,
     "Timeout, cancel and closed receivers leave the count of what went, and the rest.") {
    static const csp_status expected[] = {CSP_TIMEOUT, CSP_CANCELLED, CSP_BROKEN};
    FOR_EACH_CAPACITY(c) {
        for (size_t k = 0; k < COUNT(expected) && c < MANY / 2; k++) {
            note("capacity %u, how %zu", c, k);
            csp_holder *holder = csp_holder_new("sender");
            pair p = channel(c);
            batch b = {.tx = csp_end_clone(p.tx, holder)};
            b.deadline = k == 0 ? csp_deadline_after(5 * MILLISECONDS) : CSP_FOREVER;
            pack(b.messages, MANY, 0);
            pthread_t sending = go(send_batch, &b);
            size_t taken = 0;
            while (k > 0 && taken < 10) {
                CHECK_INT(take(p.rx, CSP_FOREVER), ==, taken);
                taken++;
            }
            if (k > 0) {
                EVENTUALLY(SENDERS_WAITING(p.tx) == 1);
            }
            if (k == 1) {
                csp_holder_cancel(holder);
            } else if (k == 2) {
                csp_end_close(p.rx);
            }
            finish(sending);
            CHECK_STATUS(b.status, expected[k]);
            CHECK_INT(b.done, ==, taken + c);
            check_kept(b.messages, MANY, b.done, 0);
            csp_end_free(b.tx);
            free_pair(&p);
            csp_holder_release(holder);
        }
    }
}

typedef struct {
    csp_end *end;
    int64_t count;
    uint64_t random;
    tally *values;
} batcher;

static void *send_in_batches(void *argument) {
    batcher *b = argument;
    csp_message messages[MANY];
    for (int64_t next = 0; next < b->count;) {
        size_t size = 1 + random_next(&b->random) % MANY, done;
        size = (int64_t)size > b->count - next ? (size_t)(b->count - next) : size;
        pack(messages, size, next);
        CHECK_STATUS(csp_send_many(b->end, messages, size, &done, CSP_FOREVER, NULL), CSP_OK);
        CHECK_INT(done, ==, size);
        next += (int64_t)size;
    }
    return NULL;
}

static void *receive_in_batches(void *argument) {
    batcher *b = argument;
    csp_message messages[MANY];
    size_t done;
    csp_status status;
    int64_t last = -1;
    while ((status = csp_recv_many(b->end, messages, 1 + random_next(&b->random) % MANY, &done, CSP_FOREVER, NULL)) ==
           CSP_OK) {
        CHECK_INT(done, >, 0);
        for (size_t i = 0; i < done; i++) {
            int64_t value = opened(&messages[i]);
            CHECK_INT(value, >, last);
            last = value;
            tally_add(b->values, value);
        }
    }
    CHECK_STATUS(status, CSP_END_OF_CHANNEL);
    return NULL;
}

CASE(batches_of_any_size_deliver_each_value_once,
     "One sender and two receivers with batches of random sizes: all values, once, in order.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        tally values = tally_of(scaled(30000));
        batcher sender = {p.tx, values.size, 3, NULL}, receivers[2] = {{p.rx, 0, 5, &values}, {p.rx, 0, 7, &values}};
        pthread_t threads[3] = {go(send_in_batches, &sender), go(receive_in_batches, &receivers[0]),
                                go(receive_in_batches, &receivers[1])};
        finish(threads[0]);
        csp_end_close(p.tx);
        finish(threads[1]);
        finish(threads[2]);
        tally_check(&values, 1);
        CHECK_INT(seen(p.rx).received, ==, scaled(30000));
        free_pair(&p);
    }
}
