/* SPDX-License-Identifier: MIT
 *
 * Replies that are answered in the moment in which their callers give up, are cancelled, or their callees are cut off:
 * each answer is taken or dropped, exactly once, and both sides agree on which. */
#include "harness.h"

/* ---- one reply, two threads ------------------------------------------------------------------------------------ */

/* The answering thread gets each call through a mailbox, waits a random moment and answers or breaks. */
typedef struct {
    csp_end *mailbox;
    csp_holder *holder; /* takes the calls; may be exchanged by main between rounds */
    int64_t heard, unheard;
    uint64_t random;
} answerer;

static void *answer_all(void *argument) {
    answerer *a = argument;
    csp_message call;
    while (csp_recv(a->mailbox, &call, CSP_FOREVER, NULL) == CSP_OK) {
        csp_reply *reply = csp_payload_take_reply(call.as.payload, 0, a->holder);
        uint64_t number = call.tag;
        csp_message_drop(&call);
        dawdle(&a->random, 3000);
        csp_message answer = boxed((int64_t)number);
        if (csp_reply_complete(reply, &answer, 0)) {
            a->heard++;
        } else {
            a->unheard++;
        }
        CHECK_INT(answer.kind, ==, 0);
    }
    return NULL;
}

/* One call: the reply is returned, its call under way. */
static csp_reply *call(csp_end *mailbox, int64_t number) {
    csp_reply *reply = csp_reply_new();
    CHECK(reply != NULL);
    csp_message message = call_with(reply);
    message.tag = (uint64_t)number;
    CHECK_STATUS(csp_send(mailbox, &message, CSP_FOREVER, NULL), CSP_OK);
    return reply;
}

CASE(an_answer_and_a_timeout_agree,
     "An answer in the moment of a timeout is taken, or there for the next wait, or dropped: once.") {
    pair mailbox = channel(0);
    answerer a = {.mailbox = mailbox.rx, .holder = me, .random = 7};
    pthread_t answering = go(answer_all, &a);
    uint64_t random = 11;
    int64_t rounds = scaled(8000), taken = 0;
    for (int64_t n = 0; n < rounds; n++) {
        note("round %lld", (long long)n);
        csp_reply *reply = call(mailbox.tx, n);
        csp_message answer;
        csp_status status;
        int waits = 0, patient = (int)(random_next(&random) % 3);
        do {
            status = csp_reply_wait(reply, me, &answer, csp_deadline_after((int64_t)(random_next(&random) % 4000) + 1),
                                    NULL);
        } while (status == CSP_TIMEOUT && waits++ < patient);
        if (status == CSP_OK) {
            CHECK_INT(opened(&answer), ==, n);
            taken++;
        } else {
            CHECK_STATUS(status, CSP_TIMEOUT);
        }
        csp_reply_abandon(reply);
    }
    csp_end_close(mailbox.tx);
    finish(answering);
    CHECK_INT(a.heard + a.unheard, ==, rounds);
    CHECK_INT(taken, <=, a.heard); /* heard: it could still have been taken */
    CHECK_INT(csp_payloads_alive(), ==, 0);
    free_pair(&mailbox);
}

CASE(an_answer_and_an_abandon_agree, "Giving up in the moment of the answer drops it once and frees the reply once.") {
    pair mailbox = channel(4);
    answerer a = {.mailbox = mailbox.rx, .holder = me, .random = 17};
    pthread_t answering = go(answer_all, &a);
    uint64_t random = 13;
    int64_t rounds = scaled(20000);
    for (int64_t n = 0; n < rounds; n++) {
        csp_reply *reply = call(mailbox.tx, n);
        dawdle(&random, 3000);
        csp_reply_abandon(reply);
    }
    csp_end_close(mailbox.tx);
    finish(answering);
    CHECK_INT(a.heard + a.unheard, ==, rounds);
    free_pair(&mailbox);
}

/* ---- cancel and fence ------------------------------------------------------------------------------------------ */

typedef struct {
    csp_holder *victim;
    _Atomic bool enough;
} canceller;

static void *cancel_all_the_time(void *argument) {
    canceller *c = argument;
    uint64_t random = 99;
    while (!atomic_load(&c->enough)) {
        csp_holder_cancel(c->victim);
        dawdle(&random, 5000);
    }
    return NULL;
}

CASE(a_cancelled_wait_keeps_the_asking_right,
     "A caller that is cancelled all the time and asks again gets every answer once.") {
    pair mailbox = channel(0);
    answerer a = {.mailbox = mailbox.rx, .holder = me, .random = 7};
    canceller c = {csp_holder_new("caller"), false};
    pthread_t answering = go(answer_all, &a), cancelling = go(cancel_all_the_time, &c);
    int64_t rounds = scaled(20000);
    for (int64_t n = 0; n < rounds; n++) {
        csp_reply *reply = call(mailbox.tx, n);
        csp_message answer;
        csp_status status;
        while ((status = csp_reply_wait(reply, c.victim, &answer, CSP_FOREVER, NULL)) == CSP_CANCELLED) {
            csp_holder_resume(c.victim);
        }
        CHECK_STATUS(status, CSP_OK);
        CHECK_INT(opened(&answer), ==, n);
        csp_reply_abandon(reply);
    }
    atomic_store(&c.enough, true);
    finish(cancelling);
    csp_end_close(mailbox.tx);
    finish(answering);
    CHECK_INT(a.heard, ==, rounds);
    free_pair(&mailbox);
    csp_holder_release(c.victim);
}

typedef struct {
    csp_reply *reply;
    start_line line;
    bool breaks, heard;
} finisher;

static void *finish_one(void *argument) {
    finisher *f = argument;
    line_up(&f->line, 2);
    if (f->breaks) {
        csp_reply_break(f->reply, true);
    } else {
        csp_message answer = boxed(5);
        f->heard = csp_reply_complete(f->reply, &answer, 0);
    }
    return NULL;
}

CASE(an_answer_and_a_fence_agree,
     "In the moment of a fence the caller gets the answer or a broken reply, and both sides know.") {
    for (int64_t n = 0, rounds = scaled(5000); n < rounds; n++) {
        note("round %lld", (long long)n);
        csp_holder *callee = csp_holder_new("callee");
        csp_reply *reply = csp_reply_new();
        csp_message message = call_with(reply);
        finisher f = {.reply = csp_payload_take_reply(message.as.payload, 0, callee), .breaks = n % 5 == 0};
        csp_message_drop(&message);
        pthread_t finishing = go(finish_one, &f);
        line_up(&f.line, 2);
        csp_holder_fence(callee);
        csp_message answer;
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, NULL), CSP_OK);
        finish(finishing);
        bool broken = (answer.tag & CSP_REPLY_BROKEN) != 0;
        CHECK(f.heard == !broken);
        csp_message_drop(&answer);
        csp_reply_abandon(reply);
        csp_holder_release(callee);
    }
}

typedef struct {
    csp_message message;
    csp_holder *callee;
    start_line line;
    csp_reply *taken;
} taker;

static void *take_the_call(void *argument) {
    taker *t = argument;
    line_up(&t->line, 2);
    t->taken = csp_payload_take_reply(t->message.as.payload, 0, t->callee);
    return NULL;
}

CASE(a_call_taken_during_a_fence_is_broken,
     "However a taken call and the fence of its taker meet, the caller is told.") {
    for (int64_t n = 0, rounds = scaled(5000); n < rounds; n++) {
        note("round %lld", (long long)n);
        csp_holder *callee = csp_holder_new("callee");
        csp_reply *reply = csp_reply_new();
        taker t = {.message = call_with(reply), .callee = callee};
        pthread_t taking = go(take_the_call, &t);
        line_up(&t.line, 2);
        csp_holder_fence(callee);
        finish(taking);
        csp_message answer;
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_POLL, NULL), CSP_OK);
        CHECK((answer.tag & CSP_REPLY_BROKEN) != 0);
        csp_message_drop(&answer);
        csp_message_drop(&t.message);
        csp_reply_break(t.taken, true);
        csp_reply_abandon(reply);
        csp_holder_release(callee);
    }
}

/* ---- many callers ---------------------------------------------------------------------------------------------- */

typedef struct {
    csp_end *mailbox;
    int64_t first, count;
} caller;

static void *call_many(void *argument) {
    caller *c = argument;
    for (int64_t n = c->first; n < c->first + c->count; n++) {
        csp_reply *reply = call(c->mailbox, n);
        csp_message answer;
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, NULL), CSP_OK);
        CHECK_INT(opened(&answer), ==, n);
        csp_reply_abandon(reply);
    }
    return NULL;
}

CASE(every_caller_gets_its_own_answer,
     "Four callers of two callees over one mailbox each get the answers to their own calls.") {
    FOR_EACH_CAPACITY(c) {
        pair mailbox = channel(c);
        answerer a[2] = {{.mailbox = mailbox.rx, .holder = me, .random = 1},
                         {.mailbox = mailbox.rx, .holder = me, .random = 2}};
        caller callers[4];
        pthread_t threads[6];
        for (int i = 0; i < 2; i++) {
            threads[i] = go(answer_all, &a[i]);
        }
        for (int i = 0; i < 4; i++) {
            callers[i] = (caller){mailbox.tx, i * 1000000, scaled(2000)};
            threads[2 + i] = go(call_many, &callers[i]);
        }
        for (int i = 5; i >= 0; i--) {
            if (i == 1) {
                csp_end_close(mailbox.tx);
            }
            finish(threads[i]);
        }
        CHECK_INT(a[0].heard + a[1].heard, ==, 4 * scaled(2000));
        CHECK_INT(a[0].unheard + a[1].unheard, ==, 0);
        free_pair(&mailbox);
    }
}

CASE(routed_replies_arrive_once_each, "Answers from two threads into one channel all arrive, each tag once.") {
    pair mailbox = channel(10), answers = channel(CSP_UNBOUNDED);
    answerer a[2] = {{.mailbox = mailbox.rx, .holder = me, .random = 1},
                     {.mailbox = mailbox.rx, .holder = me, .random = 2}};
    pthread_t threads[2] = {go(answer_all, &a[0]), go(answer_all, &a[1])};
    int64_t rounds = scaled(20000);
    tally tags = tally_of(rounds);
    for (int64_t n = 0; n < rounds; n++) {
        csp_message message = call_with(csp_reply_new_routed(answers.tx, (uint64_t)n));
        message.tag = (uint64_t)n;
        CHECK_STATUS(csp_send(mailbox.tx, &message, CSP_FOREVER, NULL), CSP_OK);
    }
    csp_end_close(mailbox.tx);
    csp_end_close(answers.tx); /* the replies keep it open */
    csp_message message;
    while (csp_recv(answers.rx, &message, CSP_FOREVER, NULL) == CSP_OK) {
        tally_add(&tags, (int64_t)message.tag);
        int64_t tag = (int64_t)message.tag;
        CHECK_INT(opened(&message), ==, tag);
    }
    finish(threads[0]);
    finish(threads[1]);
    tally_check(&tags, 1);
    free_pair(&mailbox);
    free_pair(&answers);
}
