/* SPDX-License-Identifier: MIT
 *
 * The reusable alternative, one step at a time. */
#include "harness.h"

static csp_alternative *alternative;

static uint32_t watched(csp_end *rx) {
    uint32_t place = UINT32_MAX;
    CHECK_STATUS(csp_alternative_add(alternative, rx, &place), CSP_OK);
    return place;
}

static csp_message got;
static csp_status how;

/* The chosen place, or NOT(status of the select). */
static int64_t next(int flags, int64_t deadline) {
    uint32_t place = UINT32_MAX;
    csp_status status = csp_alternative_select(alternative, flags, deadline, NULL, &got, &place, &how);
    return status == CSP_OK ? (int64_t)place : NOT(status);
}

typedef struct {
    int64_t chosen;
    int64_t deadline;
    pthread_t thread;
} selecting;

static void *select_once(void *argument) {
    selecting *s = argument;
    s->chosen = next(CSP_SELECT_FAIR, s->deadline);
    return NULL;
}

/* Begin a select in a thread and wait until it shows at this end's channel. */
static void begin(selecting *s, csp_end *rx, int64_t deadline) {
    s->deadline = deadline;
    s->thread = go(select_once, s);
    EVENTUALLY(RECEIVERS_WAITING(rx) == 1);
}

enum { CHANNELS = 5 };
static pair channels[CHANNELS];

static void set_up(uint32_t capacity) {
    alternative = csp_alternative_new(me);
    for (uint32_t i = 0; i < CHANNELS; i++) {
        channels[i] = channel(capacity);
        CHECK_INT(watched(channels[i].rx), ==, i);
    }
}

static void tear_down(void) {
    csp_alternative_free(alternative);
    for (int i = 0; i < CHANNELS; i++) {
        free_pair(&channels[i]);
    }
}

CASE(nothing_is_ready,
     "With nothing to receive a poll would block and a deadline passes, and nobody is left waiting.") {
    FOR_EACH_CAPACITY(capacity) {
        FOR_BOTH_WAYS(flags) {
            set_up(capacity);
            CHECK_INT(next(flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
            int64_t deadline = csp_deadline_after(2 * MILLISECONDS);
            CHECK_INT(next(flags, deadline), ==, NOT(CSP_TIMEOUT));
            CHECK_INT(csp_now(), >=, deadline);
            CHECK_INT(next(flags, 1), ==, NOT(CSP_TIMEOUT));
            CHECK_INT(RECEIVERS_WAITING(channels[0].rx), ==, 0);
            tear_down();
        }
    }
}

CASE(what_is_buffered_is_chosen, "A message that was there before, or came between two selects, is received.") {
    FOR_BOTH_WAYS(flags) {
        channels[0] = channel(3);
        put(channels[0].tx, 1, CSP_POLL);
        alternative = csp_alternative_new(me);
        CHECK_INT(watched(channels[0].rx), ==, 0);
        CHECK_INT(next(flags, CSP_POLL), ==, 0);
        CHECK_INT(opened(&got), ==, 1);
        CHECK_INT(next(flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        put(channels[0].tx, 2, CSP_POLL);
        put(channels[0].tx, 3, CSP_POLL);
        CHECK_INT(take(channels[0].rx, CSP_POLL), ==, 2); /* by somebody else */
        CHECK_INT(next(flags, CSP_FOREVER), ==, 0);
        CHECK_INT(opened(&got), ==, 3);
        CHECK_INT(next(flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        csp_alternative_free(alternative);
        free_pair(&channels[0]);
    }
}

CASE(a_waiting_sender_is_chosen, "A sender that waits at a rendezvous is released, with its message received.") {
    FOR_BOTH_WAYS(flags) {
        set_up(0);
        pending sends[CHANNELS];
        for (int i = CHANNELS - 1; i >= 0; i--) {
            pend_send(&sends[i], channels[i].tx, i, CSP_FOREVER);
        }
        for (int i = 0; i < CHANNELS; i++) {
            int64_t place = next(flags, CSP_POLL);
            CHECK_INT(place, ==, flags == CSP_SELECT_PRIORITY ? i : CHANNELS - 1 - i); /* fair: the longest ready */
            CHECK_INT(opened(&got), ==, place);
            CHECK_INT(outcome(&sends[place]), ==, 0);
        }
        CHECK_INT(next(flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        tear_down();
    }
}

CASE(who_waits_is_a_receiver,
     "While it waits a poll to send succeeds on any of its channels, and on one of them only.") {
    FOR_EACH_CAPACITY(capacity) {
        for (int i = 0; i < CHANNELS; i++) {
            set_up(capacity);
            selecting s;
            begin(&s, channels[i].rx, CSP_FOREVER);
            CHECK_STATUS(put(channels[i].tx, 40 + i, CSP_POLL), CSP_OK);
            if (capacity == 0) {
                CHECK_STATUS(put(channels[(i + 1) % CHANNELS].tx, 1, CSP_POLL), CSP_WOULD_BLOCK);
            }
            finish(s.thread);
            CHECK_INT(s.chosen, ==, i);
            CHECK_INT(opened(&got), ==, 40 + i);
            CHECK_CONSERVED(channels[i].rx);
            tear_down();
        }
    }
}

CASE(a_select_can_send_to_it, "Another alternative's send guard meets it, whoever comes first.") {
    set_up(0);
    selecting s;
    begin(&s, channels[2].rx, CSP_FOREVER);
    csp_message out[2] = {boxed(1), boxed(2)};
    csp_guard guards[] = {on_send(channels[2].tx, &out[0]), on_send(channels[3].tx, &out[1])};
    int64_t which = choose(guards, 2, CSP_SELECT_FAIR, CSP_POLL);
    finish(s.thread);
    CHECK_INT(s.chosen, ==, which + 2);
    CHECK_INT(opened(&got), ==, which + 1);
    choosing c;
    begin_choosing(&c, guards + (1 - which), 1, CSP_SELECT_FAIR);
    EVENTUALLY(SENDERS_WAITING(channels[3 - which].tx) == 1);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, 3 - which);
    CHECK_INT(opened(&got), ==, 2 - which);
    CHECK_INT(chosen(&c), ==, 0);
    tear_down();
}

CASE(fair_is_a_rotation, "Of channels that stay ready none is chosen twice before each was chosen once.") {
    set_up(100);
    for (int n = 0; n < 50; n++) {
        for (int i = 0; i < CHANNELS; i++) {
            put(channels[i].tx, n, CSP_POLL);
        }
    }
    for (int n = 0; n < 50; n++) {
        uint32_t seen_places = 0;
        for (int i = 0; i < CHANNELS; i++) {
            seen_places |= 1u << next(CSP_SELECT_FAIR, CSP_POLL);
            CHECK_INT(opened(&got), ==, n);
        }
        CHECK_INT(seen_places, ==, (1u << CHANNELS) - 1);
    }
    tear_down();
}

CASE(priority_is_the_order_of_adding, "With priority the first ready place is chosen, every time.") {
    set_up(100);
    for (int n = 0; n < 20; n++) {
        for (int i = CHANNELS - 1; i >= 0; i--) {
            put(channels[i].tx, n, CSP_POLL);
        }
    }
    for (int i = 0; i < CHANNELS; i++) {
        for (int n = 0; n < 20; n++) {
            CHECK_INT(next(CSP_SELECT_PRIORITY, CSP_FOREVER), ==, i);
            CHECK_INT(opened(&got), ==, n);
        }
    }
    tear_down();
}

CASE(a_place_that_is_off_is_not_chosen,
     "A false precondition keeps its channel out, and nothing is forgotten meanwhile.") {
    FOR_BOTH_WAYS(flags) {
        set_up(2);
        csp_alternative_enable(alternative, 1, false);
        put(channels[1].tx, 11, CSP_POLL);
        CHECK_INT(next(flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        put(channels[2].tx, 12, CSP_POLL);
        CHECK_INT(next(flags, CSP_POLL), ==, 2);
        CHECK_INT(opened(&got), ==, 12);
        csp_alternative_enable(alternative, 1, true);
        CHECK_INT(next(flags, CSP_POLL), ==, 1);
        CHECK_INT(opened(&got), ==, 11);
        csp_alternative_enable(alternative, 1, false);
        selecting s;
        begin(&s, channels[0].rx, csp_deadline_after(3600 * SECONDS));
        put(channels[1].tx, 13, CSP_POLL);
        CHECK_INT(RECEIVERS_WAITING(channels[0].rx), ==, 1);
        put(channels[0].tx, 14, CSP_POLL);
        finish(s.thread);
        CHECK_INT(s.chosen, ==, 0);
        CHECK_INT(opened(&got), ==, 14);
        tear_down();
    }
}

CASE(the_end_is_ready, "A channel that is over, a handle that was closed and an abort are ready, again and again.") {
    FOR_BOTH_WAYS(flags) {
        for (int waits = 0; waits < 2; waits++) {
            for (int way = 0; way < 3; way++) {
                set_up(1);
                selecting s;
                if (waits) {
                    begin(&s, channels[3].rx, CSP_FOREVER);
                }
                if (way == 0) {
                    csp_end_close(channels[3].tx);
                } else if (way == 1) {
                    csp_end_close(channels[3].rx);
                } else {
                    csp_end_abort(channels[3].tx, NULL);
                }
                if (waits) {
                    finish(s.thread);
                    CHECK_INT(s.chosen, ==, 3);
                }
                for (int again = 0; again < 2; again++) {
                    CHECK_INT(next(flags, CSP_FOREVER), ==, 3);
                    CHECK_STATUS(how, way == 1 ? CSP_CLOSED_END : CSP_END_OF_CHANNEL);
                }
                csp_alternative_remove(alternative, 3);
                CHECK_INT(next(flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
                tear_down();
            }
        }
    }
}

CASE(places_come_and_go, "A removed place hears of nothing; its number is used again.") {
    set_up(1);
    put(channels[1].tx, 1, CSP_POLL);
    csp_alternative_remove(alternative, 1);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK_INT(watched(channels[1].rx), ==, 1);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, 1);
    opened(&got);
    CHECK_INT(watched(channels[1].rx), ==, CHANNELS); /* the same channel twice */
    put(channels[1].tx, 2, CSP_POLL);
    next(CSP_SELECT_FAIR, CSP_POLL);
    CHECK_INT(opened(&got), ==, 2);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    uint32_t place;
    CHECK_STATUS(csp_alternative_add(alternative, channels[1].tx, &place), CSP_INVALID);
    tear_down();
}

CASE(timers_have_their_turn,
     "A due timer is chosen between channels that are always ready, and ends a wait at its instant.") {
    set_up(100);
    uint32_t timer;
    CHECK_STATUS(csp_alternative_add_timer(alternative, &timer), CSP_OK);
    int64_t due = csp_deadline_after(3 * MILLISECONDS);
    csp_alternative_set_timer(alternative, timer, due);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_FOREVER), ==, timer);
    CHECK_INT(csp_now(), >=, due);
    for (int n = 0; n < 100; n++) {
        for (int i = 0; i < CHANNELS; i++) {
            put(channels[i].tx, n, CSP_POLL);
        }
    }
    int64_t turns = 0;
    for (int n = 0; n < 60; n++) {
        if (next(CSP_SELECT_FAIR, CSP_POLL) == timer) {
            turns++;
        } else {
            opened(&got);
        }
    }
    CHECK_INT(turns, ==, 10); /* one in six */
    csp_alternative_enable(alternative, timer, false);
    CHECK_INT(next(CSP_SELECT_PRIORITY, CSP_FOREVER), ==, 0);
    opened(&got);
    csp_alternative_set_timer(alternative, timer, csp_deadline_after(3600 * SECONDS));
    csp_alternative_enable(alternative, timer, true);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), !=, timer);
        opened(&got);
    }
    csp_alternative_remove(alternative, timer);
    tear_down();
}

CASE(a_stop_reaches_it, "Who waits in it is stopped with its holder, and keeps nothing.") {
    csp_holder *stopped = csp_holder_new("stopped");
    alternative = csp_alternative_new(stopped);
    channels[0] = channel(0);
    watched(channels[0].rx);
    selecting s;
    begin(&s, channels[0].rx, CSP_FOREVER);
    csp_holder_cancel(stopped);
    finish(s.thread);
    CHECK_INT(s.chosen, ==, NOT(CSP_CANCELLED));
    CHECK_INT(next(CSP_SELECT_FAIR, csp_deadline_after(SECONDS)), ==, NOT(CSP_CANCELLED));
    csp_holder_resume(stopped);
    CHECK_INT(next(CSP_SELECT_FAIR, 1), ==, NOT(CSP_TIMEOUT));
    csp_alternative_free(alternative);
    free_pair(&channels[0]);
    csp_holder_release(stopped);
}

CASE(it_does_not_meet_itself, "Its own thread's sends do not go to it; they wait like any other.") {
    set_up(0);
    CHECK_STATUS(put(channels[0].tx, 1, CSP_POLL), CSP_WOULD_BLOCK);
    CHECK_STATUS(put(channels[0].tx, 1, csp_deadline_after(MILLISECONDS)), CSP_TIMEOUT);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    tear_down();
}

CASE(a_lock_can_be_watched, "A semaphore among its places is acquired when units come, one at a time.") {
    alternative = csp_alternative_new(me);
    csp_end *semaphore;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_SEMAPHORE, 1, 10, me, &semaphore), CSP_OK);
    CHECK_INT(watched(semaphore), ==, 0);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, 0);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK_STATUS(csp_sync_release(semaphore, 2), CSP_OK);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, 0);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_FOREVER), ==, 0);
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    selecting s;
    begin(&s, semaphore, CSP_FOREVER);
    CHECK_STATUS(csp_sync_release(semaphore, 1), CSP_OK);
    finish(s.thread);
    CHECK_INT(s.chosen, ==, 0);
    csp_sync_state state;
    csp_sync_read(semaphore, &state);
    CHECK_INT(state.value, ==, 0);
    csp_alternative_free(alternative);
    csp_end_free(semaphore);
}

static int waits_seen;
static void count_waits(const csp_edge *edge, void *context) {
    (void)context;
    waits_seen += edge->kind == CSP_EDGE_WAITS;
}

CASE(the_graph_shows_what_it_waits_for, "One edge for each channel that it waits for.") {
    set_up(0);
    selecting s;
    begin(&s, channels[0].rx, CSP_FOREVER);
    CHECK_STATUS(csp_graph_visit(count_waits, NULL), CSP_OK);
    CHECK_INT(waits_seen, ==, CHANNELS);
    put(channels[4].tx, 1, CSP_POLL);
    finish(s.thread);
    opened(&got);
    tear_down();
}

CASE(a_recursive_lock_is_ready_to_its_owner,
     "Whoever has a recursive lock finds it ready, in its turn among others; nobody else does, until it is free.") {
    FOR_BOTH_WAYS(flags) {
        set_up(10);
        csp_end *lock;
        CHECK_STATUS(csp_sync_new(CSP_SYNC_RLOCK, 0, 0, me, &lock), CSP_OK);
        uint32_t place = watched(lock);
        for (int depth = 1; depth <= 3; depth++) {
            CHECK_INT(next(flags, CSP_POLL), ==, place);
        }
        csp_sync_state state;
        csp_sync_read(lock, &state);
        CHECK_INT(state.value, ==, 3);
        put(channels[0].tx, 1, CSP_POLL);
        put(channels[0].tx, 2, CSP_POLL);
        CHECK_INT(next(flags, CSP_FOREVER), ==, 0);
        opened(&got);
        CHECK_INT(next(flags, CSP_POLL), ==, flags == CSP_SELECT_FAIR ? place : 0);
        if (flags == CSP_SELECT_FAIR) {
            CHECK_INT(next(flags, CSP_POLL), ==, 0);
            CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        }
        opened(&got);
        csp_alternative_enable(alternative, place, false);
        CHECK_INT(next(flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        csp_alternative_enable(alternative, place, true);
        selecting other;
        begin(&other, lock, CSP_FOREVER); /* another thread's select waits for what this one has */
        for (int depth = 3; depth >= 1; depth--) {
            CHECK_INT(RECEIVERS_WAITING(lock), ==, 1);
            CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        }
        finish(other.thread);
        CHECK_INT(other.chosen, ==, place);
        csp_alternative_remove(alternative, place);
        csp_end_free(lock);
        tear_down();
    }
}

CASE(all_places_can_be_used_again, "It is full with CSP_GUARDS_MAX places in use, and not for those once used.") {
    alternative = csp_alternative_new(me);
    uint32_t place;
    for (uint32_t i = 0; i < CSP_GUARDS_MAX; i++) {
        CHECK_STATUS(csp_alternative_add_timer(alternative, &place), CSP_OK);
        CHECK_INT(place, ==, i);
    }
    channels[0] = channel(1);
    CHECK_STATUS(csp_alternative_add_timer(alternative, &place), CSP_INVALID);
    CHECK_STATUS(csp_alternative_add(alternative, channels[0].rx, &place), CSP_INVALID);
    csp_alternative_remove(alternative, 9);
    csp_alternative_remove(alternative, 3);
    CHECK_INT(watched(channels[0].rx), ==, 3);
    CHECK_STATUS(csp_alternative_add_timer(alternative, &place), CSP_OK);
    CHECK_INT(place, ==, 9);
    CHECK_STATUS(csp_alternative_add_timer(alternative, &place), CSP_INVALID);
    csp_alternative_free(alternative);
    free_pair(&channels[0]);
}

CASE(what_would_never_be_told_is_invalid, "Conditions, barriers, counters and sending ends cannot be watched.") {
    static const csp_sync_kind kinds[] = {CSP_SYNC_CONDITION, CSP_SYNC_BARRIER, CSP_SYNC_COUNTER};
    set_up(1);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        csp_end *object;
        uint32_t place;
        CHECK_STATUS(csp_sync_new(kinds[i], 0, 1, me, &object), CSP_OK);
        CHECK_STATUS(csp_alternative_add(alternative, object, &place), CSP_INVALID);
        csp_end_free(object);
    }
    CHECK_INT(next(CSP_SELECT_FAIR, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    tear_down();
}
