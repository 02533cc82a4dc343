/* SPDX-License-Identifier: MIT
 *
 * Holders: whom a cancel reaches, and what a fence takes away. Races are in test_ending_races.c and
 * test_reply_races.c. */
#include "harness.h"

enum { CROWD = 40 };

/* ---- cancel ---------------------------------------------------------------------------------------------------- */

CASE(a_cancel_wakes_everything_that_waits,
     "Sends, receives, selects and waits for replies of the holder return CANCELLED, all of them.") {
    csp_holder *holder = csp_holder_new("victim");
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, holder), q = channel_of(0, CSP_OVERFLOW_BLOCK, holder);
    pending senders[CROWD], receivers[CROWD];
    csp_reply *reply = csp_reply_new();
    asking asker;
    csp_message in, out = boxed(3);
    csp_guard guards[] = {on_recv(q.rx, &in), on_send(p.tx, &out), on_timer(csp_deadline_after(3600 * SECONDS))};
    choosing selecting;
    for (int i = 0; i < CROWD; i++) {
        pend_send(&senders[i], p.tx, i, i % 2 == 0 ? CSP_FOREVER : csp_deadline_after(3600 * SECONDS));
        pend_recv(&receivers[i], q.rx, CSP_FOREVER);
    }
    ask(&asker, reply, holder, CSP_FOREVER, NULL);
    begin_choosing(&selecting, guards, 3, CSP_SELECT_FAIR);
    EVENTUALLY(SENDERS_WAITING(p.tx) == CROWD + 1);
    CHECK(!csp_holder_cancelled(holder));
    csp_holder_cancel(holder);
    CHECK(csp_holder_cancelled(holder));
    for (int i = 0; i < CROWD; i++) {
        finish(senders[i].thread);
        CHECK_STATUS(senders[i].status, CSP_CANCELLED);
        CHECK_INT(opened(&senders[i].message), ==, i);
        CHECK_INT(outcome(&receivers[i]), ==, NOT(CSP_CANCELLED));
    }
    finish(asker.thread);
    CHECK_STATUS(asker.status, CSP_CANCELLED);
    CHECK_INT(asker.answer.kind, ==, 0);
    CHECK_INT(chosen(&selecting), ==, NOT(CSP_CANCELLED));
    CHECK_INT(opened(&out), ==, 3);
    CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(q.rx), ==, 0);
    CHECK_INT(seen(p.tx).sent, ==, 0);
    csp_reply_break(reply, false);
    csp_reply_abandon(reply);
    free_pair(&p);
    free_pair(&q);
    csp_holder_release(holder);
}

CASE(a_cancelled_holder_does_not_wait,
     "After a cancel what would wait is CANCELLED, a poll that finds nothing likewise, and what is ready succeeds.") {
    csp_holder *holder = csp_holder_new("victim");
    pair p = channel_of(1, CSP_OVERFLOW_BLOCK, holder);
    csp_reply *reply = csp_reply_new();
    csp_message answer, message;
    csp_guard guard = on_recv(p.rx, &message);
    csp_holder_cancel(holder);
    for (int round = 0; round < 3; round++) {
        CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_CANCELLED));
        CHECK_INT(take(p.rx, csp_deadline_after(3600 * SECONDS)), ==, NOT(CSP_CANCELLED));
        CHECK_INT(choose(&guard, 1, round % 2, CSP_FOREVER), ==, NOT(CSP_CANCELLED));
        CHECK_STATUS(csp_reply_wait(reply, holder, &answer, CSP_FOREVER, NULL), CSP_CANCELLED);
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_CANCELLED));
        CHECK_INT(choose(&guard, 1, round % 2, CSP_POLL), ==, NOT(CSP_CANCELLED));
        CHECK_STATUS(csp_reply_wait(reply, holder, &answer, CSP_POLL, NULL), CSP_CANCELLED);
        csp_guard idle[] = {guard, round == 0 ? on_skip() : on_timer(1)};
        CHECK_INT(choose(idle, 2, round % 2, CSP_FOREVER), ==, NOT(CSP_CANCELLED));
        csp_message more = inlined(9);
        csp_guard there[] = {on_send(p.tx, &more), on_skip(), on_timer(1)};
        for (int again = 0; again < 20; again++) { /* what can be done is done, whatever else is ready */
            CHECK_INT(choose(there, 3, CSP_SELECT_FAIR, CSP_FOREVER), ==, 0);
            CHECK_INT(take(p.rx, CSP_POLL), ==, 9);
            more = inlined(9);
        }
        size_t done;
        CHECK_STATUS(csp_recv_many(p.rx, &message, 1, &done, CSP_POLL, NULL), CSP_CANCELLED);
        CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_OK);
        CHECK_STATUS(put(p.tx, 2, CSP_FOREVER), CSP_CANCELLED);
        CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_CANCELLED);
        csp_message two[] = {inlined(2), inlined(3)};
        CHECK_STATUS(csp_send_many(p.tx, two, 2, &done, CSP_POLL, NULL), CSP_CANCELLED);
        CHECK_INT(done, ==, 0);
        CHECK_INT(take(p.rx, CSP_FOREVER), ==, 1);
    }
    answer = inlined(4);
    CHECK(csp_reply_complete(reply, &answer, 0));
    CHECK_STATUS(csp_reply_wait(reply, holder, &answer, CSP_FOREVER, NULL), CSP_OK);
    CHECK_INT(opened(&answer), ==, 4);
    csp_reply_abandon(reply);
    free_pair(&p);
    csp_holder_release(holder);
}

typedef struct {
    pthread_t thread;
    csp_hooks hooks;
    csp_status status;
} sleeping;

static void *sleep_long(void *argument) {
    sleeping *s = argument;
    csp_guard timer = on_timer(csp_deadline_after(3600 * SECONDS));
    uint32_t chosen;
    s->status = csp_select(&timer, 1, CSP_SELECT_FAIR, CSP_FOREVER, &s->hooks, &chosen);
    return NULL;
}

CASE(a_wait_for_time_alone_has_a_holder, "A select of timers is CANCELLED with the holder that its hooks name.") {
    csp_holder *holder = csp_holder_new("victim");
    sleeping s[2] = {{.hooks = {.holder = holder}}, {.hooks = {.holder = holder}}};
    CHECK_INT(pthread_create(&s[0].thread, NULL, sleep_long, &s[0]), ==, 0);
    csp_holder_cancel(holder); /* before it sleeps, or while it does */
    CHECK_INT(pthread_create(&s[1].thread, NULL, sleep_long, &s[1]), ==, 0);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(pthread_join(s[i].thread, NULL), ==, 0);
        CHECK_STATUS(s[i].status, CSP_CANCELLED);
    }
    csp_holder_release(holder);
}

CASE(a_cancel_can_be_taken_back, "After a resume the holder waits again as before.") {
    csp_holder *holder = csp_holder_new("victim");
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, holder);
    for (int round = 0; round < 20; round++) {
        pending receiver;
        csp_holder_cancel(holder);
        CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_CANCELLED));
        csp_holder_resume(holder);
        CHECK(!csp_holder_cancelled(holder));
        pend_recv(&receiver, p.rx, CSP_FOREVER);
        CHECK(!atomic_load(&receiver.over));
        CHECK_STATUS(put(p.tx, round, CSP_FOREVER), CSP_OK);
        CHECK_INT(outcome(&receiver), ==, round);
    }
    free_pair(&p);
    csp_holder_release(holder);
}

CASE(a_cancel_reaches_one_holder_only,
     "Others who wait on the same channel, before and behind the cancelled one, stay in line.") {
    csp_holder *holder = csp_holder_new("victim");
    pair p = channel(0);
    csp_end *theirs = csp_end_clone(p.rx, holder);
    pending before, victim, after;
    pend_recv(&before, p.rx, CSP_FOREVER);
    pend_recv(&victim, theirs, CSP_FOREVER);
    pend_recv(&after, p.rx, CSP_FOREVER);
    csp_holder_cancel(holder);
    CHECK_INT(outcome(&victim), ==, NOT(CSP_CANCELLED));
    CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 2);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
    CHECK_INT(outcome(&before), ==, 1);
    CHECK_INT(outcome(&after), ==, 2);
    csp_end_free(theirs);
    free_pair(&p);
    csp_holder_release(holder);
}

/* ---- fence ----------------------------------------------------------------------------------------------------- */

CASE(a_fence_closes_every_end,
     "Peers learn that the holder's ends are gone; its own operations are over, its handles stay valid.") {
    csp_holder *holder = csp_holder_new("fenced");
    enum { MANY = 200 };
    pair p[MANY];
    csp_end *mine[MANY];
    for (int i = 0; i < MANY; i++) { /* the holder has one side of each, and several handles of some */
        p[i] = channel_of(1, CSP_OVERFLOW_BLOCK, holder);
        csp_end **left = i % 2 == 0 ? &p[i].tx : &p[i].rx, *theirs = *left;
        mine[i] = csp_end_clone(theirs, me);
        csp_end_free(theirs);
        *left = mine[i];
    }
    csp_end *extra = csp_end_clone(p[0].rx, holder);
    pending waiting[2];
    pend_recv(&waiting[0], p[0].rx, CSP_FOREVER); /* theirs */
    pend_recv(&waiting[1], mine[1], CSP_FOREVER); /* ours, from their sender */
    csp_holder_fence(holder);
    int64_t woken = outcome(&waiting[0]);
    CHECK(woken == NOT(CSP_CANCELLED) || woken == NOT(CSP_CLOSED_END));
    CHECK_INT(outcome(&waiting[1]), ==, NOT(CSP_END_OF_CHANNEL));
    CHECK(csp_end_is_closed(extra));
    for (int i = 0; i < MANY; i++) {
        note("channel %d", i);
        if (i % 2 == 0) {
            CHECK(csp_end_is_closed(p[i].rx) && !csp_end_is_closed(p[i].tx));
            CHECK_INT(take(p[i].rx, CSP_FOREVER), ==, NOT(CSP_CLOSED_END));
            CHECK_STATUS(put(p[i].tx, 1, CSP_FOREVER), CSP_BROKEN);
        } else {
            CHECK(csp_end_is_closed(p[i].tx) && !csp_end_is_closed(p[i].rx));
            CHECK_STATUS(put(p[i].tx, 1, CSP_FOREVER), CSP_CLOSED_END);
            CHECK_INT(take(p[i].rx, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
        }
        free_pair(&p[i]);
    }
    csp_end_free(extra);
    csp_holder_release(holder);
}

CASE(a_fence_is_for_good, "A fenced holder stays cancelled, also after a resume, and can be fenced again.") {
    csp_holder *holder = csp_holder_new("fenced");
    csp_holder_fence(holder);
    csp_holder_resume(holder);
    CHECK(csp_holder_cancelled(holder));
    csp_holder_fence(holder);
    csp_reply *reply = csp_reply_new();
    csp_message answer;
    CHECK_STATUS(csp_reply_wait(reply, holder, &answer, CSP_FOREVER, NULL), CSP_CANCELLED);
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    csp_holder_release(holder);
}

CASE(what_a_fenced_holder_gets_is_born_closed,
     "New channels, clones and ends out of messages are closed when the holder was fenced.") {
    csp_holder *holder = csp_holder_new("fenced");
    csp_holder_fence(holder);
    pair p = channel_of(1, CSP_OVERFLOW_BLOCK, holder);
    CHECK(csp_end_is_closed(p.tx) && csp_end_is_closed(p.rx));
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_CLOSED_END);
    free_pair(&p);
    p = channel(1);
    csp_end *clone = csp_end_clone(p.rx, holder);
    CHECK(clone != NULL && csp_end_is_closed(clone));
    csp_end_free(clone);
    csp_payload *payload = csp_payload_new(0, 1);
    csp_payload_attach_end(payload, 0, p.tx);
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    csp_end *taken = csp_payload_take_end(payload, 0, holder);
    CHECK(taken == p.tx && csp_end_is_closed(taken));
    csp_payload_release(payload);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
    free_pair(&p);
    csp_holder_release(holder);
}

CASE(a_fence_leaves_ends_in_transit_alone, "An end that the holder had put into a message is not its own any more.") {
    csp_holder *holder = csp_holder_new("fenced");
    pair p = channel_of(1, CSP_OVERFLOW_BLOCK, holder);
    csp_end *rx = csp_end_clone(p.rx, me);
    csp_payload *payload = csp_payload_new(0, 1);
    csp_payload_attach_end(payload, 0, p.tx);
    csp_holder_fence(holder);
    CHECK(csp_end_is_closed(p.rx));
    CHECK(!csp_end_is_closed(p.tx));
    csp_end *tx = csp_payload_take_end(payload, 0, me);
    csp_payload_release(payload);
    CHECK_STATUS(put(tx, 5, CSP_POLL), CSP_OK);
    CHECK_INT(take(rx, CSP_POLL), ==, 5);
    csp_end_free(tx);
    csp_end_free(rx);
    csp_end_free(p.rx);
    csp_holder_release(holder);
}

typedef struct {
    csp_holder *holder;
    csp_end *source, *taken[50];
    start_line line;
} gatherer;

static void *gather_ends(void *argument) {
    gatherer *g = argument;
    line_up(&g->line, 2);
    for (size_t i = 0; i < COUNT(g->taken); i++) {
        g->taken[i] = csp_end_clone(g->source, g->holder);
        CHECK(g->taken[i] != NULL);
    }
    return NULL;
}

CASE(no_end_slips_past_a_fence, "Ends that come to a holder while it is fenced are all closed afterwards.") {
    pair p = channel(0);
    uint64_t random = 6;
    for (int64_t round = 0, rounds = scaled(1000); round < rounds; round++) {
        note("round %lld", (long long)round);
        gatherer g = {.holder = csp_holder_new("fenced"), .source = p.tx};
        pthread_t gathering = go(gather_ends, &g);
        line_up(&g.line, 2);
        dawdle(&random, 10000);
        csp_holder_fence(g.holder);
        finish(gathering);
        for (size_t i = 0; i < COUNT(g.taken); i++) {
            CHECK(csp_end_is_closed(g.taken[i]));
            csp_end_free(g.taken[i]);
        }
        CHECK_INT(seen(p.tx).sending_ends, ==, 1);
        csp_holder_release(g.holder);
    }
    free_pair(&p);
}

/* ---- the holder itself ----------------------------------------------------------------------------------------- */

CASE(holders_are_counted_and_named,
     "Ids are unique and not 0; ends keep their holder; a name is cut at 63 bytes and changed once.") {
    char long_name[200];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    csp_holder *a = csp_holder_new(NULL), *b = csp_holder_new(long_name);
    CHECK_INT(csp_holder_id(NULL), ==, 0);
    CHECK(csp_holder_id(a) != 0 && csp_holder_id(b) != 0 && csp_holder_id(a) != csp_holder_id(b));
    CHECK(csp_holder_name(a)[0] == '\0');
    CHECK_INT(strlen(csp_holder_name(b)), ==, 63);
    CHECK(csp_holder_rename(a, "known now"));
    CHECK(!csp_holder_rename(a, "once only"));
    CHECK(strcmp(csp_holder_name(a), "known now") == 0);
    CHECK(csp_holder_retain(a) == a);
    csp_holder_release(a);
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, b);
    csp_totals totals;
    csp_holder_release(b);
    csp_totals_read(&totals);
    CHECK_INT(totals.holders, ==, 3); /* the ends keep it */
    CHECK(csp_end_holder(p.tx) == b);
    free_pair(&p);
    csp_totals_read(&totals);
    CHECK_INT(totals.holders, ==, 2);
    csp_holder_release(a);
    csp_holder_release(NULL);
}
