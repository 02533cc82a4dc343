/* SPDX-License-Identifier: MIT
 *
 * What the gate is told of waits and wakes: whose they are, and in which order. */
#include <string.h>

#include "harness.h"
#include "holding/holder.h"

enum { MOST = 64 };

static struct {
    csp_gate_event all[MOST];
    _Atomic int count;
} log_of_all;

static void write_down(const csp_gate_event *event, void *context) {
    (void)context;
    int place = atomic_fetch_add(&log_of_all.count, 1);
    CHECK_INT(place, <, MOST);
    log_of_all.all[place] = *event;
}

static int find(csp_gate_operation operation, csp_gate_phase phase) {
    int count = atomic_load(&log_of_all.count);
    for (int i = 0; i < count; i++) {
        if (log_of_all.all[i].operation == operation && log_of_all.all[i].phase == phase) {
            return i;
        }
    }
    return -1;
}

static const csp_gate gate = {write_down, NULL};

CASE(a_select_is_over_when_its_wait_is, "A select that has to wait is told of around its wait, whatever is chosen.") {
    pair p = channel(0);
    csp_message message;
    csp_guard guards[] = {on_recv(p.rx, &message), on_timer(csp_now() + MILLISECONDS)};
    csp_gate_set(&gate);
    CHECK_INT(choose(guards, 2, CSP_SELECT_FAIR, CSP_FOREVER), ==, 1);
    csp_gate_set(NULL);
    int begins = find(CSP_GATE_SELECT, CSP_GATE_BEFORE), ends = find(CSP_GATE_SELECT, CSP_GATE_DONE);
    CHECK_INT(begins, ==, 0);
    CHECK_INT(find(CSP_GATE_WAIT, CSP_GATE_BEFORE), >, begins);
    CHECK_INT(find(CSP_GATE_WAIT, CSP_GATE_DONE), <, ends);
    CHECK_INT(ends, ==, atomic_load(&log_of_all.count) - 1);
    free_pair(&p);
}

typedef struct {
    csp_alternative *alternative;
    csp_status status;
} selecting;

static void *select_by_it(void *argument) {
    selecting *s = argument;
    csp_message message;
    csp_status outcome;
    uint32_t at;
    s->status = csp_alternative_select(s->alternative, 0, CSP_FOREVER, NULL, &message, &at, &outcome);
    csp_message_drop(&message);
    return NULL;
}

CASE(a_wake_names_the_thread,
     "Who waits by a reusable alternative is woken under the number by which it was told to wait.") {
    pair p = channel(0);
    selecting s = {.alternative = csp_alternative_new(me)};
    uint32_t at;
    CHECK_STATUS(csp_alternative_add(s.alternative, p.rx, &at), CSP_OK);
    csp_gate_set(&gate);
    pthread_t thread = go(select_by_it, &s);
    EVENTUALLY(find(CSP_GATE_WAIT, CSP_GATE_BEFORE) >= 0);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    finish(thread);
    csp_gate_set(NULL);
    CHECK_STATUS(s.status, CSP_OK);
    int sleeps = find(CSP_GATE_WAIT, CSP_GATE_BEFORE), woken = find(CSP_GATE_WAKE, CSP_GATE_BEFORE);
    CHECK(woken > sleeps && log_of_all.all[sleeps].thread != 0);
    CHECK_INT(log_of_all.all[woken].thread, ==, log_of_all.all[sleeps].thread);
    csp_alternative_free(s.alternative);
    free_pair(&p);
}

/* ---- a wake that comes late ------------------------------------------------------------------------------------ */

typedef struct {
    csp_end *rx;
    int64_t slice;
    csp_status status;
    _Atomic bool over;
    void *instead;
} visitor;

static int want_nothing(void *context) {
    (void)context;
    return 0;
}

/* Its holder lives as long as its wait. */
static void *visit(void *argument) {
    visitor *v = argument;
    csp_holder *holder = csp_holder_new("visitor");
    csp_hooks hooks = {.holder = holder, .interrupted = want_nothing, .slice_ns = v->slice};
    csp_message message;
    v->status = csp_recv(v->rx, &message, CSP_FOREVER, &hooks);
    csp_holder_release(holder);
    v->instead = malloc(sizeof *holder); /* where it was, as a rule */
    CHECK(v->instead != NULL);
    memset(v->instead, 0x55, sizeof *holder);
    atomic_store(&v->over, true);
    return NULL;
}

static visitor first, second;
static _Atomic int woken;

/* Hold the wake of the first until the second, who has been claimed with him, has found out by himself. */
static void hold_the_first(const csp_gate_event *event, void *context) {
    (void)context;
    if (event->operation == CSP_GATE_WAKE) {
        if (atomic_fetch_add(&woken, 1) == 0) {
            EVENTUALLY(atomic_load(&second.over));
        }
        CHECK_INT(event->holder, <, 100);
    }
}

CASE(a_late_wake_looks_at_no_holder,
     "Who has found out by himself that his wait is over may be gone, with his holder, when he is woken.") {
    pair p = channel(0);
    csp_gate holds = {hold_the_first, NULL};
    first = (visitor){.rx = p.rx};
    second = (visitor){.rx = p.rx, .slice = MILLISECONDS};
    csp_gate_set(&holds);
    pthread_t threads[2];
    threads[0] = go(visit, &first);
    EVENTUALLY(RECEIVERS_WAITING(p.rx) == 1 && seen(p.rx).parks == 1);
    threads[1] = go(visit, &second);
    EVENTUALLY(RECEIVERS_WAITING(p.rx) == 2 && seen(p.rx).parks == 2);
    csp_end_close(p.tx);
    finish(threads[0]);
    finish(threads[1]);
    csp_gate_set(NULL);
    CHECK_INT(atomic_load(&woken), ==, 2);
    CHECK_STATUS(first.status, CSP_END_OF_CHANNEL);
    CHECK_STATUS(second.status, CSP_END_OF_CHANNEL);
    free(first.instead);
    free(second.instead);
    free_pair(&p);
}
