/* SPDX-License-Identifier: MIT
 *
 * What a call brings with it: ids and traces, who inherits what, and whether somebody still waits. */
#include "harness.h"

static bool same_trace(const csp_envelope *a, const csp_envelope *b) {
    return a->trace[0] == b->trace[0] && a->trace[1] == b->trace[1];
}

static bool has_trace(const csp_envelope *envelope) { return envelope->trace[0] != 0 || envelope->trace[1] != 0; }

static void forget(csp_reply *reply) {
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
}

CASE(a_new_call_has_an_id_and_a_trace, "csp_reply_new and the routed one fill in an envelope; each has its own.") {
    pair p = channel(CSP_UNBOUNDED);
    csp_reply *a = csp_reply_new(), *b = csp_reply_new_routed(p.tx, 1);
    const csp_envelope *first = csp_reply_envelope(a), *second = csp_reply_envelope(b);
    CHECK(first->call_id != 0 && second->call_id != 0 && first->call_id != second->call_id);
    CHECK(has_trace(first) && has_trace(second) && !same_trace(first, second));
    CHECK(first->trace[0] == second->trace[0]); /* of one process */
    CHECK_INT(first->deadline, ==, CSP_FOREVER);
    CHECK_INT(first->stood_still, ==, 0);
    CHECK_INT(first->priority, ==, 0);
    CHECK_INT(first->flags, ==, 0);
    forget(a);
    csp_reply_break(b, false);
    free_pair(&p);
}

/* ---- ids of many threads --------------------------------------------------------------------------------------- */

enum { THREADS = 4, EACH = 70000 }; /* more than a block of ids */
static uint64_t ids[THREADS][EACH];

static void *make_many(void *mine) {
    uint64_t *into = mine;
    csp_handling handling;
    for (int i = 0; i < EACH; i++) {
        csp_reply *reply = csp_reply_new();
        into[i] = csp_reply_envelope(reply)->call_id;
        csp_handling_begin(&handling, csp_reply_envelope(reply)); /* of other threads', nobody sees it */
        CHECK(csp_handled()->call_id == into[i]);
        csp_handling_end(&handling);
        forget(reply);
    }
    return NULL;
}

static int by_number(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

CASE(no_two_calls_have_one_id,
     "Ids of calls that many threads make at the same time are all different, and never 0.") {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i] = go(make_many, ids[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        finish(threads[i]);
    }
    qsort(ids, THREADS * EACH, sizeof ids[0][0], by_number);
    const uint64_t *all = ids[0];
    CHECK(all[0] != 0);
    for (int i = 1; i < THREADS * EACH; i++) {
        CHECK(all[i - 1] != all[i]);
    }
}

/* ---- filled in, and read --------------------------------------------------------------------------------------- */

CASE(an_envelope_travels_with_its_reply, "What the caller set is read by who takes the reply out of a message.") {
    csp_reply *reply = csp_reply_new();
    csp_envelope set = {.deadline = 12, .stood_still = 3, .call_id = 4, .trace = {5, 6}, .priority = -7, .flags = 2};
    csp_reply_set_envelope(reply, &set);
    csp_message call = call_with(reply);
    csp_reply *taken = csp_payload_take_reply(call.as.payload, 0, me);
    csp_message_drop(&call);
    const csp_envelope *got = csp_reply_envelope(taken);
    CHECK_INT(got->deadline, ==, 12);
    CHECK_INT(got->stood_still, ==, 3);
    CHECK(got->call_id == 4 && got->trace[0] == 5 && got->trace[1] == 6);
    CHECK_INT(got->priority, ==, -7);
    CHECK_INT(got->flags, ==, CSP_CALL_DROPPABLE);
    forget(reply);
}

CASE(calls_made_for_a_call_have_its_trace,
     "Between handling_begin and _end new calls have the trace of that one, and an id and a deadline of their own.") {
    csp_reply *outer = csp_reply_new(), *other = csp_reply_new(), *reply;
    csp_envelope limited = *csp_reply_envelope(outer);
    limited.deadline = 77;
    limited.priority = 5;
    csp_reply_set_envelope(outer, &limited);
    csp_handling first, second, none;
    CHECK(csp_handled() == NULL);
    csp_handling_begin(&first, csp_reply_envelope(outer));
    CHECK(csp_handled() == csp_reply_envelope(outer));
    reply = csp_reply_new();
    CHECK(same_trace(csp_reply_envelope(reply), &limited));
    CHECK(csp_reply_envelope(reply)->call_id != limited.call_id);
    CHECK_INT(csp_reply_envelope(reply)->deadline, ==, CSP_FOREVER);
    CHECK_INT(csp_reply_envelope(reply)->priority, ==, 0);
    forget(reply);

    csp_handling_begin(&second, csp_reply_envelope(other)); /* a call within a call */
    reply = csp_reply_new();
    CHECK(same_trace(csp_reply_envelope(reply), csp_reply_envelope(other)));
    forget(reply);
    csp_handling_begin(&none, NULL); /* and what belongs to neither */
    CHECK(csp_handled() == NULL);
    reply = csp_reply_new();
    CHECK(!same_trace(csp_reply_envelope(reply), csp_reply_envelope(other)) &&
          !same_trace(csp_reply_envelope(reply), &limited));
    forget(reply);
    csp_handling_end(&none);
    CHECK(csp_handled() == csp_reply_envelope(other));
    csp_handling_end(&second);
    CHECK(csp_handled() == csp_reply_envelope(outer));
    csp_handling_end(&first);
    CHECK(csp_handled() == NULL);
    forget(outer);
    forget(other);
}

CASE(a_call_without_a_trace_gives_none_on,
     "Who handles a call whose trace is all zeroes begins a trace with its own calls.") {
    csp_envelope bare = {.deadline = CSP_FOREVER};
    csp_handling handling;
    csp_handling_begin(&handling, &bare);
    csp_reply *reply = csp_reply_new();
    CHECK(has_trace(csp_reply_envelope(reply)));
    csp_handling_end(&handling);
    forget(reply);
}

CASE(an_extended_rendezvous_is_no_call, "The reply of csp_recv_extended has call id 0 and no limit.") {
    pair p = channel(0);
    pending sender;
    csp_message message, done = {.kind = 1};
    csp_reply *held = NULL;
    pend_send(&sender, p.tx, 9, CSP_FOREVER);
    CHECK_STATUS(csp_recv_extended(p.rx, &message, &held, CSP_FOREVER, NULL), CSP_OK);
    CHECK(csp_reply_envelope(held)->call_id == 0 && !has_trace(csp_reply_envelope(held)));
    CHECK_INT(csp_reply_envelope(held)->deadline, ==, CSP_FOREVER);
    CHECK_INT(opened(&message), ==, 9);
    csp_reply_complete(held, &done, 0);
    CHECK_INT(outcome(&sender), ==, 0);
    free_pair(&p);
}

/* ---- whether anybody waits ------------------------------------------------------------------------------------- */

CASE(a_caller_that_gave_up_is_seen,
     "csp_reply_wanted is true until the asking right is given back, and false from then.") {
    csp_reply *reply = csp_reply_new();
    CHECK(csp_reply_wanted(reply));
    csp_reply_abandon(reply);
    CHECK(!csp_reply_wanted(reply));
    CHECK(!csp_reply_wanted(reply));
    csp_reply_break(reply, false);
}

CASE(a_routed_call_can_be_given_up, "With an asking right of its own, a routed call is given up like any other; "
                                    "its answer goes nowhere.") {
    pair p = channel(CSP_UNBOUNDED);
    csp_message answer, value = {.kind = 1};
    for (int round = 0; round < 2; round++) { /* given up before the answer, and after it */
        csp_reply *reply = csp_reply_new_routed(p.tx, 8);
        csp_reply *asking = csp_reply_asking(reply);
        CHECK(csp_reply_wanted(reply));
        if (round == 0) {
            csp_reply_abandon(asking);
            CHECK(!csp_reply_wanted(reply));
        }
        value.kind = 1;
        CHECK(csp_reply_complete(reply, &value, 0) == (round == 1));
        if (round == 1) {
            csp_reply_abandon(asking);
        }
        csp_status status = csp_recv(p.rx, &answer, CSP_POLL, NULL);
        CHECK_STATUS(status, round == 0 ? CSP_WOULD_BLOCK : CSP_OK);
    }
    free_pair(&p);
}

CASE(a_routed_call_of_who_ended_is_seen,
     "Where nobody receives the answers any more, a routed call is wanted by nobody; "
     "nor one that a fence broke.") {
    pair p = channel(CSP_UNBOUNDED);
    csp_reply *reply = csp_reply_new_routed(p.tx, 8), *cut = csp_reply_new_routed(p.tx, 9);
    csp_holder *callee = csp_holder_new("callee");
    csp_message call = call_with(cut);
    CHECK(csp_payload_take_reply(call.as.payload, 0, callee) == cut);
    csp_message_drop(&call);
    CHECK(csp_reply_wanted(cut));
    csp_holder_fence(callee); /* closes where its answer would go */
    CHECK(!csp_reply_wanted(cut));
    csp_reply_break(cut, true);
    csp_holder_release(callee);
    CHECK(csp_reply_wanted(reply));
    csp_end_close(p.rx);
    CHECK(!csp_reply_wanted(reply));
    csp_reply_break(reply, false);
    free_pair(&p);
}

/* ---- shields --------------------------------------------------------------------------------------------------- */

CASE(a_shield_is_seen_from_inside,
     "csp_scope_shielded: in a shielded scope, also below another one, and not outside.") {
    csp_scope *shield = csp_scope_new(CSP_FOREVER, true), *inner = csp_scope_new(CSP_FOREVER, false);
    bool caught;
    CHECK(!csp_scope_shielded());
    CHECK_STATUS(csp_scope_enter(shield), CSP_OK);
    CHECK(csp_scope_shielded());
    CHECK_STATUS(csp_scope_enter(inner), CSP_OK);
    CHECK(csp_scope_shielded());
    csp_scope_set_shield(shield, false);
    CHECK(!csp_scope_shielded());
    CHECK_STATUS(csp_scope_leave(inner, &caught), CSP_OK);
    CHECK_STATUS(csp_scope_leave(shield, &caught), CSP_OK);
    CHECK(!csp_scope_shielded());
    csp_scope_release(shield);
    csp_scope_release(inner);
}
