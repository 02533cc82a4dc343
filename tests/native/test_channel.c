/* SPDX-License-Identifier: MIT
 *
 * Sending and receiving on one open channel: what is ready, what waits, in which order, and for how long. */
#include "harness.h"

static void fill(csp_end *tx, uint32_t capacity) {
    for (uint32_t i = 0; i < capacity; i++) {
        CHECK_STATUS(put(tx, i, CSP_POLL), CSP_OK);
    }
}

/* ---- what is ready --------------------------------------------------------------------------------------------- */

CASE(poll_says_what_an_open_channel_can_do,
     "Empty: a receive would block. Not full: a send succeeds. Full: it would block.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        fill(p.tx, c);
        CHECK_STATUS(put(p.tx, c, CSP_POLL), CSP_WOULD_BLOCK);
        CHECK_STATUS(put(p.tx, c, CSP_POLL), CSP_WOULD_BLOCK);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        free_pair(&p);
    }
}

CASE(a_refused_message_stays_with_its_sender,
     "A send that fails leaves kind, tag, bytes and the block's one reference alone.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        fill(p.tx, c);
        csp_message message = boxed(77);
        message.tag = 5;
        csp_message kept = message;
        CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_WOULD_BLOCK);
        CHECK(memcmp(&message, &kept, sizeof kept) == 0);
        CHECK_STATUS(csp_send(p.tx, &message, csp_now() + 1, NULL), CSP_TIMEOUT);
        CHECK(memcmp(&message, &kept, sizeof kept) == 0);
        CHECK_INT(opened(&message), ==, 77);
        free_pair(&p);
    }
}

CASE(a_try_succeeds_when_a_peer_waits, "A poll meets whoever is parked on the other side, at any capacity.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending peer;
        pend_recv(&peer, p.rx, CSP_FOREVER);
        CHECK_STATUS(put(p.tx, 5, CSP_POLL), CSP_OK);
        CHECK_INT(outcome(&peer), ==, 5);
        fill(p.tx, c);
        pend_send(&peer, p.tx, c, CSP_FOREVER);
        for (uint32_t i = 0; i <= c; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(outcome(&peer), ==, CSP_OK);
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        free_pair(&p);
    }
}

CASE(a_rendezvous_send_is_over_when_taken,
     "At capacity 0 nothing is ever buffered, and a send waits for its receiver.") {
    pair p = channel(0);
    pending sender;
    pend_send(&sender, p.tx, 9, CSP_FOREVER);
    CHECK_INT(seen(p.tx).length, ==, 0);
    CHECK_INT(seen(p.tx).sent, ==, 0);
    CHECK(!atomic_load(&sender.over));
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, 9);
    CHECK_INT(outcome(&sender), ==, CSP_OK);
    CHECK_INT(seen(p.tx).sent, ==, 1);
    free_pair(&p);
}

CASE(an_end_has_one_direction, "Sending on a receiving end and receiving on a sending one are INVALID.") {
    pair p = channel(1);
    csp_message message = inlined(1);
    CHECK_STATUS(csp_send(p.rx, &message, CSP_POLL, NULL), CSP_INVALID);
    CHECK_INT(opened(&message), ==, 1);
    CHECK_STATUS(csp_recv(p.tx, &message, CSP_POLL, NULL), CSP_INVALID);
    CHECK(csp_end_direction(p.tx) == CSP_SENDING && csp_end_direction(p.rx) == CSP_RECEIVING);
    CHECK(csp_end_holder(p.tx) == me && csp_end_holder(p.rx) == me);
    free_pair(&p);
}

CASE(length_and_capacity_are_exact, "The statistics count what is buffered, message by message.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        CHECK_INT(seen(p.tx).capacity, ==, c);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_INT(seen(p.tx).length, ==, i);
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        CHECK_INT(seen(p.rx).length, ==, c);
        for (uint32_t i = c; i-- > 0;) {
            take(p.rx, CSP_POLL);
            CHECK_INT(seen(p.rx).length, ==, i);
        }
        CHECK_INT(seen(p.rx).sent, ==, c);
        CHECK_INT(seen(p.rx).received, ==, c);
        free_pair(&p);
    }
}

/* ---- order ----------------------------------------------------------------------------------------------------- */

CASE(the_buffer_is_first_in_first_out, "Order holds while the ring grows and while it wraps around.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        int64_t in = 0, out = 0;
        for (uint32_t round = 0; c > 0 && round < 50; round++) {
            for (uint32_t i = 0; i < (round * 7) % c + 1 && in - out < c; i++) {
                CHECK_STATUS(put(p.tx, in++, CSP_POLL), CSP_OK);
            }
            for (uint32_t i = 0; i < (round * 5) % c + 1 && out < in; i++) {
                CHECK_INT(take(p.rx, CSP_POLL), ==, out++);
            }
        }
        while (out < in) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, out++);
        }
        free_pair(&p);
    }
}

enum { CROWD = 9 };

CASE(parked_receivers_are_served_as_they_came,
     "The receiver that waited longest gets the next message, at any capacity.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending receivers[CROWD];
        for (int i = 0; i < CROWD; i++) {
            pend_recv(&receivers[i], p.rx, CSP_FOREVER);
            CHECK_INT(RECEIVERS_WAITING(p.rx), ==, i + 1);
        }
        for (int i = 0; i < CROWD; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        for (int i = 0; i < CROWD; i++) {
            CHECK_INT(outcome(&receivers[i]), ==, i);
        }
        CHECK_INT(seen(p.rx).peak_receivers, ==, CROWD);
        CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 0);
        free_pair(&p);
    }
}

CASE(parked_senders_are_served_as_they_came,
     "Behind a full buffer the sender that waited longest is next, at any capacity.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending senders[CROWD];
        fill(p.tx, c);
        for (int i = 0; i < CROWD; i++) {
            pend_send(&senders[i], p.tx, (int64_t)c + i, CSP_FOREVER);
            CHECK_INT(SENDERS_WAITING(p.tx), ==, i + 1);
        }
        for (int64_t i = 0; i < c + CROWD; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        for (int i = 0; i < CROWD; i++) {
            CHECK_INT(outcome(&senders[i]), ==, CSP_OK);
        }
        CHECK_INT(seen(p.tx).peak_senders, ==, CROWD);
        CHECK_INT(SENDERS_WAITING(p.tx), ==, 0);
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

CASE(a_freed_place_goes_to_the_waiting_sender,
     "A receive from a full buffer fills the place at once: a newcomer cannot barge in.") {
    static const uint32_t bounded[] = {1, 10, 1000};
    for (size_t i = 0; i < COUNT(bounded); i++) {
        note("capacity %u", bounded[i]);
        pair p = channel(bounded[i]);
        fill(p.tx, bounded[i]);
        pending sender;
        pend_send(&sender, p.tx, bounded[i], CSP_FOREVER);
        CHECK_INT(take(p.rx, CSP_POLL), ==, 0);
        CHECK_INT(seen(p.tx).length, ==, bounded[i]);
        CHECK_STATUS(put(p.tx, 999999, CSP_POLL), CSP_WOULD_BLOCK);
        CHECK_INT(outcome(&sender), ==, CSP_OK);
        free_pair(&p);
    }
}

/* ---- how long -------------------------------------------------------------------------------------------------- */

CASE(an_expired_deadline_still_takes_and_hands_over,
     "A deadline in the past, even a negative one, does what is ready.") {
    static const int64_t past[] = {1, -1, INT64_MIN, INT64_MIN + 1};
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        for (size_t i = 0; i < COUNT(past); i++) {
            pending peer;
            pend_send(&peer, p.tx, 4, CSP_FOREVER);
            CHECK_INT(take(p.rx, past[i]), ==, 4);
            CHECK_INT(outcome(&peer), ==, CSP_OK);
            pend_recv(&peer, p.rx, CSP_FOREVER);
            CHECK_STATUS(put(p.tx, 6, past[i]), CSP_OK);
            CHECK_INT(outcome(&peer), ==, 6);
        }
        free_pair(&p);
    }
}

CASE(an_expired_deadline_does_not_wait,
     "A deadline in the past, even a negative one, gives TIMEOUT when nothing is ready.") {
    static const int64_t past[] = {1, -1, -SECONDS - 1, INT64_MIN};
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        for (size_t i = 0; i < COUNT(past); i++) {
            CHECK_INT(take(p.rx, past[i]), ==, NOT(CSP_TIMEOUT));
        }
        fill(p.tx, c);
        for (size_t i = 0; i < COUNT(past); i++) {
            CHECK_STATUS(put(p.tx, 1, past[i]), CSP_TIMEOUT);
        }
        free_pair(&p);
    }
}

CASE(a_timeout_comes_at_its_time,
     "A wait ends neither before its deadline nor, on an idle channel, without TIMEOUT.") {
    static const int64_t waits[] = {20000, 300000, 3 * MILLISECONDS, 30 * MILLISECONDS};
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        fill(p.tx, c);
        for (size_t i = 0; i < COUNT(waits); i++) {
            int64_t deadline = csp_deadline_after(waits[i]);
            CHECK_STATUS(put(p.tx, 1, deadline), CSP_TIMEOUT);
            CHECK_INT(csp_now(), >=, deadline);
        }
        while (take(p.rx, CSP_POLL) >= 0) {
        }
        for (size_t i = 0; i < COUNT(waits); i++) {
            int64_t deadline = csp_deadline_after(waits[i]);
            CHECK_INT(take(p.rx, deadline), ==, NOT(CSP_TIMEOUT));
            CHECK_INT(csp_now(), >=, deadline);
        }
        CHECK_INT(SENDERS_WAITING(p.tx), ==, 0);
        CHECK_INT(RECEIVERS_WAITING(p.tx), ==, 0);
        free_pair(&p);
    }
}

CASE(who_timed_out_does_nothing_later,
     "After TIMEOUT neither the sender's message nor the receiver's place is left behind.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        fill(p.tx, c);
        CHECK_STATUS(put(p.tx, 555, csp_deadline_after(100000)), CSP_TIMEOUT);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        CHECK_INT(take(p.rx, csp_deadline_after(100000)), ==, NOT(CSP_TIMEOUT));
        CHECK_STATUS(put(p.tx, 7, CSP_POLL), c == 0 ? CSP_WOULD_BLOCK : CSP_OK);
        CHECK_INT(seen(p.tx).length, ==, c == 0 ? 0 : 1);
        free_pair(&p);
    }
}

/* Whether the first and the last one wait. Not by pend_recv: the one in the middle may leave while the last one comes,
 * and the count then stays the same. */
static bool others_wait(pending *middle, csp_end *end) {
    bool left = atomic_load(&middle->over); /* read first: then it has left the queue as well */
    csp_statistics s = seen(end);
    return s.waiting_senders + s.waiting_receivers == (left ? 2 : 3);
}

CASE(a_timeout_in_the_middle_keeps_the_others_order,
     "When one of three waiters gives up, the other two keep their places.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending first, middle, last;
        pend_recv(&first, p.rx, CSP_FOREVER);
        pend_recv(&middle, p.rx, csp_deadline_after(2 * MILLISECONDS));
        pend(&last, p.rx, (csp_message){.kind = 0}, CSP_FOREVER, NULL);
        EVENTUALLY(others_wait(&middle, p.rx));
        CHECK_INT(outcome(&middle), ==, NOT(CSP_TIMEOUT));
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
        CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
        CHECK_INT(outcome(&first), ==, 1);
        CHECK_INT(outcome(&last), ==, 2);

        fill(p.tx, c);
        pend_send(&first, p.tx, 1001, CSP_FOREVER);
        pend_send(&middle, p.tx, 1002, csp_deadline_after(2 * MILLISECONDS));
        pend(&last, p.tx, boxed(1003), CSP_FOREVER, NULL);
        EVENTUALLY(others_wait(&middle, p.tx));
        CHECK_INT(outcome(&middle), ==, NOT(CSP_TIMEOUT));
        for (uint32_t i = 0; i < c; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(take(p.rx, CSP_POLL), ==, 1001);
        CHECK_INT(take(p.rx, CSP_POLL), ==, 1003);
        CHECK_INT(outcome(&first), ==, CSP_OK);
        CHECK_INT(outcome(&last), ==, CSP_OK);
        free_pair(&p);
    }
}

CASE(forever_has_no_end, "Deadlines near the end of time wait, and are woken, like FOREVER.") {
    static const int64_t far[] = {CSP_FOREVER, CSP_FOREVER - 1, INT64_MAX / 2};
    pair p = channel(0);
    for (size_t i = 0; i < COUNT(far); i++) {
        pending receiver;
        pend_recv(&receiver, p.rx, far[i]);
        CHECK(!atomic_load(&receiver.over));
        CHECK_STATUS(put(p.tx, 3, far[i]), CSP_OK);
        CHECK_INT(outcome(&receiver), ==, 3);
    }
    free_pair(&p);
}

CASE(a_channel_without_limit_never_makes_a_sender_wait, "UNBOUNDED takes all, in order, and gives all back.") {
    pair p = channel(CSP_UNBOUNDED);
    int64_t many = scaled(100000);
    for (int64_t i = 0; i < many; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    CHECK_INT(seen(p.tx).length, ==, many);
    CHECK_INT(seen(p.tx).capacity, ==, CSP_UNBOUNDED);
    for (int64_t i = 0; i < many; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    free_pair(&p);
}
