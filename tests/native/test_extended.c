/* SPDX-License-Identifier: MIT
 *
 * The extended rendezvous: a sender is held until its receiver lets it go, fails it, or ends. */
#include "harness.h"

typedef struct {
    csp_end *rx;
    csp_message message;
    csp_reply *reply;
    int64_t deadline;
    csp_status status;
    pthread_t thread;
} receiving;

static void *receive(void *argument) {
    receiving *r = argument;
    r->status = csp_recv_extended(r->rx, &r->message, &r->reply, r->deadline, NULL);
    return NULL;
}

static void let_go(csp_reply *reply) {
    csp_message nothing = inlined(0);
    CHECK(csp_reply_complete(reply, &nothing, 0));
}

/* A sender that was met: who came first, and by what it sends. */
typedef struct {
    pair c;
    pending send;
    csp_message offered;
    csp_guard guards[1];
    choosing choice;
    bool by_select;
    csp_message message;
    csp_reply *reply;
} meeting;

static void meet(meeting *m, bool sender_first, bool by_select) {
    m->c = channel(0);
    m->by_select = by_select;
    m->offered = boxed(5);
    m->guards[0] = on_send(m->c.tx, &m->offered);
    receiving r = {.rx = m->c.rx, .deadline = CSP_FOREVER};
    if (!sender_first) {
        r.thread = go(receive, &r);
        EVENTUALLY(RECEIVERS_WAITING(m->c.rx) == 1);
    }
    if (by_select) {
        begin_choosing(&m->choice, m->guards, 1, CSP_SELECT_FAIR);
    } else {
        pend(&m->send, m->c.tx, m->offered, CSP_FOREVER, NULL);
    }
    if (sender_first) {
        EVENTUALLY(SENDERS_WAITING(m->c.tx) == 1);
        receive(&r);
    } else {
        finish(r.thread);
    }
    CHECK_STATUS(r.status, CSP_OK);
    CHECK(r.reply != NULL);
    CHECK_INT(opened(&r.message), ==, 5);
    EVENTUALLY(askers() == 1); /* the sender is held */
    m->reply = r.reply;
}

/* How its send ended; m->message is what the receiver said. */
static csp_status released(meeting *m) {
    csp_status status;
    if (m->by_select) {
        CHECK_INT(chosen(&m->choice), ==, 0);
        status = m->guards[0].status;
        m->message = m->offered;
    } else {
        finish(m->send.thread);
        status = m->send.status;
        m->message = m->send.message;
    }
    CHECK_CONSERVED(m->c.rx);
    free_pair(&m->c);
    return status;
}

#define EACH_MEETING(m)                  \
    for (int way_ = 0; way_ < 4; way_++) \
        for (meeting m, *once_ = (meet(&m, way_ & 1, way_ & 2), note("way %d", way_), &m); once_ != NULL; once_ = NULL)

CASE(a_sender_is_held, "Its send returns when the receiver has finished, and not before.") {
    EACH_MEETING(m) {
        CHECK_INT(SENDERS_WAITING(m.c.tx), ==, 0); /* it was taken; what it waits for is an answer */
        CHECK_INT(seen(m.c.tx).sent, ==, 1);
        CHECK_INT(seen(m.c.tx).received, ==, 1);
        CHECK_INT(askers(), ==, 1);
        let_go(m.reply);
        CHECK_STATUS(released(&m), CSP_OK);
        CHECK_INT(m.message.kind, ==, 0);
    }
}

CASE(a_failure_reaches_the_sender, "What the receiver fails with is what the send gives.") {
    EACH_MEETING(m) {
        csp_message why = boxed(13);
        CHECK(csp_reply_complete(m.reply, &why, CSP_REPLY_FAILED));
        CHECK_STATUS(released(&m), CSP_FAILED);
        CHECK_INT(opened(&m.message), ==, 13);
    }
}

CASE(a_receiver_that_ends_lets_go, "A reply that is broken fails the send without a word.") {
    EACH_MEETING(m) {
        csp_reply_break(m.reply, true);
        CHECK_STATUS(released(&m), CSP_FAILED);
        CHECK_INT(m.message.kind, ==, 0);
    }
}

CASE(an_abort_lets_go,
     "An abort, from either end, lets a held sender go: its message was received, and no answer comes.") {
    for (int by_receiver = 0; by_receiver < 2; by_receiver++) {
        EACH_MEETING(m) {
            csp_message cause = boxed(77), nothing = inlined(0);
            csp_end_abort(by_receiver ? m.c.rx : m.c.tx, &cause);
            EVENTUALLY(askers() == 0);
            CHECK(!csp_reply_complete(m.reply, &nothing, 0));
            CHECK(csp_end_cause(m.c.tx, &cause));
            CHECK_INT(opened(&cause), ==, 77);
            CHECK_STATUS(released(&m), CSP_FAILED);
            CHECK_INT(m.message.kind, ==, 0);
        }
    }
}

CASE(an_abort_lets_all_go, "Every sender that is held on the channel is let go by one abort.") {
    enum { HELD = 5 };
    pair c = channel(0);
    pending send[HELD];
    csp_reply *reply[HELD];
    csp_message message;
    for (int i = 0; i < HELD; i++) {
        pend_send(&send[i], c.tx, i, CSP_FOREVER);
        CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply[i], CSP_FOREVER, NULL), CSP_OK);
        CHECK_INT(opened(&message), ==, i);
    }
    EVENTUALLY(askers() == HELD);
    csp_end_abort(c.rx, NULL);
    for (int i = 0; i < HELD; i++) {
        finish(send[i].thread);
        CHECK_STATUS(send[i].status, CSP_FAILED);
        csp_reply_break(reply[i], true);
    }
    free_pair(&c);
}

CASE(a_receiver_that_is_cut_off_lets_go,
     "A fence of the receiving holder ends what it held, though nobody gave it back.") {
    csp_holder *dying = csp_holder_new("dying");
    pair c = channel(0);
    csp_end *theirs = csp_end_clone(c.rx, dying);
    pending send;
    pend_send(&send, c.tx, 1, CSP_FOREVER);
    csp_message message;
    csp_reply *reply;
    CHECK_STATUS(csp_recv_extended(theirs, &message, &reply, CSP_POLL, NULL), CSP_OK);
    opened(&message);
    csp_holder_fence(dying);
    finish(send.thread);
    CHECK_STATUS(send.status, CSP_FAILED);
    CHECK_INT(send.message.kind, ==, 0);
    csp_reply_break(reply, true);
    csp_end_free(theirs);
    csp_holder_release(dying);
    free_pair(&c);
}

CASE(a_held_sender_can_be_stopped, "Who stops a held sender gets it out; the receiver's answer goes to nobody.") {
    csp_holder *stopped = csp_holder_new("stopped");
    pair c = channel(0);
    csp_end *theirs = csp_end_clone(c.tx, stopped);
    pending send;
    pend_send(&send, theirs, 1, CSP_FOREVER);
    csp_message message, nothing = inlined(0);
    csp_reply *reply;
    CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply, CSP_POLL, NULL), CSP_OK);
    opened(&message);
    EVENTUALLY(askers() == 1);
    csp_holder_cancel(stopped);
    finish(send.thread);
    CHECK_STATUS(send.status, CSP_CANCELLED);
    CHECK_INT(send.message.kind, ==, 0); /* it was taken: there is nothing to send again */
    CHECK(!csp_reply_complete(reply, &nothing, 0));
    csp_end_free(theirs);
    csp_holder_release(stopped);
    free_pair(&c);
}

CASE(a_deadline_counts_until_the_meeting,
     "A sender's deadline ends its wait to be taken, and not the receiver's work.") {
    pair c = channel(0);
    CHECK_STATUS(put(c.tx, 1, csp_deadline_after(MILLISECONDS)), CSP_TIMEOUT);
    pending send;
    pend_send(&send, c.tx, 2, csp_deadline_after(20 * MILLISECONDS));
    csp_message message;
    csp_reply *reply;
    CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply, CSP_FOREVER, NULL), CSP_OK);
    opened(&message);
    int64_t later = csp_deadline_after(30 * MILLISECONDS);
    EVENTUALLY(csp_now() > later);
    CHECK(!atomic_load(&send.over));
    let_go(reply);
    finish(send.thread);
    CHECK_STATUS(send.status, CSP_OK);
    free_pair(&c);
}

CASE(who_cannot_wait_does_not_meet_it, "A poll to send passes an extended receiver by, for the next plain one.") {
    pair c = channel(0);
    receiving r = {.rx = c.rx, .deadline = CSP_FOREVER};
    r.thread = go(receive, &r);
    EVENTUALLY(RECEIVERS_WAITING(c.rx) == 1);
    CHECK_STATUS(put(c.tx, 1, CSP_POLL), CSP_WOULD_BLOCK);
    pending plain;
    plain.message.kind = 0;
    pend(&plain, c.rx, plain.message, CSP_FOREVER, NULL);
    EVENTUALLY(RECEIVERS_WAITING(c.rx) == 2);
    CHECK_STATUS(put(c.tx, 2, CSP_POLL), CSP_OK);
    CHECK_INT(outcome(&plain), ==, 2);
    csp_end_close(c.tx);
    finish(r.thread);
    CHECK_STATUS(r.status, CSP_END_OF_CHANNEL);
    CHECK(r.reply == NULL);
    free_pair(&c);
}

CASE(it_ends_like_a_receive,
     "Nothing there, a deadline, a closed end, the end of the channel, a buffer: each its status, and no reply.") {
    pair c = channel(0), buffered = channel(1);
    csp_message message;
    csp_reply *reply;
    CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply, CSP_POLL, NULL), CSP_WOULD_BLOCK);
    CHECK(reply == NULL);
    CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply, csp_deadline_after(MILLISECONDS), NULL), CSP_TIMEOUT);
    CHECK_STATUS(csp_recv_extended(buffered.rx, &message, &reply, CSP_POLL, NULL), CSP_INVALID);
    CHECK_STATUS(csp_recv_extended(c.tx, &message, &reply, CSP_POLL, NULL), CSP_INVALID);
    csp_end_close(c.tx);
    CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply, CSP_FOREVER, NULL), CSP_END_OF_CHANNEL);
    csp_end_close(c.rx);
    CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply, CSP_POLL, NULL), CSP_CLOSED_END);
    message = inlined(4);
    csp_unreceive(buffered.rx, &message);
    free_pair(&c);
    free_pair(&buffered);
    c = channel(0);
    message = inlined(4);
    csp_unreceive(c.rx, &message);
    CHECK_STATUS(csp_recv_extended(c.rx, &message, &reply, CSP_POLL, NULL), CSP_OK);
    CHECK_INT(opened(&message), ==, 4);
    CHECK(reply == NULL); /* its sender was released long ago */
    free_pair(&c);
}

CASE(it_gets_an_undone_receive,
     "An extended receiver that waits gets what somebody else gave back; nobody is held by that.") {
    pair c = channel(0);
    receiving r = {.rx = c.rx, .deadline = CSP_FOREVER};
    r.thread = go(receive, &r);
    EVENTUALLY(RECEIVERS_WAITING(c.rx) == 1);
    csp_message message = boxed(6), nothing = inlined(0);
    csp_unreceive(c.rx, &message);
    finish(r.thread);
    CHECK_STATUS(r.status, CSP_OK);
    CHECK_INT(opened(&r.message), ==, 6);
    CHECK(!csp_reply_complete(r.reply, &nothing, 0));
    free_pair(&c);
}

/* ---- races ----------------------------------------------------------------------------------------------------- */

typedef struct {
    pair c;
    tally *seen;
    int64_t first, rounds, held_ok;
    _Atomic int64_t *left, *inside;
    uint64_t random;
} party;

static void *send_all(void *argument) {
    party *p = argument;
    for (int64_t n = 0; n < p->rounds;) {
        csp_message message = boxed(p->first + n);
        int64_t deadline = random_next(&p->random) % 2 == 0
                               ? CSP_FOREVER
                               : csp_deadline_after((int64_t)(random_next(&p->random) % 3000) + 1);
        csp_status status;
        if (random_next(&p->random) % 3 == 0) {
            csp_guard guards[] = {on_send(p->c.tx, &message), on_timer(deadline)};
            uint32_t which;
            CHECK_STATUS(csp_select(guards, 2, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &which), CSP_OK);
            status = which == 1 ? CSP_TIMEOUT : guards[0].status;
        } else {
            status = csp_send(p->c.tx, &message, deadline, NULL);
        }
        CHECK(status == CSP_OK || status == CSP_TIMEOUT || status == CSP_FAILED);
        if (status != CSP_TIMEOUT) {
            n++; /* taken, once, also when it failed */
        }
        csp_message_drop(&message);
    }
    return NULL;
}

static void *receive_all(void *argument) {
    party *p = argument;
    while (atomic_load(p->left) > 0) {
        csp_message message;
        csp_reply *reply = NULL;
        int64_t deadline = csp_deadline_after((int64_t)(random_next(&p->random) % 20000) + 1);
        bool plain = random_next(&p->random) % 4 == 0;
        csp_status status = plain ? csp_recv(p->c.rx, &message, deadline, NULL)
                                  : csp_recv_extended(p->c.rx, &message, &reply, deadline, NULL);
        if (status != CSP_OK) {
            CHECK_STATUS(status, CSP_TIMEOUT);
            continue;
        }
        tally_add(p->seen, opened(&message));
        atomic_fetch_sub(p->left, 1);
        if (reply != NULL) {
            dawdle(&p->random, 300);
            csp_message answer = boxed(1);
            uint64_t dice = random_next(&p->random) % 3;
            if (dice == 0) {
                csp_message_drop(&answer);
                csp_reply_break(reply, true);
            } else {
                csp_reply_complete(reply, &answer, dice == 1 ? 0 : CSP_REPLY_FAILED);
            }
        }
    }
    return NULL;
}

CASE(each_meeting_is_one,
     "Senders that time out and receivers that hold, fail and leave: each message is taken once.") {
    enum { EACH = 2 };
    pair c = channel(0);
    int64_t rounds = scaled(10000);
    tally seen_values = tally_of(EACH * rounds);
    _Atomic int64_t left = EACH * rounds;
    party parties[2 * EACH];
    pthread_t threads[2 * EACH];
    for (int i = 0; i < 2 * EACH; i++) {
        parties[i] = (party){.c = c,
                             .seen = &seen_values,
                             .first = rounds * i,
                             .rounds = rounds,
                             .left = &left,
                             .random = (uint64_t)i + 1};
        threads[i] = go(i < EACH ? send_all : receive_all, &parties[i]);
    }
    for (int i = 0; i < 2 * EACH; i++) {
        finish(threads[i]);
    }
    tally_check(&seen_values, 1);
    CHECK_INT(SENDERS_WAITING(c.tx) + RECEIVERS_WAITING(c.rx), ==, 0);
    free_pair(&c);
}
