/* SPDX-License-Identifier: MIT
 *
 * A select that has to wait: who wakes it, with what, and that the guards that lost leave nothing behind. */
#include "harness.h"

enum { FAIR = CSP_SELECT_FAIR, PRIORITY = CSP_SELECT_PRIORITY };

/* ---- who wakes it ---------------------------------------------------------------------------------------------- */

CASE(a_parked_select_is_woken_by_each_of_its_guards,
     "Whichever guard becomes ready wins; the losers' messages and queues are as before.") {
    FOR_BOTH_WAYS(flags) {
        for (int winner = 0; winner < 6; winner++) {
            note("winner %d", winner);
            pair p[6];
            csp_message messages[6];
            csp_guard guards[6];
            for (int i = 0; i < 6; i++) {
                p[i] = channel(i % 3 == 0 ? 0 : 1);
                if (i % 2 == 0) {
                    guards[i] = on_recv(p[i].rx, &messages[i]);
                } else {
                    messages[i] = boxed(100 + i);
                    guards[i] = on_send(p[i].tx, &messages[i]);
                    CHECK_STATUS(put(p[i].tx, 1, CSP_POLL), i % 3 == 0 ? CSP_WOULD_BLOCK : CSP_OK);
                }
            }
            choosing c;
            begin_choosing(&c, guards, 6, flags);
            EVENTUALLY(RECEIVERS_WAITING(p[4].rx) == 1 && SENDERS_WAITING(p[5].tx) == 1);
            if (winner % 2 == 0) {
                CHECK_STATUS(put(p[winner].tx, 50, CSP_POLL), CSP_OK);
            } else {
                CHECK_INT(take(p[winner].rx, CSP_POLL), ==, winner % 3 == 0 ? 100 + winner : 1);
            }
            CHECK_INT(chosen(&c), ==, winner);
            CHECK_STATUS(guards[winner].status, CSP_OK);
            for (int i = 0; i < 6; i++) {
                CHECK_INT(SENDERS_WAITING(p[i].tx) + RECEIVERS_WAITING(p[i].tx), ==, 0);
                CHECK((messages[i].kind != 0) == ((i % 2 == 0) == (i == winner)));
                if (messages[i].kind != 0) {
                    CHECK_INT(opened(&messages[i]), ==, i == winner ? 50 : 100 + i);
                }
                CHECK_CONSERVED(p[i].tx);
                free_pair(&p[i]);
            }
        }
    }
}

CASE(a_parked_select_is_woken_by_every_kind_of_end,
     "Peer gone, own handle closed and abort reach a parked select with their statuses.") {
    static const csp_status expected[2][3] = {{CSP_END_OF_CHANNEL, CSP_CLOSED_END, CSP_END_OF_CHANNEL},
                                              {CSP_BROKEN, CSP_CLOSED_END, CSP_BROKEN}};
    for (int sends = 0; sends < 2; sends++) {
        for (int how = 0; how < 3; how++) {
            note("sends %d, how %d", sends, how);
            pair quiet = channel(0), p = channel(0);
            csp_message a, b = boxed(5), c_message;
            csp_guard guards[] = {on_recv(quiet.rx, &a), sends != 0 ? on_send(p.tx, &b) : on_recv(p.rx, &c_message),
                                  on_recv(quiet.rx, &a)};
            choosing c;
            begin_choosing(&c, guards, 2, FAIR);
            EVENTUALLY(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(p.tx) == 1);
            if (how == 2) {
                csp_end_abort(p.rx, NULL);
            } else {
                csp_end_close((how == 0) == (sends != 0) ? p.rx : p.tx);
            }
            CHECK_INT(chosen(&c), ==, 1);
            CHECK_STATUS(guards[1].status, expected[sends][how]);
            CHECK_INT(opened(&b), ==, 5);
            CHECK_INT(RECEIVERS_WAITING(quiet.rx), ==, 0);
            free_pair(&p);
            free_pair(&quiet);
        }
    }
}

CASE(a_select_stands_in_line_with_the_others,
     "In each queue a parked select is served in the order in which it came.") {
    pair p = channel(0), q = channel(0);
    pending before, after;
    csp_message a, b;
    csp_guard guards[] = {on_recv(q.rx, &a), on_recv(p.rx, &b)};
    choosing c;
    pend_recv(&before, p.rx, CSP_FOREVER);
    begin_choosing(&c, guards, 2, FAIR);
    EVENTUALLY(RECEIVERS_WAITING(p.rx) == 2);
    pend_recv(&after, p.rx, CSP_FOREVER);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    CHECK_INT(outcome(&before), ==, 0);
    CHECK_INT(chosen(&c), ==, 1);
    CHECK_INT(opened(&b), ==, 1);
    CHECK_INT(outcome(&after), ==, 2);
    free_pair(&p);
    free_pair(&q);
}

CASE(a_loser_that_leaves_breaks_no_queue,
     "When a losing guard leaves the end of a queue, those before and behind it still work.") {
    pair p = channel(0), q = channel(0);
    pending first, later;
    csp_message a, b;
    csp_guard guards[] = {on_recv(p.rx, &a), on_recv(q.rx, &b)};
    choosing c;
    pend_recv(&first, p.rx, CSP_FOREVER);
    begin_choosing(&c, guards, 2, FAIR);
    EVENTUALLY(RECEIVERS_WAITING(p.rx) == 2);
    CHECK_STATUS(put(q.tx, 1, CSP_POLL), CSP_OK);
    CHECK_INT(chosen(&c), ==, 1);
    CHECK_INT(opened(&b), ==, 1);
    pend_recv(&later, p.rx, CSP_FOREVER);
    CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
    CHECK_STATUS(put(p.tx, 3, CSP_POLL), CSP_OK);
    CHECK_INT(outcome(&first), ==, 2);
    CHECK_INT(outcome(&later), ==, 3);
    free_pair(&p);
    free_pair(&q);
}

CASE(one_message_on_offer_moves_once, "The same message offered on several channels goes to exactly one of them.") {
    FOR_BOTH_WAYS(flags) {
        pair p[3] = {channel(0), channel(0), channel(1)};
        CHECK_STATUS(put(p[2].tx, 0, CSP_POLL), CSP_OK);
        for (int winner = 0; winner < 3; winner++) {
            csp_message message = boxed(winner);
            csp_guard guards[] = {on_send(p[0].tx, &message), on_send(p[1].tx, &message), on_send(p[2].tx, &message)};
            choosing c;
            begin_choosing(&c, guards, 3, flags);
            for (int i = 0; i < 3; i++) {
                EVENTUALLY(SENDERS_WAITING(p[i].tx) == 1);
            }
            CHECK_INT(take(p[winner].rx, CSP_FOREVER), ==, winner == 2 ? 0 : winner);
            CHECK_INT(chosen(&c), ==, winner);
            CHECK_INT(message.kind, ==, 0);
            for (int i = 0; i < 3; i++) {
                CHECK_INT(SENDERS_WAITING(p[i].tx), ==, 0);
            }
        }
        CHECK_INT(take(p[2].rx, CSP_POLL), ==, 2);
        for (int i = 0; i < 3; i++) {
            CHECK_INT(seen(p[i].tx).sent, ==, seen(p[i].rx).received);
            free_pair(&p[i]);
        }
    }
}

CASE(a_parked_select_takes_an_undone_receive, "csp_unreceive hands its message to a select that waits to receive.") {
    pair p = channel(1), q = channel(0);
    CHECK_STATUS(put(p.tx, 4, CSP_POLL), CSP_OK);
    csp_message held, a, b;
    CHECK_STATUS(csp_recv(p.rx, &held, CSP_POLL, NULL), CSP_OK);
    csp_guard guards[] = {on_recv(q.rx, &a), on_recv(p.rx, &b)};
    choosing c;
    begin_choosing(&c, guards, 2, FAIR);
    EVENTUALLY(RECEIVERS_WAITING(p.rx) == 1);
    csp_unreceive(p.rx, &held);
    CHECK_INT(chosen(&c), ==, 1);
    CHECK_INT(opened(&b), ==, 4);
    free_pair(&p);
    free_pair(&q);
}

/* ---- one channel in several guards ----------------------------------------------------------------------------- */

CASE(duplicates_take_one_message,
     "A channel that stands in several guards gives its message to one of them, and all leave.") {
    enum { COPIES = 6 };
    FOR_EACH_CAPACITY(c) {
        FOR_BOTH_WAYS(flags) {
            pair p = channel(c);
            csp_message messages[COPIES];
            csp_guard guards[COPIES];
            for (int i = 0; i < COPIES; i++) {
                guards[i] = on_recv(p.rx, &messages[i]);
            }
            choosing s;
            begin_choosing(&s, guards, COPIES, flags);
            EVENTUALLY(RECEIVERS_WAITING(p.rx) == COPIES);
            CHECK_STATUS(put(p.tx, 8, CSP_POLL), CSP_OK);
            int64_t winner = chosen(&s);
            CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 0);
            for (int i = 0; i < COPIES; i++) {
                CHECK((messages[i].kind != 0) == (i == winner));
            }
            CHECK_INT(opened(&messages[winner]), ==, 8);
            CHECK_STATUS(put(p.tx, 9, CSP_POLL), c == 0 ? CSP_WOULD_BLOCK : CSP_OK);
            free_pair(&p);
        }
    }
}

CASE(both_ends_of_one_channel_never_pair,
     "Alone, a select that offers both directions of a rendezvous waits in vain, and leaves.") {
    FOR_BOTH_WAYS(flags) {
        pair p = channel(0);
        csp_message out = boxed(1), in;
        csp_guard guards[] = {on_send(p.tx, &out), on_recv(p.rx, &in), on_send(p.tx, &out), on_recv(p.rx, &in)};
        CHECK_INT(choose(guards, 4, flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        CHECK_INT(choose(guards, 4, flags, csp_deadline_after(MILLISECONDS)), ==, NOT(CSP_TIMEOUT));
        CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(p.rx), ==, 0);
        CHECK_INT(seen(p.tx).sent, ==, 0);

        pending peer; /* but either direction meets somebody else */
        choosing c;
        begin_choosing(&c, guards, 2, flags);
        EVENTUALLY(SENDERS_WAITING(p.tx) == 1 && RECEIVERS_WAITING(p.rx) == 1);
        pend_recv(&peer, p.rx, CSP_FOREVER);
        CHECK_INT(chosen(&c), ==, 0);
        CHECK_INT(outcome(&peer), ==, 1);
        out = boxed(2);
        begin_choosing(&c, guards, 2, flags);
        EVENTUALLY(SENDERS_WAITING(p.tx) == 1 && RECEIVERS_WAITING(p.rx) == 1);
        pend_send(&peer, p.tx, 3, CSP_FOREVER);
        CHECK_INT(chosen(&c), ==, 1);
        CHECK_INT(opened(&in), ==, 3);
        CHECK_INT(opened(&out), ==, 2);
        CHECK_INT(outcome(&peer), ==, CSP_OK);
        CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(p.rx), ==, 0);
        free_pair(&p);
    }
}

CASE(both_ends_of_a_buffer_use_the_buffer,
     "With room the send side of both ends proceeds, and then the receive side gets it.") {
    static const uint32_t bounded[] = {1, 10};
    for (size_t i = 0; i < COUNT(bounded); i++) {
        pair p = channel(bounded[i]);
        csp_message out, in;
        csp_guard guards[] = {on_recv(p.rx, &in), on_send(p.tx, &out)};
        for (int round = 0; round < 100; round++) {
            out = boxed(round);
            CHECK_INT(choose(guards, 2, PRIORITY, CSP_FOREVER), ==, 1);
            CHECK_INT(choose(guards, 2, PRIORITY, CSP_FOREVER), ==, 0);
            CHECK_INT(opened(&in), ==, round);
        }
        free_pair(&p);
    }
}

/* ---- many ------------------------------------------------------------------------------------------------------ */

CASE(many_guards_work_like_few,
     "Around the on-stack limit and far beyond it, at once or parked, every position can win.") {
    enum { MOST = 300 };
    static const int counts[] = {1, 2, 15, 16, 17, 18, 64, MOST};
    static pair p[MOST];
    static csp_message messages[MOST];
    static csp_guard guards[MOST];
    for (int i = 0; i < MOST; i++) {
        p[i] = channel(i % 2 == 0 ? 0 : 3);
    }
    for (size_t n = 0; n < COUNT(counts); n++) {
        int count = counts[n];
        for (int at = 0; at < count; at += count < 64 ? 1 : 37) {
            note("%d guards, winner %d", count, at);
            int other = MOST - 1 - at; /* channels in falling order, so that the core has to sort them */
            for (int i = 0; i < count; i++) {
                guards[i] = on_recv(p[MOST - 1 - i].rx, &messages[i]);
            }
            choosing c;
            begin_choosing(&c, guards, (size_t)count, at % 2 == 0 ? FAIR : PRIORITY);
            EVENTUALLY(RECEIVERS_WAITING(p[MOST - count].rx) == 1);
            CHECK_STATUS(put(p[other].tx, at, CSP_POLL), CSP_OK);
            CHECK_INT(chosen(&c), ==, at);
            CHECK_INT(opened(&messages[at]), ==, at);
            CHECK_INT(choose(guards, (size_t)count, at % 2 == 0 ? PRIORITY : FAIR, CSP_POLL), ==,
                      NOT(CSP_WOULD_BLOCK));
            if (other % 2 == 1) {
                CHECK_STATUS(put(p[other].tx, at, CSP_POLL), CSP_OK);
                CHECK_INT(choose(guards, (size_t)count, at % 2 == 0 ? PRIORITY : FAIR, CSP_POLL), ==, at);
                CHECK_INT(opened(&messages[at]), ==, at);
            }
        }
    }
    for (int i = 0; i < MOST; i++) {
        CHECK_INT(RECEIVERS_WAITING(p[i].rx), ==, 0);
        free_pair(&p[i]);
    }
}

CASE(ten_thousand_timeouts_leave_nothing,
     "After many selects that time out every queue is empty and every channel works.") {
    pair p[4];
    csp_message in[2], out[2] = {boxed(0), boxed(1)};
    for (int i = 0; i < 4; i++) {
        p[i] = channel(0);
    }
    csp_guard guards[] = {on_recv(p[0].rx, &in[0]), on_send(p[1].tx, &out[0]), on_recv(p[2].rx, &in[1]),
                          on_send(p[3].tx, &out[1])};
    for (int64_t i = 0, rounds = scaled(10000); i < rounds; i++) {
        CHECK_INT(choose(guards, 4, i % 2 == 0 ? FAIR : PRIORITY, csp_deadline_after(1 + i % 5 * 1000)), ==,
                  NOT(CSP_TIMEOUT));
    }
    for (int i = 0; i < 4; i++) {
        CHECK_INT(SENDERS_WAITING(p[i].tx) + RECEIVERS_WAITING(p[i].rx), ==, 0);
        pending receiver;
        pend_recv(&receiver, p[i].rx, CSP_FOREVER);
        CHECK_STATUS(put(p[i].tx, i, CSP_POLL), CSP_OK);
        CHECK_INT(outcome(&receiver), ==, i);
        free_pair(&p[i]);
    }
    csp_message_drop(&out[0]);
    csp_message_drop(&out[1]);
}
