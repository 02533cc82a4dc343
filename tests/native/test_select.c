/* SPDX-License-Identifier: MIT
 *
 * What an alternative chooses among guards that are ready or not. Waiting for one is in test_select_wait.c, fairness
 * in test_fair.c, races in test_select_races.c. */
#include "harness.h"

enum { FAIR = CSP_SELECT_FAIR, PRIORITY = CSP_SELECT_PRIORITY };

/* ---- one guard ------------------------------------------------------------------------------------------------- */

/* A guard on `end`, asked in every way. `ready`: the failure that it must be chosen with, or WOULD_BLOCK. */
static void ask_about(csp_end *end, csp_status ready) {
    FOR_BOTH_WAYS(flags) {
        bool sends = csp_end_direction(end) == CSP_SENDING;
        csp_message message = sends ? boxed(4) : (csp_message){.kind = 0};
        csp_guard guards[] = {sends ? on_send(end, &message) : on_recv(end, &message), on_skip()};
        if (ready == CSP_WOULD_BLOCK) {
            CHECK_INT(choose(guards, 1, flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
            CHECK_INT(choose(guards, 1, flags, csp_deadline_after(20000)), ==, NOT(CSP_TIMEOUT));
            CHECK_INT(choose(guards, 1, flags, 1), ==, NOT(CSP_TIMEOUT));
            CHECK_INT(choose(guards, 1, flags, -SECONDS), ==, NOT(CSP_TIMEOUT));
            CHECK_INT(choose(guards, 2, flags, CSP_POLL), ==, 1);
            CHECK_INT(choose(guards, 2, flags, CSP_FOREVER), ==, 1);
            CHECK_STATUS(guards[1].status, CSP_OK);
        } else {
            CHECK_INT(choose(guards, 1, flags, CSP_POLL), ==, 0);
            CHECK_STATUS(guards[0].status, ready);
            CHECK_INT(choose(guards, 2, flags, CSP_FOREVER), ==, 0);
            CHECK_STATUS(guards[0].status, ready);
        }
        CHECK((message.kind != 0) == sends);
        csp_message_drop(&message);
    }
}

CASE(a_guard_is_ready_exactly_when_its_operation_is,
     "The truth table: empty, filled, full, and each with the other side closed.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        csp_message message;
        csp_guard sending = on_send(p.tx, &message), receiving = on_recv(p.rx, &message);
        ask_about(p.rx, CSP_WOULD_BLOCK);
        for (uint32_t i = 0; i < c; i++) {
            message = boxed(i);
            CHECK_INT(choose(&sending, 1, i % 2 == 0 ? FAIR : PRIORITY, CSP_POLL), ==, 0);
            CHECK_STATUS(sending.status, CSP_OK);
            CHECK_INT(message.kind, ==, 0);
        }
        ask_about(p.tx, CSP_WOULD_BLOCK);
        csp_end_close(p.tx);
        for (uint32_t i = 0; i < c; i++) { /* closed with messages left: they come first */
            CHECK_INT(choose(&receiving, 1, i % 2 == 0 ? FAIR : PRIORITY, CSP_POLL), ==, 0);
            CHECK_STATUS(receiving.status, CSP_OK);
            CHECK_INT(opened(&message), ==, i);
        }
        ask_about(p.rx, CSP_END_OF_CHANNEL);
        ask_about(p.tx, CSP_CLOSED_END);
        free_pair(&p);
        p = channel(c);
        csp_end_close(p.rx);
        ask_about(p.tx, CSP_BROKEN);
        ask_about(p.rx, CSP_CLOSED_END);
        free_pair(&p);
        p = channel(c);
        csp_end_abort(p.rx, NULL);
        ask_about(p.tx, CSP_BROKEN);
        ask_about(p.rx, CSP_END_OF_CHANNEL);
        free_pair(&p);
    }
}

CASE(a_guard_meets_a_parked_peer,
     "A poll of a send guard meets a parked receiver, and of a receive guard a parked sender.") {
    FOR_EACH_CAPACITY(c) {
        FOR_BOTH_WAYS(flags) {
            pair p = channel(c);
            pending peer;
            csp_message message = boxed(6);
            csp_guard guard = on_send(p.tx, &message);
            pend_recv(&peer, p.rx, CSP_FOREVER);
            CHECK_INT(choose(&guard, 1, flags, CSP_POLL), ==, 0);
            CHECK_INT(outcome(&peer), ==, 6);
            for (uint32_t i = 0; i < c; i++) {
                CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
            }
            pend_send(&peer, p.tx, c, CSP_FOREVER);
            guard = on_recv(p.rx, &message);
            for (uint32_t i = 0; i <= c; i++) {
                CHECK_INT(choose(&guard, 1, flags, CSP_POLL), ==, 0);
                CHECK_INT(opened(&message), ==, i);
            }
            CHECK_INT(outcome(&peer), ==, CSP_OK);
            free_pair(&p);
        }
    }
}

CASE(an_overflow_policy_makes_a_send_guard_ready,
     "Full with NEWEST or OLDEST: chosen with OK. Full with REFUSE: chosen with OVERFLOW.") {
    static const csp_overflow policies[] = {CSP_OVERFLOW_OLDEST, CSP_OVERFLOW_NEWEST, CSP_OVERFLOW_REFUSE};
    for (size_t i = 0; i < COUNT(policies); i++) {
        FOR_BOTH_WAYS(flags) {
            pair p = channel_of(1, policies[i], me);
            CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
            csp_message message = boxed(2);
            csp_guard guard = on_send(p.tx, &message);
            bool refused = policies[i] == CSP_OVERFLOW_REFUSE;
            CHECK_INT(choose(&guard, 1, flags, CSP_FOREVER), ==, 0);
            CHECK_STATUS(guard.status, refused ? CSP_OVERFLOW : CSP_OK);
            CHECK((message.kind != 0) == refused);
            csp_message_drop(&message);
            CHECK_INT(take(p.rx, CSP_POLL), ==, policies[i] == CSP_OVERFLOW_OLDEST ? 2 : 1);
            CHECK_CONSERVED(p.tx);
            free_pair(&p);
        }
    }
}

/* ---- several guards -------------------------------------------------------------------------------------------- */

enum { FIVE = 5 };

CASE(priority_takes_the_first_that_is_ready,
     "Of every combination of ready guards, priority takes the first in the order given.") {
    for (unsigned ready = 0; ready < 1u << FIVE; ready++) {
        note("ready %#x", ready);
        pair p[FIVE];
        csp_message messages[FIVE] = {{.kind = 0}};
        csp_guard guards[FIVE + 1];
        for (unsigned i = 0; i < FIVE; i++) {
            p[i] = channel(1);
            bool now = (ready >> i & 1) != 0;
            if (i % 2 == 0) {
                guards[i] = on_recv(p[i].rx, &messages[i]);
                if (now) {
                    CHECK_STATUS(put(p[i].tx, i, CSP_POLL), CSP_OK);
                }
            } else {
                messages[i] = inlined(i);
                guards[i] = on_send(p[i].tx, &messages[i]);
                if (!now) {
                    CHECK_STATUS(put(p[i].tx, i, CSP_POLL), CSP_OK);
                }
            }
        }
        guards[FIVE] = on_skip();
        unsigned first = 0;
        while (first < FIVE && (ready >> first & 1) == 0) {
            first++;
        }
        CHECK_INT(choose(guards, FIVE, PRIORITY, CSP_POLL), ==, first < FIVE ? first : NOT(CSP_WOULD_BLOCK));
        if (first < FIVE) { /* that one is no longer ready: now the next */
            csp_message_drop(&messages[first]);
            for (first++; first < FIVE && (ready >> first & 1) == 0; first++) {
            }
        }
        CHECK_INT(choose(guards, FIVE + 1, PRIORITY, CSP_FOREVER), ==, first);
        for (unsigned i = 0; i < FIVE; i++) {
            csp_message_drop(&messages[i]);
            free_pair(&p[i]);
        }
    }
}

CASE(skip_by_priority_hides_what_follows,
     "In priority order a skip is taken in its place; what stands behind it is never looked at.") {
    pair p = channel(1), q = channel(1);
    csp_message a, b;
    CHECK_STATUS(put(q.tx, 1, CSP_POLL), CSP_OK);
    csp_guard guards[] = {on_recv(p.rx, &a), on_skip(), on_recv(q.rx, &b)};
    CHECK_INT(choose(guards, 3, PRIORITY, CSP_FOREVER), ==, 1);
    CHECK_INT(choose(guards, 3, FAIR, CSP_FOREVER), ==, 2);
    CHECK_INT(opened(&b), ==, 1);
    CHECK_INT(choose(guards, 3, FAIR, CSP_FOREVER), ==, 1);
    free_pair(&p);
    free_pair(&q);
}

CASE(a_fair_skip_is_the_last_resort,
     "A fair select never takes a skip while another guard, even a due timer, is ready.") {
    pair p = channel(1);
    for (int i = 0; i < 300; i++) {
        csp_message message;
        csp_guard guards[] = {on_skip(), on_recv(p.rx, &message), on_skip(), off(), on_skip()};
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        CHECK_INT(choose(guards, 5, FAIR, CSP_POLL), ==, 1);
        CHECK_INT(opened(&message), ==, i);
        guards[3] = on_timer(csp_now());
        CHECK_INT(choose(guards, 5, FAIR, CSP_FOREVER), ==, 3);
    }
    free_pair(&p);
}

CASE(an_off_guard_is_never_chosen, "OFF guards need neither end nor message, and never count.") {
    pair p = channel(1);
    csp_message message;
    FOR_BOTH_WAYS(flags) {
        for (int at = 0; at < FIVE; at++) {
            csp_guard guards[FIVE] = {off(), off(), off(), off(), off()};
            CHECK_INT(choose(guards, FIVE, flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
            CHECK_INT(choose(guards, FIVE, flags, csp_deadline_after(1000)), ==, NOT(CSP_TIMEOUT));
            CHECK_STATUS(put(p.tx, 3, CSP_POLL), CSP_OK);
            guards[at] = on_recv(p.rx, &message);
            CHECK_INT(choose(guards, FIVE, flags, CSP_FOREVER), ==, at);
            CHECK_INT(opened(&message), ==, 3);
        }
    }
    free_pair(&p);
}

/* ---- timers ---------------------------------------------------------------------------------------------------- */

CASE(a_timer_is_ready_at_its_instant,
     "A timer is chosen neither before its deadline nor, once it is due, waited for.") {
    FOR_BOTH_WAYS(flags) {
        csp_guard timer = on_timer(csp_deadline_after(3600 * SECONDS));
        CHECK_INT(choose(&timer, 1, flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        CHECK_INT(choose(&timer, 1, flags, csp_deadline_after(1000)), ==, NOT(CSP_TIMEOUT));
        static const int64_t past[] = {1, 0, -1, INT64_MIN};
        for (size_t i = 0; i < COUNT(past); i++) {
            timer = on_timer(past[i]);
            CHECK_INT(choose(&timer, 1, flags, CSP_POLL), ==, 0);
            CHECK_STATUS(timer.status, CSP_OK);
            CHECK_INT(choose(&timer, 1, flags, CSP_FOREVER), ==, 0);
            CHECK_INT(choose(&timer, 1, flags, -7), ==, 0);
        }
        for (int i = 0; i < 20; i++) {
            timer = on_timer(csp_deadline_after(50000 * i + 1));
            CHECK_INT(choose(&timer, 1, flags, CSP_FOREVER), ==, 0);
            CHECK_INT(csp_now(), >=, timer.deadline);
        }
    }
}

CASE(the_earliest_timer_wins, "Of several timers and the select's own deadline the earliest ends the wait.") {
    pair p = channel(0);
    FOR_BOTH_WAYS(flags) {
        for (int earliest = 0; earliest < 3; earliest++) { /* 1: the deadline */
            note("earliest %d", earliest);
            csp_message message;
            int64_t soon = csp_deadline_after(2 * MILLISECONDS), later = csp_deadline_after(3600 * SECONDS);
            csp_guard guards[] = {on_timer(earliest == 0 ? soon : later), on_recv(p.rx, &message),
                                  on_timer(earliest == 2 ? soon : later), on_timer(CSP_FOREVER)};
            int64_t deadline = earliest == 1 ? soon : earliest == 0 ? CSP_FOREVER : later;
            CHECK_INT(choose(guards, 4, flags, deadline), ==, earliest == 1 ? NOT(CSP_TIMEOUT) : earliest);
            CHECK_INT(csp_now(), >=, soon);
            CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 0);
        }
    }
    free_pair(&p);
}

CASE(a_timer_has_its_place_in_the_order,
     "By priority a due timer comes before a ready channel that stands behind it, and after one before it.") {
    pair p = channel(1);
    csp_message message;
    csp_guard guards[] = {on_timer(1), on_recv(p.rx, &message), on_timer(1)};
    for (int i = 0; i < 100; i++) {
        if (i % 2 == 0) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        CHECK_INT(choose(guards, 3, PRIORITY, i % 3 == 0 ? CSP_POLL : CSP_FOREVER), ==, 0);
        CHECK_INT(choose(guards + 1, 2, PRIORITY, i % 3 == 0 ? CSP_POLL : CSP_FOREVER), ==, i % 2 == 0 ? 0 : 1);
        csp_message_drop(&message);
    }
    free_pair(&p);
}

/* ---- what is refused ------------------------------------------------------------------------------------------- */

CASE(a_select_that_could_never_end_is_invalid,
     "Without a guard that can become ready FOREVER is INVALID; a poll or deadline is not.") {
    FOR_BOTH_WAYS(flags) {
        csp_guard guards[] = {off(), on_timer(CSP_FOREVER), off()};
        for (size_t count = 0; count <= COUNT(guards); count++) {
            CHECK_INT(choose(guards, count, flags, CSP_FOREVER), ==, NOT(CSP_INVALID));
            CHECK_INT(choose(guards, count, flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
            CHECK_INT(choose(guards, count, flags, csp_deadline_after(1000)), ==, NOT(CSP_TIMEOUT));
            CHECK_INT(choose(guards, count, flags, -1), ==, NOT(CSP_TIMEOUT));
        }
    }
}

CASE(a_guard_on_the_wrong_end_is_invalid,
     "A send guard wants a sending end, a receive guard a receiving one; nothing is touched.") {
    pair p = channel(1);
    csp_message message = boxed(3);
    csp_guard guards[] = {on_skip(), on_send(p.rx, &message)};
    CHECK_INT(choose(guards, 2, FAIR, CSP_POLL), ==, NOT(CSP_INVALID));
    guards[1] = on_recv(p.tx, &message);
    CHECK_INT(choose(guards, 2, FAIR, CSP_POLL), ==, NOT(CSP_INVALID));
    CHECK_INT(opened(&message), ==, 3);
    CHECK_INT(seen(p.rx).length, ==, 0);
    free_pair(&p);
}

CASE(too_many_guards_are_invalid, "CSP_GUARDS_MAX guards work; one more is INVALID.") {
    csp_guard *guards = calloc(CSP_GUARDS_MAX + 1, sizeof *guards);
    CHECK(guards != NULL);
    for (int i = 0; i <= CSP_GUARDS_MAX; i++) {
        guards[i] = off();
    }
    guards[CSP_GUARDS_MAX - 1] = on_skip();
    CHECK_INT(choose(guards, CSP_GUARDS_MAX, FAIR, CSP_FOREVER), ==, CSP_GUARDS_MAX - 1);
    CHECK_INT(choose(guards, CSP_GUARDS_MAX + 1, FAIR, CSP_FOREVER), ==, NOT(CSP_INVALID));
    free(guards);
}

CASE(a_lock_of_my_own_has_its_turn,
     "A recursive lock that the selecting thread has is chosen beside a channel that is always ready.") {
    pair p = channel(1000);
    csp_end *lock;
    csp_message got, token;
    int64_t turns[2] = {0};
    CHECK_STATUS(csp_sync_new(CSP_SYNC_RLOCK, 0, 0, me, &lock), CSP_OK);
    CHECK_STATUS(csp_recv(lock, &token, CSP_POLL, NULL), CSP_OK);
    for (int i = 0; i < 500; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    csp_guard guards[] = {on_recv(p.rx, &got), on_recv(lock, &token)};
    for (int i = 0; i < 200; i++) {
        int64_t which = choose(guards, 2, CSP_SELECT_FAIR, CSP_POLL);
        CHECK(which == 0 || which == 1);
        turns[which]++;
        if (which == 0) {
            opened(&got);
        }
    }
    CHECK_INT(turns[0], >, 50);
    CHECK_INT(turns[1], >, 50);
    csp_end_free(lock);
    free_pair(&p);
}
