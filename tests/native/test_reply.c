/* SPDX-License-Identifier: MIT
 *
 * One-shot replies: each is answered, broken or abandoned, and whoever asks learns which. */
#include "harness.h"

/* What the asking side got from one wait: the number of an answer (its tag in *tag), or NOT(status). */
static int64_t answer_to(csp_reply *reply, int64_t deadline, uint64_t *tag) {
    csp_message answer;
    csp_status status = csp_reply_wait(reply, me, &answer, deadline, NULL);
    CHECK((answer.kind != 0) == (status == CSP_OK));
    if (status != CSP_OK) {
        return NOT(status);
    }
    *tag = answer.tag;
    if ((answer.tag & CSP_REPLY_BROKEN) != 0) {
        csp_message_drop(&answer);
        return 0;
    }
    return opened(&answer);
}

static bool complete(csp_reply *reply, int64_t value, uint64_t flags) {
    csp_message answer = boxed(value);
    bool heard = csp_reply_complete(reply, &answer, flags);
    CHECK_INT(answer.kind, ==, 0);
    return heard;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

CASE(an_answer_can_come_before_the_wait, "A reply that was completed is there at once, with its flags as tag.") {
    static const int64_t deadlines[] = {CSP_POLL, CSP_FOREVER, 1, -1};
    for (size_t i = 0; i < COUNT(deadlines); i++) {
        csp_reply *reply = csp_reply_new();
        uint64_t tag = 1;
        uint64_t flags = i % 2 == 0 ? 0 : CSP_REPLY_FAILED;
        CHECK(complete(reply, 70, flags));
        CHECK_INT(answer_to(reply, deadlines[i], &tag), ==, 70);
        CHECK(tag == flags);
        csp_reply_abandon(reply);
    }
}

CASE(an_answer_can_come_during_the_wait, "A thread that waits for a reply is woken with it.") {
    for (int i = 0; i < 50; i++) {
        csp_reply *reply = csp_reply_new();
        asking a;
        ask(&a, reply, me, i % 2 == 0 ? CSP_FOREVER : csp_deadline_after(3600 * SECONDS), NULL);
        CHECK(complete(reply, i, 0));
        finish(a.thread);
        CHECK_STATUS(a.status, CSP_OK);
        CHECK(a.answer.tag == 0);
        CHECK_INT(opened(&a.answer), ==, i);
        csp_reply_abandon(reply);
    }
}

CASE(an_answer_can_come_after_a_wait,
     "Polls and timeouts leave the asking right; the answer is there for the next wait.") {
    csp_reply *reply = csp_reply_new();
    uint64_t tag;
    CHECK_INT(answer_to(reply, CSP_POLL, &tag), ==, NOT(CSP_WOULD_BLOCK));
    CHECK_INT(answer_to(reply, 1, &tag), ==, NOT(CSP_TIMEOUT));
    CHECK_INT(answer_to(reply, -SECONDS, &tag), ==, NOT(CSP_TIMEOUT));
    int64_t deadline = csp_deadline_after(3 * MILLISECONDS);
    CHECK_INT(answer_to(reply, deadline, &tag), ==, NOT(CSP_TIMEOUT));
    CHECK_INT(csp_now(), >=, deadline);
    CHECK_INT(askers(), ==, 0);
    CHECK(complete(reply, 6, 0));
    CHECK_INT(answer_to(reply, CSP_FOREVER, &tag), ==, 6);
    csp_reply_abandon(reply);
}

CASE(an_abandoned_reply_drops_its_answer,
     "Who gave up gets nothing: an answer that comes later, or had come, is dropped at once.") {
    csp_reply *reply = csp_reply_new();
    csp_reply_abandon(reply);
    CHECK(!complete(reply, 1, 0));
    CHECK_INT(csp_payloads_alive(), ==, 0);
    reply = csp_reply_new();
    CHECK(complete(reply, 2, 0));
    CHECK_INT(csp_payloads_alive(), ==, 1);
    csp_reply_abandon(reply);
    CHECK_INT(csp_payloads_alive(), ==, 0);
    reply = csp_reply_new();
    csp_reply_break(reply, true);
    csp_reply_abandon(reply);
    reply = csp_reply_new();
    csp_reply_abandon(reply);
    csp_reply_break(reply, true);
}

/* ---- broken ---------------------------------------------------------------------------------------------------- */

CASE(a_broken_reply_says_whether_the_call_may_have_run,
     "csp_reply_break ends the wait with BROKEN, and MAYBE_RAN if so told.") {
    for (int i = 0; i < 4; i++) {
        bool ran = i % 2 == 0, waiting = i < 2;
        csp_reply *reply = csp_reply_new();
        asking a = {.reply = NULL};
        uint64_t tag = 0;
        if (waiting) {
            ask(&a, reply, me, CSP_FOREVER, NULL);
        }
        csp_reply_break(reply, ran);
        if (waiting) {
            finish(a.thread);
            CHECK_STATUS(a.status, CSP_OK);
            CHECK(a.answer.kind != 0);
            tag = a.answer.tag;
        } else {
            CHECK_INT(answer_to(reply, CSP_POLL, &tag), ==, 0);
        }
        CHECK(tag == (CSP_REPLY_BROKEN | (ran ? CSP_REPLY_MAYBE_RAN : 0)));
        csp_reply_abandon(reply);
    }
}

CASE(a_dropped_call_breaks_its_reply,
     "Dropping the carrying message, also unread in a channel that dies, says: never ran.") {
    for (int unread = 0; unread < 2; unread++) {
        csp_reply *reply = csp_reply_new();
        csp_message call = call_with(reply);
        asking a;
        ask(&a, reply, me, CSP_FOREVER, NULL);
        if (unread == 1) {
            pair mailbox = channel(4);
            CHECK_STATUS(csp_send(mailbox.tx, &call, CSP_POLL, NULL), CSP_OK);
            csp_end_free(mailbox.rx);
            csp_end_free(mailbox.tx);
        } else {
            csp_message_drop(&call);
        }
        finish(a.thread);
        CHECK_STATUS(a.status, CSP_OK);
        CHECK(a.answer.tag == CSP_REPLY_BROKEN);
        csp_reply_abandon(reply);
    }
}

CASE(fencing_the_callee_breaks_its_replies,
     "All that a fenced holder owes is broken as maybe ran; its late answers go nowhere.") {
    enum { OWED = 20 };
    csp_holder *callee = csp_holder_new("callee");
    csp_reply *replies[OWED];
    asking a[OWED];
    for (int i = 0; i < OWED; i++) {
        replies[i] = csp_reply_new();
        csp_message call = call_with(replies[i]);
        CHECK(csp_payload_take_reply(call.as.payload, 0, callee) == replies[i]);
        csp_message_drop(&call);
        if (i % 2 == 0) {
            ask(&a[i], replies[i], me, CSP_FOREVER, NULL);
        }
    }
    CHECK(complete(replies[OWED - 2], 5, 0)); /* this one is no longer owed */
    csp_holder_fence(callee);
    for (int i = 0; i < OWED; i++) {
        note("reply %d", i);
        uint64_t tag = 0;
        if (i % 2 == 0) {
            finish(a[i].thread);
            CHECK_STATUS(a[i].status, CSP_OK);
            tag = a[i].answer.tag;
            csp_message_drop(&a[i].answer);
        } else {
            CHECK_INT(answer_to(replies[i], CSP_POLL, &tag), ==, 0);
        }
        CHECK(tag == (i == OWED - 2 ? 0 : CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN));
        if (i != OWED - 2) { /* the answering right stays with whoever has it */
            if (i % 3 == 0) {
                CHECK(!complete(replies[i], 1, 0));
            } else {
                csp_reply_break(replies[i], false);
            }
        }
        csp_reply_abandon(replies[i]);
    }
    csp_holder_release(callee);
}

CASE(a_fenced_holder_takes_only_broken_replies,
     "A call that is taken for a holder already fenced is broken at once.") {
    csp_holder *callee = csp_holder_new("callee");
    csp_holder_fence(callee);
    csp_reply *reply = csp_reply_new();
    csp_message call = call_with(reply);
    csp_reply *taken = csp_payload_take_reply(call.as.payload, 0, callee);
    CHECK(taken == reply);
    csp_message_drop(&call);
    uint64_t tag = 0;
    CHECK_INT(answer_to(reply, CSP_POLL, &tag), ==, 0);
    CHECK(tag == (CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN));
    CHECK(!complete(taken, 1, 0));
    csp_reply_abandon(reply);
    csp_holder_release(callee);
}

CASE(a_call_can_be_passed_on,
     "An answering right that goes into another message leaves its first holder for the next.") {
    csp_holder *first = csp_holder_new("first"), *second = csp_holder_new("second");
    for (int round = 0; round < 3; round++) {
        note("round %d", round);
        csp_reply *replies[2] = {csp_reply_new(), csp_reply_new()}, *kept;
        csp_message calls[2] = {call_with(replies[0]), call_with(replies[1])};
        csp_reply *passed = csp_payload_take_reply(calls[0].as.payload, 0, first);
        kept = csp_payload_take_reply(calls[1].as.payload, 0, first);
        csp_message_drop(&calls[0]);
        csp_message_drop(&calls[1]);
        csp_message again = call_with(passed);
        uint64_t tag = 0;
        if (round == 2) {
            csp_holder_fence(first); /* it owes the kept one, and not the other */
            CHECK_INT(answer_to(kept, CSP_POLL, &tag), ==, 0);
        }
        CHECK_INT(answer_to(passed, CSP_POLL, &tag), ==, NOT(CSP_WOULD_BLOCK));
        CHECK(csp_payload_take_reply(again.as.payload, 0, second) == passed);
        csp_message_drop(&again);
        CHECK(complete(kept, 7, 0) == (round < 2));
        if (round == 1) {
            csp_holder_fence(second);
            CHECK_INT(answer_to(passed, CSP_POLL, &tag), ==, 0);
            CHECK(!complete(passed, 8, 0));
            csp_holder_release(second);
            second = csp_holder_new("second again");
        } else {
            CHECK(complete(passed, 8, 0));
            CHECK_INT(answer_to(passed, CSP_FOREVER, &tag), ==, 8);
        }
        csp_reply_abandon(passed);
        csp_reply_abandon(kept);
    }
    csp_holder_release(first);
    csp_holder_release(second);
}

/* ---- routed ---------------------------------------------------------------------------------------------------- */

/* The tag of the next message in the channel; its number in *value unless it is broken. */
static uint64_t next_tag(csp_end *rx, int64_t *value) {
    csp_message message;
    CHECK_STATUS(csp_recv(rx, &message, CSP_POLL, NULL), CSP_OK);
    uint64_t tag = message.tag;
    if ((tag & CSP_REPLY_BROKEN) != 0) {
        csp_message_drop(&message);
    } else {
        *value = opened(&message);
    }
    return tag;
}

CASE(routed_replies_arrive_with_their_tags,
     "Answers go into the target's channel as they come, each with its tag and how it ended.") {
    pair p = channel(CSP_UNBOUNDED);
    csp_reply *replies[5];
    for (uint64_t i = 0; i < 5; i++) {
        replies[i] = csp_reply_new_routed(p.tx, 100 + i);
        CHECK(replies[i] != NULL);
    }
    csp_message call = call_with(replies[4]);
    int64_t value = 0;
    CHECK(complete(replies[2], 12, 0));
    CHECK(complete(replies[0], 10, CSP_REPLY_FAILED));
    csp_reply_break(replies[3], true);
    csp_reply_break(replies[1], false);
    csp_message_drop(&call);
    CHECK(next_tag(p.rx, &value) == 102 && value == 12);
    CHECK(next_tag(p.rx, &value) == (CSP_REPLY_FAILED | 100) && value == 10);
    CHECK(next_tag(p.rx, &value) == (CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN | 103));
    CHECK(next_tag(p.rx, &value) == (CSP_REPLY_BROKEN | 101));
    CHECK(next_tag(p.rx, &value) == (CSP_REPLY_BROKEN | 104));
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    free_pair(&p);
}

CASE(a_routed_reply_keeps_its_target_open,
     "The target's channel does not end while an answer may come, and ends after it.") {
    pair p = channel(CSP_UNBOUNDED);
    csp_reply *reply = csp_reply_new_routed(p.tx, 1);
    csp_end_free(p.tx);
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK(complete(reply, 3, 0));
    CHECK_INT(take(p.rx, CSP_POLL), ==, 3);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
    csp_end_free(p.rx);
}

CASE(a_routed_reply_without_receiver_is_dropped,
     "If nobody receives from the target any more, completing is false and leaks nothing.") {
    pair p = channel(CSP_UNBOUNDED);
    csp_reply *reply = csp_reply_new_routed(p.tx, 1), *other = csp_reply_new_routed(p.tx, 2);
    csp_end_close(p.rx);
    CHECK(!complete(reply, 3, 0));
    CHECK_INT(csp_payloads_alive(), ==, 0);
    csp_reply_break(other, true);
    csp_end_close(p.tx);
    CHECK(csp_reply_new_routed(p.tx, 3) == NULL);
    free_pair(&p);
}

CASE(fencing_the_callee_breaks_routed_replies, "A routed reply that a fenced holder owed arrives broken, once.") {
    csp_holder *callee = csp_holder_new("callee");
    pair p = channel(CSP_UNBOUNDED);
    csp_message call = call_with(csp_reply_new_routed(p.tx, 9));
    csp_reply *taken = csp_payload_take_reply(call.as.payload, 0, callee);
    csp_message_drop(&call);
    int64_t value;
    csp_holder_fence(callee);
    CHECK(next_tag(p.rx, &value) == (CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN | 9));
    CHECK(!complete(taken, 1, 0));
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    free_pair(&p);
    csp_holder_release(callee);
}
