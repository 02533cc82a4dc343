/* SPDX-License-Identifier: MIT
 *
 * Operations without a thread, on the channels and replies that others use: begun, looked for, given up, finished. */
#include <sched.h>
#include <stdlib.h>

#include "machine.h"

enum { LOOKS = 40 };

/* What a loop tells; its own, because the last to tell may come after we are gone. */
typedef struct {
    _Atomic uint32_t told;
} ear;

static void tell(void *context) { atomic_fetch_add(&((ear *)context)->told, 1); }
static void hears_no_more(void *context) { free(context); }

typedef struct {
    csp_loop *loop;
    csp_operation *operation;
    csp_holder *own;
    ear *ear;
    int64_t deadline;
    bool freed; /* together with what was under way */
} run;

static run begin_run(machine *m) {
    run r = {.own = pick(m, 3) == 0 ? pick_holder(m) : NULL, .deadline = pick_deadline(m)};
    r.ear = calloc(1, sizeof *r.ear);
    r.loop = csp_loop_new(tell, hears_no_more, r.ear);
    r.operation = r.loop != NULL ? csp_operation_new(r.loop, r.own, m) : NULL;
    CHECK(r.ear != NULL && r.operation != NULL && csp_operation_context(r.operation) == m, "no memory");
    CHECK(csp_operation_deadline(r.operation) == CSP_FOREVER && csp_loop_next(r.loop) == NULL, "it has begun");
    return r;
}

static void end_run(run *r) {
    if (!r->freed) {
        csp_operation_free(r->operation);
    }
    csp_loop_free(r->loop);
}

/* It is under way: look for its end a while, and give it up. How it ended; a message as csp_operation_finish gives it. `freeing`: it may
 * also be freed, and then what it got from these goes back. */
static csp_status end_of(machine *m, run *r, belief *const freeing[2], csp_message *message, uint32_t *chosen) {
    csp_status status = CSP_WOULD_BLOCK;
    for (int looks = 0; !m->alone && looks < LOOKS && status == CSP_WOULD_BLOCK; looks++) {
        csp_operation *found = csp_loop_next(r->loop);
        CHECK(found == NULL || found == r->operation, "another operation");
        CHECK(found == NULL || atomic_load(&r->ear->told) > 0, "it ended, and nobody was told");
        if (found != NULL || looks % 8 == 7) {
            status = csp_operation_finish(r->operation, message, chosen);
            CHECK(found == NULL || status != CSP_WOULD_BLOCK, "it had ended, and is under way");
        }
        sched_yield();
    }
    if (status != CSP_WOULD_BLOCK) {
        return status;
    }
    message->kind = 0;
    if (freeing != NULL && pick(m, 4) == 0) {
        atomic_store(&freeing[0]->unordered, true);
        atomic_store(&freeing[1]->unordered, true);
        csp_operation_free(r->operation);
        r->freed = true;
        return CSP_WOULD_BLOCK;
    }
    bool expires = pick(m, 2) == 0 && csp_operation_deadline(r->operation) <= csp_now();
    bool gave_up = expires ? csp_operation_expire(r->operation) : csp_operation_cancel(r->operation);
    CHECK(gave_up || !m->alone, "it had ended, and nobody was there");
    while ((status = csp_operation_finish(r->operation, message, chosen)) == CSP_WOULD_BLOCK) {
        csp_operation_cancel(r->operation); /* a receiver holds it from now on */
    }
    CHECK(!gave_up || status == (expires ? CSP_TIMEOUT : CSP_INTERRUPTED) || *chosen < 3, "given up: %s",
          csp_status_name(status));
    csp_message none;
    CHECK(csp_operation_finish(r->operation, &none, NULL) == CSP_INVALID && !csp_operation_cancel(r->operation),
          "it ended twice");
    return status;
}

/* What beginning it gives, alone. */
static csp_status begins(const run *r, csp_status predicted, csp_end *end) {
    csp_holder *holder = r->own != NULL ? r->own : csp_end_holder(end);
    return r->deadline == CSP_POLL                                                          ? CSP_INVALID
           : predicted == CSP_WOULD_BLOCK && holder != NULL && csp_holder_cancelled(holder) ? CSP_CANCELLED
                                                                                            : predicted;
}

static void send_so(machine *m, run *r) {
    csp_end **end = pick_end(m, TO_SEND);
    if (end == NULL || !may_number(m, 1)) {
        return;
    }
    belief *b = belief_of(*end);
    csp_message message = {.kind = 1, .size = 8};
    csp_status predicted = m->alone ? begins(r, would_send(b, *end), *end) : CSP_OK;
    number(m, &message);
    csp_message before = message;
    uint32_t chosen = 9;
    will_offer(before.tag, false, false);
    csp_status status = csp_begin_send(r->operation, *end, &message, r->deadline);
    CHECK(!m->alone || status == predicted, "csp_begin_send: %s, expected %s", csp_status_name(status),
          csp_status_name(predicted));
    if (status == CSP_WOULD_BLOCK) {
        CHECK(message.kind == 0, "it is under way, and its message is ours");
        status = end_of(m, r, m->alone ? (belief *[2]){b, b} : NULL, &message, &chosen);
    }
    if (r->freed) {
        message = before; /* it was dropped */
    }
    if (offered(b, &before, &message, status) && message.kind != 0) {
        keep_message(m, &message, NULL, false);
    }
}

static void receive_so(machine *m, run *r) {
    csp_end **end = pick_end(m, TO_RECEIVE);
    if (end == NULL) {
        return;
    }
    belief *b = belief_of(*end);
    csp_message message;
    uint32_t chosen = 9;
    csp_status predicted = m->alone ? begins(r, would_receive(b, *end), *end) : CSP_OK;
    csp_status status = csp_begin_recv(r->operation, *end, &message, r->deadline);
    CHECK(!m->alone || status == predicted, "csp_begin_recv: %s, expected %s", csp_status_name(status),
          csp_status_name(predicted));
    if (status == CSP_WOULD_BLOCK) {
        status = end_of(m, r, (belief *[2]){b, b}, &message, &chosen);
    }
    CHECK((message.kind != 0) == (status == CSP_OK), "%s with a message of kind %u", csp_status_name(status),
          message.kind);
    if (status == CSP_OK) {
        did_receive(b, message.tag, m->last);
        keep_message(m, &message, b, false);
    }
}

/* One of two receives and a timer. */
static void choose_so(machine *m, run *r) {
    csp_end **first = pick_end(m, TO_RECEIVE), **second = pick_end(m, TO_RECEIVE);
    if (first == NULL) {
        return;
    }
    belief *b[2] = {belief_of(*first), belief_of(*second)};
    csp_message messages[2], none;
    csp_guard guards[3] = {{.kind = CSP_GUARD_RECV, .end = *first, .message = &messages[0]},
                           {.kind = CSP_GUARD_RECV, .end = *second, .message = &messages[1]},
                           {.kind = CSP_GUARD_TIMER, .deadline = csp_deadline_after(INT64_C(1) << 42)}};
    bool priority = pick(m, 2) == 0;
    csp_status predicted = CSP_OK;
    if (m->alone) {
        bool ready = would_receive(b[0], *first) != CSP_WOULD_BLOCK || would_receive(b[1], *second) != CSP_WOULD_BLOCK;
        predicted = begins(r, ready ? CSP_OK : CSP_WOULD_BLOCK, *first);
    }
    uint32_t chosen = 9;
    csp_status status = csp_begin_select(r->operation, guards, 3, priority ? CSP_SELECT_PRIORITY : CSP_SELECT_FAIR,
                                         r->deadline, &chosen);
    CHECK(!m->alone || status == predicted, "csp_begin_select: %s, expected %s", csp_status_name(status),
          csp_status_name(predicted));
    if (status == CSP_INVALID) {
        return;
    }
    if (status == CSP_WOULD_BLOCK) {
        status = end_of(m, r, b, &none, &chosen);
    }
    for (uint32_t i = 0; i < 2 && !r->freed; i++) {
        bool done = status == CSP_OK && chosen == i && guards[i].status == CSP_OK;
        CHECK((messages[i].kind != 0) == done, "guard %u %s a message", i, done ? "lacks" : "left");
        if (done) {
            did_receive(b[i], messages[i].tag, m->last);
            keep_message(m, &messages[i], b[i], false);
        }
    }
}

static void ask_so(machine *m, run *r) {
    asked_reply *asked = pick_asked(m);
    if (asked == NULL || asked->answered) {
        return;
    }
    csp_message answer;
    uint32_t chosen = 9;
    csp_status status = csp_begin_wait(r->operation, asked->reply, r->deadline, &answer);
    CHECK(r->deadline != CSP_POLL || status == CSP_INVALID, "polled: %s", csp_status_name(status));
    if (status == CSP_WOULD_BLOCK) {
        status = end_of(m, r, NULL, &answer, &chosen);
    }
    CHECK((answer.kind != 0) == (status == CSP_OK), "%s with kind %u", csp_status_name(status), answer.kind);
    if (status == CSP_OK) {
        asked->answered = true;
        keep_message(m, &answer, NULL, false);
    }
}

void do_operation_thing(machine *m) {
    run r = begin_run(m);
    switch (pick(m, 4)) {
        case 0:
            send_so(m, &r);
            break;
        case 1:
            receive_so(m, &r);
            break;
        case 2:
            choose_so(m, &r);
            break;
        default:
            ask_so(m, &r);
            break;
    }
    end_run(&r);
}
