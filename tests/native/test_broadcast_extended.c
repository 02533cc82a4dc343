/* SPDX-License-Identifier: MIT
 *
 * Broadcasts to subscribers that hold the sender: see csp_recv_extended. */
#include "harness.h"

typedef struct {
    csp_end *handle;
    csp_message message;
    uint32_t reached;
    csp_status status;
    pthread_t thread;
} sending;

static void *send_one(void *argument) {
    sending *s = argument;
    s->status = csp_broadcast_send(s->handle, &s->message, CSP_FOREVER, NULL, &s->reached);
    return NULL;
}

/* A broadcast of `sender`, with one subscriber that has taken the number and holds its sender. */
typedef struct {
    csp_end *handle, *rx;
    sending send;
    csp_reply *reply;
} meeting;

static void meet(meeting *m, csp_holder *sender, int64_t number) {
    CHECK_STATUS(csp_broadcast_new(false, sender, &m->handle), CSP_OK);
    CHECK_STATUS(csp_broadcast_subscribe(m->handle, 0, CSP_OVERFLOW_BLOCK, me, &m->rx), CSP_OK);
    m->send = (sending){.handle = m->handle, .message = boxed(number)};
    m->send.thread = go(send_one, &m->send);
    csp_message got;
    CHECK_STATUS(csp_recv_extended(m->rx, &got, &m->reply, CSP_FOREVER, NULL), CSP_OK);
    CHECK_INT(opened(&got), ==, number);
    EVENTUALLY(askers() == 1);
}

static void part(meeting *m) {
    csp_end_free(m->handle);
    csp_end_free(m->rx);
    CHECK_INT(csp_payloads_alive(), ==, 0);
}

CASE(a_stopped_sender_counts_who_has_the_message,
     "A broadcast's sender that is stopped while a subscriber holds it has reached that one, and keeps its message.") {
    csp_holder *stopped = csp_holder_new("stopped");
    meeting m;
    meet(&m, stopped, 7);
    csp_holder_cancel(stopped);
    finish(m.send.thread);
    CHECK_STATUS(m.send.status, CSP_CANCELLED);
    CHECK_INT(m.send.reached, ==, 1);
    CHECK_INT(opened(&m.send.message), ==, 7);
    csp_message nothing = inlined(0);
    CHECK(!csp_reply_complete(m.reply, &nothing, 0));
    part(&m);
    csp_holder_release(stopped);
}

CASE(an_abort_lets_a_broadcast_go,
     "Aborting a broadcast lets its sender go that a subscriber holds; that one was reached.") {
    meeting m;
    meet(&m, me, 6);
    csp_end_abort(m.handle, NULL);
    finish(m.send.thread);
    CHECK_INT(m.send.reached, ==, 1);
    CHECK_STATUS(m.send.status, CSP_BROKEN);
    CHECK_INT(opened(&m.send.message), ==, 6);
    csp_reply_break(m.reply, true);
    part(&m);
}

CASE(a_subscriber_that_fails_was_reached,
     "What a subscriber says to a broadcast's sender that it holds is nothing to the others: the send goes on.") {
    meeting m;
    meet(&m, me, 8);
    csp_end *other;
    CHECK_STATUS(csp_broadcast_subscribe(m.handle, 1, CSP_OVERFLOW_BLOCK, me, &other), CSP_OK);
    csp_message why = boxed(9);
    CHECK(csp_reply_complete(m.reply, &why, CSP_REPLY_FAILED));
    finish(m.send.thread);
    CHECK_STATUS(m.send.status, CSP_OK);
    CHECK_INT(m.send.reached, ==, 1);
    CHECK_INT(take(other, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK)); /* it came after the send had begun */
    csp_end_free(other);
    part(&m);
}
