/* SPDX-License-Identifier: MIT
 *
 * Messages that go from one channel into another, and are not opened on the way. */
#include <sched.h>

#include "harness.h"

static uint32_t moved;

static csp_status forward(csp_end *from, csp_end *to, uint32_t most) {
    csp_status status = csp_forward(from, to, most, &moved);
    return status;
}

CASE(in_order_up_to_so_many,
     "Messages go over in order, no more than asked for, and what does not fit stays in front.") {
    pair from = channel(8), to = channel(3);
    for (int n = 0; n < 6; n++) {
        CHECK_STATUS(csp_send(from.tx, &(csp_message){.kind = 1, .size = 8, .as.integer = n}, CSP_POLL, NULL), CSP_OK);
    }
    CHECK_STATUS(forward(from.rx, to.tx, 0), CSP_OK);
    CHECK_INT(moved, ==, 0);
    CHECK_STATUS(forward(from.rx, to.tx, 2), CSP_OK);
    CHECK_INT(moved, ==, 2);
    CHECK_STATUS(forward(from.rx, to.tx, 9), CSP_WOULD_BLOCK);
    CHECK_INT(moved, ==, 1);
    for (int n = 0; n < 3; n++) {
        CHECK_INT(take(to.rx, CSP_POLL), ==, n);
        CHECK_INT(take(from.rx, CSP_POLL), ==, n + 3);
    }
    CHECK_STATUS(forward(from.rx, to.tx, 1), CSP_WOULD_BLOCK);
    CHECK_INT(moved, ==, 0);
    CHECK_CONSERVED(from.tx);
    CHECK_CONSERVED(to.tx);
    free_pair(&from);
    free_pair(&to);
}

CASE(nothing_is_lost_to_a_policy, "A full buffer is full, also where its policy would drop.") {
    for (int policy = CSP_OVERFLOW_BLOCK; policy <= CSP_OVERFLOW_REFUSE; policy++) {
        pair from = channel(4), to;
        CHECK_STATUS(csp_channel_new(1, (csp_overflow)policy, me, &to.tx, &to.rx), CSP_OK);
        CHECK_STATUS(put(from.tx, 1, CSP_POLL), CSP_OK);
        CHECK_STATUS(put(from.tx, 2, CSP_POLL), CSP_OK);
        CHECK_STATUS(forward(from.rx, to.tx, 9), CSP_WOULD_BLOCK);
        CHECK_INT(moved, ==, 1);
        CHECK_INT(seen(to.tx).dropped, ==, 0);
        CHECK_INT(take(to.rx, CSP_POLL), ==, 1);
        CHECK_INT(take(from.rx, CSP_POLL), ==, 2);
        free_pair(&from);
        free_pair(&to);
    }
}

CASE(why_it_does_not_go, "Of what is over, closed, aborted or the same, nothing is moved, and it says why.") {
    pair from = channel(4), to = channel(4);
    CHECK_STATUS(put(from.tx, 1, CSP_POLL), CSP_OK);
    CHECK_STATUS(forward(from.rx, from.tx, 1), CSP_INVALID);
    CHECK_STATUS(forward(to.tx, to.tx, 1), CSP_INVALID);
    csp_end *lock;
    CHECK_STATUS(csp_broadcast_new(false, me, &lock), CSP_OK);
    CHECK_STATUS(forward(lock, to.tx, 1), CSP_INVALID);
    csp_end_free(lock);
    csp_end *closed = csp_end_clone(to.tx, me), *also = csp_end_clone(from.rx, me);
    csp_end_close(closed);
    csp_end_close(also);
    CHECK_STATUS(forward(from.rx, closed, 1), CSP_CLOSED_END);
    CHECK_STATUS(forward(also, to.tx, 1), CSP_CLOSED_END);
    csp_end_free(closed);
    csp_end_free(also);
    csp_end_close(to.rx);
    CHECK_STATUS(forward(from.rx, to.tx, 1), CSP_BROKEN);
    CHECK_INT(seen(from.tx).length, ==, 1);
    CHECK_CONSERVED(from.tx);
    csp_end_close(from.tx);
    pair other = channel(4);
    CHECK_STATUS(forward(from.rx, other.tx, 9), CSP_END_OF_CHANNEL);
    CHECK_INT(moved, ==, 1);
    CHECK_STATUS(csp_end_abort(other.tx, NULL), CSP_OK);
    CHECK_STATUS(forward(other.rx, to.tx, 1), CSP_BROKEN);
    free_pair(&from);
    free_pair(&to);
    free_pair(&other);
}

typedef struct {
    csp_end *tx;
    int64_t value;
    csp_status status;
    int64_t got;
} party;

static void *send_it(void *argument) {
    party *p = argument;
    p->status = put(p->tx, p->value, CSP_FOREVER);
    return NULL;
}

static void *take_it(void *argument) {
    party *p = argument;
    p->got = take(p->tx, CSP_FOREVER);
    return NULL;
}

CASE(of_senders_that_wait_to_receivers_that_wait, "From one rendezvous to another, by nobody's hands.") {
    pair from = channel(0), to = channel(0);
    party sender = {.tx = from.tx, .value = 7}, receiver = {.tx = to.rx};
    pthread_t s = go(send_it, &sender);
    EVENTUALLY(seen(from.tx).waiting_senders == 1);
    CHECK_STATUS(forward(from.rx, to.tx, 9), CSP_WOULD_BLOCK); /* nobody would take it: its sender still waits */
    CHECK_INT(moved, ==, 0);
    CHECK_INT(seen(from.tx).waiting_senders, ==, 1);
    pthread_t r = go(take_it, &receiver);
    EVENTUALLY(seen(to.tx).waiting_receivers == 1);
    CHECK_STATUS(forward(from.rx, to.tx, 9), CSP_WOULD_BLOCK);
    CHECK_INT(moved, ==, 1);
    finish(s);
    finish(r);
    CHECK_STATUS(sender.status, CSP_OK);
    CHECK_INT(receiver.got, ==, 7);
    CHECK_CONSERVED(from.tx);
    CHECK_CONSERVED(to.tx);
    free_pair(&from);
    free_pair(&to);
}

static void *hold_it(void *argument) {
    party *p = argument;
    csp_message message;
    csp_reply *reply;
    p->status = csp_recv_extended(p->tx, &message, &reply, CSP_FOREVER, NULL);
    csp_message_drop(&message);
    return NULL;
}

CASE(a_sender_waits_until_somebody_takes,
     "Whoever would hold its sender, or watches and does not select, takes nothing: no rendezvous is over by that.") {
    pair from = channel(0), to = channel(0);
    party sender = {.tx = from.tx, .value = 7}, holder = {.tx = to.rx};
    csp_alternative *alternative = csp_alternative_new(me);
    uint32_t at;
    CHECK_STATUS(csp_alternative_add(alternative, to.rx, &at), CSP_OK);
    pthread_t h = go(hold_it, &holder), s = go(send_it, &sender);
    EVENTUALLY(seen(to.rx).waiting_receivers == 1 && seen(from.tx).waiting_senders == 1);
    CHECK_STATUS(forward(from.rx, to.tx, 9), CSP_WOULD_BLOCK);
    CHECK_INT(moved, ==, 0);
    CHECK_INT(seen(from.tx).waiting_senders, ==, 1);
    csp_end_close(to.tx);
    finish(h);
    CHECK_STATUS(holder.status, CSP_END_OF_CHANNEL);
    CHECK_INT(take(from.rx, CSP_POLL), ==, 7);
    finish(s);
    csp_alternative_free(alternative);
    free_pair(&from);
    free_pair(&to);
}

CASE(behind_a_full_buffer, "The buffer first, then the senders behind it, each in its turn.") {
    pair from = channel(1), to = channel(8);
    CHECK_STATUS(put(from.tx, 0, CSP_POLL), CSP_OK);
    party senders[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        senders[i] = (party){.tx = from.tx, .value = i + 1};
        threads[i] = go(send_it, &senders[i]);
        EVENTUALLY(seen(from.tx).waiting_senders == (uint32_t)i + 1);
    }
    CHECK_STATUS(forward(from.rx, to.tx, 9), CSP_WOULD_BLOCK);
    CHECK_INT(moved, ==, 4);
    for (int i = 0; i < 3; i++) {
        finish(threads[i]);
        CHECK_STATUS(senders[i].status, CSP_OK);
    }
    for (int n = 0; n < 4; n++) {
        CHECK_INT(take(to.rx, CSP_POLL), ==, n);
    }
    free_pair(&from);
    free_pair(&to);
}

/* ---- races: forwarded there and back, while others send, receive and time out ---------------------------------- */

enum { EACH = 2000 };

typedef struct {
    pair a, b;
    _Atomic bool over;
    _Atomic int64_t sum, received;
    int64_t wanted;
} ring;

static void *forward_on(void *argument) {
    ring *r = argument;
    uint32_t count;
    while (!atomic_load(&r->over)) {
        csp_status status = csp_forward(r->a.rx, r->b.tx, 3, &count);
        CHECK(status == CSP_OK || status == CSP_WOULD_BLOCK);
        if (status == CSP_WOULD_BLOCK) {
            sched_yield(); /* where there is one CPU, others are to come to their turn */
        }
    }
    return NULL;
}

static void *forward_back(void *argument) {
    ring *r = argument;
    uint32_t count;
    while (!atomic_load(&r->over)) {
        csp_status status = csp_forward(r->b.rx, r->a.tx, 1, &count);
        CHECK(status == CSP_OK || status == CSP_WOULD_BLOCK);
        if (status == CSP_WOULD_BLOCK) {
            sched_yield(); /* where there is one CPU, others are to come to their turn */
        }
    }
    return NULL;
}

static void *send_all(void *argument) {
    ring *r = argument;
    for (int64_t n = 1; n <= r->wanted; n++) {
        csp_message message = boxed(n);
        csp_status status;
        while ((status = csp_send(r->a.tx, &message, csp_deadline_after(50000), NULL)) != CSP_OK) {
            CHECK_STATUS(status, CSP_TIMEOUT);
        }
    }
    return NULL;
}

static void *receive_all(void *argument) {
    ring *r = argument;
    csp_message message;
    while (atomic_load(&r->received) < r->wanted) {
        if (csp_recv(r->b.rx, &message, csp_deadline_after(50000), NULL) == CSP_OK) {
            atomic_fetch_add(&r->sum, opened(&message));
            atomic_fetch_add(&r->received, 1);
        }
    }
    return NULL;
}

CASE(there_and_back_among_others,
     "Forwarded both ways while threads send, receive and time out, nothing is lost or doubled.") {
    for (uint32_t capacity = 0; capacity < 3; capacity++) {
        note("capacity %u", capacity);
        ring r = {.a = channel(capacity), .b = channel(capacity), .wanted = scaled(EACH)};
        pthread_t threads[] = {go(send_all, &r), go(receive_all, &r), go(forward_on, &r), go(forward_back, &r)};
        finish(threads[0]);
        finish(threads[1]);
        atomic_store(&r.over, true);
        finish(threads[2]);
        finish(threads[3]);
        CHECK_INT(atomic_load(&r.sum), ==, r.wanted * (r.wanted + 1) / 2);
        CHECK_INT(csp_payloads_alive(), ==, 0);
        CHECK_CONSERVED(r.a.tx);
        CHECK_CONSERVED(r.b.tx);
        free_pair(&r.a);
        free_pair(&r.b);
    }
}
