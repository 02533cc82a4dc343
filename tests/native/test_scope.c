/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes: what they cancel and what not. Races are in test_scope_races.c. */
#include "harness.h"

static const int64_t LONG = 3600 * SECONDS;

static csp_scope *entered(int64_t deadline, bool shield) {
    csp_scope *scope = csp_scope_new(deadline, shield);
    CHECK_STATUS(csp_scope_enter(scope), CSP_OK);
    return scope;
}

/* Leave and release; whether what comes out of it ends there. */
static bool left(csp_scope *scope) {
    bool caught;
    CHECK_STATUS(csp_scope_leave(scope, &caught), CSP_OK);
    csp_scope_release(scope);
    return caught;
}

/* ---- what hears it --------------------------------------------------------------------------------------------- */

CASE(every_operation_hears_a_cancelled_scope,
     "In a cancelled scope all that may wait is SCOPE_CANCELLED and does nothing; a poll is when it finds nothing.") {
    pair p = channel(1), full = channel(1), rendezvous = channel(0);
    csp_end *lock, *barrier, *broadcast, *subscriber;
    csp_reply *reply = csp_reply_new(), *held;
    csp_alternative *alternative = csp_alternative_new(me);
    csp_message answer, message, two[] = {inlined(2), inlined(3)};
    uint32_t place, chosen_place, reached;
    csp_status how;
    size_t done;
    int64_t index;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_LOCK, 0, 0, me, &lock), CSP_OK);
    CHECK_STATUS(csp_sync_new(CSP_SYNC_BARRIER, 0, 2, me, &barrier), CSP_OK);
    CHECK_STATUS(csp_broadcast_new(false, me, &broadcast), CSP_OK);
    CHECK_STATUS(csp_broadcast_subscribe(broadcast, 1, CSP_OVERFLOW_BLOCK, me, &subscriber), CSP_OK);
    CHECK_STATUS(csp_alternative_add(alternative, p.rx, &place), CSP_OK);
    CHECK_STATUS(put(full.tx, 7, CSP_POLL), CSP_OK);
    csp_scope *scope = entered(CSP_FOREVER, false);
    csp_scope_cancel(scope);
    for (int round = 0; round < 3; round++) {
        note("round %d", round);
        csp_guard guards[] = {on_recv(p.rx, &message), round == 0 ? on_timer(1) : on_timer(csp_now() + LONG)};
        csp_guard ready[] = {on_recv(full.rx, &message)}, timer[] = {on_timer(1)}, idle[] = {guards[0], on_skip()};
        CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
        CHECK_INT(take(p.rx, csp_deadline_after(LONG)), ==, NOT(CSP_SCOPE_CANCELLED));
        CHECK_INT(take(p.rx, 1), ==, NOT(CSP_SCOPE_CANCELLED));
        CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_SCOPE_CANCELLED));
        CHECK_INT(take(full.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED)); /* though something is there */
        CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_SCOPE_CANCELLED);        /* though there is room */
        CHECK_STATUS(put(full.tx, 1, CSP_POLL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_send_many(p.tx, two, 2, &done, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
        CHECK_INT(done, ==, 0);
        CHECK_STATUS(csp_send_many(full.tx, two, 2, &done, CSP_POLL, NULL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_recv_many(full.rx, &message, 1, &done, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_recv_many(p.rx, &message, 1, &done, CSP_POLL, NULL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_recv_extended(rendezvous.rx, &message, &held, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_recv_extended(rendezvous.rx, &message, &held, CSP_POLL, NULL), CSP_SCOPE_CANCELLED);
        FOR_BOTH_WAYS(way) {
            CHECK_INT(choose(guards, 2, way, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
            CHECK_INT(choose(guards, 1, way, CSP_POLL), ==, NOT(CSP_SCOPE_CANCELLED));
            CHECK_INT(choose(ready, 1, way, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
            CHECK_INT(choose(timer, 1, way, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
            CHECK_INT(choose(timer, 1, way, CSP_POLL), ==, NOT(CSP_SCOPE_CANCELLED));
            CHECK_INT(choose(idle, 2, way, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
            CHECK_STATUS(csp_alternative_select(alternative, way, CSP_FOREVER, NULL, &message, &chosen_place, &how),
                         CSP_SCOPE_CANCELLED);
            CHECK_STATUS(csp_alternative_select(alternative, way, CSP_POLL, NULL, &message, &chosen_place, &how),
                         CSP_SCOPE_CANCELLED);
        }
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_POLL, NULL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_recv(lock, &message, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_broadcast_send(broadcast, two, CSP_FOREVER, NULL, &reached), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_barrier_wait(barrier, CSP_FOREVER, NULL, &index), CSP_SCOPE_CANCELLED);
        CHECK_STATUS(csp_barrier_put(barrier, false), CSP_OK);
    }
    CHECK_INT(take(full.rx, CSP_POLL), ==, 7); /* what is there a poll gets */
    CHECK_STATUS(put(p.tx, 9, CSP_POLL), CSP_OK);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
    csp_message done_with = inlined(4);
    CHECK(csp_reply_complete(reply, &done_with, 0));
    CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, NULL), CSP_OK); /* so is an answer that has come */
    CHECK(left(scope));
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, 9);
    CHECK_STATUS(csp_recv(lock, &message, CSP_FOREVER, NULL), CSP_OK);
    csp_reply_abandon(reply);
    csp_alternative_free(alternative);
    csp_end_free(lock);
    csp_end_free(barrier);
    csp_end_free(broadcast);
    csp_end_free(subscriber);
    free_pair(&p);
    free_pair(&full);
    free_pair(&rendezvous);
}

/* ---- waits that have begun ------------------------------------------------------------------------------------- */

typedef enum { RECEIVES, SENDS, SELECTS, ASKS, WATCHES, SLEEPS, HOLDS, KINDS } kind;

typedef struct {
    kind kind;
    pair p;
    csp_reply *reply;
    csp_scope *scope;
    _Atomic bool inside;
    csp_status status;
    bool caught;
    pthread_t thread;
} waiter;

static void *wait_in_scope(void *argument) {
    waiter *w = argument;
    csp_message message = inlined(5), answer;
    csp_guard guards[] = {on_recv(w->p.rx, &message), on_timer(csp_now() + LONG)};
    csp_alternative *alternative = csp_alternative_new(me);
    csp_reply *held;
    uint32_t place;
    csp_status how;
    CHECK_STATUS(csp_alternative_add(alternative, w->p.rx, &place), CSP_OK);
    CHECK_STATUS(csp_scope_enter(w->scope), CSP_OK);
    atomic_store(&w->inside, true);
    switch (w->kind) {
        case RECEIVES:
            w->status = csp_recv(w->p.rx, &message, CSP_FOREVER, NULL);
            break;
        case SENDS:
            w->status = csp_send(w->p.tx, &message, CSP_FOREVER, NULL);
            CHECK_INT(opened(&message), ==, 5);
            break;
        case SELECTS:
            w->status = csp_select(guards, 2, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &place);
            break;
        case ASKS:
            w->status = csp_reply_wait(w->reply, me, &answer, CSP_FOREVER, NULL);
            break;
        case WATCHES:
            w->status =
                csp_alternative_select(alternative, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &message, &place, &how);
            break;
        case SLEEPS:
            w->status = csp_select(&guards[1], 1, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &place);
            break;
        default:
            w->status = csp_recv_extended(w->p.rx, &message, &held, CSP_FOREVER, NULL);
            break;
    }
    CHECK_STATUS(csp_scope_leave(w->scope, &w->caught), CSP_OK);
    csp_alternative_free(alternative);
    return NULL;
}

static bool waits(waiter *w) {
    if (!atomic_load(&w->inside) || w->kind == SLEEPS || w->kind == WATCHES) { /* no queue tells */
        return atomic_load(&w->inside);
    }
    return w->kind == ASKS    ? askers() == 1
           : w->kind == SENDS ? SENDERS_WAITING(w->p.tx) == 1
                              : RECEIVERS_WAITING(w->p.tx) == 1;
}

static void begin(waiter *w, kind kind, int64_t deadline) {
    *w = (waiter){.kind = kind, .p = channel(0), .reply = csp_reply_new(), .scope = csp_scope_new(deadline, false)};
    w->thread = go(wait_in_scope, w);
}

static void end(waiter *w) {
    finish(w->thread);
    CHECK_STATUS(w->status, CSP_SCOPE_CANCELLED);
    CHECK(w->caught);
    CHECK(csp_scope_cancelled(w->scope));
    CHECK_INT(SENDERS_WAITING(w->p.tx) + RECEIVERS_WAITING(w->p.rx), ==, 0);
    csp_scope_release(w->scope);
    csp_reply_break(w->reply, false);
    csp_reply_abandon(w->reply);
    free_pair(&w->p);
}

CASE(a_cancel_ends_a_wait, "Any sort of wait that is under way ends when another thread cancels the scope.") {
    for (kind k = 0; k < KINDS; k++) {
        note("kind %d", k);
        waiter w;
        begin(&w, k, CSP_FOREVER);
        EVENTUALLY(waits(&w));
        csp_scope_cancel(w.scope);
        end(&w);
    }
}

CASE(a_deadline_ends_a_wait, "Any sort of wait ends at the scope's deadline, though its own comes later or never.") {
    for (kind k = 0; k < KINDS; k++) {
        note("kind %d", k);
        waiter w;
        begin(&w, k, csp_deadline_after(2 * MILLISECONDS));
        end(&w);
    }
}

CASE(a_deadline_that_moves_is_heard,
     "A deadline that is moved nearer, or away, while the thread sleeps counts anew.") {
    for (kind k = 0; k < KINDS; k++) {
        note("kind %d", k);
        waiter w;
        begin(&w, k, csp_deadline_after(LONG));
        EVENTUALLY(waits(&w));
        csp_scope_set_deadline(w.scope, csp_deadline_after(2 * LONG));
        csp_scope_set_deadline(w.scope, csp_deadline_after(MILLISECONDS));
        end(&w);
    }
    waiter w;
    bool moved = false;
    while (!moved) { /* until it was moved in time */
        int64_t deadline = csp_deadline_after(20 * MILLISECONDS);
        begin(&w, RECEIVES, deadline);
        csp_scope_set_deadline(w.scope, CSP_FOREVER);
        moved = !csp_scope_cancelled(w.scope);
        EVENTUALLY(!moved || (waits(&w) && csp_now() > deadline + 20 * MILLISECONDS));
        CHECK(!moved || !csp_scope_cancelled(w.scope));
        csp_scope_cancel(w.scope);
        end(&w);
    }
}

static void note_deadline(const csp_edge *edge, void *context) {
    if (edge->kind == CSP_EDGE_WAITS && edge->deadline != CSP_FOREVER) {
        *(int64_t *)context = edge->deadline;
    }
}

static int64_t told_deadline(void) {
    int64_t deadline = 0;
    CHECK_STATUS(csp_graph_visit(note_deadline, &deadline), CSP_OK);
    return deadline;
}

CASE(the_wait_graph_tells_the_deadline_of_a_scope, "What waits in a scope with a deadline does not wait for ever.") {
    waiter w;
    int64_t deadline = csp_deadline_after(LONG);
    begin(&w, RECEIVES, deadline);
    EVENTUALLY(told_deadline() == deadline);
    csp_scope_cancel(w.scope);
    end(&w);
}

/* ---- nesting --------------------------------------------------------------------------------------------------- */

CASE(the_scope_that_was_cancelled_catches,
     "An inner scope that is cancelled catches it; one around it that is cancelled gets it; a bystander does not.") {
    pair p = channel(0);
    csp_scope *outer = entered(CSP_FOREVER, false), *inner = entered(CSP_FOREVER, false);
    csp_scope_cancel(inner);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK(left(inner));
    CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
    inner = entered(CSP_FOREVER, false);
    csp_scope_cancel(outer);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK(!left(inner));
    inner = entered(CSP_FOREVER, false);
    csp_scope_cancel(inner);
    CHECK(!left(inner)); /* both are: the outer one */
    CHECK(left(outer));
    CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
    free_pair(&p);
}

CASE(a_shield_keeps_out_what_is_around_it, "In a shielded scope only its own cancel and deadline count.") {
    pair p = channel(1);
    csp_scope *outer = entered(CSP_FOREVER, false), *shield = entered(CSP_FOREVER, true);
    csp_scope_cancel(outer);
    CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
    csp_scope_set_shield(shield, false);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    csp_scope_set_shield(shield, true);
    CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_OK);
    csp_scope *inner = entered(CSP_FOREVER, false);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, 1);
    csp_scope_cancel(shield);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK(!left(inner));
    CHECK(left(shield));
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK(left(outer));
    free_pair(&p);
}

CASE(the_nearest_deadline_counts, "Of nested scopes the earliest deadline ends the wait, and its scope catches.") {
    pair p = channel(0);
    csp_scope *outer = entered(csp_deadline_after(MILLISECONDS), false), *inner = entered(csp_now() + LONG, false);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK(!csp_scope_cancelled(inner));
    csp_scope_set_deadline(outer, CSP_FOREVER); /* it has passed, and stays passed */
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK(!left(inner));
    CHECK(csp_scope_cancelled(outer));
    CHECK(left(outer));
    outer = entered(csp_now() + LONG, false), inner = entered(1, false);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK(left(inner));
    CHECK(!left(outer));
    free_pair(&p);
}

CASE(its_own_deadline_is_a_timeout, "An operation whose own deadline comes first is TIMEOUT, scope or not.") {
    pair p = channel(0);
    csp_scope *scope = entered(csp_now() + LONG, false);
    CHECK_INT(take(p.rx, csp_deadline_after(MILLISECONDS)), ==, NOT(CSP_TIMEOUT));
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK(!left(scope));
    free_pair(&p);
}

/* ---- before, after, and out of order --------------------------------------------------------------------------- */

CASE(a_scope_is_used_once,
     "It can be cancelled before it is entered; it is entered once, left once, and dead after.") {
    pair p = channel(0);
    bool caught;
    csp_scope *scope = csp_scope_new(CSP_FOREVER, false);
    CHECK_STATUS(csp_scope_leave(scope, &caught), CSP_INVALID);
    csp_scope_cancel(scope);
    csp_scope_cancel(scope);
    CHECK_STATUS(csp_scope_enter(scope), CSP_OK);
    CHECK_STATUS(csp_scope_enter(scope), CSP_INVALID);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    CHECK_STATUS(csp_scope_leave(scope, &caught), CSP_OK);
    CHECK(caught);
    CHECK_STATUS(csp_scope_leave(scope, &caught), CSP_INVALID);
    CHECK_STATUS(csp_scope_enter(scope), CSP_INVALID);
    csp_scope *later = entered(CSP_FOREVER, false);
    csp_scope_cancel(scope);
    csp_scope_set_deadline(scope, 1);
    CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
    CHECK(!left(later));
    csp_scope_release(scope);
    free_pair(&p);
}

static void *leave_elsewhere(void *argument) {
    bool caught;
    CHECK_STATUS(csp_scope_leave(argument, &caught), CSP_INVALID);
    return NULL;
}

CASE(a_scope_that_is_left_out_of_order_is_left,
     "Left before those inside of it, or by another thread, it is INVALID, and cancels nothing any more.") {
    pair p = channel(0);
    bool caught;
    csp_scope *outer = entered(CSP_FOREVER, false), *inner = entered(CSP_FOREVER, false);
    csp_scope_cancel(outer);
    CHECK_STATUS(csp_scope_leave(outer, &caught), CSP_INVALID);
    CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
    csp_scope_cancel(inner);
    CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_SCOPE_CANCELLED));
    finish(go(leave_elsewhere, inner));
    CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
    csp_scope_release(inner);
    csp_scope_release(outer);
    free_pair(&p);
}

static void *end_inside(void *argument) {
    CHECK_STATUS(csp_scope_enter(argument), CSP_OK);
    return NULL;
}

CASE(a_thread_may_end_in_a_scope, "A scope whose thread has ended is cancelled for nobody; leaving it is in vain.") {
    bool caught;
    pair p = channel(0);
    csp_scope *scope = csp_scope_new(CSP_FOREVER, false);
    finish(go(end_inside, scope));
    csp_scope_cancel(scope);
    CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
    CHECK_STATUS(csp_scope_leave(scope, &caught), CSP_INVALID);
    csp_scope_release(scope);
    free_pair(&p);
}

/* ---- a lock, a receiver that holds us, a signal handler --------------------------------------------------------- */

CASE(a_condition_gives_the_lock_back, "Who is cancelled in a condition's wait has its lock again.") {
    static const csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_RLOCK};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        csp_end *lock, *condition;
        csp_message token;
        CHECK_STATUS(csp_sync_new(kinds[k], 1, 1, me, &lock), CSP_OK);
        CHECK_STATUS(csp_sync_new(CSP_SYNC_CONDITION, 0, 1, me, &condition), CSP_OK);
        CHECK_STATUS(csp_recv(lock, &token, CSP_FOREVER, NULL), CSP_OK);
        csp_scope *scope = entered(k == 0 ? csp_deadline_after(MILLISECONDS) : CSP_FOREVER, false);
        if (k == 1) {
            csp_scope_cancel(scope);
        }
        CHECK_STATUS(csp_condition_wait(condition, lock, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
        CHECK(left(scope));
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_INVALID); /* it was held, not forgiven */
        csp_end_free(lock);
        csp_end_free(condition);
    }
}

static void *hold_one(void *argument) {
    csp_message message;
    csp_reply *held;
    pair *p = argument;
    CHECK_STATUS(csp_recv_extended(p->rx, &message, &held, CSP_FOREVER, NULL), CSP_OK);
    csp_message_drop(&message);
    return held;
}

CASE(a_sender_that_is_held_is_let_go, "Cancelled while an extended receiver holds it, a sender has no message.") {
    pair p = channel(0);
    pthread_t receiver = go(hold_one, &p);
    EVENTUALLY(RECEIVERS_WAITING(p.tx) == 1);
    csp_scope *scope = entered(csp_deadline_after(20 * MILLISECONDS), false);
    csp_message message = boxed(1);
    CHECK_STATUS(csp_send(p.tx, &message, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
    CHECK_INT(message.kind, ==, 0);
    CHECK(left(scope));
    void *held;
    CHECK_INT(pthread_join(receiver, &held), ==, 0);
    csp_reply_break(held, false);
    free_pair(&p);
}

typedef struct {
    csp_scope *inside;
    csp_end *rx;
    csp_status status;
    bool caught;
    int asked;
    bool cancels;
} handler;

static int in_a_scope_of_its_own(void *context) {
    handler *h = context;
    csp_message message;
    if (h->asked++ == 0) {
        csp_scope *own = entered(CSP_FOREVER, false);
        csp_scope_cancel(own);
        CHECK_STATUS(csp_recv(h->rx, &message, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
        CHECK(left(own));
        CHECK_STATUS(csp_recv(h->rx, &message, csp_deadline_after(1), NULL), CSP_TIMEOUT);
        return 0;
    }
    csp_scope_cancel(h->inside);
    CHECK_STATUS(csp_recv(h->rx, &message, CSP_FOREVER, NULL), CSP_SCOPE_CANCELLED);
    return 0;
}

CASE(a_signal_handler_has_scopes_of_its_own,
     "What a handler cancels of its own leaves the wait beneath it alone; what it cancels around both ends both.") {
    pair p = channel(0), q = channel(0);
    csp_message message;
    handler h = {.inside = entered(CSP_FOREVER, false), .rx = q.rx};
    csp_hooks hooks = {.interrupted = in_a_scope_of_its_own, .context = &h, .slice_ns = MILLISECONDS};
    CHECK_STATUS(csp_recv(p.rx, &message, CSP_FOREVER, &hooks), CSP_SCOPE_CANCELLED);
    CHECK_INT(h.asked, ==, 2);
    CHECK(left(h.inside));
    free_pair(&p);
    free_pair(&q);
}
