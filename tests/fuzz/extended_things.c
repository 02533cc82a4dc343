/* SPDX-License-Identifier: MIT
 *
 * Extended receives. Their replies are answered like any other: see reply_things.c. */
#include "machine.h"

/* A receiving end of a rendezvous if there is one, else any: those are refused. */
static csp_end **pick_rendezvous(machine *m) {
    csp_end **first = pick_end(m, TO_RECEIVE_OR_SYNC);
    for (uint32_t i = 0; first != NULL && i < ENDS; i++) {
        csp_end **place = &m->ends[((uint32_t)(first - m->ends) + i) % ENDS];
        bool receives = *place != NULL && csp_end_direction(*place) == CSP_RECEIVING;
        if (receives && csp_end_sync(*place) == CSP_SYNC_NONE && belief_of(*place)->capacity == 0) {
            return place;
        }
    }
    return first;
}

/* Of an end that is not refused, only alone. */
static csp_status predict(const machine *m, csp_end *end, int64_t deadline) {
    if (csp_end_sync(end) != CSP_SYNC_NONE || belief_of(end)->capacity > 0) {
        return CSP_INVALID;
    }
    return m->alone ? if_waiting(would_receive(belief_of(end), end), deadline, csp_end_holder(end)) : CSP_OK;
}

static void answer_at_once(csp_reply *reply, uint64_t tag, bool fails) {
    csp_message answer = {.kind = 1, .size = 8, .tag = tag};
    will_answer(tag, fails ? FAILS : LETS_GO);
    did_answer(tag, csp_reply_complete(reply, &answer, fails ? CSP_REPLY_FAILED : 0));
    CHECK(answer.kind == 0, "the answer is still ours");
}

void do_extended_receive(machine *m) {
    csp_end **end = pick_rendezvous(m);
    int64_t deadline = pick_deadline(m);
    uint32_t then = pick(m, 4);
    if (end == NULL) {
        return;
    }
    csp_message message;
    csp_reply *reply;
    csp_status predicted = predict(m, *end, deadline);
    csp_status status = csp_recv_extended(*end, &message, &reply, deadline, pick_hooks(m));
    CHECK(m->alone ? status == predicted : (status == CSP_INVALID) == (predicted == CSP_INVALID),
          "csp_recv_extended: %s, expected %s", csp_status_name(status), csp_status_name(predicted));
    CHECK((message.kind != 0) == (status == CSP_OK), "%s with a message of kind %u", csp_status_name(status),
          message.kind);
    CHECK(reply == NULL || (status == CSP_OK && !m->alone), "%s with a reply", csp_status_name(status));
    if (status != CSP_OK) {
        return;
    }
    belief *b = belief_of(*end);
    uint64_t tag = message.tag;
    did_receive(b, tag, m->last);
    if (reply != NULL) {
        does_hold(tag);
    }
    keep_message(m, &message, b, false);
    if (reply != NULL && then < 3) {
        answer_at_once(reply, tag, then == 2);
    } else if (reply != NULL) {
        keep_owed(m, reply, tag, csp_end_holder(*end));
    }
}
