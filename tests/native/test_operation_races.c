/* SPDX-License-Identifier: MIT
 *
 * An event loop's operations against threads: nothing is lost or doubled, whatever is cancelled, found out early or begun anew while
 * a wake is still on its way; and a loop that sleeps until it is told never sleeps too long. */
#include <sched.h>

#include "operating.h"

/* ---- a loop that sleeps until it is told ------------------------------------------------------------------------ */

typedef struct {
    csp_loop *loop;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool told;
    _Atomic int closed;
} sleeper;

static void tell_sleeper(void *context) {
    sleeper *s = context;
    pthread_mutex_lock(&s->lock);
    s->told = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void close_sleeper(void *context) { atomic_store(&((sleeper *)context)->closed, 1); }

static void begin_sleeper(sleeper *s) {
    *s = (sleeper){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    s->loop = csp_loop_new(tell_sleeper, close_sleeper, s);
    CHECK(s->loop != NULL);
}

static void sleep_until_told(sleeper *s) {
    pthread_mutex_lock(&s->lock);
    while (!s->told) {
        pthread_cond_wait(&s->changed, &s->lock);
    }
    s->told = false;
    pthread_mutex_unlock(&s->lock);
}

static void end_sleeper(sleeper *s) {
    csp_loop_free(s->loop);
    EVENTUALLY(atomic_load(&s->closed) == 1);
    CHECK_INT(csp__operations_alive(), ==, 0);
    pthread_mutex_lock(&s->lock); /* whoever told us last has let go of it */
    pthread_mutex_unlock(&s->lock);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

enum { TASKS = 12, PEERS = 2, CHANNELS = 2 };

typedef struct {
    csp_operation *operation;
    bool sends, chooses, over;
    int64_t next, last; /* values of its own, to be sent */
    csp_guard guards[CHANNELS];
    csp_message messages[CHANNELS];
} task;

typedef struct {
    sleeper sleeper;
    pair p[CHANNELS];
    tally *values;
    task tasks[TASKS];
    uint64_t random;
    int under_way, sending;
} event_loop;

static void begin_task(event_loop *e, task *t);

/* The message of an operation that came to its end is counted, given back, or tried again. */
static void end_task(event_loop *e, task *t) {
    csp_message message = {.kind = 0};
    uint32_t chosen = 0;
    csp_status status = csp_operation_finish(t->operation, &message, &chosen);
    if (t->chooses && status == CSP_OK) {
        status = t->guards[chosen].status;
    }
    for (int i = 0; i < CHANNELS && t->chooses; i++) {
        if (t->messages[i].kind != 0 && !t->sends) {
            CHECK(status == CSP_OK && i == (int)chosen);
            message = t->messages[i];
        } else {
            csp_message_drop(&t->messages[i]);
        }
    }
    e->under_way--;
    if (t->sends) {
        CHECK(status == CSP_OK || status == CSP_INTERRUPTED);
        t->next += status == CSP_OK;
        csp_message_drop(&message);
    } else if (status == CSP_OK) {
        if (random_next(&e->random) % 16 == 0) {
            csp_unreceive(e->p[t->chooses ? chosen : 0].rx, &message);
        } else {
            tally_add(e->values, opened(&message));
        }
    } else {
        CHECK(status == CSP_INTERRUPTED || status == CSP_END_OF_CHANNEL);
        t->over = status == CSP_END_OF_CHANNEL;
    }
    if (t->sends && t->next == t->last) {
        t->over = true;
        if (--e->sending == 0) {
            for (int i = 0; i < CHANNELS; i++) {
                csp_end_close(e->p[i].tx);
            }
        }
    }
    begin_task(e, t);
}

static csp_status begin_one(event_loop *e, task *t) {
    csp_message message = t->sends ? boxed(t->next) : (csp_message){.kind = 0};
    if (!t->chooses) {
        csp_status status = t->sends ? csp_begin_send(t->operation, e->p[0].tx, &message, CSP_FOREVER)
                                     : csp_begin_recv(t->operation, e->p[0].rx, &message, CSP_FOREVER);
        if (status == CSP_OK && !t->sends) {
            tally_add(e->values, opened(&message));
        }
        csp_message_drop(&message);
        return status;
    }
    csp_message_drop(&message);
    for (int i = 0; i < CHANNELS; i++) {
        t->messages[i] = t->sends ? boxed(t->next) : (csp_message){.kind = 0};
        t->guards[i] = t->sends ? on_send(e->p[i].tx, &t->messages[i]) : on_recv(e->p[i].rx, &t->messages[i]);
    }
    uint32_t chosen;
    csp_status status = csp_begin_select(t->operation, t->guards, CHANNELS, CSP_SELECT_FAIR, CSP_FOREVER, &chosen);
    if (status == CSP_WOULD_BLOCK) {
        return status;
    }
    status = t->guards[chosen].status;
    if (status == CSP_OK && !t->sends) {
        tally_add(e->values, opened(&t->messages[chosen]));
    }
    for (int i = 0; i < CHANNELS; i++) {
        csp_message_drop(&t->messages[i]);
    }
    return status;
}

static void begin_task(event_loop *e, task *t) {
    while (!t->over) {
        csp_status status = begin_one(e, t);
        if (status == CSP_WOULD_BLOCK) {
            e->under_way++;
            return;
        }
        if (t->sends) {
            CHECK_STATUS(status, CSP_OK);
            t->over = ++t->next == t->last;
            if (t->over && --e->sending == 0) {
                for (int i = 0; i < CHANNELS; i++) {
                    csp_end_close(e->p[i].tx);
                }
            }
        } else {
            CHECK(status == CSP_OK || status == CSP_END_OF_CHANNEL);
            t->over = status == CSP_END_OF_CHANNEL;
        }
    }
}

/* Give one up, or look whether it is over before anybody told us. */
static void meddle(event_loop *e) {
    task *t = &e->tasks[random_next(&e->random) % TASKS];
    if (t->over) {
        return;
    }
    if (random_next(&e->random) % 2 == 0) {
        csp_operation_cancel(t->operation);
    }
    if (csp__operation_is_over(t->operation)) {
        end_task(e, t);
    }
}

typedef struct {
    event_loop *e;
    pthread_t thread;
    csp_end *ends[CHANNELS];
    int64_t next, last; /* to be sent */
} peer;

static void *send_values(void *argument) {
    peer *s = argument;
    for (int64_t n = s->next; n < s->last; n++) {
        CHECK_STATUS(put(s->ends[n % CHANNELS], n, CSP_FOREVER), CSP_OK);
    }
    for (int i = 0; i < CHANNELS; i++) {
        csp_end_free(s->ends[i]);
    }
    return NULL;
}

static void *receive_values(void *argument) {
    peer *r = argument;
    for (;;) {
        csp_message messages[CHANNELS];
        csp_guard guards[CHANNELS];
        for (int i = 0; i < CHANNELS; i++) {
            guards[i] = on_recv(r->ends[i], &messages[i]);
        }
        int64_t at = choose(guards, CHANNELS, CSP_SELECT_FAIR, CSP_FOREVER);
        if (guards[at].status != CSP_OK) {
            break;
        }
        tally_add(r->e->values, opened(&messages[at]));
    }
    for (int i = 0; i < CHANNELS; i++) {
        int64_t value;
        while ((value = take(r->ends[i], CSP_FOREVER)) >= 0) {
            tally_add(r->e->values, value);
        }
        CHECK_INT(value, ==, NOT(CSP_END_OF_CHANNEL));
        csp_end_free(r->ends[i]);
    }
    return NULL;
}

static void race(uint32_t capacity, bool choose_too, int64_t each) {
    static event_loop e;
    tally values = tally_of((PEERS + TASKS / 2) * each);
    e = (event_loop){.values = &values, .random = 7 + capacity, .sending = TASKS / 2};
    peer senders[PEERS], receivers[PEERS];
    begin_sleeper(&e.sleeper);
    for (int i = 0; i < CHANNELS; i++) {
        e.p[i] = channel(capacity);
    }
    for (int i = 0; i < PEERS; i++) {
        senders[i] = (peer){.e = &e, .next = i * each, .last = (i + 1) * each};
        receivers[i] = (peer){.e = &e};
        for (int c = 0; c < CHANNELS; c++) {
            senders[i].ends[c] = csp_end_clone(e.p[c].tx, me);
            receivers[i].ends[c] = csp_end_clone(e.p[c].rx, me);
        }
        senders[i].thread = go(send_values, &senders[i]);
        receivers[i].thread = go(receive_values, &receivers[i]);
    }
    for (int i = 0; i < TASKS; i++) {
        task *t = &e.tasks[i];
        int64_t first = (PEERS + i / 2) * each;
        t->operation = csp_operation_new(e.sleeper.loop, NULL, t);
        t->sends = i % 2 == 0;
        t->chooses = choose_too && i % 3 != 0;
        t->next = t->sends ? first : 0;
        t->last = t->sends ? first + each : 0;
    }
    for (int i = 0; i < TASKS; i++) {
        begin_task(&e, &e.tasks[i]);
    }
    while (e.under_way > 0) {
        csp_operation *operation;
        sleep_until_told(&e.sleeper);
        while ((operation = csp_loop_next(e.sleeper.loop)) != NULL) {
            end_task(&e, csp_operation_context(operation));
            meddle(&e);
        }
    }
    for (int i = 0; i < PEERS; i++) {
        finish(senders[i].thread);
        finish(receivers[i].thread);
    }
    for (int i = 0; i < TASKS; i++) {
        csp_operation_free(e.tasks[i].operation);
    }
    end_sleeper(&e.sleeper);
    for (int i = 0; i < CHANNELS; i++) {
        /* What is left was given back after the last of its receivers had gone. */
        int64_t value;
        while ((value = take(e.p[i].rx, CSP_POLL)) >= 0) {
            tally_add(&values, value);
        }
        CHECK_CONSERVED(e.p[i].rx);
        free_pair(&e.p[i]);
    }
    tally_check(&values, 1);
}

CASE(each_value_is_received_once,
     "Sends and receives of a loop and of threads, with cancels, undone receives and operations begun anew: "
     "every value arrives once.") {
    race(0, false, scaled(4000));
    race(1, false, scaled(4000));
    race(10, false, scaled(4000));
}

CASE(each_value_is_chosen_once, "The same where the loop and the threads choose between two channels.") {
    race(0, true, scaled(3000));
    race(1, true, scaled(3000));
}

/* ---- wakes that come late --------------------------------------------------------------------------------------- */

typedef struct {
    csp_end *tx;
    int64_t rounds;
} hurrier;

static void *send_on(void *argument) {
    hurrier *h = argument;
    for (int64_t n = 0; n < h->rounds; n++) {
        CHECK_STATUS(put(h->tx, n, CSP_FOREVER), CSP_OK);
    }
    return NULL;
}

CASE(a_late_wake_does_no_harm,
     "An owner that finds out by looking begins anew, or frees the record, before the wake for it has come: the "
     "next one that ends is told of all the same.") {
    static sleeper s;
    begin_sleeper(&s);
    pair p = channel(0);
    hurrier h = {p.tx, scaled(5000)};
    pthread_t thread = go(send_on, &h);
    uint64_t random = 11;
    csp_operation *operation = csp_operation_new(s.loop, NULL, NULL);
    for (int64_t n = 0; n < h.rounds; n++) {
        csp_message message;
        csp_status status = csp_begin_recv(operation, p.rx, &message, CSP_FOREVER);
        if (status == CSP_WOULD_BLOCK && random_next(&random) % 4 != 0) {
            while ((status = csp_operation_finish(operation, &message, NULL)) == CSP_WOULD_BLOCK) {
                sched_yield();
            }
        } else if (status == CSP_WOULD_BLOCK) {
            while (csp_loop_next(s.loop) == NULL) {
                sleep_until_told(&s);
            }
            status = csp_operation_finish(operation, &message, NULL);
        }
        CHECK_STATUS(status, CSP_OK);
        CHECK_INT(opened(&message), ==, n);
        if (random_next(&random) % 8 == 0) {
            csp_operation_free(operation);
            operation = csp_operation_new(s.loop, NULL, NULL);
        }
    }
    finish(thread);
    csp_operation_free(operation);
    end_sleeper(&s);
    free_pair(&p);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_reply *reply;
    _Atomic bool go, over;
    bool heard;
} answer_at;

enum { ANSWERS = 32 };

static void *answer_all(void *argument) {
    answer_at *a = argument;
    uint64_t random = 5;
    for (int i = 0; i < ANSWERS; i++) {
        csp_message answer = boxed(i);
        dawdle(&random, 500);
        if (i % 3 == 0) {
            csp_reply_break(a[i].reply, true);
            csp_message_drop(&answer);
            a[i].heard = false;
        } else {
            a[i].heard = csp_reply_complete(a[i].reply, &answer, 0);
        }
    }
    return NULL;
}

CASE(each_answer_is_taken_or_dropped,
     "Answers race cancels and a holder's cancel: one that was heard is there, and none comes twice.") {
    for (int64_t round = 0, rounds = scaled(300); round < rounds; round++) {
        note("round %lld", (long long)round);
        static sleeper s;
        begin_sleeper(&s);
        csp_holder *caller = csp_holder_new("caller");
        csp_operation *operations[ANSWERS];
        answer_at answers[ANSWERS];
        uint64_t random = (uint64_t)round + 1;
        for (int i = 0; i < ANSWERS; i++) {
            csp_message got;
            answers[i] = (answer_at){.reply = csp_reply_new()};
            operations[i] = csp_operation_new(s.loop, caller, NULL);
            CHECK_STATUS(csp_begin_wait(operations[i], answers[i].reply, CSP_FOREVER, &got), CSP_WOULD_BLOCK);
        }
        pthread_t thread = go(answer_all, answers);
        dawdle(&random, 20000);
        bool got[ANSWERS] = {false};
        if (round % 2 == 0) {
            csp_holder_cancel(caller);
        }
        for (int i = ANSWERS; i-- > 0;) {
            csp_message message;
            if (round % 2 == 1) {
                csp_operation_cancel(operations[i]);
            }
            csp_status status;
            while ((status = csp_operation_finish(operations[i], &message, NULL)) == CSP_WOULD_BLOCK) {
                sched_yield();
            }
            CHECK(status == CSP_OK || status == (round % 2 == 0 ? CSP_CANCELLED : CSP_INTERRUPTED));
            got[i] = status == CSP_OK;
            CHECK(!got[i] || ((message.tag & CSP_REPLY_BROKEN) != 0) == (i % 3 == 0));
            CHECK(!got[i] || i % 3 == 0 || opened(&message) == i);
            csp_message_drop(&message);
            csp_reply_abandon(answers[i].reply);
        }
        finish(thread);
        for (int i = 0; i < ANSWERS; i++) {
            CHECK(i % 3 == 0 || !got[i] || answers[i].heard);
            csp_operation_free(operations[i]);
        }
        csp_holder_release(caller);
        end_sleeper(&s);
    }
}

/* ---- holders ---------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_holder *holder;
    _Atomic bool over;
} canceller;

static void *cancel_on(void *argument) {
    canceller *c = argument;
    while (!atomic_load(&c->over)) {
        csp_holder_cancel(c->holder);
        csp_holder_resume(c->holder);
    }
    csp_holder_cancel(c->holder);
    return NULL;
}

CASE(a_cancel_misses_none,
     "A holder is cancelled again and again while its operations begin, by two at once: after the last cancel none is "
     "under way.") {
    enum { CROWD = 60 };
    static sleeper s;
    begin_sleeper(&s);
    csp_holder *holder = csp_holder_new("stopped"), *other = csp_holder_new("other");
    canceller c = {.holder = holder};
    pair p = channel(0);
    csp_operation *operations[CROWD], *undisturbed = csp_operation_new(s.loop, other, NULL);
    csp_message message;
    CHECK_STATUS(csp_begin_recv(undisturbed, p.rx, &message, CSP_FOREVER), CSP_WOULD_BLOCK);
    bool under_way[CROWD] = {false};
    for (int i = 0; i < CROWD; i++) {
        operations[i] = csp_operation_new(s.loop, holder, NULL);
    }
    pthread_t threads[2] = {go(cancel_on, &c), go(cancel_on, &c)};
    for (int64_t round = 0, rounds = scaled(300); round <= rounds; round++) {
        for (int i = 0; i < CROWD; i++) {
            csp_status status = under_way[i] ? csp_operation_finish(operations[i], &message, NULL) : CSP_CANCELLED;
            if (status == CSP_CANCELLED && round < rounds) {
                status = csp_begin_recv(operations[i], p.rx, &message, CSP_FOREVER);
            }
            CHECK(status == CSP_CANCELLED || status == CSP_WOULD_BLOCK);
            under_way[i] = status == CSP_WOULD_BLOCK;
        }
    }
    atomic_store(&c.over, true);
    finish(threads[0]);
    finish(threads[1]);
    for (int i = 0; i < CROWD; i++) {
        CHECK(!under_way[i] || csp_operation_finish(operations[i], &message, NULL) == CSP_CANCELLED);
        csp_operation_free(operations[i]);
    }
    CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 1);
    CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
    CHECK_INT(end_of(undisturbed), ==, 2);
    csp_operation_free(undisturbed);
    csp_holder_release(holder);
    csp_holder_release(other);
    end_sleeper(&s);
    free_pair(&p);
}
