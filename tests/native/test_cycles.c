/* SPDX-License-Identifier: MIT
 *
 * Channels whose receiving ends lie in each other's buffers: nobody can receive from them any more, and so they end. */
#include "harness.h"

/* A message that carries a further handle of this end. */
static csp_message with(csp_end *end) {
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_end(message.as.payload, 0, csp_end_clone(end, NULL));
    return message;
}

static void lay(csp_end *end, csp_end *into) {
    csp_message message = with(end);
    CHECK_STATUS(csp_send(into, &message, CSP_POLL, NULL), CSP_OK);
}

static csp_end *unpack(csp_message *message) {
    csp_end *end = csp_payload_take_end(message->as.payload, 0, me);
    csp_message_drop(message);
    CHECK(end != NULL);
    return end;
}

static csp_end *pick_up(csp_end *from) {
    csp_message message;
    CHECK_STATUS(csp_recv(from, &message, CSP_POLL, NULL), CSP_OK);
    return unpack(&message);
}

CASE(a_channel_in_its_own_buffer_ends,
     "The last receiving end is in the channel's own buffer: the senders are told.") {
    pair p = channel(2);
    lay(p.rx, p.tx);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    csp_end_free(p.rx);
    CHECK_INT(csp_payloads_alive(), ==, 0);
    CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_BROKEN);
    CHECK_INT(seen(p.tx).receiving_ends, ==, 0);
    CHECK_INT(seen(p.tx).undelivered, ==, 2);
    CHECK_CONSERVED(p.tx);
    csp_end_free(p.tx);
}

CASE(a_channel_that_holds_both_its_ends_is_freed, "With its sending ends in there too nothing is left of it.") {
    pair p = channel(2);
    lay(p.tx, p.tx);
    lay(p.rx, p.tx);
    uint64_t id = csp_end_channel(p.tx);
    free_pair(&p);
    csp_statistics statistics;
    CHECK_STATUS(csp_channel_statistics(id, &statistics), CSP_STALE);
    CHECK_INT(csp_payloads_alive(), ==, 0);
}

CASE(an_end_that_was_given_away_whole,
     "A native program may lay its only handles in; the close of the last one looks.") {
    pair p = channel(2);
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_end(message.as.payload, 0, p.rx);
    CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
    csp_end_free(p.tx);
    CHECK_INT(csp_payloads_alive(), ==, 0);
}

enum { LONGEST = 64 };

/* Channels in a ring, each with a receiving end of the next in its buffer, and ours still open. */
static void make_ring(pair *ring, int length) {
    for (int i = 0; i < length; i++) {
        ring[i] = channel(4);
    }
    for (int i = 0; i < length; i++) {
        lay(ring[(i + 1) % length].rx, ring[i].tx);
    }
}

CASE(a_ring_ends_with_its_last_outside_handle,
     "However long, up to 64: it lives while one receiving end is out, and no longer.") {
    static const int lengths[] = {1, 2, 3, 10, LONGEST};
    for (size_t l = 0; l < COUNT(lengths); l++) {
        int length = lengths[l];
        note("%d channels", length);
        for (int last = 0; last < length; last += 1 + length / 3) {
            pair ring[LONGEST];
            make_ring(ring, length);
            for (int i = 0; i < length; i++) {
                if (i != last) {
                    csp_end_free(ring[i].rx);
                }
            }
            for (int i = 0; i < length; i++) {
                CHECK_STATUS(put(ring[i].tx, i, CSP_POLL), CSP_OK);
            }
            csp_end_free(ring[last].rx);
            CHECK_INT(csp_payloads_alive(), ==, 0);
            for (int i = 0; i < length; i++) {
                CHECK_STATUS(put(ring[i].tx, i, CSP_POLL), CSP_BROKEN);
                CHECK_CONSERVED(ring[i].tx);
                csp_end_free(ring[i].tx);
            }
        }
    }
}

CASE(a_longer_ring_stays, "65 channels are not looked through; an abort of one of them frees all.") {
    pair ring[LONGEST + 1];
    make_ring(ring, LONGEST + 1);
    for (int i = 0; i <= LONGEST; i++) {
        csp_end_free(ring[i].rx);
    }
    CHECK_INT(csp_payloads_alive(), ==, LONGEST + 1);
    csp_end_abort(ring[7].tx, NULL);
    CHECK_INT(csp_payloads_alive(), ==, 0);
    for (int i = 0; i <= LONGEST; i++) {
        CHECK_STATUS(put(ring[i].tx, i, CSP_POLL), CSP_BROKEN);
        csp_end_free(ring[i].tx);
    }
}

CASE(what_only_a_ring_holds_ends_with_it,
     "A channel whose receiving end lies in a ring ends too, as does what that one holds.") {
    pair ring[2], tail = channel(1), further = channel(1);
    make_ring(ring, 2);
    lay(tail.rx, ring[1].tx);
    lay(further.rx, tail.tx);
    csp_end_free(further.rx);
    csp_end_free(tail.rx);
    csp_end_free(ring[0].rx);
    CHECK_STATUS(put(further.tx, 1, CSP_POLL), CSP_OK);
    csp_end_free(ring[1].rx);
    CHECK_STATUS(put(further.tx, 1, CSP_POLL), CSP_BROKEN);
    CHECK_STATUS(put(tail.tx, 1, CSP_POLL), CSP_BROKEN);
    csp_end_free(ring[0].tx);
    csp_end_free(ring[1].tx);
    csp_end_free(tail.tx);
    csp_end_free(further.tx);
}

CASE(a_ring_in_a_buffer_that_is_read_lives,
     "While somebody can receive a way in, everything in the ring can be had.") {
    pair ring[2], outside = channel(1);
    make_ring(ring, 2);
    lay(ring[0].rx, outside.tx);
    csp_end_free(ring[0].rx);
    csp_end_free(ring[1].rx);
    CHECK_STATUS(put(ring[1].tx, 7, CSP_POLL), CSP_OK);
    csp_end *first = pick_up(outside.rx);
    csp_end *second = pick_up(first);
    csp_end *again = pick_up(second);
    CHECK_INT(csp_end_channel(again), ==, csp_end_channel(first));
    CHECK_INT(take(second, CSP_POLL), ==, 7);
    csp_end_free(first);
    csp_end_free(second);
    csp_end_free(again);
    csp_end_free(ring[0].tx);
    csp_end_free(ring[1].tx);
    free_pair(&outside);
}

CASE(a_message_under_way_keeps_a_ring, "A receiving end in a message that waits to be sent is out of every buffer.") {
    pair p = channel(2), meeting = channel(0);
    lay(p.rx, p.tx);
    pending sender;
    pend(&sender, meeting.tx, with(p.rx), CSP_FOREVER, NULL);
    EVENTUALLY(SENDERS_WAITING(meeting.tx) == 1);
    csp_end_free(p.rx);
    CHECK_INT(seen(p.tx).receiving_ends, ==, 2);
    csp_end *rx = pick_up(meeting.rx);
    CHECK_INT(outcome(&sender), ==, CSP_OK);
    csp_end *inner = pick_up(rx);
    csp_end_free(rx);
    csp_end_free(inner);
    csp_end_free(p.tx);
    free_pair(&meeting);
}

CASE(a_block_that_others_share_keeps_a_ring, "Who has a reference to the block can take the end out of it.") {
    pair p = channel(2);
    csp_message message = with(p.rx);
    csp_payload *shared = csp_payload_retain(message.as.payload);
    CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
    csp_end_free(p.rx);
    CHECK_INT(seen(p.tx).receiving_ends, ==, 1);
    csp_end *rx = csp_payload_take_end(shared, 0, me);
    csp_payload_release(shared);
    CHECK_STATUS(csp_recv(rx, &message, CSP_POLL, NULL), CSP_OK);
    csp_message_drop(&message);
    csp_end_free(rx);
    csp_end_free(p.tx);
}

CASE(waiting_senders_learn_of_it,
     "Those who wait for room in a channel that is cut off get BROKEN, and their message back.") {
    enum { CROWD = 20 };
    pair p = channel(1);
    lay(p.rx, p.tx);
    pending senders[CROWD];
    for (int i = 0; i < CROWD; i++) {
        pend_send(&senders[i], p.tx, i, CSP_FOREVER);
    }
    EVENTUALLY(SENDERS_WAITING(p.tx) == CROWD);
    csp_end_free(p.rx);
    for (int i = 0; i < CROWD; i++) {
        CHECK_INT(outcome(&senders[i]), ==, NOT(CSP_BROKEN));
    }
    CHECK_INT(csp_payloads_alive(), ==, 0);
    csp_end_free(p.tx);
}

CASE(an_undone_receive_counts_as_buffered, "What an undone receive put back can hold a ring as well.") {
    pair p = channel(1);
    lay(p.rx, p.tx);
    csp_message message;
    CHECK_STATUS(csp_recv(p.rx, &message, CSP_POLL, NULL), CSP_OK);
    csp_unreceive(p.rx, &message);
    csp_end_free(p.rx);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_BROKEN);
    csp_end_free(p.tx);
}

/* ---- races ----------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_end *rx; /* of the first of a ring of two, whose second also buffers a number */
    uint64_t seed;
    start_line *start;
    bool walks;
} visitor;

static void *visit(void *argument) {
    visitor *v = argument;
    line_up(v->start, 2);
    dawdle(&v->seed, 40);
    csp_message message;
    if (v->walks && csp_recv(v->rx, &message, CSP_POLL, NULL) == CSP_OK) {
        csp_end *second = unpack(&message);
        csp_end_free(v->rx); /* from here on the ring hangs on `second` alone */
        csp_end *first = pick_up(second);
        CHECK_INT(take(second, CSP_POLL), ==, 5);
        csp_end_free(second);
        csp_end_free(first);
    } else {
        csp_end_free(v->rx);
    }
    return NULL;
}

CASE(who_is_inside_keeps_it_alive,
     "While one thread walks through a ring and another lets go of it, nothing that can be reached is ended.") {
    uint64_t seed = 11;
    for (int64_t n = 0, rounds = scaled(3000); n < rounds; n++) {
        pair ring[2];
        make_ring(ring, 2);
        CHECK_STATUS(put(ring[1].tx, 5, CSP_POLL), CSP_OK);
        csp_end_free(ring[1].rx);
        start_line start = {0};
        visitor walker = {ring[0].rx, random_next(&seed) | 1, &start, true};
        visitor leaver = {csp_end_clone(ring[0].rx, me), random_next(&seed) | 1, &start, n % 3 == 0};
        pthread_t threads[2];
        /* Two that walk find the end only once: the other one then just lets go. */
        threads[0] = go(visit, &walker);
        threads[1] = go(visit, &leaver);
        finish(threads[0]);
        finish(threads[1]);
        CHECK_INT(csp_payloads_alive(), ==, 0);
        csp_end_free(ring[0].tx);
        csp_end_free(ring[1].tx);
    }
}

static void *let_go(void *argument) {
    visitor *v = argument;
    line_up(v->start, 2);
    dawdle(&v->seed, 40);
    csp_end_free(v->rx);
    return NULL;
}

CASE(two_last_handles_at_once,
     "Of two threads that let go of a ring in the same instant one ends it, whichever comes last.") {
    uint64_t seed = 5;
    for (int64_t n = 0, rounds = scaled(3000); n < rounds; n++) {
        pair ring[3];
        make_ring(ring, 3);
        csp_end_free(ring[1].rx);
        start_line start = {0};
        visitor a = {ring[0].rx, random_next(&seed) | 1, &start, false};
        visitor b = {ring[2].rx, random_next(&seed) | 1, &start, false};
        pthread_t threads[2] = {go(let_go, &a), go(let_go, &b)};
        finish(threads[0]);
        finish(threads[1]);
        CHECK_INT(csp_payloads_alive(), ==, 0);
        for (int i = 0; i < 3; i++) {
            CHECK_STATUS(put(ring[i].tx, 1, CSP_POLL), CSP_BROKEN);
            csp_end_free(ring[i].tx);
        }
    }
}
