/* SPDX-License-Identifier: MIT
 *
 * The clock that can be held and moved: it reaches whoever sleeps until an instant, and nobody else's change is lost. */
#include "harness.h"
#include "platform/clock.h"
#include "platform/park.h"

/* ---- who sleeps by a record that is no thread's ----------------------------------------------------------------- */

typedef struct {
    csp_alternative *alternative;
    int64_t deadline;
    csp_status status, outcome;
    uint32_t at;
    _Atomic bool over;
} selecting;

static void *select_by_it(void *argument) {
    selecting *s = argument;
    csp_message message;
    s->status = csp_alternative_select(s->alternative, 0, s->deadline, NULL, &message, &s->at, &s->outcome);
    atomic_store(&s->over, true);
    return NULL;
}

static _Atomic int sleeps;

static void count_sleeps(const csp_gate_event *event, void *context) {
    (void)context;
    atomic_fetch_add(&sleeps, event->operation == CSP_GATE_WAIT && event->phase == CSP_GATE_BEFORE);
}

CASE(a_move_wakes_a_reusable_alternative,
     "Its limit and its timers go by the clock, also where it has been moved while the alternative sleeps.") {
    static const csp_gate gate = {count_sleeps, NULL};
    csp_clock_hold();
    csp_gate_set(&gate);
    for (int timer = 0; timer < 2; timer++) {
        int64_t instant = csp_now() + 3600 * SECONDS;
        selecting s = {.alternative = csp_alternative_new(me), .deadline = timer ? CSP_FOREVER : instant};
        uint32_t at = 0;
        if (timer) {
            CHECK_STATUS(csp_alternative_add_timer(s.alternative, &at), CSP_OK);
            csp_alternative_set_timer(s.alternative, at, instant);
        }
        int before = atomic_load(&sleeps);
        pthread_t thread = go(select_by_it, &s);
        EVENTUALLY(atomic_load(&sleeps) == before + 1);
        csp_clock_move(3600 * SECONDS);
        EVENTUALLY(atomic_load(&s.over));
        finish(thread);
        CHECK_STATUS(s.status, timer ? CSP_OK : CSP_TIMEOUT);
        csp_alternative_free(s.alternative);
    }
    csp_gate_set(NULL);
    csp_clock_release();
}

/* ---- two who change it ----------------------------------------------------------------------------------------- */

static _Atomic bool enough;

static void *move_it(void *unused) {
    (void)unused;
    while (!atomic_load_explicit(&enough, memory_order_relaxed)) {
        csp_clock_move(1);
    }
    return NULL;
}

CASE(a_move_undoes_no_release, "Who moves the clock while another lets it go does not hold it again.") {
    pthread_t mover = go(move_it, NULL);
    for (int64_t i = 0; i < scaled(100000); i++) {
        csp_clock_hold();
        CHECK(csp__clock_is_held());
        csp_clock_release();
        CHECK(!csp__clock_is_held());
    }
    atomic_store(&enough, true);
    finish(mover);
}

/* ---- held while somebody sleeps -------------------------------------------------------------------------------- */

typedef struct {
    _Atomic uint32_t word;
    int64_t deadline;
    _Atomic bool sleeps;
    csp_parked woken;
} sleeper;

static void *sleep_until(void *argument) {
    sleeper *s = argument;
    atomic_store(&s->sleeps, true);
    do {
        s->woken = csp__sleep(&s->word, 0, s->deadline, 0);
    } while (s->woken != CSP_PARK_TIMEOUT && atomic_load(&s->word) == 0);
    return NULL;
}

CASE(nobodys_time_is_up_while_it_stands,
     "The machine's time reaches the end of a sleep that the held clock has not reached: it is no timeout.") {
    sleeper s = {.deadline = csp_now() + SECONDS};
    pthread_t thread = go(sleep_until, &s);
    EVENTUALLY(atomic_load(&s.sleeps));
    csp__clock_set(CSP_CLOCK_STANDS, 0); /* and whoever holds it has not yet come to wake the sleepers */
    CHECK(csp_now() < s.deadline);
    EVENTUALLY(csp__real_now() > s.deadline + 50 * MILLISECONDS);
    atomic_store(&s.word, 1);
    csp__unpark(&s.word, 1);
    finish(thread);
    CHECK(s.woken != CSP_PARK_TIMEOUT && csp_now() < s.deadline);
    csp_clock_release();
}

CASE(signals_are_looked_for_by_the_machines_time,
     "Where a sleep is cut in slices, a moved clock makes them no longer, and a held one no shorter.") {
    _Atomic uint32_t word = 0;
    for (int held = 0; held < 2; held++) {
        if (held) {
            csp_clock_hold();
        } else {
            csp_clock_move(3600 * SECONDS);
        }
        int64_t begun = csp__real_now(), slices = 0;
        while (csp__park(&word, 0, begun + 400 * MILLISECONDS) == CSP_PARK_SIGNAL) {
            slices++;
        }
        bool cut = csp__platform_thread() == 0; /* the portable parker */
        note("held %d", held);
        CHECK_INT(slices, <=, cut ? 20 : 0);
        CHECK(!cut || slices > 0);
    }
    csp_clock_release();
}
