/* SPDX-License-Identifier: MIT
 *
 * Posted messages: they stand in line with senders, and no thread waits for them. */
#include "harness.h"

static csp_posting *post(csp_end *tx, int64_t value) {
    csp_message message = inlined(value);
    csp_posting *posting = NULL;
    CHECK_STATUS(csp_post(tx, &message, CSP_FOREVER, &posting), CSP_OK);
    CHECK_INT(message.kind, ==, 0);
    return posting;
}

CASE(a_post_does_not_wait, "What can be sent at once is sent; what cannot is posted, and nobody waits for it.") {
    pair p = channel_of(1, CSP_OVERFLOW_BLOCK, me);
    CHECK(post(p.tx, 1) == NULL);
    csp_posting *posting = post(p.tx, 2);
    CHECK(posting != NULL);
    CHECK_INT(SENDERS_WAITING(p.tx), ==, 1);
    CHECK_INT(take(p.rx, CSP_POLL), ==, 1);
    CHECK_INT(take(p.rx, CSP_POLL), ==, 2);
    CHECK(!csp_posting_withdraw(posting));
    csp_posting_release(posting);
    CHECK_INT(seen(p.tx).sent, ==, 2);
    free_pair(&p);
}

CASE(a_posted_message_is_in_line, "Posted messages and waiting senders are served in the order in which they came.") {
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, me);
    pending waiting[2];
    csp_posting *postings[3];
    for (int i = 0; i < 5; i++) {
        if (i % 2 == 0) {
            postings[i / 2] = post(p.tx, i);
        } else {
            pend_send(&waiting[i / 2], p.tx, i, CSP_FOREVER);
        }
        EVENTUALLY(SENDERS_WAITING(p.tx) == (uint32_t)i + 1);
    }
    for (int i = 0; i < 5; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    for (int i = 0; i < 2; i++) {
        finish(waiting[i].thread);
        CHECK_STATUS(waiting[i].status, CSP_OK);
    }
    for (int i = 0; i < 3; i++) {
        csp_posting_release(postings[i]);
    }
    free_pair(&p);
}

CASE(a_posted_message_meets_whoever_waits,
     "A receiver, a select and a reusable alternative that wait get what is posted.") {
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, me);
    pending receiver;
    pend_recv(&receiver, p.rx, CSP_FOREVER);
    CHECK(post(p.tx, 7) == NULL);
    CHECK_INT(outcome(&receiver), ==, 7);
    csp_alternative *alternative = csp_alternative_new(me);
    uint32_t place;
    csp_status status;
    csp_message message;
    CHECK_STATUS(csp_alternative_add(alternative, p.rx, &place), CSP_OK);
    csp_posting *posting = post(p.tx, 8);
    CHECK_STATUS(csp_alternative_select(alternative, CSP_SELECT_FAIR, CSP_POLL, NULL, &message, &place, &status),
                 CSP_OK);
    CHECK_INT(opened(&message), ==, 8);
    csp_posting_release(posting);
    csp_alternative_free(alternative);
    free_pair(&p);
}

CASE(what_was_not_taken_can_be_withdrawn, "Withdrawn, it is gone, once, and the others stay in line.") {
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, me);
    csp_posting *postings[3] = {post(p.tx, 0), post(p.tx, 1), post(p.tx, 2)};
    CHECK(csp_posting_withdraw(postings[1]));
    CHECK(!csp_posting_withdraw(postings[1]));
    CHECK_INT(take(p.rx, CSP_POLL), ==, 0);
    CHECK_INT(take(p.rx, CSP_POLL), ==, 2);
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    for (int i = 0; i < 3; i++) {
        csp_posting_release(postings[i]);
    }
    free_pair(&p);
}

CASE(a_channel_that_is_over_lets_it_go,
     "A posted message whose channel ends is dropped, and the answer it asks for is broken.") {
    for (int how = 0; how < 4; how++) {
        csp_holder *poster = csp_holder_new("poster");
        pair p = channel_of(0, CSP_OVERFLOW_BLOCK, me);
        csp_end *tx = csp_end_clone(p.tx, poster);
        csp_reply *reply = csp_reply_new();
        csp_message message = call_with(reply), answer;
        csp_posting *posting = NULL;
        CHECK_STATUS(csp_post(tx, &message, CSP_FOREVER, &posting), CSP_OK);
        CHECK(posting != NULL);
        csp_end_free(tx); /* the posting has a handle of its own */
        CHECK_INT(SENDERS_WAITING(p.rx), ==, 1);
        if (how == 0) {
            csp_end_close(p.rx);
        } else if (how == 1) {
            csp_end_abort(p.rx, NULL);
        } else if (how == 2) {
            csp_holder_fence(poster);
        } else {
            CHECK(csp_posting_withdraw(posting));
        }
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_POLL, NULL), CSP_OK);
        CHECK((answer.tag & CSP_REPLY_BROKEN) != 0);
        csp_message_drop(&answer);
        CHECK(!csp_posting_withdraw(posting));
        csp_posting_release(posting);
        csp_reply_abandon(reply);
        free_pair(&p);
        csp_holder_release(poster);
    }
}

CASE(a_post_is_refused_as_a_send_is,
     "A broken channel, a closed end, a full buffer that refuses: the message is the caller's.") {
    csp_posting *posting;
    csp_message message = boxed(1);
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, me), full = channel_of(1, CSP_OVERFLOW_REFUSE, me);
    CHECK_STATUS(csp_post(p.rx, &message, CSP_FOREVER, &posting), CSP_INVALID);
    csp_end_close(p.rx);
    CHECK_STATUS(csp_post(p.tx, &message, CSP_FOREVER, &posting), CSP_BROKEN);
    csp_end_close(p.tx);
    CHECK_STATUS(csp_post(p.tx, &message, CSP_FOREVER, &posting), CSP_CLOSED_END);
    CHECK(post(full.tx, 1) == NULL);
    CHECK_STATUS(csp_post(full.tx, &message, CSP_FOREVER, &posting), CSP_OVERFLOW);
    CHECK(posting == NULL);
    CHECK_INT(opened(&message), ==, 1);
    free_pair(&p);
    free_pair(&full);
}

CASE(an_extended_receive_holds_nobody,
     "An extended receive takes a posted message; that it answers concerns nobody.") {
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, me);
    csp_posting *posting = post(p.tx, 3);
    csp_message message, answer = inlined(1);
    csp_reply *reply;
    CHECK_STATUS(csp_recv_extended(p.rx, &message, &reply, CSP_POLL, NULL), CSP_OK);
    CHECK_INT(opened(&message), ==, 3);
    CHECK(!csp_reply_complete(reply, &answer, 0));
    csp_posting_release(posting);
    free_pair(&p);
}

static void count_posted(const csp_edge *edge, void *context) {
    if (edge->kind == CSP_EDGE_WAITS && edge->direction == CSP_SENDING && edge->thread == 0) {
        ++*(int *)context;
    }
}

CASE(the_wait_graph_knows_it, "A posted message is an edge without a thread.") {
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, me);
    csp_posting *posting = post(p.tx, 1);
    int found = 0;
    CHECK_STATUS(csp_graph_visit(count_posted, &found), CSP_OK);
    CHECK_INT(found, ==, 1);
    CHECK(csp_posting_withdraw(posting));
    csp_posting_release(posting);
    free_pair(&p);
}

/* ---- races ----------------------------------------------------------------------------------------------------- */

enum { POSTS = 20000, BATCH = 8 };

typedef struct {
    pthread_t thread;
    csp_end *tx;
    int64_t rounds, withdrawn;
} poster;

static void *post_and_withdraw(void *argument) {
    poster *p = argument;
    for (int64_t i = 0; i < p->rounds; i += BATCH) {
        csp_posting *postings[BATCH];
        for (int k = 0; k < BATCH; k++) {
            postings[k] = post(p->tx, i + k);
        }
        for (int k = BATCH; k-- > 0;) {
            p->withdrawn += postings[k] != NULL && csp_posting_withdraw(postings[k]);
            csp_posting_release(postings[k]);
        }
    }
    csp_end_free(p->tx);
    return NULL;
}

CASE(each_is_taken_or_withdrawn, "Raced by a receiver, every posted message is received once or withdrawn once.") {
    FOR_EACH_CAPACITY(capacity) {
        pair p = channel_of(capacity, CSP_OVERFLOW_BLOCK, me);
        poster posters[2];
        int64_t rounds = scaled(POSTS) / BATCH * BATCH, received = 0;
        for (int i = 0; i < 2; i++) {
            posters[i] = (poster){.tx = csp_end_clone(p.tx, me), .rounds = rounds};
            CHECK_INT(pthread_create(&posters[i].thread, NULL, post_and_withdraw, &posters[i]), ==, 0);
        }
        csp_end_close(p.tx);
        while (take(p.rx, CSP_FOREVER) >= 0) {
            received++;
        }
        for (int i = 0; i < 2; i++) {
            finish(posters[i].thread);
        }
        CHECK_INT(received + posters[0].withdrawn + posters[1].withdrawn, ==, 2 * rounds);
        CHECK_INT(seen(p.rx).sent, ==, received);
        free_pair(&p);
    }
}
