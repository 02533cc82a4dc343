/* SPDX-License-Identifier: MIT
 *
 * Selects against selects and everything else: one instant decides, one guard wins, and nobody waits for nothing. */
#include "harness.h"

enum { FAIR = CSP_SELECT_FAIR, PRIORITY = CSP_SELECT_PRIORITY };

/* ---- one guard wins -------------------------------------------------------------------------------------------- */

typedef struct {
    csp_end *rx;
    tally *values;
} collector;

static void *collect(void *argument) {
    collector *c = argument;
    int64_t value;
    while ((value = take(c->rx, CSP_FOREVER)) >= 0) {
        tally_add(c->values, value);
    }
    CHECK_INT(value, ==, NOT(CSP_END_OF_CHANNEL));
    return NULL;
}

CASE(one_select_sends_one_message,
     "A hundred thousand selects over four sends: no value arrives twice, none is lost.") {
    pair p[4];
    pthread_t threads[4];
    collector collectors[4];
    int64_t rounds = scaled(100000);
    tally values = tally_of(rounds);
    for (int i = 0; i < 4; i++) {
        p[i] = channel(0);
        collectors[i] = (collector){p[i].rx, &values};
        threads[i] = go(collect, &collectors[i]);
    }
    for (int64_t n = 0; n < rounds; n++) {
        csp_message message = boxed(n);
        csp_guard guards[4];
        for (int i = 0; i < 4; i++) {
            guards[i] = on_send(p[i].tx, &message);
        }
        CHECK_INT(choose(guards, 4, n % 2 == 0 ? FAIR : PRIORITY, CSP_FOREVER), >=, 0);
        CHECK_INT(message.kind, ==, 0);
    }
    for (int i = 0; i < 4; i++) {
        csp_end_close(p[i].tx);
        finish(threads[i]);
        free_pair(&p[i]);
    }
    tally_check(&values, 1);
}

/* ---- one instant ----------------------------------------------------------------------------------------------- */

/* Main fills or closes the second channel and only then empties the first: at every instant one of them is ready. */
typedef struct {
    csp_end *rounds; /* receives messages that carry the two receiving ends */
    csp_end *done;
    int flags;
} poller;

static void *poll_two_channels(void *argument) {
    poller *t = argument;
    csp_message message;
    while (csp_recv(t->rounds, &message, CSP_FOREVER, NULL) == CSP_OK) {
        csp_end *first = csp_payload_take_end(message.as.payload, 0, me),
                *second = csp_payload_take_end(message.as.payload, 1, me);
        csp_message_drop(&message);
        csp_message a = {.kind = 0}, b = {.kind = 0};
        csp_guard guards[] = {on_recv(first, &a), on_recv(second, &b)};
        CHECK_INT(choose(guards, 2, t->flags, CSP_POLL), >=, 0);
        csp_message_drop(&a);
        csp_message_drop(&b);
        csp_end_free(first);
        csp_end_free(second);
        CHECK_STATUS(put(t->done, 0, CSP_FOREVER), CSP_OK);
    }
    return NULL;
}

static void race_a_poll(int flags, bool close) {
    pair rounds = channel(1), done = channel(1);
    poller t = {rounds.rx, done.tx, flags};
    pthread_t polling = go(poll_two_channels, &t);
    uint64_t random = 3;
    for (int64_t n = 0, all = scaled(20000); n < all; n++) {
        note("round %lld", (long long)n);
        pair first = channel(1), second = channel(1);
        csp_end *emptier = csp_end_clone(first.rx, me);
        CHECK_STATUS(put(first.tx, 1, CSP_POLL), CSP_OK);
        csp_message message = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 2)};
        csp_payload_attach_end(message.as.payload, 0, first.rx);
        csp_payload_attach_end(message.as.payload, 1, second.rx);
        CHECK_STATUS(csp_send(rounds.tx, &message, CSP_FOREVER, NULL), CSP_OK);
        dawdle(&random, 1500);
        if (close) {
            csp_end_close(second.tx);
        } else {
            put(second.tx, 2, CSP_POLL);
        }
        take(emptier, CSP_POLL);
        CHECK_INT(take(done.rx, CSP_FOREVER), ==, 0);
        csp_end_free(emptier);
        csp_end_free(first.tx);
        csp_end_free(second.tx);
    }
    csp_end_close(rounds.tx);
    finish(polling);
    free_pair(&rounds);
    free_pair(&done);
}

CASE(a_poll_sees_one_instant_of_sends,
     "With one of two channels filled at every instant, a poll of both never would block.") {
    FOR_BOTH_WAYS(flags) { race_a_poll(flags, false); }
}

CASE(a_poll_sees_one_instant_of_closes,
     "With one channel filled or the other closed at every instant, a poll never would block.") {
    FOR_BOTH_WAYS(flags) { race_a_poll(flags, true); }
}

/* ---- both directions of one channel ---------------------------------------------------------------------------- */

typedef struct {
    pair *p;
    int64_t own, rounds, partner; /* partner: whose value came last, or NOT(OK) when its own was taken */
    uint32_t capacity;
} both_ways;

static void *offer_both_ways(void *argument) {
    both_ways *t = argument;
    for (int64_t n = 0; n < t->rounds; n++) {
        csp_message out = boxed(t->own), in = {.kind = 0};
        csp_guard guards[] = {on_send(t->p->tx, &out), on_recv(t->p->rx, &in), on_send(t->p->tx, &out)};
        int64_t at = choose(guards + n % 2, 2, n % 3 == 0 ? PRIORITY : FAIR, CSP_FOREVER);
        CHECK_INT(at, >=, 0);
        if (in.kind != 0) {
            CHECK_INT(out.kind, !=, 0);
            t->partner = opened(&in);
            CHECK(t->capacity > 0 || t->partner != t->own);
        } else {
            CHECK_INT(out.kind, ==, 0);
            t->partner = -1;
        }
        csp_message_drop(&out);
    }
    return NULL;
}

CASE(two_selects_on_both_ends_meet_each_other,
     "Two threads that offer both directions pair with each other and never with themselves.") {
    static const uint32_t few[] = {0, 10};
    for (size_t c = 0; c < COUNT(few); c++) {
        pair p = channel(few[c]);
        both_ways t[2];
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) {
            t[i] = (both_ways){&p, i, scaled(20000), -1, few[c]};
            threads[i] = go(offer_both_ways, &t[i]);
        }
        finish(threads[0]);
        finish(threads[1]);
        CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(p.rx), ==, 0);
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

enum { MATCHED = 44, LEFTOVER = 55 };

/* `count` threads that offer both directions once; `extra`: and one that only sends. */
static void match(int count, bool extra) {
    for (int64_t round = 0, rounds = scaled(100); round < rounds; round++) {
        note("round %lld", (long long)round);
        pair p = channel(0);
        both_ways t[LEFTOVER];
        pthread_t threads[LEFTOVER];
        int taken[LEFTOVER + 1] = {0}, receivers = 0;
        for (int i = 0; i < count; i++) {
            t[i] = (both_ways){&p, i, 1, -1, 0};
            threads[i] = go(offer_both_ways, &t[i]);
        }
        if (extra) {
            CHECK_STATUS(put(p.tx, count, CSP_FOREVER), CSP_OK);
        }
        for (int i = 0; i < count; i++) {
            finish(threads[i]);
            if (t[i].partner >= 0) {
                taken[t[i].partner]++;
                receivers++;
            }
        }
        CHECK_INT(receivers, ==, (count + extra) / 2);
        for (int i = 0; i < count + extra; i++) { /* who did not receive was received from, once */
            CHECK_INT(taken[i], ==, i == count || t[i].partner < 0);
        }
        CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(p.rx), ==, 0);
        free_pair(&p);
    }
}

CASE(forty_four_selects_match_perfectly,
     "Threads that all offer both directions of one rendezvous pair up; nobody is left.") {
    match(MATCHED, false);
}

CASE(fifty_five_selects_and_a_sender_match, "An odd crowd and one plain sender pair up; nobody is left.") {
    match(LEFTOVER, true);
}

typedef struct {
    csp_end *tx, *rx;
    int64_t rounds, sent, received;
} crosser;

static void *cross(void *argument) {
    crosser *t = argument;
    for (int64_t n = 0; n < t->rounds; n++) {
        csp_message out = boxed(n), in;
        csp_guard guards[] = {on_send(t->tx, &out), on_recv(t->rx, &in)};
        if (choose(guards, 2, FAIR, CSP_FOREVER) == 0) {
            t->sent++;
        } else {
            t->received++;
            csp_message_drop(&in);
            csp_message_drop(&out);
        }
    }
    return NULL;
}

CASE(two_crossing_selects_always_meet,
     "A sends to B or receives from B, and B likewise: every time they agree on one of the two.") {
    pair there = channel(0), back = channel(0);
    crosser a = {there.tx, back.rx, scaled(30000), 0, 0}, b = {back.tx, there.rx, scaled(30000), 0, 0};
    pthread_t first = go(cross, &a), second = go(cross, &b);
    finish(first);
    finish(second);
    CHECK_INT(a.sent, ==, b.received);
    CHECK_INT(b.sent, ==, a.received);
    free_pair(&there);
    free_pair(&back);
}
