/* SPDX-License-Identifier: MIT
 *
 * What everything else stands on: status names, the clock, blocks and what is attached to them. */
#include "harness.h"

CASE(every_status_has_its_name_and_text, "csp_status_name and _text know every status, and no other.") {
#define CHECK_STATUS_TEXT(name, value, text)                         \
    CHECK_INT(CSP_##name, ==, value);                                \
    CHECK(strcmp(csp_status_name((csp_status)(value)), #name) == 0); \
    CHECK(strcmp(csp_status_text((csp_status)(value)), text) == 0);
    CSP_STATUSES(CHECK_STATUS_TEXT)
#undef CHECK_STATUS_TEXT
    CHECK(strcmp(csp_status_name((csp_status)99), "UNKNOWN") == 0);
    CHECK(csp_status_text((csp_status)99) != NULL);
}

CASE(the_clock_goes_forward_and_deadlines_saturate,
     "csp_now is positive and never goes back; huge delays are FOREVER.") {
    int64_t before = csp_now();
    CHECK_INT(before, >, 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = csp_now();
        CHECK_INT(now, >=, before);
        before = now;
    }
    CHECK_INT(csp_deadline_after(0), ==, CSP_POLL);
    CHECK_INT(csp_deadline_after(-5), ==, CSP_POLL);
    CHECK_INT(csp_deadline_after(INT64_MIN), ==, CSP_POLL);
    CHECK_INT(csp_deadline_after(1), >, before);
    CHECK_INT(csp_deadline_after(10 * SECONDS), >=, before + 10 * SECONDS);
    CHECK_INT(csp_deadline_after(INT64_MAX), ==, CSP_FOREVER);
    CHECK_INT(csp_deadline_after(INT64_MAX - 1), ==, CSP_FOREVER);
}

CASE(a_block_lives_as_long_as_a_reference, "Blocks are counted, sized and aligned, and end with the last reference.") {
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4096, 1 << 20};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        note("%zu bytes", sizes[i]);
        csp_payload *payload = csp_payload_new(sizes[i], 3);
        CHECK(payload != NULL);
        CHECK_INT(csp_payloads_alive(), ==, 1);
        CHECK_INT(csp_payload_size(payload), ==, sizes[i]);
        CHECK_INT((uintptr_t)csp_payload_bytes(payload) % 16, ==, 0);
        memset(csp_payload_bytes(payload), 0xA5, sizes[i]);
        CHECK(csp_payload_retain(payload) == payload);
        csp_payload_release(payload);
        CHECK_INT(csp_payloads_alive(), ==, 1);
        csp_payload_release(payload);
        CHECK_INT(csp_payloads_alive(), ==, 0);
    }
}

CASE(a_block_that_cannot_be_is_null, "Sizes whose sum overflows, or that no machine has, give NULL.") {
    CHECK(csp_payload_new(SIZE_MAX, 0) == NULL);
    CHECK(csp_payload_new(SIZE_MAX - 64, UINT32_MAX) == NULL);
    CHECK(csp_payload_new(SIZE_MAX / 2, UINT32_MAX) == NULL);
}

CASE(dropping_a_message_twice_is_harmless, "A dropped message is empty, and dropping an empty one does nothing.") {
    csp_message message = boxed(1);
    csp_message_drop(&message);
    CHECK_INT(message.kind, ==, 0);
    csp_message_drop(&message);
    message = inlined(5);
    csp_message_drop(&message);
    CHECK_INT(message.kind, ==, 0);
}

CASE(every_payload_travels_untouched,
     "All 16 inline bytes, size, tag and codec bits of the kind come out as they went in.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        csp_message sent = {.kind = 0x7F00FF01, .size = 16, .tag = UINT64_C(0xFEDCBA9876543210)};
        for (unsigned i = 0; i < CSP_INLINE_BYTES; i++) {
            sent.as.bytes[i] = (unsigned char)(i * 17);
        }
        csp_message kept = sent;
        pending receiver;
        pend_recv(&receiver, p.rx, CSP_FOREVER);
        CHECK_STATUS(csp_send(p.tx, &sent, CSP_POLL, NULL), CSP_OK);
        finish(receiver.thread);
        CHECK_STATUS(receiver.status, CSP_OK);
        CHECK(memcmp(&receiver.message, &kept, sizeof kept) == 0);
        if (c > 0) { /* and through the buffer */
            sent = kept;
            csp_message got;
            CHECK_STATUS(csp_send(p.tx, &sent, CSP_POLL, NULL), CSP_OK);
            CHECK_STATUS(csp_recv(p.rx, &got, CSP_POLL, NULL), CSP_OK);
            CHECK(memcmp(&got, &kept, sizeof kept) == 0);
        }
        free_pair(&p);
    }
}

CASE(an_empty_block_is_a_message, "A message whose block has no bytes travels like any other.") {
    pair p = channel(1);
    csp_message message = {.kind = CSP_KIND_PAYLOAD, .as.payload = csp_payload_new(0, 0)};
    CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
    CHECK_STATUS(csp_recv(p.rx, &message, CSP_POLL, NULL), CSP_OK);
    CHECK_INT(message.kind, ==, CSP_KIND_PAYLOAD);
    CHECK_INT(csp_payload_size(message.as.payload), ==, 0);
    csp_message_drop(&message);
    free_pair(&p);
}

/* ---- ends that travel ------------------------------------------------------------------------------------------ */

/* A message that carries this end. */
static csp_message carrying(csp_end *end) {
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_end(message.as.payload, 0, end);
    return message;
}

CASE(an_attached_end_is_in_transit, "An attached end stays open, belongs to nobody, and to its taker afterwards.") {
    pair p = channel(1);
    csp_message message = carrying(p.tx);
    CHECK(csp_end_holder(p.tx) == NULL);
    CHECK_INT(seen(p.rx).sending_ends, ==, 1);
    csp_end *taken = csp_payload_take_end(message.as.payload, 0, me);
    CHECK(taken == p.tx);
    CHECK(csp_end_holder(taken) == me);
    csp_message_drop(&message);
    CHECK(!csp_end_is_closed(taken));
    CHECK_STATUS(put(taken, 3, CSP_POLL), CSP_OK);
    CHECK_INT(take(p.rx, CSP_POLL), ==, 3);
    free_pair(&p);
}

CASE(an_attachment_is_taken_once_and_by_its_sort,
     "The wrong sort, a second time or a place too far give NULL and lose nothing.") {
    pair p = channel(1);
    csp_reply *reply = csp_reply_new();
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(8, 3)};
    csp_payload *payload = message.as.payload;
    csp_payload_attach_end(payload, 0, p.tx);
    csp_payload_attach_reply(payload, 2, reply);
    CHECK(csp_payload_take_reply(payload, 0, me) == NULL);
    CHECK(csp_payload_take_end(payload, 1, me) == NULL);
    CHECK(csp_payload_take_reply(payload, 1, me) == NULL);
    CHECK(csp_payload_take_end(payload, 2, me) == NULL);
    CHECK(csp_payload_take_end(payload, 3, me) == NULL);
    CHECK(csp_payload_take_end(payload, UINT32_MAX, me) == NULL);
    CHECK(csp_payload_take_end(payload, 0, me) == p.tx);
    CHECK(csp_payload_take_end(payload, 0, me) == NULL);
    CHECK(csp_payload_take_reply(payload, 2, me) == reply);
    CHECK(csp_payload_take_reply(payload, 2, me) == NULL);
    csp_message_drop(&message);
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    free_pair(&p);
}

typedef struct {
    _Atomic(csp_payload *) payload;
    _Atomic bool enough;
} probed;

static void *ask_for_a_reply(void *argument) {
    probed *p = argument;
    while (!atomic_load(&p->enough)) {
        csp_payload *payload;
        EVENTUALLY((payload = atomic_load(&p->payload)) != NULL || atomic_load(&p->enough));
        if (payload != NULL) {
            CHECK(csp_payload_take_reply(payload, 0, me) == NULL);
            atomic_store(&p->payload, NULL); /* ready for the next */
        }
    }
    return NULL;
}

CASE(asking_for_the_wrong_sort_hides_nothing,
     "While one thread asks for a reply in vain, another finds the end that is there.") {
    pair p = channel(1);
    uint64_t random = 1;
    probed shared = {NULL, false};
    pthread_t prober = go(ask_for_a_reply, &shared);
    for (int64_t round = 0, rounds = scaled(3000); round < rounds; round++) {
        note("round %lld", (long long)round);
        csp_payload *payload = csp_payload_new(0, 1);
        csp_payload_attach_end(payload, 0, csp_end_clone(p.tx, me));
        atomic_store(&shared.payload, payload);
        dawdle(&random, 200);
        csp_end *end = csp_payload_take_end(payload, 0, me);
        CHECK(end != NULL);
        csp_end_free(end);
        EVENTUALLY(atomic_load(&shared.payload) == NULL);
        csp_payload_release(payload);
    }
    atomic_store(&shared.enough, true);
    finish(prober);
    free_pair(&p);
}

CASE(an_end_in_a_dropped_message_closes,
     "Dropping the message that carries the last sender ends the channel, and wakes.") {
    pair p = channel(0);
    csp_message message = carrying(p.tx);
    pending receiver;
    pend_recv(&receiver, p.rx, CSP_FOREVER);
    csp_message_drop(&message);
    CHECK_INT(outcome(&receiver), ==, NOT(CSP_END_OF_CHANNEL));
    csp_end_free(p.rx);
}

CASE(ends_in_unread_messages_close_to_any_depth,
     "A channel that dies takes along the ends in its buffer, and so on down.") {
    pair innermost = channel(1);
    csp_end *watching = csp_end_clone(innermost.tx, me);
    CHECK_STATUS(put(watching, 1, CSP_POLL), CSP_OK);
    pair inner = innermost;
    for (int depth = 0; depth < 100000; depth++) {
        pair outer = channel(2);
        csp_message receiver = carrying(inner.rx), sender = carrying(inner.tx);
        CHECK_STATUS(csp_send(outer.tx, &receiver, CSP_POLL, NULL), CSP_OK);
        CHECK_STATUS(csp_send(outer.tx, &sender, CSP_POLL, NULL), CSP_OK);
        inner = outer;
    }
    csp_end_free(inner.tx);
    CHECK(!csp_end_is_closed(watching));
    CHECK_STATUS(put(watching, 2, CSP_POLL), CSP_WOULD_BLOCK);
    csp_end_free(inner.rx);
    CHECK_STATUS(put(watching, 2, CSP_POLL), CSP_BROKEN);
    CHECK_INT(seen(watching).undelivered, ==, 1);
    csp_end_free(watching);
}

CASE(channels_through_channels, "Each channel arrives through the one before it, a thousand hops.") {
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c > 0 ? c : 1);
        for (int hop = 0; hop < 1000; hop++) {
            pair next = channel(c > 0 ? c : 1);
            csp_message message = carrying(next.rx);
            CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
            CHECK_STATUS(csp_recv(p.rx, &message, CSP_POLL, NULL), CSP_OK);
            next.rx = csp_payload_take_end(message.as.payload, 0, me);
            csp_message_drop(&message);
            free_pair(&p);
            p = next;
        }
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
        CHECK_INT(take(p.rx, CSP_POLL), ==, 1);
        free_pair(&p);
    }
}
