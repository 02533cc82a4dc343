/* SPDX-License-Identifier: MIT
 *
 * How a channel ends: handle by handle, in good order or by an abort, and what becomes of those who wait and of what
 * was buffered. Races between an end and its users are in test_races.c. */
#include "harness.h"

enum { CROWD = 40 }; /* more than the core wakes in one go */

static csp_status try_send(csp_end *tx) { return put(tx, 1, CSP_POLL); }

/* ---- the last sender ------------------------------------------------------------------------------------------- */

CASE(closing_drains_and_then_ends,
     "After the last sender receivers get all that is buffered, then END_OF_CHANNEL for ever.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        csp_end_close(p.tx);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_INT(take(p.rx, i % 2 == 0 ? CSP_POLL : CSP_FOREVER), ==, i);
        }
        for (int i = 0; i < 3; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_END_OF_CHANNEL));
            CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
        }
        CHECK_INT(seen(p.rx).undelivered, ==, 0);
        CHECK_CONSERVED(p.rx);
        free_pair(&p);
    }
}

CASE(the_last_sender_wakes_all_receivers, "Every parked receiver learns of the end, however many they are.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending receivers[CROWD];
        for (int i = 0; i < CROWD; i++) {
            pend_recv(&receivers[i], p.rx, CSP_FOREVER);
        }
        csp_end_close(p.tx);
        for (int i = 0; i < CROWD; i++) {
            CHECK_INT(outcome(&receivers[i]), ==, NOT(CSP_END_OF_CHANNEL));
        }
        CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 0);
        free_pair(&p);
    }
}

/* ---- the last receiver ----------------------------------------------------------------------------------------- */

CASE(without_receivers_sends_are_broken, "After the last receiver every send is BROKEN and keeps its message.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        CHECK_INT(csp_payloads_alive(), ==, c);
        csp_end_close(p.rx);
        CHECK_INT(csp_payloads_alive(), ==, 0); /* dropped at once, not with the channel */
        csp_statistics s = seen(p.tx);
        CHECK_INT(s.undelivered, ==, c);
        CHECK_INT(s.length, ==, 0);
        CHECK_CONSERVED(p.tx);
        csp_message message = boxed(8);
        CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_BROKEN);
        CHECK_STATUS(csp_send(p.tx, &message, CSP_FOREVER, NULL), CSP_BROKEN);
        CHECK_INT(opened(&message), ==, 8);
        free_pair(&p);
    }
}

CASE(the_last_receiver_wakes_all_senders, "Every parked sender gets BROKEN with its message, however many they are.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending senders[CROWD];
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        for (int i = 0; i < CROWD; i++) {
            pend_send(&senders[i], p.tx, i, CSP_FOREVER);
        }
        csp_end_close(p.rx);
        for (int i = 0; i < CROWD; i++) {
            finish(senders[i].thread);
            CHECK_STATUS(senders[i].status, CSP_BROKEN);
            CHECK_INT(opened(&senders[i].message), ==, i);
        }
        CHECK_INT(SENDERS_WAITING(p.tx), ==, 0);
        CHECK_INT(seen(p.tx).sent, ==, c);
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

/* ---- one's own handle ------------------------------------------------------------------------------------------ */

CASE(a_closed_handle_is_closed_for_its_holder,
     "One's own closed end gives CLOSED_END, also when the channel is over.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        csp_end *other_tx = csp_end_clone(p.tx, me), *other_rx = csp_end_clone(p.rx, me);
        csp_end_close(p.tx);
        csp_end_close(p.rx);
        CHECK(csp_end_is_closed(p.tx) && csp_end_is_closed(p.rx));
        for (int round = 0; round < 2; round++) {
            CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_CLOSED_END);
            CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_CLOSED_END);
            CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_CLOSED_END));
            CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_CLOSED_END));
            CHECK(csp_end_clone(p.tx, me) == NULL);
            CHECK(csp_end_clone(p.rx, me) == NULL);
            csp_end_close(other_tx); /* the second round: the channel is over, too */
            csp_end_close(other_rx);
        }
        csp_end_free(other_tx);
        csp_end_free(other_rx);
        free_pair(&p);
    }
}

CASE(closing_twice_is_harmless, "A second close counts nothing again and ends nobody else's.") {
    pair p = channel(2);
    csp_end *other = csp_end_clone(p.tx, me);
    CHECK_INT(seen(p.rx).sending_ends, ==, 2);
    csp_end_close(other);
    csp_end_close(other);
    CHECK_INT(seen(p.rx).sending_ends, ==, 1);
    CHECK_STATUS(try_send(p.tx), CSP_OK);
    CHECK_INT(take(p.rx, CSP_POLL), ==, 1);
    csp_end_free(other);
    CHECK_INT(seen(p.rx).sending_ends, ==, 1);
    free_pair(&p);
}

CASE(closing_a_handle_wakes_who_waits_through_it,
     "Closing one handle gives CLOSED_END to its own waiters and to no others.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        csp_end *other_rx = csp_end_clone(p.rx, me), *other_tx = csp_end_clone(p.tx, me);
        pending through[3], beside[2];
        pend_recv(&through[0], p.rx, CSP_FOREVER);
        pend_recv(&beside[0], other_rx, CSP_FOREVER);
        pend_recv(&through[1], p.rx, CSP_FOREVER);
        pend_recv(&beside[1], other_rx, CSP_FOREVER);
        pend_recv(&through[2], p.rx, CSP_FOREVER);
        csp_end_close(p.rx);
        for (int i = 0; i < 3; i++) {
            CHECK_INT(outcome(&through[i]), ==, NOT(CSP_CLOSED_END));
        }
        CHECK_INT(RECEIVERS_WAITING(other_rx), ==, 2);
        for (int i = 0; i < 2; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        for (int i = 0; i < 2; i++) {
            CHECK_INT(outcome(&beside[i]), ==, i);
        }

        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(try_send(p.tx), CSP_OK);
        }
        pend_send(&through[0], p.tx, 70, CSP_FOREVER);
        pend_send(&beside[0], other_tx, 71, CSP_FOREVER);
        csp_end_close(p.tx);
        finish(through[0].thread);
        CHECK_STATUS(through[0].status, CSP_CLOSED_END);
        CHECK_INT(opened(&through[0].message), ==, 70);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_INT(take(other_rx, CSP_POLL), ==, 1);
        }
        CHECK_INT(take(other_rx, CSP_FOREVER), ==, 71);
        CHECK_INT(outcome(&beside[0]), ==, CSP_OK);
        csp_end_free(other_rx);
        csp_end_free(other_tx);
        free_pair(&p);
    }
}

CASE(the_last_clone_decides, "A direction is over with the last of its handles, in whatever order they go.") {
    enum { HANDLES = 20 };
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        csp_end *tx[HANDLES] = {p.tx}, *rx[HANDLES] = {p.rx};
        for (int i = 1; i < HANDLES; i++) {
            tx[i] = csp_end_clone(tx[i - 1], me);
            rx[i] = csp_end_clone(rx[i / 2], me);
            CHECK_INT(csp_end_channel(tx[i]), ==, csp_end_channel(p.rx));
        }
        for (int i = 0; i < HANDLES; i++) {
            int gone = (i * 7 + 3) % HANDLES; /* every one of them, once */
            CHECK_INT(seen(rx[0]).sending_ends, ==, HANDLES - i);
            CHECK_INT(take(rx[0], CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
            csp_end_free(tx[gone]);
        }
        CHECK_INT(take(rx[0], CSP_POLL), ==, NOT(CSP_END_OF_CHANNEL));
        CHECK_INT(seen(rx[0]).receiving_ends, ==, HANDLES);
        for (int i = 0; i < HANDLES; i++) {
            csp_end_free(rx[i]);
        }
    }
}

/* ---- abort ----------------------------------------------------------------------------------------------------- */

CASE(an_abort_ends_both_directions_now,
     "An abort drops and counts what is buffered; nothing is sent or received any more.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        CHECK(!seen(p.tx).aborted);
        csp_end_abort(c % 2 == 0 ? p.tx : p.rx, NULL);
        CHECK(seen(p.tx).aborted);
        CHECK_INT(csp_payloads_alive(), ==, 0);
        CHECK_INT(seen(p.tx).undelivered, ==, c);
        CHECK_INT(seen(p.tx).length, ==, 0);
        CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_BROKEN);
        CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
        csp_message cause;
        CHECK(!csp_end_cause(p.tx, &cause));
        CHECK_INT(cause.kind, ==, 0);
        csp_end *late = csp_end_clone(p.rx, me); /* a handle made later knows it, too */
        CHECK_INT(take(late, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
        csp_end_free(late);
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

CASE(an_abort_wakes_every_waiter, "Receivers get END_OF_CHANNEL, senders BROKEN with their messages, however many.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        pending waiters[CROWD];
        for (int i = 0; i < CROWD; i++) {
            pend_recv(&waiters[i], p.rx, CSP_FOREVER);
        }
        csp_end_abort(p.tx, NULL);
        for (int i = 0; i < CROWD; i++) {
            CHECK_INT(outcome(&waiters[i]), ==, NOT(CSP_END_OF_CHANNEL));
        }
        free_pair(&p);
        p = channel(c);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(try_send(p.tx), CSP_OK);
        }
        for (int i = 0; i < CROWD; i++) {
            pend_send(&waiters[i], p.tx, i, CSP_FOREVER);
        }
        csp_end_abort(p.rx, NULL);
        for (int i = 0; i < CROWD; i++) {
            finish(waiters[i].thread);
            CHECK_STATUS(waiters[i].status, CSP_BROKEN);
            CHECK_INT(opened(&waiters[i].message), ==, i);
        }
        free_pair(&p);
    }
}

CASE(the_first_abort_gives_the_cause, "The cause can be read from any handle, often; a later cause is dropped.") {
    pair p = channel(1);
    csp_message cause = boxed(41);
    csp_end_abort(p.tx, &cause);
    CHECK_INT(cause.kind, ==, 0);
    cause = boxed(42);
    csp_end_abort(p.rx, &cause);
    CHECK_INT(cause.kind, ==, 0);
    CHECK_INT(csp_payloads_alive(), ==, 1);
    for (int i = 0; i < 3; i++) {
        csp_message read;
        CHECK(csp_end_cause(i % 2 == 0 ? p.tx : p.rx, &read));
        CHECK_INT(opened(&read), ==, 41);
    }
    csp_end_close(p.rx);
    csp_message outlives;
    CHECK(csp_end_cause(p.rx, &outlives));
    free_pair(&p);
    CHECK_INT(opened(&outlives), ==, 41); /* its own reference */
}

/* ---- after the end --------------------------------------------------------------------------------------------- */

CASE(an_id_goes_stale_and_never_comes_back,
     "A channel's id finds it while it lives, and nothing afterwards, whatever is made.") {
    csp_statistics s;
    CHECK_STATUS(csp_channel_statistics(0, &s), CSP_STALE);
    CHECK_STATUS(csp_channel_statistics(UINT64_MAX, &s), CSP_STALE);
    CHECK_STATUS(csp_channel_statistics(1, &s), CSP_STALE);
    pair first = channel(3);
    uint64_t id = csp_end_channel(first.tx);
    CHECK_INT(csp_end_channel(first.rx), ==, id);
    CHECK_STATUS(put(first.tx, 1, CSP_POLL), CSP_OK);
    CHECK_STATUS(csp_channel_statistics(id, &s), CSP_OK);
    CHECK_INT(s.id, ==, id);
    CHECK_INT(s.length, ==, 1);
    CHECK_INT(s.capacity, ==, 3);
    CHECK_STATUS(csp_channel_statistics(id + (UINT64_C(1) << 32), &s), CSP_STALE);
    csp_end_free(first.tx);
    CHECK_STATUS(csp_channel_statistics(id, &s), CSP_OK); /* its receiver still lives */
    CHECK_INT(s.sending_ends, ==, 0);
    csp_end_free(first.rx);
    for (int i = 0; i < 1000; i++) {
        pair next = channel(0);
        CHECK(csp_end_channel(next.tx) != id);
        CHECK_STATUS(csp_channel_statistics(id, &s), CSP_STALE);
        free_pair(&next);
    }
}

CASE(two_thousand_channels_live_at_once, "Ids are distinct and found, and all are given back.") {
    enum { MANY = 2000 };
    static pair pairs[MANY];
    csp_statistics s;
    for (int i = 0; i < MANY; i++) {
        pairs[i] = channel((uint32_t)i);
    }
    for (int i = 0; i < MANY; i++) {
        CHECK_STATUS(csp_channel_statistics(csp_end_channel(pairs[i].tx), &s), CSP_OK);
        CHECK_INT(s.capacity, ==, i);
    }
    for (int i = 0; i < MANY; i++) {
        free_pair(&pairs[i * 7 % MANY]);
    }
}

CASE(a_cause_carries_nothing, "A cause that holds an end is INVALID and stays the caller's; the channel goes on.") {
    pair p = channel(1);
    csp_message cause = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(8, 1)};
    csp_payload_attach_end(cause.as.payload, 0, csp_end_clone(p.tx, NULL));
    CHECK_STATUS(csp_end_abort(p.tx, &cause), CSP_INVALID);
    CHECK_INT(cause.kind, !=, 0);
    csp_message_drop(&cause);
    CHECK(!seen(p.tx).aborted);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    CHECK_STATUS(csp_end_abort(p.tx, NULL), CSP_OK);
    free_pair(&p);
}
