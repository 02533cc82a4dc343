/* SPDX-License-Identifier: MIT
 *
 * The reusable alternative between many senders: each message arrives once, whatever times out, closes or is switched off. */
#include <sched.h>

#include "harness.h"

enum { CHANNELS = 4, SENDERS = 4, SELECTORS = 2 };

typedef struct {
    pair *channels;
    tally *seen;
    int64_t rounds, first;
    _Atomic int64_t *left;
    uint64_t random;
    bool by_select;
} party;

static void *send_all(void *argument) {
    party *p = argument;
    for (int64_t n = 0; n < p->rounds; n++) {
        csp_message message = boxed(p->first + n);
        csp_end *tx = p->channels[random_next(&p->random) % CHANNELS].tx;
        csp_status status;
        do {
            int64_t patience = (int64_t)(random_next(&p->random) % 4000);
            int64_t deadline = patience < 1000   ? CSP_POLL
                               : patience > 3000 ? CSP_FOREVER
                                                 : csp_deadline_after(patience);
            if (p->by_select) {
                csp_message second = {0};
                csp_guard guards[] = {on_send(tx, &message), on_timer(deadline == CSP_POLL ? 1 : deadline)};
                (void)second;
                uint32_t chosen;
                status = csp_select(guards, 2, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &chosen);
                status = status == CSP_OK && chosen == 1 ? CSP_TIMEOUT : status == CSP_OK ? guards[0].status : status;
            } else {
                status = csp_send(tx, &message, deadline, NULL);
            }
            CHECK(status == CSP_OK || status == CSP_TIMEOUT || status == CSP_WOULD_BLOCK);
        } while (status != CSP_OK);
    }
    return NULL;
}

static void *select_all(void *argument) {
    party *p = argument;
    csp_alternative *alternative = csp_alternative_new(me);
    uint32_t places[CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
        CHECK_STATUS(csp_alternative_add(alternative, p->channels[i].rx, &places[i]), CSP_OK);
    }
    while (atomic_load(p->left) > 0) {
        uint64_t dice = random_next(&p->random);
        if (dice % 8 == 0) { /* a place is switched off, or goes and comes again */
            uint32_t place = places[dice / 8 % CHANNELS];
            csp_alternative_enable(alternative, place, false);
            csp_message unused;
            csp_status how;
            csp_status status =
                csp_alternative_select(alternative, CSP_SELECT_FAIR, CSP_POLL, NULL, &unused, &place, &how);
            if (status == CSP_OK) {
                CHECK_STATUS(how, CSP_OK);
                tally_add(p->seen, opened(&unused));
                atomic_fetch_sub(p->left, 1);
            }
            for (int i = 0; i < CHANNELS; i++) {
                csp_alternative_enable(alternative, places[i], true);
            }
        } else if (dice % 64 == 1) {
            int i = (int)(dice / 64 % CHANNELS);
            csp_alternative_remove(alternative, places[i]);
            CHECK_STATUS(csp_alternative_add(alternative, p->channels[i].rx, &places[i]), CSP_OK);
        }
        csp_message message;
        uint32_t place;
        csp_status how;
        int64_t deadline =
            dice % 3 == 0 ? CSP_POLL : csp_deadline_after((int64_t)(random_next(&p->random) % 100000) + 1);
        csp_status status = csp_alternative_select(alternative, dice % 5 == 0 ? CSP_SELECT_PRIORITY : CSP_SELECT_FAIR,
                                                   deadline, NULL, &message, &place, &how);
        if (status == CSP_OK) {
            CHECK_STATUS(how, CSP_OK);
            tally_add(p->seen, opened(&message));
            atomic_fetch_sub(p->left, 1);
        } else {
            CHECK(status == CSP_TIMEOUT || status == CSP_WOULD_BLOCK);
        }
    }
    csp_alternative_free(alternative);
    return NULL;
}

static void *receive_some(void *argument) {
    party *p = argument;
    while (atomic_load(p->left) > 0) {
        int64_t value = take(p->channels[random_next(&p->random) % CHANNELS].rx, csp_deadline_after(50000));
        if (value >= 0) {
            tally_add(p->seen, value);
            atomic_fetch_sub(p->left, 1);
        }
    }
    return NULL;
}

static void run(uint32_t capacity, bool also_receivers) {
    pair channels[CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
        channels[i] = channel(capacity);
    }
    int64_t rounds = scaled(8000);
    _Atomic int64_t left = rounds * SENDERS;
    tally seen_values = tally_of(rounds * SENDERS);
    party parties[SENDERS + SELECTORS + 1];
    pthread_t threads[SENDERS + SELECTORS + 1];
    int count = SENDERS + SELECTORS + (also_receivers ? 1 : 0);
    for (int i = 0; i < count; i++) {
        parties[i] = (party){.channels = channels,
                             .seen = &seen_values,
                             .rounds = rounds,
                             .first = rounds * i,
                             .left = &left,
                             .random = (uint64_t)i + 3,
                             .by_select = i % 2 == 0};
        threads[i] = go(i < SENDERS ? send_all : i < SENDERS + SELECTORS ? select_all : receive_some, &parties[i]);
    }
    for (int i = 0; i < count; i++) {
        finish(threads[i]);
    }
    tally_check(&seen_values, 1);
    for (int i = 0; i < CHANNELS; i++) {
        CHECK_INT(seen(channels[i].rx).waiting_receivers, ==, 0);
        CHECK_INT(seen(channels[i].rx).waiting_senders, ==, 0);
        CHECK_CONSERVED(channels[i].rx);
        free_pair(&channels[i]);
    }
}

CASE(each_message_arrives_once,
     "Senders and alternatives that poll, time out and change their places: each value once.") {
    FOR_EACH_CAPACITY(capacity) { run(capacity, false); }
}
CASE(receivers_may_help, "The same with a plain receiver on the same channels.") {
    FOR_EACH_CAPACITY(capacity) { run(capacity, true); }
}

/* One token, always in one of two channels: it is put into the one before it is taken out of the other. */
typedef struct {
    pair *two;
    int64_t rounds;
    _Atomic bool over;
} always;

static void *keep_one_ready(void *argument) {
    always *a = argument;
    for (int64_t n = 0; n < a->rounds; n++) {
        CHECK_STATUS(put(a->two[(n + 1) % 2].tx, n, CSP_FOREVER), CSP_OK);
        take(a->two[n % 2].rx, CSP_POLL);
    }
    atomic_store(&a->over, true);
    return NULL;
}

CASE(a_poll_is_one_instant, "While at every instant something can be received, a poll never finds nothing.") {
    FOR_BOTH_WAYS(flags) {
        pair two[2] = {channel(4), channel(4)};
        csp_alternative *alternative = csp_alternative_new(me);
        uint32_t place;
        for (int i = 0; i < 2; i++) {
            CHECK_STATUS(csp_alternative_add(alternative, two[i].rx, &place), CSP_OK);
        }
        put(two[0].tx, 0, CSP_POLL);
        always a = {.two = two, .rounds = scaled(200000)};
        pthread_t thread = go(keep_one_ready, &a);
        while (!atomic_load(&a.over)) {
            csp_message message;
            csp_status how;
            csp_status status = csp_alternative_select(alternative, flags, CSP_POLL, NULL, &message, &place, &how);
            CHECK_STATUS(status, CSP_OK);
            /* Back where it was, before anybody can miss it: the other thread takes one for each that it puts. */
            CHECK_STATUS(csp_send(two[place].tx, &message, CSP_FOREVER, NULL), CSP_OK);
        }
        finish(thread);
        csp_alternative_free(alternative);
        free_pair(&two[0]);
        free_pair(&two[1]);
    }
}

/* Rounds of: an old message in the second channel; one in the first; the old one away, and a new one into the second. */
typedef struct {
    pair *two;
    int64_t rounds;
    _Atomic int64_t next; /* the round that may begin */
} refilling;

enum { OLD, NEW };

static void *refill(void *argument) {
    refilling *r = argument;
    for (int64_t n = 0; n < r->rounds; n++) {
        EVENTUALLY(atomic_load(&r->next) >= n);
        CHECK_STATUS(put(r->two[1].tx, OLD, CSP_POLL), CSP_OK);
        CHECK_STATUS(put(r->two[0].tx, NEW, CSP_POLL), CSP_OK);
        take(r->two[1].rx, CSP_POLL);
        CHECK_STATUS(put(r->two[1].tx, NEW, CSP_POLL), CSP_OK);
    }
    return NULL;
}

CASE(priority_is_judged_in_one_instant,
     "What is received by priority was there while nothing was in any channel before it.") {
    pair two[2] = {channel(4), channel(4)};
    csp_alternative *alternative = csp_alternative_new(me);
    uint32_t place;
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(csp_alternative_add(alternative, two[i].rx, &place), CSP_OK);
    }
    refilling r = {.two = two, .rounds = scaled(120000)};
    pthread_t thread = go(refill, &r);
    for (int64_t n = 0; n < r.rounds; n++) {
        bool first = false, second = false; /* the message of NEW was received */
        for (int polls = 1; !first || !second; polls++) {
            if (polls % 100 == 0) {
                sched_yield();
            }
            csp_message message;
            csp_status how;
            csp_status status =
                csp_alternative_select(alternative, CSP_SELECT_PRIORITY, CSP_POLL, NULL, &message, &place, &how);
            if (status == CSP_OK) {
                bool fresh = opened(&message) == NEW;
                CHECK(place == 0 || !fresh || first);
                first = first || place == 0;
                second = second || (place == 1 && fresh);
            }
        }
        atomic_store(&r.next, n + 1);
    }
    finish(thread);
    csp_alternative_free(alternative);
    free_pair(&two[0]);
    free_pair(&two[1]);
}
