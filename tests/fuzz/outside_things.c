/* SPDX-License-Identifier: MIT
 *
 * Looks from outside, and what is set for the whole process: the scheduler gate, spinning, placement. */
#include <string.h>

#include "machine.h"

/* ---- looks ----------------------------------------------------------------------------------------------------- */

typedef struct {
    uint64_t waits;
} sight;

static void visit(const csp_edge *edge, void *context) {
    ((sight *)context)->waits += edge->kind != CSP_EDGE_HOLDS;
    CHECK(memchr(edge->name, 0, sizeof edge->name) != NULL, "an edge's name has no end");
}

static void look_in(machine *m) {
    sight seen = {.waits = 0};
    csp_status status = csp_graph_visit(visit, &seen);
    CHECK(status == CSP_OK, "csp_graph_visit: %s", csp_status_name(status));
    CHECK(!m->alone || seen.waits == 0, "somebody waits, and nobody is there");
    csp_totals totals;
    csp_totals_read(&totals);
    CHECK(totals.ends >= 0 && totals.channels >= 0 && totals.holders >= HOLDERS, "impossible totals");
    CHECK(!m->alone || totals.payloads == csp_payloads_alive(), "%lld payloads, and %lld", (long long)totals.payloads,
          (long long)csp_payloads_alive());
    csp_statistics s;
    CHECK(csp_channel_statistics(next_byte(m), &s) == CSP_STALE, "a channel of the first generation that nobody made");
}

static void look_at_names(machine *m) {
    csp_status status = (csp_status)next_byte(m);
    const char *name = csp_status_name(status), *text = csp_status_text(status);
    CHECK(name != NULL && text != NULL, "status %d has no name", (int)status);
    CHECK((strcmp(name, "UNKNOWN") == 0) == (status > CSP_SCOPE_CANCELLED), "status %d is %s", (int)status, name);

    csp_holder *one = pick_holder(m), *other = pick_holder(m);
    CHECK(csp_holder_id(one) != 0 && csp_holder_id(NULL) == 0, "a holder without an id");
    CHECK((csp_holder_id(one) == csp_holder_id(other)) == (one == other), "ids that are not");
    csp_holder_rename(one, "renamed");
    CHECK(!csp_holder_rename(one, "renamed again"), "renamed twice");
    /* Where several run, another may be in the middle of it. */
    CHECK(!m->alone || strcmp(csp_holder_name(one), "renamed") == 0, "its name is %s", csp_holder_name(one));
    CHECK(strlen(csp_holder_name(one)) > 0, "a holder without a name");
}

/* ---- the gate -------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_gate_operation operation;
    uint64_t holder, channel;
    uint32_t count;
} passage;

static _Thread_local passage latest;

/* For a random handful of instants. */
static void dawdle(void) {
    static _Thread_local uint32_t random = 1;
    random = random * 1664525 + 1013904223;
    for (volatile uint32_t turns = random >> 20 & (random >> 30 == 0 ? 4095 : 63); turns > 0; turns = turns - 1) {
    }
}

static void pass(const csp_gate_event *event, void *context);
static uint8_t told; /* what the gate is told as its context */
static const csp_gate gate = {pass, &told};

/* Under no lock: the channel may be looked at. Who goes next is now anybody's guess. */
static void pass(const csp_gate_event *event, void *context) {
    csp_statistics s;
    CHECK(context == &told && event->operation <= CSP_GATE_EXPIRE, "operation %d at the gate", (int)event->operation);
    CHECK(event->channel == 0 || csp_channel_statistics(event->channel, &s) == CSP_OK,
          "at the gate of a channel that is gone");
    if (event->phase == CSP_GATE_DONE) {
        CHECK(event->operation < CSP_GATE_RUN || event->operation == CSP_GATE_WAIT, "%d is done",
              (int)event->operation);
        return;
    }
    latest = (passage){event->operation, event->holder, event->channel, latest.count + 1};
    dawdle();
}

void outside_gate(void) { csp_gate_set(&gate); }

#define CHECK_PASSED(how_often, which, who, where)                                                              \
    CHECK(!m->alone || (latest.count == (how_often) && latest.operation == (which) && latest.holder == (who) && \
                        latest.channel == (where)),                                                             \
          "passed the gate %u times, as operation %d", latest.count, (int)latest.operation)

/* One operation of each sort, over a channel of our own. Where several run, another may have taken the gate away. */
static void pass_gate(machine *m) {
    csp_holder *holder = pick_holder(m);
    csp_end *tx, *rx;
    csp_message message = {.kind = 1}, received;
    csp_reply *reply = csp_reply_new();
    uint32_t chosen;
    if (reply == NULL || csp_channel_new(1, CSP_OVERFLOW_BLOCK, holder, &tx, &rx) != CSP_OK) {
        fuzz_fail(__FILE__, __LINE__, "no memory");
    }
    uint64_t id = csp_holder_id(holder), channel = csp_end_channel(tx);
    bool open = !csp_end_is_closed(tx); /* the holder may be fenced */
    csp_gate_set(&gate);
    latest.count = 0;
    csp_status status = csp_send(tx, &message, CSP_POLL, NULL);
    CHECK_PASSED(1, CSP_GATE_SEND, id, channel);
    CHECK(!m->alone || status == (open ? CSP_OK : CSP_CLOSED_END), "csp_send: %s", csp_status_name(status));
    csp_message_drop(&message);
    csp_recv(rx, &received, CSP_POLL, NULL);
    CHECK_PASSED(2, CSP_GATE_RECV, id, channel);
    csp_message_drop(&received);
    csp_guard guard = {.kind = CSP_GUARD_RECV, .end = rx, .message = &received};
    csp_select(&guard, 1, CSP_SELECT_FAIR, CSP_POLL, NULL, &chosen);
    CHECK_PASSED(3, CSP_GATE_SELECT, id, 0);
    csp_message_drop(&received);
    csp_reply_wait(reply, holder, &received, CSP_POLL, NULL);
    CHECK_PASSED(4, CSP_GATE_ASK, id, 0);
    csp_end_close(tx);
    CHECK_PASSED(5, CSP_GATE_CLOSE, id, channel);
    csp_end_free(tx);
    csp_end_free(rx);
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    if (pick(m, 2) == 0) {
        csp_gate_set(NULL);
    }
}

/* ---- how threads wait ------------------------------------------------------------------------------------------ */

enum { SPIN_NS = 6000 }; /* as at first */

static void *begin(void *argument) {
    atomic_fetch_add((_Atomic int *)argument, 1);
    return NULL;
}

static void set_waiting(machine *m) {
    static const int64_t limits[] = {-1, 0, 100, SPIN_NS, 40000};
    csp_spin_limit(limits[pick(m, 5)]);
    csp_placement(pick(m, 2) == 0);
    csp_seed((uint64_t)m->thread);
    if (m->thread > 0) {
        uint64_t number = csp_thread_may_settle(); /* this thread ends with its part of the program */
        csp_thread_leave();
        csp_thread_stays(pick(m, 4) == 0 ? number : pick(m, 4) == 0 ? 0 : number + 1);
        csp_thread_name(pick(m, 2) == 0 ? "fuzz" : "a name that is longer than w\303\244ll, longer than it may be");
    }
    static _Atomic int begun;
    int before = atomic_load(&begun);
    if (pick(m, 8) == 0 &&
        csp_thread_start(begin, &begun, "begins", pick(m, 2) == 0 ? CSP_THREAD_OURS : CSP_THREAD_OF_USER)) {
        while (atomic_load(&begun) == before) {
        }
    }
}

/* It stands for a moment, for whoever waits meanwhile; and only ever goes forward. */
static void set_clock(machine *m) {
    int64_t before = csp_now(), wall = csp_wall_now(), by = 700;
    csp_clock_hold();
    csp_clock_move(by);
    csp_clock_release();
    CHECK(csp_now() - before >= by && csp_wall_now() > 0, "the clock went from %lld to %lld", (long long)before,
          (long long)csp_now());
    CHECK(!m->alone || csp_wall_now() - wall >= by, "the time stamps do not go by the clock");
}

static void set_cpus(machine *m) {
    int64_t cpus = (int64_t)pick(m, 5) - 1;
    csp_totals totals;
    csp_cpus_allowed(cpus);
    csp_totals_read(&totals);
    CHECK(totals.cpus >= 1 && (!m->alone || cpus < 1 || totals.cpus == cpus), "%lld CPUs are allowed, told %lld",
          (long long)totals.cpus, (long long)cpus);
}

void outside_restore(void) {
    csp_gate_set(NULL);
    csp_spin_limit(SPIN_NS);
    csp_placement(true);
    csp_cpus_allowed(0);
}

void do_outside_thing(machine *m, uint32_t what) {
    switch (what) {
        case 0:
        case 1:
            look_in(m);
            break;
        case 2:
            look_at_names(m);
            break;
        case 3:
            pass_gate(m);
            break;
        case 4:
            set_waiting(m);
            break;
        default:
            set_cpus(m);
            set_clock(m);
            break;
    }
}
