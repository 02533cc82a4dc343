/* SPDX-License-Identifier: MIT
 *
 * Cancelling a scope in the moment in which its thread is given something, moves on, or leaves. */
#include "harness.h"

/* One thread takes up a scope after the other; the latest one is where others find it, with a reference of their own. */
typedef struct {
    pthread_mutex_t lock;
    csp_scope *latest;
    _Atomic bool enough;
    int64_t deadlines; /* how far away they are set, at most; 0: cancel instead */
    uint64_t random;   /* of the thread in the scopes */
} board;

static void show(board *b, csp_scope *scope) {
    pthread_mutex_lock(&b->lock);
    csp_scope_release(b->latest);
    b->latest = scope != NULL ? csp_scope_retain(scope) : NULL;
    pthread_mutex_unlock(&b->lock);
}

static csp_scope *latest(board *b) {
    pthread_mutex_lock(&b->lock);
    csp_scope *scope = b->latest != NULL ? csp_scope_retain(b->latest) : NULL;
    pthread_mutex_unlock(&b->lock);
    return scope;
}

static void *cancel_the_latest(void *argument) {
    board *b = argument;
    uint64_t random = 11 + (uint64_t)b->deadlines;
    while (!atomic_load(&b->enough)) {
        csp_scope *scope = latest(b);
        dawdle(&random, 3000);
        if (scope != NULL && b->deadlines > 0) {
            csp_scope_set_deadline(scope,
                                   csp_deadline_after((int64_t)(random_next(&random) % (uint64_t)b->deadlines)));
            csp_scope_set_shield(scope, random_next(&random) % 2 == 0);
        } else if (scope != NULL) {
            csp_scope_cancel(scope);
        }
        csp_scope_release(scope);
    }
    return NULL;
}

typedef struct {
    pair p;
    int64_t rounds;
    tally arrived;
    int64_t given_up;
    board board;
    bool selects;
    pthread_t thread;
} side;

static csp_scope *enter(board *b) {
    int64_t within = b->deadlines > 0 ? 1 + (int64_t)(random_next(&b->random) % (uint64_t)b->deadlines) : 0;
    csp_scope *scope = csp_scope_new(within > 0 ? csp_deadline_after(within) : CSP_FOREVER, false);
    CHECK_STATUS(csp_scope_enter(scope), CSP_OK);
    show(b, scope);
    return scope;
}

static void leave(csp_scope *scope, csp_status status) {
    bool caught;
    CHECK_STATUS(csp_scope_leave(scope, &caught), CSP_OK);
    CHECK(status != CSP_SCOPE_CANCELLED || caught);
    csp_scope_release(scope);
}

/* Each number is sent until it has gone. */
static void *send_all(void *argument) {
    side *s = argument;
    for (int64_t n = 0; n < s->rounds;) {
        csp_scope *scope = enter(&s->board);
        csp_message message = boxed(n);
        csp_guard guards[] = {on_send(s->p.tx, &message), off()};
        uint32_t chosen;
        csp_status status = s->selects ? csp_select(guards, 2, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &chosen)
                                       : csp_send(s->p.tx, &message, CSP_FOREVER, NULL);
        leave(scope, status);
        CHECK(status == CSP_OK || status == CSP_SCOPE_CANCELLED);
        CHECK_INT(message.kind != 0, ==, status != CSP_OK);
        s->given_up += status != CSP_OK;
        n += status == CSP_OK;
        csp_message_drop(&message);
    }
    show(&s->board, NULL);
    csp_end_close(s->p.tx);
    return NULL;
}

static void *recv_all(void *argument) {
    side *s = argument;
    csp_status status;
    do {
        csp_scope *scope = enter(&s->board);
        csp_message message;
        csp_guard guards[] = {on_recv(s->p.rx, &message), off()};
        uint32_t chosen;
        status = s->selects ? csp_select(guards, 2, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &chosen)
                            : csp_recv(s->p.rx, &message, CSP_FOREVER, NULL);
        status = s->selects && status == CSP_OK ? guards[0].status : status;
        leave(scope, status);
        if (status == CSP_OK) {
            tally_add(&s->arrived, opened(&message));
        }
        s->given_up += status == CSP_SCOPE_CANCELLED;
    } while (status != CSP_END_OF_CHANNEL);
    show(&s->board, NULL);
    return NULL;
}

/* How many operations were cancelled. */
static int64_t race(uint32_t capacity, bool selects, int64_t deadlines) {
    side s[2];
    pthread_t cancelling[2];
    pair p = channel(capacity);
    int64_t rounds = scaled(2000);
    tally arrived = tally_of(rounds);
    for (int i = 0; i < 2; i++) {
        s[i] = (side){.p = p, .rounds = rounds, .arrived = arrived, .selects = selects};
        s[i].board.deadlines = deadlines;
        s[i].board.random = 3 + (uint64_t)i;
        pthread_mutex_init(&s[i].board.lock, NULL);
        cancelling[i] = go(cancel_the_latest, &s[i].board);
    }
    s[0].thread = go(send_all, &s[0]);
    s[1].thread = go(recv_all, &s[1]);
    for (int i = 0; i < 2; i++) {
        finish(s[i].thread);
        atomic_store(&s[i].board.enough, true);
        finish(cancelling[i]);
    }
    tally_check(&arrived, 1);
    CHECK_CONSERVED(p.rx);
    free_pair(&p);
    return s[0].given_up + s[1].given_up;
}

CASE(a_cancel_that_races_with_delivery,
     "Both sides are cancelled all the time: each message arrives once, and who was cancelled has it still.") {
    for (uint32_t capacity = 0; capacity < 3; capacity += 2) {
        for (int selects = 0; selects < 2; selects++) {
            note("capacity %u, selects %d", capacity, selects);
            while (race(capacity, selects != 0, 0) == 0) {
            } /* whoever cancels may get no CPU for so long */
        }
    }
}

CASE(a_deadline_that_races_with_delivery, "The same with deadlines that others move, and with shields.") {
    for (uint32_t capacity = 0; capacity < 3; capacity += 2) {
        note("capacity %u", capacity);
        while (race(capacity, false, 30000) == 0) {
        }
    }
}

typedef struct {
    board board;
    pair p;
    int64_t rounds;
} mover;

static void *wait_outside(void *argument) {
    mover *m = argument;
    for (int64_t n = 0; n < m->rounds; n++) {
        csp_scope *scope = enter(&m->board);
        leave(scope, CSP_OK);
        CHECK_INT(take(m->p.rx, CSP_FOREVER), ==, n); /* while the scope is being cancelled */
        csp_scope *other = csp_scope_new(CSP_FOREVER, false);
        CHECK_STATUS(csp_scope_enter(other), CSP_OK);
        CHECK_INT(take(m->p.rx, CSP_FOREVER), ==, n);
        leave(other, CSP_OK);
    }
    show(&m->board, NULL);
    return NULL;
}

CASE(a_scope_that_was_left_cancels_nothing, "The wait after it, in no scope or another, never hears a late cancel.") {
    mover m = {.p = channel(0), .rounds = scaled(2000)};
    pthread_mutex_init(&m.board.lock, NULL);
    pthread_t waiting = go(wait_outside, &m), cancelling = go(cancel_the_latest, &m.board);
    uint64_t random = 5;
    for (int64_t n = 0; n < 2 * m.rounds; n++) {
        dawdle(&random, 3000);
        CHECK_STATUS(put(m.p.tx, n / 2, CSP_FOREVER), CSP_OK);
    }
    finish(waiting);
    atomic_store(&m.board.enough, true);
    finish(cancelling);
    free_pair(&m.p);
}

typedef struct {
    csp_scope *scope;
    start_line *line;
    int64_t deadline;
} once;

static void *cancel_once(void *argument) {
    once *o = argument;
    uint64_t random = (uint64_t)(uintptr_t)o->scope | 1;
    line_up(o->line, 2);
    dawdle(&random, 2000);
    if (o->deadline > 0) {
        csp_scope_set_deadline(o->scope, o->deadline);
    } else {
        csp_scope_cancel(o->scope);
    }
    return NULL;
}

CASE(no_cancel_is_missed,
     "A cancel, or a deadline that comes nearer, before, while and after the thread falls asleep wakes it.") {
    pair p = channel(0);
    csp_spin_limit(0);
    for (int64_t n = 0, rounds = scaled(3000); n < rounds; n++) {
        start_line line = {0};
        once o = {csp_scope_new(csp_now() + 3600 * SECONDS, false), &line, n % 2 == 0 ? 0 : 1};
        pthread_t cancelling = go(cancel_once, &o);
        line_up(&line, 2);
        CHECK_STATUS(csp_scope_enter(o.scope), CSP_OK);
        CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED)); /* or for ever */
        bool caught;
        CHECK_STATUS(csp_scope_leave(o.scope, &caught), CSP_OK);
        CHECK(caught);
        finish(cancelling);
        csp_scope_release(o.scope);
    }
    free_pair(&p);
}
