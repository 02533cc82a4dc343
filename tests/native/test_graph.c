/* SPDX-License-Identifier: MIT
 *
 * Seen from outside: the wait graph, the totals and the scheduler gate. */
#include "harness.h"

/* ---- the wait graph -------------------------------------------------------------------------------------------- */

enum { MOST_EDGES = 512 };

typedef struct {
    csp_edge edges[MOST_EDGES];
    int count;
} graph;

static void keep(const csp_edge *edge, void *context) {
    graph *g = context;
    CHECK_INT(g->count, <, MOST_EDGES);
    g->edges[g->count++] = *edge;
}

static graph *read_graph(void) {
    static graph g;
    g.count = 0;
    CHECK_STATUS(csp_graph_visit(keep, &g), CSP_OK);
    return &g;
}

/* The sum of `count` (for holds; 1 for the others) over the edges like this one. */
static int matching(const graph *g, int kind, const csp_holder *holder, csp_end *end) {
    int found = 0;
    for (int i = 0; i < g->count; i++) {
        const csp_edge *e = &g->edges[i];
        if ((int)e->kind == kind && e->holder == csp_holder_id(holder) &&
            (end == NULL || (e->channel == csp_end_channel(end) && e->direction == csp_end_direction(end)))) {
            found += kind == CSP_EDGE_HOLDS ? (int)e->count : 1;
        }
    }
    return found;
}

static const csp_edge *first_of(const graph *g, int kind, const csp_holder *holder) {
    for (int i = 0; i < g->count; i++) {
        if ((int)g->edges[i].kind == kind && g->edges[i].holder == csp_holder_id(holder)) {
            return &g->edges[i];
        }
    }
    test_fail(__FILE__, __LINE__, "no such edge");
}

CASE(who_holds_what_is_shown,
     "One edge per channel, direction and holder, with the number of handles; holder 0 in transit.") {
    csp_holder *other = csp_holder_new("other");
    pair p = channel(1), q = channel(0);
    csp_end *clones[3] = {csp_end_clone(p.tx, other), csp_end_clone(p.tx, other), csp_end_clone(p.rx, other)};
    csp_payload *payload = csp_payload_new(0, 2);
    csp_payload_attach_end(payload, 0, csp_end_clone(q.rx, me));
    csp_payload_attach_end(payload, 1, csp_end_clone(q.rx, other));
    graph *g = read_graph();
    CHECK_INT(g->count, ==, 7);
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, me, p.tx), ==, 1);
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, me, p.rx), ==, 1);
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, other, p.tx), ==, 2);
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, other, p.rx), ==, 1);
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, NULL, q.rx), ==, 2);
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, me, q.rx), ==, 1);
    CHECK(strcmp(first_of(g, CSP_EDGE_HOLDS, other)->name, "other") == 0);
    CHECK(first_of(g, CSP_EDGE_HOLDS, NULL)->name[0] == '\0');
    csp_end_close(clones[0]);
    csp_end_close(clones[2]);
    g = read_graph();
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, other, p.tx), ==, 1);
    CHECK_INT(matching(g, CSP_EDGE_HOLDS, other, p.rx), ==, 0);
    csp_payload_release(payload);
    for (int i = 0; i < 3; i++) {
        csp_end_free(clones[i]);
    }
    free_pair(&p);
    free_pair(&q);
    csp_holder_release(other);
    CHECK_INT(read_graph()->count, ==, 0);
}

CASE(who_waits_for_what_is_shown,
     "Each parked operation is an edge with holder, thread, direction and deadline; a select has several.") {
    csp_holder *a = csp_holder_new("a"), *b = csp_holder_new("b");
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, a), q = channel_of(0, CSP_OVERFLOW_BLOCK, b);
    pending receiver, sender;
    choosing selecting;
    csp_message in, out = boxed(1);
    csp_guard guards[] = {on_recv(p.rx, &in), on_send(q.tx, &out)}; /* counted for the first guard's holder */
    int64_t deadline = csp_deadline_after(3600 * SECONDS);
    pend_recv(&receiver, p.rx, deadline);
    begin_choosing(&selecting, guards, 2, CSP_SELECT_FAIR);
    EVENTUALLY(RECEIVERS_WAITING(p.rx) == 2 && SENDERS_WAITING(q.tx) == 1);
    pend_send(&sender, q.tx, 5, CSP_FOREVER);
    graph *g = read_graph();
    CHECK_INT(matching(g, CSP_EDGE_WAITS, a, p.rx), ==, 2);
    CHECK_INT(matching(g, CSP_EDGE_WAITS, b, q.tx), ==, 2);
    CHECK_INT(matching(g, CSP_EDGE_WAITS, a, p.tx) + matching(g, CSP_EDGE_WAITS, b, q.rx), ==, 0);
    const csp_edge *first = first_of(g, CSP_EDGE_WAITS, a), *second = first + 1; /* in the order of the queue */
    CHECK_INT(first->deadline, ==, deadline);
    CHECK_INT(second->deadline, ==, CSP_FOREVER);
    CHECK(first->thread != 0 && second->thread != 0 && first->thread != second->thread);
    const csp_edge *of_select = first_of(g, CSP_EDGE_WAITS, b);
    CHECK_INT(of_select->thread, ==, second->thread);
    CHECK((of_select + 1)->thread != second->thread && (of_select + 1)->thread != first->thread);
    csp_holder_cancel(a);
    csp_holder_cancel(b);
    CHECK_INT(outcome(&receiver), ==, NOT(CSP_CANCELLED));
    CHECK_INT(outcome(&sender), ==, NOT(CSP_CANCELLED));
    CHECK_INT(chosen(&selecting), ==, NOT(CSP_CANCELLED));
    csp_message_drop(&out);
    g = read_graph();
    CHECK_INT(matching(g, CSP_EDGE_WAITS, a, NULL) + matching(g, CSP_EDGE_WAITS, b, NULL), ==, 0);
    free_pair(&p);
    free_pair(&q);
    csp_holder_release(a);
    csp_holder_release(b);
}

CASE(who_asks_whom_is_shown,
     "A wait for a reply names its holder and thread, and the callee once it has taken the call.") {
    csp_holder *caller = csp_holder_new("caller"), *callee = csp_holder_new("callee"), *next = csp_holder_new("next");
    csp_reply *reply = csp_reply_new();
    csp_message call = call_with(reply);
    asking a;
    int64_t deadline = csp_deadline_after(3600 * SECONDS);
    ask(&a, reply, caller, deadline, NULL);
    const csp_edge *edge = first_of(read_graph(), CSP_EDGE_ASKS, caller);
    CHECK_INT(edge->asked, ==, 0);
    CHECK_INT(edge->deadline, ==, deadline);
    CHECK(edge->thread != 0);
    CHECK(strcmp(edge->name, "caller") == 0);
    csp_reply *taken = csp_payload_take_reply(call.as.payload, 0, callee);
    CHECK_INT(first_of(read_graph(), CSP_EDGE_ASKS, caller)->asked, ==, csp_holder_id(callee));
    csp_message_drop(&call);
    call = call_with(taken); /* passed on: in a mailbox again */
    CHECK_INT(first_of(read_graph(), CSP_EDGE_ASKS, caller)->asked, ==, 0);
    taken = csp_payload_take_reply(call.as.payload, 0, next);
    csp_message_drop(&call);
    CHECK_INT(first_of(read_graph(), CSP_EDGE_ASKS, caller)->asked, ==, csp_holder_id(next));
    csp_message answer = inlined(1);
    CHECK(csp_reply_complete(taken, &answer, 0));
    finish(a.thread);
    CHECK_STATUS(a.status, CSP_OK);
    CHECK_INT(askers(), ==, 0);
    csp_reply_abandon(reply);
    csp_holder_release(caller);
    csp_holder_release(callee);
    csp_holder_release(next);
}

CASE(a_crowded_channel_is_shown_whole, "However many hold one channel and wait on it, every one of them is an edge.") {
    enum { CROWD = 50 };
    csp_holder *holders[CROWD];
    csp_end *ends[CROWD];
    pending receivers[CROWD];
    pair p = channel(0);
    for (int i = 0; i < CROWD; i++) {
        holders[i] = csp_holder_new("one of many");
        ends[i] = csp_end_clone(p.rx, holders[i]);
        pend_recv(&receivers[i], ends[i], CSP_FOREVER);
    }
    graph *g = read_graph();
    CHECK_INT(g->count, ==, 2 * CROWD + 2);
    for (int i = 0; i < CROWD; i++) {
        CHECK_INT(matching(g, CSP_EDGE_WAITS, holders[i], p.rx), ==, 1);
        CHECK_INT(matching(g, CSP_EDGE_HOLDS, holders[i], p.rx), ==, 1);
    }
    csp_end_close(p.tx);
    for (int i = 0; i < CROWD; i++) {
        CHECK_INT(outcome(&receivers[i]), ==, NOT(CSP_END_OF_CHANNEL));
        csp_end_free(ends[i]);
        csp_holder_release(holders[i]);
    }
    free_pair(&p);
}

static void use_the_core(const csp_edge *edge, void *context) {
    pair *p = context;
    csp_statistics s;
    CHECK_STATUS(csp_channel_statistics(edge->channel, &s), CSP_OK);
    CHECK_STATUS(put(p->tx, 1, CSP_POLL), CSP_OK);
    CHECK_INT(take(p->rx, CSP_POLL), ==, 1);
    pair made = channel(0);
    free_pair(&made);
}

CASE(a_visitor_may_use_the_core,
     "No lock is held while a visitor looks at an edge: it may send, receive, make and free.") {
    pair p = channel(1);
    CHECK_STATUS(csp_graph_visit(use_the_core, &p), CSP_OK);
    free_pair(&p);
}

/* ---- looking while others work --------------------------------------------------------------------------------- */

typedef struct {
    _Atomic bool enough;
    _Atomic int64_t edges;
} spectator;

static void check_edge(const csp_edge *edge, void *context) {
    spectator *s = context;
    csp_statistics statistics;
    atomic_fetch_add(&s->edges, 1);
    if (edge->kind != CSP_EDGE_ASKS) {
        CHECK(edge->channel != 0);
        csp_status status = csp_channel_statistics(edge->channel, &statistics);
        CHECK(status == CSP_STALE || (status == CSP_OK && statistics.id == edge->channel));
    }
    CHECK(edge->kind == CSP_EDGE_HOLDS || edge->thread != 0);
}

static void *look_all_the_time(void *argument) {
    spectator *s = argument;
    csp_totals totals;
    while (!atomic_load(&s->enough)) {
        CHECK_STATUS(csp_graph_visit(check_edge, s), CSP_OK);
        csp_totals_read(&totals);
        CHECK(totals.channels >= 0 && totals.channels <= 64);
    }
    return NULL;
}

static void *echo(void *argument) {
    csp_end *mailbox = argument;
    csp_message call;
    while (csp_recv(mailbox, &call, CSP_FOREVER, NULL) == CSP_OK) {
        csp_reply *reply = csp_payload_take_reply(call.as.payload, 0, me);
        csp_message_drop(&call);
        csp_message answer = boxed(1);
        csp_reply_complete(reply, &answer, 0);
    }
    return NULL;
}

CASE(looking_in_disturbs_nobody,
     "Graph, totals and statistics may be read while channels, replies and threads come and go.") {
    spectator s = {false, 0};
    pthread_t looking = go(look_all_the_time, &s);
    for (int64_t round = 0, rounds = scaled(2000); round < rounds || atomic_load(&s.edges) < 100; round++) {
        csp_holder *holder = csp_holder_new("short-lived");
        pair p = channel_of(0, CSP_OVERFLOW_BLOCK, holder);
        pthread_t echoing = go(echo, p.rx);
        csp_reply *reply = csp_reply_new();
        csp_message call = call_with(reply), answer;
        CHECK_STATUS(csp_send(p.tx, &call, CSP_FOREVER, NULL), CSP_OK);
        CHECK_STATUS(csp_reply_wait(reply, holder, &answer, CSP_FOREVER, NULL), CSP_OK);
        csp_message_drop(&answer);
        csp_reply_abandon(reply);
        csp_end_free(p.tx);
        finish(echoing);
        csp_end_free(p.rx);
        csp_holder_release(holder);
    }
    atomic_store(&s.enough, true);
    finish(looking);
}

enum { PLACES = 64 }; /* of the channel table when it is small; they are used in turn */

static void *await_channels(void *argument) {
    _Atomic int64_t *made = argument;
    csp_statistics statistics;
    for (int64_t n; (n = atomic_load(made)) >= 0;) {
        uint64_t next = (uint64_t)(n / PLACES + 1) << 32 | (uint64_t)(n % PLACES + 1);
        if (csp_channel_statistics(next, &statistics) == CSP_OK) {
            CHECK_INT(statistics.id, ==, next);
        }
    }
    return NULL;
}

CASE(a_channel_is_found_only_complete,
     "Whoever guesses the id of a channel that is being made finds nothing, or a whole channel.") {
    _Atomic int64_t made = 0;
    pthread_t awaiting = go(await_channels, &made);
    for (int64_t n = 0, rounds = scaled(50000); n < rounds; n++) {
        pair p = channel(1);
        free_pair(&p);
        atomic_store(&made, n + 1);
    }
    atomic_store(&made, -1);
    finish(awaiting);
}

CASE(totals_count_what_lives, "Every channel, end, holder, block, reply and thread is counted while it lives.") {
    csp_totals before, now;
    csp_totals_read(&before);
    CHECK_INT(before.holders, ==, 1); /* the harness's */
    CHECK_INT(before.channels + before.ends + before.payloads + before.replies, ==, 0);
    pair p = channel(0);
    csp_end *clone = csp_end_clone(p.rx, me);
    csp_reply *reply = csp_reply_new();
    csp_payload *payload = csp_payload_new(1, 0);
    pending receiver;
    pend_recv(&receiver, clone, CSP_FOREVER);
    csp_totals_read(&now);
    CHECK_INT(now.channels, ==, 1);
    CHECK_INT(now.ends, ==, 3);
    CHECK_INT(now.replies, ==, 1);
    CHECK_INT(now.payloads, ==, 1);
    CHECK_INT(now.threads, ==, before.threads + 1); /* main has not waited or moved anything yet */
    CHECK_INT(now.cpus, >=, 1);
    csp_end_close(p.tx);
    CHECK_INT(outcome(&receiver), ==, NOT(CSP_END_OF_CHANNEL));
    csp_totals_read(&now);
    CHECK_INT(now.threads, ==, before.threads);
    csp_end_free(clone);
    csp_payload_release(payload);
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    free_pair(&p);
    csp_totals_read(&now);
    CHECK_INT(now.channels + now.ends + now.payloads + now.replies, ==, 0);
}

/* ---- the gate -------------------------------------------------------------------------------------------------- */

typedef struct {
    int passes[CSP_GATE_EXPIRE + 1], done[CSP_GATE_EXPIRE + 1];
    csp_gate_operation operation;
    uint64_t holder, channel;
    csp_end *watched;
    uint32_t length_then;
} doorman;

static void count_pass(const csp_gate_event *event, void *context) {
    doorman *d = context;
    if (event->phase == CSP_GATE_DONE) {
        d->done[event->operation]++;
        return;
    }
    d->passes[event->operation]++;
    d->operation = event->operation;
    d->holder = event->holder;
    d->channel = event->channel;
    d->length_then = seen(d->watched).length;
}

CASE(the_gate_is_passed_before_every_operation,
     "Each operation announces itself, its holder and its channel before it looks, and that it is over.") {
    pair p = channel(2);
    doorman d = {.watched = p.rx};
    csp_gate gate = {count_pass, &d};
    csp_message message, answer;
    csp_reply *reply = csp_reply_new();
    csp_guard guard = on_recv(p.rx, &message);
    csp_gate_set(&gate);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    CHECK(d.operation == CSP_GATE_SEND && d.length_then == 0);
    CHECK(d.holder == csp_holder_id(me) && d.channel == csp_end_channel(p.tx));
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, 1);
    CHECK(d.operation == CSP_GATE_RECV && d.length_then == 1);
    CHECK(d.holder == csp_holder_id(me) && d.channel == csp_end_channel(p.tx));
    CHECK_INT(choose(&guard, 1, CSP_SELECT_FAIR, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK(d.operation == CSP_GATE_SELECT && d.holder == csp_holder_id(me));
    CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_POLL, NULL), CSP_WOULD_BLOCK);
    CHECK(d.operation == CSP_GATE_ASK && d.holder == csp_holder_id(me));
    csp_end_close(p.tx);
    CHECK(d.operation == CSP_GATE_CLOSE && d.holder == csp_holder_id(me) && d.channel == csp_end_channel(p.tx));
    for (int i = CSP_GATE_SEND; i <= CSP_GATE_CLOSE; i++) {
        CHECK_INT(d.passes[i], ==, 1);
        CHECK_INT(d.done[i], ==, 1);
    }
    csp_gate_set(NULL);
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_END_OF_CHANNEL));
    CHECK_INT(d.passes[CSP_GATE_RECV], ==, 1);
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    free_pair(&p);
}
