/* SPDX-License-Identifier: MIT
 *
 * Operations on replies. The right to answer travels in messages: see do_message_thing. */
#include "machine.h"

/* A new reply, and what it inherits if it is made while another call is handled. */
static csp_reply *new_call(machine *m) {
    csp_envelope outer = {.deadline = 1, .call_id = 1, .trace = {3, pick(m, 2)}};
    csp_handling handling;
    bool handles = pick(m, 2) == 0;
    if (handles) {
        csp_handling_begin(&handling, pick(m, 4) == 0 ? NULL : &outer);
    }
    const csp_envelope *handled = csp_handled();
    csp_reply *reply = csp_reply_new();
    CHECK(reply != NULL, "no memory");
    csp_envelope envelope = *csp_reply_envelope(reply);
    CHECK(envelope.call_id > 1 && envelope.deadline == CSP_FOREVER, "a call with id %llu",
          (unsigned long long)envelope.call_id);
    CHECK((envelope.trace[0] == 3 && envelope.trace[1] == outer.trace[1]) == (handled != NULL), "another's trace");
    CHECK(handles || handled == NULL, "handled before the beginning");
    if (handles) {
        csp_handling_end(&handling);
    }
    envelope.priority = (int32_t)next_byte(m);
    csp_reply_set_envelope(reply, &envelope);
    CHECK(csp_reply_wanted(reply), "nobody wants a new call");
    return reply;
}

static void new_reply(machine *m) {
    for (int i = 0; i < REPLIES; i++) {
        if (m->asked[i].reply == NULL) {
            csp_reply *reply = new_call(m);
            m->asked[i] = (asked_reply){reply, false};
            keep_owed(m, reply, 0, NULL);
            return;
        }
    }
}

static void new_routed(machine *m) {
    csp_end **target = pick_end(m, TO_SEND);
    if (target == NULL) {
        return;
    }
    belief *b = belief_of(*target);
    if (b->capacity == CSP_UNBOUNDED) {
        b->routed = true;
        csp_reply *reply = csp_reply_new_routed(*target, next_byte(m));
        if (reply != NULL && pick(m, 4) == 0) {
            csp_reply_abandon(csp_reply_asking(reply));
            CHECK(!csp_reply_wanted(reply), "given up, and wanted");
        }
        keep_owed(m, reply, 0, NULL);
    }
}

static void wait_for_answer(machine *m) {
    asked_reply *asked = pick_asked(m);
    csp_holder *holder = pick_holder(m);
    int64_t deadline = pick_deadline(m);
    if (asked == NULL || asked->answered) {
        return;
    }
    csp_message answer;
    csp_status status =
        csp_reply_wait(asked->reply, pick(m, 4) == 0 ? NULL : holder, &answer, deadline, pick_hooks(m));
    CHECK((answer.kind != 0) == (status == CSP_OK), "%s with kind %u", csp_status_name(status), answer.kind);
    CHECK(deadline != CSP_POLL || status == CSP_OK || status == CSP_WOULD_BLOCK || status == CSP_CANCELLED,
          "polled: %s", csp_status_name(status));
    if (status == CSP_OK) {
        uint64_t broken = answer.tag & (CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN);
        CHECK(broken != CSP_REPLY_MAYBE_RAN, "it may have run, and is not broken");
        CHECK(broken == 0 || answer.tag == broken, "a broken reply with other flags: %#llx",
              (unsigned long long)answer.tag);
        asked->answered = true;
        keep_message(m, &answer, NULL, false);
    }
}

static void complete(machine *m) {
    owed_reply *owed = pick_owed(m);
    held_message *held = pick_message(m);
    bool failed = pick(m, 2) == 0;
    if (owed == NULL) {
        return;
    }
    csp_message small = {.kind = 1, .size = 8};
    /* The channel that it goes to may not be known: only what may be in any. */
    const payload *p = held != NULL ? payload_of(&held->message) : NULL;
    bool fitting = held != NULL && (p == NULL || p->lowest_receiving == NO_RANK);
    csp_message *answer = fitting ? &held->message : &small;
    csp_reply *reply = owed->reply;
    owed->reply = NULL;
    if (owed->held != 0) {
        will_answer(owed->held, failed ? FAILS : LETS_GO);
    }
    bool wanted = csp_reply_wanted(reply);
    bool heard = csp_reply_complete(reply, answer, failed ? CSP_REPLY_FAILED : 0);
    CHECK(wanted || !heard, "an answer that nobody wanted was heard");
    CHECK(!heard || !owed->cut, "an answer of who was cut off was heard");
    if (owed->held != 0) {
        did_answer(owed->held, heard);
    }
    CHECK(answer->kind == 0, "the answer is still ours");
    if (fitting) {
        held->from = NULL;
    }
}

void do_reply_thing(machine *m, uint32_t what) {
    owed_reply *owed;
    asked_reply *asked;
    switch (what) {
        case 0:
        case 1:
            new_reply(m);
            break;
        case 2:
            new_routed(m);
            break;
        case 3:
        case 4:
            wait_for_answer(m);
            break;
        case 5:
            complete(m);
            break;
        case 6:
            if ((owed = pick_owed(m)) != NULL) {
                break_owed(owed, pick(m, 2) == 0);
            }
            break;
        default:
            if ((asked = pick_asked(m)) != NULL) {
                csp_reply_abandon(asked->reply);
                asked->reply = NULL;
            }
            break;
    }
}
