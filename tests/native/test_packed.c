/* SPDX-License-Identifier: MIT
 *
 * Messages that are opened more than once: broadcast, packed, or shared by a native program. */
#include "harness.h"

static csp_message with(csp_end *end) {
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_end(message.as.payload, 0, csp_end_clone(end, NULL));
    return message;
}

static csp_message copy_of(const csp_message *message) {
    csp_payload_retain(message->as.payload);
    return *message;
}

static csp_message packing(csp_packed *packed) {
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 3, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_packed(message.as.payload, 0, csp_packed_clone(packed, NULL));
    return message;
}

CASE(each_who_opens_gets_a_handle, "A shared payload's end is cloned for each, and taken out by the last.") {
    pair p = channel(1);
    csp_holder *other = csp_holder_new("other");
    csp_message one = with(p.tx), two = copy_of(&one);
    csp_end *first = csp_payload_take_end(one.as.payload, 0, me);
    csp_end *again = csp_payload_take_end(one.as.payload, 0, other);
    CHECK(first != NULL && again != NULL && first != again);
    CHECK(csp_end_holder(first) == me && csp_end_holder(again) == other);
    CHECK_INT(seen(p.tx).sending_ends, ==, 4);
    csp_message_drop(&one);
    CHECK_INT(seen(p.tx).sending_ends, ==, 4);
    csp_end *taken = csp_payload_take_end(two.as.payload, 0, me); /* the last reference: it is moved */
    CHECK_INT(seen(p.tx).sending_ends, ==, 4);
    CHECK(csp_payload_take_end(two.as.payload, 0, me) == NULL);
    csp_message_drop(&two);
    csp_holder_fence(other); /* a clone is cut off like any end */
    CHECK(csp_end_is_closed(again) && !csp_end_is_closed(first));
    CHECK_INT(seen(p.tx).sending_ends, ==, 3);
    csp_end_free(first);
    csp_end_free(again);
    csp_end_free(taken);
    csp_holder_release(other);
    free_pair(&p);
}

CASE(a_reply_is_there_once, "Of those who share a call, the first takes the right to answer, and the others none.") {
    csp_reply *reply = csp_reply_new();
    csp_message one = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_reply(one.as.payload, 0, reply);
    csp_message two = copy_of(&one), answer = inlined(7);
    csp_reply *taken = csp_payload_take_reply(one.as.payload, 0, me);
    CHECK(taken == reply);
    CHECK(csp_payload_take_reply(two.as.payload, 0, me) == NULL);
    CHECK(csp_reply_complete(taken, &answer, 0));
    CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_POLL, NULL), CSP_OK);
    CHECK_INT(opened(&answer), ==, 7);
    csp_reply_abandon(reply);
    csp_message_drop(&one);
    csp_message_drop(&two);
}

CASE(a_broadcast_with_an_end,
     "Each subscriber gets a handle of its own; a call is refused, and so is an end for a watch.") {
    pair p = channel(1);
    csp_end *handle, *subscribers[3];
    uint32_t reached;
    CHECK_STATUS(csp_broadcast_new(false, me, &handle), CSP_OK);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(csp_broadcast_subscribe(handle, 1, CSP_OVERFLOW_BLOCK, me, &subscribers[i]), CSP_OK);
    }
    csp_message message = with(p.tx), got;
    CHECK_STATUS(csp_broadcast_send(handle, &message, CSP_POLL, NULL, &reached), CSP_OK);
    CHECK_INT(reached, ==, 3);
    csp_end_close(p.tx);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(seen(p.rx).sending_ends, >, 0);
        CHECK_STATUS(csp_recv(subscribers[i], &got, CSP_POLL, NULL), CSP_OK);
        csp_end *end = csp_payload_take_end(got.as.payload, 0, me);
        csp_message_drop(&got);
        CHECK_STATUS(put(end, i, CSP_POLL), CSP_OK);
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        csp_end_free(end);
    }
    CHECK_INT(seen(p.rx).sending_ends, ==, 0);
    csp_reply *reply = csp_reply_new();
    message = (csp_message){.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_reply(message.as.payload, 0, reply);
    CHECK_STATUS(csp_broadcast_send(handle, &message, CSP_POLL, NULL, &reached), CSP_INVALID);
    csp_message_drop(&message);
    csp_reply_abandon(reply);
    csp_end *watch;
    CHECK_STATUS(csp_broadcast_new(true, me, &watch), CSP_OK);
    message = with(p.rx);
    csp_message packable = copy_of(&message);
    CHECK_STATUS(csp_broadcast_send(watch, &message, CSP_POLL, NULL, &reached), CSP_INVALID);
    csp_packed *packed = csp_packed_new(&packable, me); /* packed it is no better: */
    csp_message around = packing(packed);
    CHECK_STATUS(csp_broadcast_send(watch, &around, CSP_POLL, NULL, &reached), CSP_INVALID);
    CHECK_STATUS(csp_end_abort(p.rx, &around), CSP_INVALID);
    csp_message_drop(&around);
    csp_message_drop(&message);
    csp_packed_free(packed);
    packable = boxed(3); /* without an end in it, it may be kept */
    packed = csp_packed_new(&packable, me);
    around = packing(packed);
    CHECK_STATUS(csp_broadcast_send(watch, &around, CSP_POLL, NULL, &reached), CSP_OK);
    csp_packed_free(packed);
    csp_end_free(watch);
    for (int i = 0; i < 3; i++) {
        csp_end_free(subscribers[i]);
    }
    csp_end_free(handle);
    free_pair(&p);
}

CASE(a_packed_message_is_opened_as_often_as_wanted, "Copies, clones and travels are references of one payload.") {
    pair p = channel(4), q = channel(4);
    csp_message message = with(q.tx), got;
    csp_payload *payload = message.as.payload;
    csp_packed *packed = csp_packed_new(&message, me);
    CHECK_INT(message.kind, ==, 0);
    for (int i = 0; i < 3; i++) {
        CHECK(csp_packed_message(packed, &got));
        CHECK(got.as.payload == payload);
        csp_end *end = csp_payload_take_end(payload, 0, me);
        CHECK(end != NULL);
        csp_end_free(end);
        csp_message_drop(&got);
    }
    message = packing(packed);
    csp_packed_free(packed);
    CHECK_INT(seen(q.rx).sending_ends, ==, 2); /* in transit it stays open */
    CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
    CHECK_STATUS(csp_recv(p.rx, &got, CSP_POLL, NULL), CSP_OK);
    CHECK(csp_payload_take_end(got.as.payload, 0, me) == NULL);
    packed = csp_payload_take_packed(got.as.payload, 0, me);
    csp_message_drop(&got);
    CHECK(csp_packed_message(packed, &got));
    CHECK(got.as.payload == payload);
    csp_message_drop(&got);
    csp_packed_free(packed);
    CHECK_INT(seen(q.rx).sending_ends, ==, 1);
    message = inlined(5);
    packed = csp_packed_new(&message, me);
    CHECK(csp_packed_message(packed, &got));
    CHECK_INT(opened(&got), ==, 5);
    csp_packed_free(packed);
    free_pair(&p);
    free_pair(&q);
}

CASE(a_packed_message_ends_with_its_holder, "What a holder had packed is open no more when it was cut off.") {
    pair p = channel(1);
    csp_holder *other = csp_holder_new("other");
    csp_message message = with(p.tx), got;
    csp_packed *packed = csp_packed_new(&message, other);
    csp_end_close(p.tx);
    CHECK_INT(seen(p.rx).sending_ends, ==, 1);
    csp_holder_fence(other);
    CHECK_INT(seen(p.rx).sending_ends, ==, 0);
    CHECK(!csp_packed_message(packed, &got));
    CHECK(csp_packed_clone(packed, me) == NULL);
    csp_packed_free(packed);
    message = boxed(1);
    packed = csp_packed_new(&message, other); /* who was cut off gets nothing */
    CHECK(!csp_packed_message(packed, &got));
    csp_packed_free(packed);
    csp_holder_release(other);
    free_pair(&p);
}

/* ---- channels that only shared payloads keep ------------------------------------------------------------------- */

CASE(a_channel_in_two_buffers,
     "Its only receiving end is in its own buffer and in another's: it ends with the other.") {
    pair p = channel(2), q = channel(2);
    csp_message one = with(p.rx), two = copy_of(&one);
    CHECK_STATUS(csp_send(p.tx, &one, CSP_POLL, NULL), CSP_OK);
    CHECK_STATUS(csp_send(q.tx, &two, CSP_POLL, NULL), CSP_OK);
    csp_end_free(p.rx);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK); /* by the other buffer it can still be had */
    csp_end_free(q.rx);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_BROKEN);
    CHECK_INT(csp_payloads_alive(), ==, 0);
    CHECK_CONSERVED(p.tx);
    csp_end_free(p.tx);
    csp_end_free(q.tx);
}

CASE(channels_that_hold_each_other_by_one_payload,
     "All references are in buffers of the ring: it ends; else it stays.") {
    pair p = channel(2), q = channel(2);
    csp_message both = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 2)};
    csp_payload_attach_end(both.as.payload, 0, p.rx);
    csp_payload_attach_end(both.as.payload, 1, q.rx);
    csp_message one = copy_of(&both), two = copy_of(&both);
    CHECK_STATUS(csp_send(p.tx, &one, CSP_POLL, NULL), CSP_OK);
    CHECK_STATUS(csp_send(q.tx, &two, CSP_POLL, NULL), CSP_OK);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    csp_message_drop(&both);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_BROKEN);
    CHECK_STATUS(put(q.tx, 1, CSP_POLL), CSP_BROKEN);
    csp_end_free(p.tx);
    csp_end_free(q.tx);
}

CASE(a_channel_packed_in_its_own_buffer,
     "However deep it is packed there, up to 8: it ends with the last one outside.") {
    for (int deep = 1; deep <= 6; deep++) {
        note("%d deep", deep);
        pair p = channel(2);
        csp_message message = with(p.rx);
        csp_packed *packed = csp_packed_new(&message, me);
        for (int i = 1; i < deep; i++) {
            message = packing(packed);
            csp_packed_free(packed);
            packed = csp_packed_new(&message, me);
        }
        message = packing(packed);
        CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
        csp_end_free(p.rx);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK); /* ours is still there, to be opened */
        csp_packed_free(packed);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_BROKEN);
        CHECK_INT(csp_payloads_alive(), ==, 0);
        csp_end_free(p.tx);
    }
}

CASE(very_deep_packing_is_dropped, "No stack is needed for a hundred thousand packed in each other.") {
    pair p = channel(1);
    csp_message message = with(p.tx);
    csp_packed *kept = csp_packed_new(&message, me), *packed = csp_packed_clone(kept, me);
    for (int i = 0; i < 100000; i++) {
        message = packing(packed);
        csp_packed_free(packed);
        packed = csp_packed_new(&message, me);
    }
    csp_packed_free(packed);
    CHECK_INT(csp_payloads_alive(), ==, 1);
    csp_packed_free(kept);
    CHECK_INT(seen(p.rx).sending_ends, ==, 1);
    free_pair(&p);
}

/* ---- races ----------------------------------------------------------------------------------------------------- */

typedef struct {
    start_line line;
    csp_message messages[3];
    csp_holder *holders[3];
    _Atomic int next;
} openers;

static void *open_and_drop(void *argument) {
    openers *o = argument;
    int mine = atomic_fetch_add(&o->next, 1);
    line_up(&o->line, 3);
    csp_end *end = csp_payload_take_end(o->messages[mine].as.payload, 0, o->holders[mine]);
    csp_message_drop(&o->messages[mine]);
    CHECK(end != NULL);
    csp_end_free(end);
    return NULL;
}

CASE(many_open_at_once,
     "Whoever opens, whoever is last, and whoever is cut off meanwhile: every handle is counted once.") {
    for (int64_t round = 0; round < scaled(300); round++) {
        pair p = channel(1);
        openers o = {.next = 0};
        o.messages[0] = with(p.tx);
        for (int i = 0; i < 3; i++) {
            o.holders[i] = csp_holder_new("opener");
            o.messages[i] = i > 0 ? copy_of(&o.messages[0]) : o.messages[0];
        }
        pthread_t threads[3];
        for (int i = 0; i < 3; i++) {
            threads[i] = go(open_and_drop, &o);
        }
        csp_holder_fence(o.holders[round % 3]);
        for (int i = 0; i < 3; i++) {
            finish(threads[i]);
        }
        for (int i = 0; i < 3; i++) {
            csp_holder_release(o.holders[i]);
        }
        CHECK_INT(seen(p.tx).sending_ends, ==, 1);
        CHECK_INT(csp_payloads_alive(), ==, 0);
        free_pair(&p);
    }
}

/* ---- looked at while it is taken ------------------------------------------------------------------------------- */

typedef struct {
    csp_message message;
    start_line line;
} taking;

static void *take_and_break(void *argument) {
    taking *t = argument;
    line_up(&t->line, 2);
    csp_reply *reply = csp_payload_take_reply(t->message.as.payload, 0, me);
    CHECK(reply != NULL);
    csp_reply_break(reply, false); /* nobody asks: it is gone */
    csp_message_drop(&t->message);
    return NULL;
}

CASE(who_looks_for_cycles_looks_at_no_call,
     "A shared call in a buffer is taken by its other owner while the buffer is looked through.") {
    for (int64_t i = 0; i < scaled(2000); i++) {
        pair p = channel(2);
        csp_message own = with(p.rx), call = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
        csp_reply *reply = csp_reply_new();
        csp_payload_attach_reply(call.as.payload, 0, reply);
        csp_reply_abandon(reply);
        taking t = {.message = copy_of(&call)};
        CHECK_STATUS(csp_send(p.tx, &own, CSP_POLL, NULL), CSP_OK);
        CHECK_STATUS(csp_send(p.tx, &call, CSP_POLL, NULL), CSP_OK);
        pthread_t thread = go(take_and_break, &t);
        line_up(&t.line, 2);
        csp_end_free(p.rx); /* the other handle is in the buffer */
        finish(thread);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_BROKEN);
        csp_end_free(p.tx);
    }
}
