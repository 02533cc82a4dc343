/* SPDX-License-Identifier: MIT
 *
 * The policies of a full buffer, undone receives, and the sum that must always hold:
 * sent = received + buffered + dropped + undelivered. */
#include "harness.h"

static const uint32_t bounded[] = {1, 2, 10, 1000};
#define FOR_EACH_BOUND(c) \
    for (uint32_t c, i_##c = 0; i_##c < COUNT(bounded) && (c = bounded[i_##c], note("capacity %u", c), true); i_##c++)

/* ---- overflow -------------------------------------------------------------------------------------------------- */

CASE(what_cannot_be_made_is_invalid,
     "Overflow policies need a capacity; capacities and policies out of range are INVALID.") {
    csp_end *tx, *rx;
    CHECK_STATUS(csp_channel_new(0, CSP_OVERFLOW_OLDEST, me, &tx, &rx), CSP_INVALID);
    CHECK_STATUS(csp_channel_new(0, CSP_OVERFLOW_NEWEST, me, &tx, &rx), CSP_INVALID);
    CHECK_STATUS(csp_channel_new(0, CSP_OVERFLOW_REFUSE, me, &tx, &rx), CSP_INVALID);
    CHECK_STATUS(csp_channel_new(1, (csp_overflow)4, me, &tx, &rx), CSP_INVALID);
    CHECK_STATUS(csp_channel_new((UINT32_C(1) << 30) + 1, CSP_OVERFLOW_BLOCK, me, &tx, &rx), CSP_INVALID);
    CHECK_STATUS(csp_channel_new(CSP_UNBOUNDED - 1, CSP_OVERFLOW_BLOCK, me, &tx, &rx), CSP_INVALID);
    pair p = channel(UINT32_C(1) << 30); /* large is fine: memory comes with the messages */
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    free_pair(&p);
}

CASE(oldest_makes_room_for_the_new, "OLDEST keeps the last `capacity` messages, drops and counts those before them.") {
    FOR_EACH_BOUND(c) {
        pair p = channel_of(c, CSP_OVERFLOW_OLDEST, me);
        int64_t all = (int64_t)c * 3 + 2;
        for (int64_t i = 0; i < all; i++) {
            CHECK_STATUS(put(p.tx, i, i % 2 == 0 ? CSP_POLL : CSP_FOREVER), CSP_OK);
        }
        CHECK_INT(csp_payloads_alive(), ==, c);
        CHECK_INT(seen(p.tx).dropped, ==, all - c);
        CHECK_INT(seen(p.tx).length, ==, c);
        CHECK_CONSERVED(p.tx);
        for (int64_t i = all - c; i < all; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

CASE(newest_drops_what_does_not_fit,
     "NEWEST keeps the first `capacity` messages; later sends are OK, dropped and counted.") {
    FOR_EACH_BOUND(c) {
        pair p = channel_of(c, CSP_OVERFLOW_NEWEST, me);
        int64_t all = (int64_t)c * 3 + 2;
        for (int64_t i = 0; i < all; i++) {
            CHECK_STATUS(put(p.tx, i, i % 2 == 0 ? CSP_POLL : CSP_FOREVER), CSP_OK);
        }
        CHECK_INT(csp_payloads_alive(), ==, c);
        CHECK_INT(seen(p.tx).dropped, ==, all - c);
        CHECK_CONSERVED(p.tx);
        for (int64_t i = 0; i < c; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        free_pair(&p);
    }
}

CASE(refuse_fails_instead_of_waiting,
     "REFUSE gives OVERFLOW at once, leaves the message to its sender and drops nothing.") {
    FOR_EACH_BOUND(c) {
        pair p = channel_of(c, CSP_OVERFLOW_REFUSE, me);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_FOREVER), CSP_OK);
        }
        csp_message message = boxed(5);
        CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OVERFLOW);
        CHECK_STATUS(csp_send(p.tx, &message, CSP_FOREVER, NULL), CSP_OVERFLOW);
        CHECK_INT(opened(&message), ==, 5);
        CHECK_INT(seen(p.tx).dropped, ==, 0);
        CHECK_INT(seen(p.tx).sent, ==, c);
        CHECK_INT(take(p.rx, CSP_POLL), ==, 0);
        CHECK_STATUS(put(p.tx, 6, CSP_POLL), CSP_OK);
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

CASE(a_waiting_receiver_comes_before_any_policy, "With a receiver parked nothing is dropped or refused.") {
    static const csp_overflow policies[] = {CSP_OVERFLOW_OLDEST, CSP_OVERFLOW_NEWEST, CSP_OVERFLOW_REFUSE};
    for (size_t i = 0; i < COUNT(policies); i++) {
        pair p = channel_of(1, policies[i], me);
        pending receiver;
        pend_recv(&receiver, p.rx, CSP_FOREVER);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
        CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
        CHECK_INT(outcome(&receiver), ==, 1);
        CHECK_INT(take(p.rx, CSP_POLL), ==, 2);
        CHECK_INT(seen(p.tx).dropped, ==, 0);
        CHECK_INT(seen(p.tx).overflow, ==, policies[i]);
        free_pair(&p);
    }
}

/* ---- undone receives ------------------------------------------------------------------------------------------- */

static csp_message received(csp_end *rx) {
    csp_message message;
    CHECK_STATUS(csp_recv(rx, &message, CSP_POLL, NULL), CSP_OK);
    return message;
}

CASE(an_undone_receive_goes_to_the_front, "An unreceived message is received next, before all that is buffered.") {
    FOR_EACH_BOUND(c) {
        pair p = channel(c);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        csp_message first = received(p.rx);
        CHECK_STATUS(put(p.tx, c, CSP_POLL), CSP_OK); /* the buffer is full again */
        csp_unreceive(p.rx, &first);
        CHECK_INT(first.kind, ==, 0);
        CHECK_INT(seen(p.rx).length, ==, c + 1);
        CHECK_INT(seen(p.rx).received, ==, 0);
        CHECK_CONSERVED(p.rx);
        CHECK_STATUS(put(p.tx, 9999, CSP_POLL), CSP_WOULD_BLOCK);
        for (uint32_t i = 0; i <= c; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_CONSERVED(p.rx);
        free_pair(&p);
    }
}

CASE(many_undone_receives_come_back_in_order,
     "Undone last first, several messages come out in the order in which they were sent.") {
    enum { MANY = 20 };
    pair p = channel(MANY);
    csp_message held[MANY];
    for (int i = 0; i < MANY; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    for (int i = 0; i < MANY; i++) {
        held[i] = received(p.rx);
    }
    for (int i = MANY; i-- > 0;) {
        csp_unreceive(p.rx, &held[i]);
    }
    CHECK_INT(seen(p.rx).length, ==, MANY);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    CHECK_CONSERVED(p.rx);
    free_pair(&p);
}

CASE(an_undone_receive_meets_a_waiting_receiver,
     "If somebody waits, the undone message goes straight to the one who waited longest.") {
    pair p = channel(0);
    pending sender, first, second;
    pend_send(&sender, p.tx, 6, CSP_FOREVER);
    csp_message held = received(p.rx);
    CHECK_INT(outcome(&sender), ==, CSP_OK);
    pend_recv(&first, p.rx, CSP_FOREVER);
    pend_recv(&second, p.rx, CSP_FOREVER);
    csp_unreceive(p.rx, &held);
    CHECK_INT(outcome(&first), ==, 6);
    CHECK_INT(seen(p.rx).length, ==, 0);
    CHECK_INT(seen(p.rx).received, ==, 1);
    CHECK_STATUS(put(p.tx, 7, CSP_POLL), CSP_OK);
    CHECK_INT(outcome(&second), ==, 7);
    CHECK_CONSERVED(p.rx);
    free_pair(&p);
}

CASE(an_undone_receive_stands_before_parked_senders,
     "At a rendezvous it is buffered after all, and received before any parked sender's.") {
    pair p = channel(0);
    pending senders[2];
    pend_send(&senders[0], p.tx, 1, CSP_FOREVER);
    csp_message held = received(p.rx);
    CHECK_INT(outcome(&senders[0]), ==, CSP_OK);
    pend_send(&senders[0], p.tx, 2, CSP_FOREVER);
    csp_unreceive(p.rx, &held);
    pend_send(&senders[1], p.tx, 3, CSP_FOREVER);
    CHECK_INT(seen(p.rx).length, ==, 1);
    for (int i = 1; i <= 3; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    CHECK_INT(outcome(&senders[0]), ==, CSP_OK);
    CHECK_INT(outcome(&senders[1]), ==, CSP_OK);
    CHECK_CONSERVED(p.rx);
    free_pair(&p);
}

CASE(an_undone_receive_outlives_the_senders,
     "After the last sender it is drained like anything buffered; then the channel ends.") {
    pair p = channel(1);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    csp_message held = received(p.rx);
    csp_end_close(p.tx);
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_END_OF_CHANNEL));
    csp_unreceive(p.rx, &held);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, 1);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
    free_pair(&p);
}

CASE(an_undone_receive_on_a_dead_channel_is_counted,
     "With nobody left to receive it is dropped, counted as undelivered, no longer as received.") {
    for (int aborted = 0; aborted < 2; aborted++) {
        note("aborted %d", aborted);
        pair p = channel(2);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
        CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
        csp_message held = received(p.rx);
        if (aborted == 1) {
            csp_end_abort(p.tx, NULL);
        } else {
            csp_end_close(p.rx);
        }
        CHECK_INT(csp_payloads_alive(), ==, 1);
        csp_unreceive(p.rx, &held);
        CHECK_INT(held.kind, ==, 0);
        CHECK_INT(csp_payloads_alive(), ==, 0);
        CHECK_INT(seen(p.tx).undelivered, ==, 2);
        CHECK_CONSERVED(p.tx);
        free_pair(&p);
    }
}

CASE(undone_receives_die_with_the_channel,
     "Messages that were undone and never received again are dropped with the last receiver.") {
    pair p = channel(2);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
    csp_message held = received(p.rx);
    csp_unreceive(p.rx, &held);
    csp_end_close(p.rx);
    CHECK_INT(csp_payloads_alive(), ==, 0);
    CHECK_INT(seen(p.tx).undelivered, ==, 2);
    CHECK_CONSERVED(p.tx);
    free_pair(&p);
}

/* What will be received next; it is received and put back. */
static int64_t front(csp_end *rx) {
    int64_t value;
    csp_message first = received(rx);
    memcpy(&value, csp_payload_bytes(first.as.payload), sizeof value);
    csp_unreceive(rx, &first);
    return value;
}

CASE(an_undone_receive_is_the_oldest, "A full buffer that drops its oldest drops undone receives first, the last "
                                      "undone before the others; order holds.") {
    FOR_EACH_BOUND(c) {
        for (uint32_t undone = 1; undone <= 3 && undone <= c; undone++) {
            pair p = channel_of(c, CSP_OVERFLOW_OLDEST, me);
            csp_message held[3];
            int64_t next = 0, oldest = 0;
            for (uint32_t i = 0; i < c; i++) {
                CHECK_STATUS(put(p.tx, next++, CSP_POLL), CSP_OK);
            }
            for (uint32_t i = 0; i < undone; i++) {
                held[i] = received(p.rx);
                CHECK_STATUS(put(p.tx, next++, CSP_POLL), CSP_OK); /* the buffer is full again */
            }
            for (uint32_t i = undone; i-- > 0;) {
                csp_unreceive(p.rx, &held[i]);
            }
            for (uint32_t i = 0; i < 2 * c + undone; i++) {
                CHECK_STATUS(put(p.tx, next++, CSP_POLL), CSP_OK);
                oldest++;
                CHECK_INT(seen(p.tx).dropped, ==, oldest);
                CHECK_INT(seen(p.tx).length, ==, c + undone);
                CHECK_CONSERVED(p.tx);
                CHECK_INT(front(p.rx), ==, oldest);
            }
            while (oldest < next) {
                CHECK_INT(take(p.rx, CSP_POLL), ==, oldest++);
            }
            CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
            CHECK_INT(csp_payloads_alive(), ==, 0);
            free_pair(&p);
        }
    }
}

/* ---- the sum --------------------------------------------------------------------------------------------------- */

CASE(nothing_is_lost_or_counted_twice,
     "After every one of many random operations the counts are ours, under every policy.") {
    for (int policy = CSP_OVERFLOW_BLOCK; policy <= CSP_OVERFLOW_REFUSE; policy++) {
        FOR_EACH_BOUND(c) {
            pair p = channel_of(c, (csp_overflow)policy, me);
            uint64_t random = 88172645463325252u + c;
            csp_message held = {.kind = 0};
            int64_t sent = 0, received = 0;
            for (int64_t i = 0, rounds = scaled(5000); i < rounds; i++) {
                note("capacity %u, policy %d, round %lld", c, policy, (long long)i);
                switch (random_next(&random) % 8) {
                    case 0:
                        csp_message_drop(&held);
                        received += csp_recv(p.rx, &held, CSP_POLL, NULL) == CSP_OK;
                        break;
                    case 1:
                        if (held.kind != 0) {
                            csp_unreceive(p.rx, &held);
                            received--;
                        }
                        break;
                    case 2:
                    case 3:
                        received += take(p.rx, CSP_POLL) >= 0;
                        break;
                    default:
                        sent += put(p.tx, i, CSP_POLL) == CSP_OK;
                }
                csp_statistics s = seen(p.rx);
                CHECK_CONSERVED(p.tx);
                CHECK_INT(s.sent, ==, sent);
                CHECK_INT(s.received, ==, received);
                CHECK_INT(s.undelivered, ==, 0);
                CHECK_INT(csp_payloads_alive(), ==, s.length + (held.kind != 0));
            }
            csp_message_drop(&held);
            free_pair(&p);
        }
    }
}
