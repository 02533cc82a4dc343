/* SPDX-License-Identifier: MIT
 *
 * What the gate is told of waits and wakes: whose they are, and in which order. */
#include <string.h>

#include "harness.h"
#include "holding/holder.h"

enum { MOST = 64 };

static struct {
    csp_gate_event all[MOST];
    int count;
    pthread_mutex_t lock;
} log_of_all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void write_down(const csp_gate_event *event, void *context) {
    (void)context;
    pthread_mutex_lock(&log_of_all.lock);
    CHECK_INT(log_of_all.count, <, MOST);
    log_of_all.all[log_of_all.count++] = *event;
    pthread_mutex_unlock(&log_of_all.lock);
}

static int find(csp_gate_operation operation, csp_gate_phase phase) {
    pthread_mutex_lock(&log_of_all.lock);
    int found = 0;
    while (found < log_of_all.count &&
           (log_of_all.all[found].operation != operation || log_of_all.all[found].phase != phase)) {
        found++;
    }
    found = found < log_of_all.count ? found : -1;
    pthread_mutex_unlock(&log_of_all.lock);
    return found;
}

static const csp_gate gate = {write_down, NULL};

CASE(a_select_is_over_when_its_wait_is, "A select that has to wait is told of around its wait, whatever is chosen.") {
    pair p = channel(0);
    csp_message message;
    csp_guard guard = on_recv(p.rx, &message);
    choosing c;
    csp_gate_set(&gate);
    begin_choosing(&c, &guard, 1, CSP_SELECT_FAIR);
    EVENTUALLY(find(CSP_GATE_WAIT, CSP_GATE_BEFORE) >= 0);
    CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_OK);
    CHECK_INT(chosen(&c), ==, 0);
    csp_gate_set(NULL);
    csp_message_drop(&message);
    CHECK_INT(find(CSP_GATE_SELECT, CSP_GATE_BEFORE), <, find(CSP_GATE_WAIT, CSP_GATE_BEFORE));
    CHECK_INT(find(CSP_GATE_WAIT, CSP_GATE_DONE), <, find(CSP_GATE_SELECT, CSP_GATE_DONE));
    CHECK(find(CSP_GATE_WAIT, CSP_GATE_DONE) >= 0);
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

/* ---- a holder that goes while its end is closed ---------------------------------------------------------------- */

static _Atomic int closing; /* 1: held at the gate; 2: may go on */
static _Atomic uint64_t closed_by[2];

static void hold_the_close(const csp_gate_event *event, void *context) {
    (void)context;
    if (event->operation == CSP_GATE_CLOSE) {
        atomic_store(&closed_by[event->phase], event->holder);
        if (event->phase == CSP_GATE_BEFORE) {
            atomic_store(&closing, 1);
            EVENTUALLY(atomic_load(&closing) == 2);
        }
    }
}

static void *close_it(void *end) {
    csp_end_close(end);
    return NULL;
}

CASE(a_close_remembers_by_whom,
     "Held at the gate until the end has been put into a message, and its holder has gone: it is told as it began.") {
    static const csp_gate holds = {hold_the_close, NULL};
    csp_holder *owner = csp_holder_new("owner");
    uint64_t id = csp_holder_id(owner);
    pair p = channel(1);
    csp_end *theirs = csp_end_clone(p.tx, owner);
    csp_gate_set(&holds);
    pthread_t thread = go(close_it, theirs);
    EVENTUALLY(atomic_load(&closing) == 1);
    csp_payload *payload = csp_payload_new(0, 1);
    csp_payload_attach_end(payload, 0, theirs);
    csp_holder_release(owner);
    void *instead = malloc(sizeof *owner); /* where it was, as a rule */
    CHECK(instead != NULL);
    memset(instead, 0x55, sizeof *owner);
    atomic_store(&closing, 2);
    finish(thread);
    csp_gate_set(NULL);
    CHECK(atomic_load(&closed_by[0]) == id && atomic_load(&closed_by[1]) == id);
    free(instead);
    csp_payload_release(payload);
    free_pair(&p);
}
