/* SPDX-License-Identifier: MIT
 *
 * The scheduler gate and the clock, from the side of a scheduler: it lets one of four threads go at a time, and knows by what it
 * is told who could go on. */
#include <pthread.h>
#include <string.h>

#include "harness.h"

/* ---- a scheduler ---------------------------------------------------------------------------------------------- */

enum { WORKERS = 4, NOBODY = -1, MOST = 8192 };

typedef enum { AWAY, ABLE, GOES, PARKED } state;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    state states[WORKERS];
    uint64_t numbers[WORKERS]; /* of their threads */
    uint64_t random;
    int turn; /* who goes, or NOBODY */
    bool begun, stalled;
    uint32_t log[MOST];
    int logged;
} scheduler = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local int my_place = NOBODY;

static void write_down(int worker, uint32_t what) {
    CHECK(scheduler.logged < MOST);
    scheduler.log[scheduler.logged++] = (uint32_t)worker << 24 | what;
}

/* Under the lock. */
static void choose_next(void) {
    int able[WORKERS], count = 0, parked = 0;
    for (int i = 0; i < WORKERS; i++) {
        parked += scheduler.states[i] == PARKED;
        if (scheduler.states[i] == ABLE) {
            able[count++] = i;
        }
    }
    scheduler.turn = NOBODY;
    scheduler.stalled = scheduler.stalled || (count == 0 && parked > 0);
    if (count > 0) {
        scheduler.random = scheduler.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        scheduler.turn = able[(scheduler.random >> 33) % (uint64_t)count];
        scheduler.states[scheduler.turn] = GOES;
    }
    pthread_cond_broadcast(&scheduler.changed);
}

/* Under the lock: until it is my turn. */
static void wait_for_turn(void) {
    while (scheduler.turn != my_place) {
        pthread_cond_wait(&scheduler.changed, &scheduler.lock);
    }
}

static void at_the_gate(const csp_gate_event *event, void *context) {
    (void)context;
    pthread_mutex_lock(&scheduler.lock);
    if (event->operation == CSP_GATE_WAKE) {
        for (int i = 0; i < WORKERS; i++) {
            if (scheduler.numbers[i] == event->thread && scheduler.states[i] == PARKED) {
                scheduler.states[i] = ABLE;
            }
        }
    } else if (my_place != NOBODY) {
        if (event->thread != 0) {
            scheduler.numbers[my_place] = event->thread;
        }
        if (event->operation == CSP_GATE_WAIT && event->phase == CSP_GATE_BEFORE) {
            write_down(my_place, event->operation);
            scheduler.states[my_place] = PARKED;
            choose_next();
        } else if (event->operation == CSP_GATE_WAIT) {
            if (scheduler.states[my_place] == PARKED) { /* nobody woke it: it found out by itself */
                scheduler.states[my_place] = ABLE;
                if (scheduler.turn == NOBODY) {
                    choose_next();
                }
            }
            wait_for_turn();
            write_down(my_place, event->operation | 1U << 8);
        } else if (event->phase == CSP_GATE_BEFORE) {
            scheduler.states[my_place] = ABLE;
            choose_next();
            wait_for_turn();
            write_down(my_place, event->operation);
        } else {
            write_down(my_place, event->operation | 1U << 8);
        }
    }
    pthread_mutex_unlock(&scheduler.lock);
}

/* The first thread is let go when all are there. */
static void enter(int place) {
    int there = 0;
    pthread_mutex_lock(&scheduler.lock);
    my_place = place;
    scheduler.states[place] = ABLE;
    for (int i = 0; i < WORKERS; i++) {
        there += scheduler.states[i] == ABLE;
    }
    if (there == WORKERS) {
        choose_next();
    }
    wait_for_turn();
    pthread_mutex_unlock(&scheduler.lock);
}

static void leave(void) {
    pthread_mutex_lock(&scheduler.lock);
    scheduler.states[my_place] = AWAY;
    my_place = NOBODY;
    choose_next();
    pthread_mutex_unlock(&scheduler.lock);
}

static void got(uint32_t what) {
    pthread_mutex_lock(&scheduler.lock);
    write_down(my_place, 1U << 16 | (what & 0xffff));
    pthread_mutex_unlock(&scheduler.lock);
}

/* ---- what it schedules ---------------------------------------------------------------------------------------- */

enum { ROUNDS = 40, CALL_EVERY = 5 };

typedef struct {
    int place;
    csp_end *jobs, *calls, *aborted, *quiet; /* its own */
    csp_holder *other;
} part;

/* A sender of numbers and, now and then, of calls; at its end it tells another to stop. */
static void *produce(void *argument) {
    part *p = argument;
    enter(p->place);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_STATUS(put(p->jobs, i, CSP_FOREVER), CSP_OK);
        if (p->calls != NULL && i % CALL_EVERY == 0) {
            csp_reply *reply = csp_reply_new();
            csp_message call = call_with(reply), answer;
            CHECK_STATUS(csp_send(p->calls, &call, CSP_FOREVER, NULL), CSP_OK);
            CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, NULL), CSP_OK);
            csp_reply_abandon(reply);
            csp_message_drop(&answer);
            got((uint32_t)i);
        }
    }
    csp_end_close(p->jobs);
    if (p->calls != NULL) {
        csp_end_close(p->calls);
        csp_holder_cancel(p->other);
    } else {
        csp_end_abort(p->aborted, NULL);
    }
    leave();
    return NULL;
}

/* Whatever comes, until nothing can come any more. */
static void *consume(void *argument) {
    part *p = argument;
    enter(p->place);
    bool over[2] = {false, false};
    while (!over[0] || !over[1]) {
        csp_message messages[2];
        csp_guard guards[2] = {over[0] ? off() : on_recv(p->jobs, &messages[0]),
                               over[1] ? off() : on_recv(p->calls, &messages[1])};
        uint32_t chosen;
        CHECK_STATUS(csp_select(guards, 2, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &chosen), CSP_OK);
        got(chosen);
        over[chosen] = guards[chosen].status != CSP_OK;
        if (!over[chosen] && chosen == 1) {
            csp_reply *reply = csp_payload_take_reply(messages[1].as.payload, 0, me);
            csp_message answer = {.kind = 1};
            csp_reply_complete(reply, &answer, 0);
        }
        if (!over[chosen]) {
            csp_message_drop(&messages[chosen]);
        }
    }
    if (p->quiet != NULL) {
        CHECK_INT(take(p->aborted, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
        CHECK_INT(take(p->quiet, CSP_FOREVER), ==, NOT(CSP_CANCELLED));
    }
    leave();
    return NULL;
}

static int run_all(uint64_t seed, uint32_t *log) {
    pair jobs = channel(0), calls = channel(2), aborted = channel(0), quiet = channel(0);
    csp_holder *other = csp_holder_new("other");
    csp_end *own = csp_end_clone(quiet.rx, other);
    part parts[WORKERS] = {
        {0, csp_end_clone(jobs.tx, me), calls.tx, NULL, NULL, other},
        {1, jobs.tx, NULL, aborted.tx, NULL, NULL},
        {2, csp_end_clone(jobs.rx, me), csp_end_clone(calls.rx, me), NULL, NULL, NULL},
        {3, jobs.rx, calls.rx, aborted.rx, own, NULL},
    };
    scheduler.random = seed;
    scheduler.turn = NOBODY;
    scheduler.logged = 0;
    scheduler.stalled = false;
    memset(scheduler.numbers, 0, sizeof scheduler.numbers);
    csp_gate gate = {at_the_gate, NULL};
    csp_seed(seed);
    csp_gate_set(&gate);
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        threads[i] = go(i < 2 ? produce : consume, &parts[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        finish(threads[i]);
    }
    csp_gate_set(NULL);
    CHECK(!scheduler.stalled);
    csp_end_free(parts[0].jobs);
    csp_end_free(parts[2].jobs);
    csp_end_free(parts[2].calls);
    csp_end_free(own);
    csp_holder_release(other);
    for (pair *p = (pair[]){jobs, calls, aborted, quiet}, *last = p + 4; p != last; p++) {
        csp_end_free(p->tx);
        csp_end_free(p->rx);
    }
    memcpy(log, scheduler.log, sizeof scheduler.log[0] * (size_t)scheduler.logged);
    return scheduler.logged;
}

CASE(one_seed_one_order,
     "A scheduler that lets one thread go at a time never stalls, and does all again in the same order.") {
    static uint32_t first[MOST], again[MOST];
    int different = 0, before = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        int count = run_all(seed, first);
        different += seed > 1 && count != before;
        before = count;
        CHECK_INT(run_all(seed, again), ==, count);
        for (int i = 0; i < count; i++) {
            CHECK(first[i] == again[i]);
        }
    }
    CHECK_INT(different, >, 10); /* they are not all one order */
}

/* ---- the clock ------------------------------------------------------------------------------------------------ */

static _Atomic int waits, expired;
static _Atomic int64_t waits_until;

static void look(const csp_gate_event *event, void *context) {
    (void)context;
    if (event->operation == CSP_GATE_WAIT && event->phase == CSP_GATE_BEFORE) {
        atomic_store(&waits_until, event->deadline);
        atomic_fetch_add(&waits, 1);
    }
    atomic_fetch_add(&expired, event->operation == CSP_GATE_EXPIRE);
}

CASE(a_moved_clock_wakes_whose_time_is_up,
     "It is told until when a thread waits, moves the clock there, and sees it expire.") {
    enum { HOUR = 3600 };
    pair p = channel(0);
    csp_gate gate = {look, NULL};
    csp_clock_hold();
    int64_t begun = csp_now(), deadline = begun + HOUR * INT64_C(1000000000);
    csp_gate_set(&gate);
    pending t;
    pend_recv(&t, p.rx, deadline);
    EVENTUALLY(atomic_load(&waits) == 1);
    CHECK(atomic_load(&waits_until) == deadline && atomic_load(&expired) == 0);
    csp_clock_move(deadline - begun - 1); /* not yet: it looks again, and sleeps on */
    EVENTUALLY(atomic_load(&waits) == 2);
    CHECK(csp_now() == deadline - 1 && atomic_load(&expired) == 0);
    csp_clock_move(1);
    CHECK_INT(outcome(&t), ==, NOT(CSP_TIMEOUT));
    CHECK_INT(atomic_load(&expired), ==, 1);
    csp_gate_set(NULL);
    csp_clock_release();
    csp_end_free(p.tx);
    csp_end_free(p.rx);
}
