/* SPDX-License-Identifier: MIT
 *
 * Operations that no thread waits in: begun, told of, finished, cancelled. Selects are in test_operation_select.c, races in
 * test_operation_races.c. */
#include "holding/holder.h"
#include "operating.h"
#include "platform/list.h"
#include "waiting/waiter.h"

/* ---- sending and receiving ------------------------------------------------------------------------------------- */

CASE(what_need_not_wait_is_over_at_once, "What can be done at once is done by beginning it, and nobody is told.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(1);
    csp_operation *operation = operation_of(&l, NULL);
    csp_message message = boxed(1);
    CHECK_STATUS(csp_begin_send(operation, p.tx, &message, CSP_FOREVER), CSP_OK);
    CHECK_INT(message.kind, ==, 0);
    CHECK_STATUS(csp_operation_finish(operation, &message, NULL), CSP_INVALID);
    CHECK_STATUS(csp_begin_recv(operation, p.rx, &message, CSP_FOREVER), CSP_OK);
    CHECK_INT(opened(&message), ==, 1);
    csp_end_close(p.tx);
    CHECK_STATUS(csp_begin_recv(operation, p.rx, &message, CSP_FOREVER), CSP_END_OF_CHANNEL);
    CHECK(csp_loop_next(l.loop) == NULL);
    CHECK_INT(atomic_load(&l.told), ==, 0);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_receive_is_told_of, "A receive that has to wait ends when something is sent: its loop is told, and has it.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *operation = operation_of(&l, NULL);
    begin_recv(operation, p.rx);
    csp_message message;
    CHECK_STATUS(csp_operation_finish(operation, &message, NULL), CSP_WOULD_BLOCK);
    CHECK_STATUS(csp_begin_recv(operation, p.rx, &message, CSP_FOREVER), CSP_INVALID);
    CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 1);
    CHECK(csp_loop_next(l.loop) == NULL);
    CHECK_STATUS(put(p.tx, 7, CSP_POLL), CSP_OK);
    CHECK_INT(atomic_load(&l.told), ==, 1);
    CHECK(csp_loop_next(l.loop) == operation);
    CHECK_INT(end_of(operation), ==, 7);
    CHECK(csp_loop_next(l.loop) == NULL);
    csp_operation_free(operation);
    CHECK_CONSERVED(p.tx);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_loop_is_told_once,
     "Only the first that ends on an empty list tells of it; they come in the order of their ends.") {
    enum { MANY = 50 };
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *operations[MANY];
    for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < MANY; i++) {
            operations[i] = round == 1 ? operation_of(&l, NULL) : operations[i];
            begin_recv(operations[i], p.rx);
        }
        for (int i = 0; i < MANY; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        CHECK_INT(atomic_load(&l.told), ==, round);
        for (int i = 0; i < MANY; i++) {
            CHECK(csp_loop_next(l.loop) == operations[i]);
            CHECK_INT(end_of(operations[i]), ==, i);
        }
        CHECK(csp_loop_next(l.loop) == NULL);
    }
    for (int i = 0; i < MANY; i++) {
        csp_operation_free(operations[i]);
    }
    free_pair(&p);
    shut_loop(&l);
}

CASE(they_stand_in_line_with_threads, "Senders that are threads, postings and operations are served in one order.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *operation = operation_of(&l, NULL);
    pending thread;
    csp_posting *posting;
    csp_message message = boxed(3);
    pend_send(&thread, p.tx, 1, CSP_FOREVER);
    begin_send(operation, p.tx, 2);
    CHECK_STATUS(csp_post(p.tx, &message, CSP_FOREVER, &posting), CSP_OK);
    for (int i = 1; i <= 3; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    CHECK_INT(outcome(&thread), ==, 0);
    CHECK(csp_loop_next(l.loop) == operation);
    CHECK_INT(end_of(operation), ==, NOT(CSP_OK));
    csp_posting_release(posting);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(two_operations_meet, "A send and a receive that no thread waits in hand over to each other.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *sends = operation_of(&l, NULL), *receives = operation_of(&l, NULL);
    csp_message message;
    begin_send(sends, p.tx, 4);
    CHECK_STATUS(csp_begin_recv(receives, p.rx, &message, CSP_FOREVER), CSP_OK);
    CHECK_INT(opened(&message), ==, 4);
    CHECK_INT(end_of(sends), ==, NOT(CSP_OK)); /* found out without looking into the list */
    begin_send(sends, p.tx, 5);                /* and begun anew while it stands there */
    CHECK(csp_loop_next(l.loop) == NULL);
    CHECK_INT(take(p.rx, CSP_POLL), ==, 5);
    CHECK(csp_loop_next(l.loop) == sends);
    CHECK_INT(end_of(sends), ==, NOT(CSP_OK));
    csp_operation_free(sends);
    csp_operation_free(receives);
    CHECK_CONSERVED(p.tx);
    free_pair(&p);
    shut_loop(&l);
}

CASE(an_end_of_the_channel_ends_it,
     "A close, an abort and the close of its own handle end what is under way, each with its "
     "status, and a message that did not go is back.") {
    static const csp_status of_send[] = {CSP_BROKEN, CSP_BROKEN, CSP_CLOSED_END};
    static const csp_status of_recv[] = {CSP_END_OF_CHANNEL, CSP_END_OF_CHANNEL, CSP_CLOSED_END};
    for (int how = 0; how < 3; how++) {
        for (int sends = 0; sends < 2; sends++) {
            told_loop l;
            open_loop(&l);
            pair p = channel(0);
            csp_operation *operation = operation_of(&l, NULL);
            if (sends) {
                begin_send(operation, p.tx, 9);
            } else {
                begin_recv(operation, p.rx);
            }
            if (how == 1) {
                CHECK_STATUS(csp_end_abort(p.tx, NULL), CSP_OK);
            } else {
                csp_end_close((how == 0) == (sends == 1) ? p.rx : p.tx);
            }
            CHECK(csp_loop_next(l.loop) == operation);
            csp_message message;
            CHECK_STATUS(csp_operation_finish(operation, &message, NULL), sends ? of_send[how] : of_recv[how]);
            CHECK_INT(message.kind == 0 ? -1 : opened(&message), ==, sends ? 9 : -1);
            csp_operation_free(operation);
            free_pair(&p);
            shut_loop(&l);
        }
    }
}

CASE(an_end_may_be_freed,
     "An end that is freed under an operation is closed, and stays in memory until that is told.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *operation = operation_of(&l, NULL);
    begin_recv(operation, p.rx);
    csp_end_free(p.rx);
    CHECK_INT(end_of(operation), ==, NOT(CSP_CLOSED_END));
    csp_operation_free(operation);
    csp_end_free(p.tx);
    shut_loop(&l);
}

CASE(what_is_asked_wrongly,
     "A wrong direction, a poll and a recursive lock are INVALID, and leave the operation free.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_end *lock;
    csp_reply *reply = csp_reply_new();
    csp_operation *operation = operation_of(&l, NULL);
    csp_message message = boxed(1), got;
    uint32_t chosen;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_RLOCK, 1, 1, me, &lock), CSP_OK);
    csp_guard guard = on_recv(lock, &got);
    CHECK_STATUS(csp_begin_send(operation, p.rx, &message, CSP_FOREVER), CSP_INVALID);
    CHECK_STATUS(csp_begin_send(operation, p.tx, &message, CSP_POLL), CSP_INVALID);
    CHECK_STATUS(csp_begin_recv(operation, p.tx, &got, CSP_FOREVER), CSP_INVALID);
    CHECK_STATUS(csp_begin_recv(operation, p.rx, &got, CSP_POLL), CSP_INVALID);
    CHECK_STATUS(csp_begin_recv(operation, lock, &got, CSP_FOREVER), CSP_INVALID);
    CHECK_STATUS(csp_begin_select(operation, &guard, 1, 0, CSP_FOREVER, &chosen), CSP_INVALID);
    CHECK_STATUS(csp_begin_select(operation, &guard, 0, 0, CSP_FOREVER, &chosen), CSP_INVALID);
    CHECK_STATUS(csp_begin_wait(operation, reply, CSP_POLL, &got), CSP_INVALID);
    CHECK(!csp_operation_cancel(operation) && !csp_operation_expire(operation));
    CHECK_INT(csp_operation_deadline(operation), ==, CSP_FOREVER);
    CHECK_INT(opened(&message), ==, 1);
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    csp_end_free(lock);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(objects_are_acquired,
     "A lock, a semaphore, an event and a condition are waited for; a lock goes back by csp_unreceive.") {
    told_loop l;
    open_loop(&l);
    static const csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_SEMAPHORE, CSP_SYNC_EVENT, CSP_SYNC_CONDITION};
    csp_operation *operation = operation_of(&l, NULL);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        csp_end *handle;
        csp_message message;
        csp_sync_state state;
        CHECK_STATUS(csp_sync_new(kinds[i], 0, 1, me, &handle), CSP_OK);
        begin_recv(operation, handle);
        if (kinds[i] == CSP_SYNC_EVENT) {
            CHECK_STATUS(csp_event_put(handle, true), CSP_OK);
        } else if (kinds[i] == CSP_SYNC_CONDITION) {
            CHECK_INT(csp_condition_notify(handle, 1), ==, 1);
        } else {
            CHECK_STATUS(csp_sync_release(handle, 1), CSP_OK);
        }
        CHECK(csp_loop_next(l.loop) == operation);
        CHECK_STATUS(csp_operation_finish(operation, &message, NULL), CSP_OK);
        CHECK_INT(message.kind, !=, 0);
        csp_unreceive(handle, &message);
        csp_sync_read(handle, &state);
        CHECK_INT(state.value, ==, kinds[i] != CSP_SYNC_CONDITION);
        csp_end_free(handle);
    }
    csp_operation_free(operation);
    shut_loop(&l);
}

CASE(who_is_freed_hands_on_that_a_lock_was_abandoned,
     "An operation that is freed was told of nothing: the next who takes the lock hears what it would have heard.") {
    told_loop l;
    open_loop(&l);
    csp_end *lock, *other;
    csp_message message;
    csp_operation *operation = operation_of(&l, NULL);
    CHECK_STATUS(csp_sync_new(CSP_SYNC_LOCK, 1, 1, me, &lock), CSP_OK);
    other = csp_end_clone(lock, me);
    CHECK_STATUS(csp_recv(other, &message, CSP_POLL, NULL), CSP_OK);
    begin_recv(operation, lock);
    csp_end_free(other);
    CHECK(csp_loop_next(l.loop) == operation);
    csp_operation_free(operation);
    CHECK_STATUS(csp_recv(lock, &message, CSP_POLL, NULL), CSP_ABANDONED);
    CHECK_STATUS(csp_recv(lock, &message, CSP_POLL, NULL), CSP_OK);
    csp_end_free(lock);
    shut_loop(&l);
}

/* ---- giving up ------------------------------------------------------------------------------------------------- */

CASE(a_cancel_takes_it_back,
     "A cancel ends what is under way, once; what was to be sent is back, and nobody stands in line.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *operation = operation_of(&l, NULL);
    csp_message message;
    begin_send(operation, p.tx, 6);
    CHECK(csp_operation_cancel(operation));
    CHECK(!csp_operation_cancel(operation));
    CHECK_INT(SENDERS_WAITING(p.tx), ==, 0);
    CHECK_STATUS(csp_operation_finish(operation, &message, NULL), CSP_INTERRUPTED);
    CHECK_INT(opened(&message), ==, 6);
    begin_recv(operation, p.rx);
    CHECK(csp_operation_cancel(operation));
    CHECK_INT(end_of(operation), ==, NOT(CSP_INTERRUPTED));
    CHECK(csp_loop_next(l.loop) == NULL);
    CHECK_INT(atomic_load(&l.told), ==, 0);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_cancel_that_comes_too_late,
     "What was met before the cancel is there: a message that nobody wants goes to the front.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(5);
    csp_operation *operation = operation_of(&l, NULL);
    csp_message message;
    begin_recv(operation, p.rx);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    CHECK(!csp_operation_cancel(operation));
    CHECK_STATUS(csp_operation_finish(operation, &message, NULL), CSP_OK);
    csp_unreceive(p.rx, &message);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    CHECK_CONSERVED(p.tx);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(freeing_undoes, "An operation that is freed leaves its queue, and what it had received goes to the front.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(5);
    csp_operation *met = operation_of(&l, NULL), *waits = operation_of(&l, NULL), *sends = operation_of(&l, NULL);
    begin_recv(met, p.rx);
    begin_recv(waits, p.rx);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    csp_operation_free(met); /* it stands in the list: to the next who waits */
    CHECK_INT(end_of(waits), ==, 1);
    begin_recv(waits, p.rx);
    csp_operation_free(waits);
    CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 0);
    for (int i = 0; i < 5; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    begin_send(sends, p.tx, 5);
    csp_operation_free(sends); /* dropped with its message */
    for (int i = 0; i < 5; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK_CONSERVED(p.tx);
    CHECK(csp_loop_next(l.loop) == NULL);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_deadline_is_its_owners_to_keep,
     "The owner is told when, and nothing ends before; then it is TIMEOUT, unless it was met.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *operation = operation_of(&l, NULL);
    csp_message message;
    int64_t late = csp_deadline_after(3600 * SECONDS);
    CHECK_STATUS(csp_begin_recv(operation, p.rx, &message, late), CSP_WOULD_BLOCK);
    CHECK_INT(csp_operation_deadline(operation), ==, late);
    CHECK(!csp_operation_expire(operation));
    CHECK(csp_operation_cancel(operation));
    CHECK_INT(end_of(operation), ==, NOT(CSP_INTERRUPTED));
    CHECK_STATUS(csp_begin_recv(operation, p.rx, &message, 1), CSP_WOULD_BLOCK);
    CHECK(csp_operation_expire(operation));
    CHECK_INT(end_of(operation), ==, NOT(CSP_TIMEOUT));
    CHECK_STATUS(csp_begin_recv(operation, p.rx, &message, 1), CSP_WOULD_BLOCK);
    CHECK_STATUS(put(p.tx, 3, CSP_POLL), CSP_OK);
    CHECK(!csp_operation_expire(operation));
    CHECK_INT(end_of(operation), ==, 3);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_loop_may_go_first, "Operations outlive their loop: they are finished and freed as ever, and nobody is told.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *ready = operation_of(&l, NULL), *waits = operation_of(&l, NULL);
    begin_recv(ready, p.rx);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    begin_recv(waits, p.rx);
    csp_loop_free(l.loop);
    CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
    CHECK_INT(end_of(ready), ==, 1);
    CHECK_INT(end_of(waits), ==, 2);
    CHECK_INT(atomic_load(&l.told), ==, 1);
    csp_operation_free(ready);
    CHECK_INT(atomic_load(&l.closed), ==, 0);
    csp_operation_free(waits);
    CHECK_INT(atomic_load(&l.closed), ==, 1);
    CHECK_INT(csp__operations_alive(), ==, 0);
    free_pair(&p);
}

/* ---- calls, and senders that are held --------------------------------------------------------------------------- */

CASE(an_answer_is_waited_for,
     "A call's answer, or that there is none, ends the wait for it; also one that was there before.") {
    told_loop l;
    open_loop(&l);
    csp_operation *operation = operation_of(&l, me);
    for (int how = 0; how < 4; how++) {
        csp_reply *reply = csp_reply_new();
        csp_message answer = boxed(8), got;
        if (how == 0) {
            CHECK(csp_reply_complete(reply, &answer, 0));
        }
        CHECK_STATUS(csp_begin_wait(operation, reply, CSP_FOREVER, &got), how == 0 ? CSP_OK : CSP_WOULD_BLOCK);
        if (how == 1) {
            CHECK(csp_reply_complete(reply, &answer, 0));
        } else if (how == 2) {
            csp_reply_break(reply, true);
        } else if (how == 3) {
            CHECK(csp_operation_cancel(operation));
        }
        if (how > 0) {
            CHECK((csp_loop_next(l.loop) == operation) == (how < 3));
            CHECK_STATUS(csp_operation_finish(operation, &got, NULL), how == 3 ? CSP_INTERRUPTED : CSP_OK);
        }
        CHECK_INT(got.kind == 0 ? 0 : got.tag, ==, how == 2 ? (int64_t)(CSP_REPLY_BROKEN | CSP_REPLY_MAYBE_RAN) : 0);
        csp_message_drop(&got);
        csp_reply_abandon(reply);
        if (how == 3) {
            CHECK(!csp_reply_complete(reply, &answer, 0)); /* handed to nobody */
        }
        csp_message_drop(&answer);
    }
    csp_operation_free(operation);
    shut_loop(&l);
}

typedef struct {
    int waits, asks;
    uint64_t holder, asked;
} sight;

static void look(const csp_edge *edge, void *context) {
    sight *s = context;
    if (edge->thread == 0 && edge->kind != CSP_EDGE_HOLDS) {
        s->waits += edge->kind == CSP_EDGE_WAITS;
        s->asks += edge->kind == CSP_EDGE_ASKS;
        s->holder = edge->holder;
        s->asked = edge->asked;
        CHECK_INT(edge->since, >, 0);
    }
}

CASE(the_wait_graph_knows_them,
     "An operation is seen with its own holder and no thread, and whom it asks; and then no more.") {
    told_loop l;
    open_loop(&l);
    csp_holder *task = csp_holder_new("task"), *callee = csp_holder_new("callee");
    csp_operation *operation = operation_of(&l, task);
    pair p = channel(0);
    begin_recv(operation, p.rx);
    sight seen_now = {0};
    CHECK_STATUS(csp_graph_visit(look, &seen_now), CSP_OK);
    CHECK(seen_now.waits == 1 && seen_now.asks == 0 && seen_now.holder == csp_holder_id(task));
    CHECK(csp_operation_cancel(operation));
    CHECK_INT(end_of(operation), ==, NOT(CSP_INTERRUPTED));
    csp_reply *reply = csp_reply_new();
    csp_message message = call_with(reply), answer;
    CHECK_STATUS(csp_begin_wait(operation, reply, CSP_FOREVER, &answer), CSP_WOULD_BLOCK);
    csp_reply *owed = csp_payload_take_reply(message.as.payload, 0, callee);
    csp_message_drop(&message);
    seen_now = (sight){0};
    CHECK_STATUS(csp_graph_visit(look, &seen_now), CSP_OK);
    CHECK(seen_now.waits == 0 && seen_now.asks == 1 && seen_now.holder == csp_holder_id(task));
    CHECK_INT(seen_now.asked, ==, csp_holder_id(callee));
    csp_reply_break(owed, false);
    CHECK_INT(end_of(operation), ==, 0);
    seen_now = (sight){0};
    CHECK_STATUS(csp_graph_visit(look, &seen_now), CSP_OK);
    CHECK_INT(seen_now.waits + seen_now.asks, ==, 0);
    csp_reply_abandon(reply);
    csp_operation_free(operation);
    csp_holder_release(task);
    csp_holder_release(callee);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_receiver_may_hold_it,
     "A send that an extended receive meets ends when the receiver has finished, whoever came first; it can be "
     "called off before, and its message has gone.") {
    told_loop l;
    open_loop(&l);
    csp_operation *operation = operation_of(&l, NULL);
    for (int how = 0; how < 5; how++) {
        pair p = channel(0);
        csp_message message, said = boxed(44);
        csp_reply *owed;
        begin_send(operation, p.tx, 3);
        CHECK_STATUS(csp_recv_extended(p.rx, &message, &owed, CSP_POLL, NULL), CSP_OK);
        CHECK_INT(opened(&message), ==, 3);
        if (how != 4) {
            CHECK(csp_loop_next(l.loop) == NULL); /* it goes on */
            CHECK_STATUS(csp_operation_finish(operation, &message, NULL), CSP_WOULD_BLOCK);
        }
        if (how == 0 || how == 1 || how == 4) {
            CHECK(csp_reply_complete(owed, &said, how == 1 ? CSP_REPLY_FAILED : 0));
        } else if (how == 2) {
            csp_end_abort(p.rx, NULL);
        } else {
            CHECK(csp_operation_cancel(operation));
        }
        CHECK((csp_loop_next(l.loop) == operation) == (how != 3));
        CHECK_STATUS(csp_operation_finish(operation, &message, NULL), how == 0 || how == 4 ? CSP_OK
                                                                      : how == 3           ? CSP_INTERRUPTED
                                                                                           : CSP_FAILED);
        CHECK_INT(message.kind != 0 ? opened(&message) : 0, ==, how == 1 ? 44 : 0);
        if (how == 2 || how == 3) {
            CHECK(!csp_reply_complete(owed, &said, 0));
        }
        csp_message_drop(&said);
        CHECK_INT(seen(p.tx).sent, ==, 1);
        free_pair(&p);
    }
    csp_operation_free(operation);
    shut_loop(&l);
}

typedef struct {
    csp_end *rx;
    csp_message message;
    csp_reply *reply;
    csp_status status;
} extended;

static void *receive_extended(void *argument) {
    extended *e = argument;
    e->status = csp_recv_extended(e->rx, &e->message, &e->reply, CSP_FOREVER, NULL);
    return NULL;
}

CASE(a_receiver_that_waits_to_hold,
     "An extended receive that waits is met by a send without a thread, which it holds; and by a "
     "posted message, whose poster it does not.") {
    told_loop l;
    open_loop(&l);
    csp_operation *operation = operation_of(&l, NULL);
    for (int posted = 0; posted < 2; posted++) {
        pair p = channel(0);
        extended e = {.rx = p.rx};
        csp_message message = boxed(5), answer = inlined(0);
        csp_posting *posting = NULL;
        pthread_t thread = go(receive_extended, &e);
        EVENTUALLY(RECEIVERS_WAITING(p.rx) == 1);
        if (posted) {
            CHECK_STATUS(csp_post(p.tx, &message, CSP_FOREVER, &posting), CSP_OK);
            CHECK(posting == NULL);
        } else {
            begin_send(operation, p.tx, 5);
        }
        finish(thread);
        CHECK_STATUS(e.status, CSP_OK);
        CHECK_INT(opened(&e.message), ==, 5);
        CHECK((csp_reply_complete(e.reply, &answer, 0)) == !posted);
        if (!posted) {
            CHECK(csp_loop_next(l.loop) == operation);
            CHECK_INT(end_of(operation), ==, NOT(CSP_OK));
        }
        csp_message_drop(&message);
        csp_posting_release(posting);
        free_pair(&p);
    }
    csp_operation_free(operation);
    shut_loop(&l);
}

/* ---- holders --------------------------------------------------------------------------------------------------- */

CASE(a_cancel_reaches_its_holders_operations,
     "A holder's cancel ends its operations, more than fit into one handful, and no other's; a fence as well.") {
    enum { MANY = 100 };
    for (int fence = 0; fence < 2; fence++) {
        told_loop l;
        open_loop(&l);
        csp_holder *task = csp_holder_new("task"), *other = csp_holder_new("other");
        pair p = channel(0);
        csp_operation *mine[MANY], *theirs = operation_of(&l, other);
        csp_reply *reply = csp_reply_new();
        csp_message answer;
        for (int i = 0; i < MANY; i++) {
            mine[i] = operation_of(&l, task);
            if (i == 0) {
                CHECK_STATUS(csp_begin_wait(mine[i], reply, CSP_FOREVER, &answer), CSP_WOULD_BLOCK);
            } else {
                begin_send(mine[i], p.tx, i);
            }
        }
        CHECK_STATUS(csp_begin_wait(theirs, reply, CSP_FOREVER, &answer), CSP_WOULD_BLOCK);
        CHECK(csp_operation_cancel(theirs));
        CHECK_INT(end_of(theirs), ==, NOT(CSP_INTERRUPTED));
        begin_send(theirs, p.tx, MANY);
        if (fence) {
            csp_holder_fence(task);
        } else {
            csp_holder_cancel(task);
        }
        for (int i = 0; i < MANY; i++) {
            CHECK(csp_loop_next(l.loop) != NULL);
        }
        CHECK(csp_loop_next(l.loop) == NULL);
        csp_message message = boxed(1);
        for (int i = 0; i < MANY; i++) {
            CHECK_INT(end_of(mine[i]), ==, NOT(CSP_CANCELLED));
        }
        CHECK_STATUS(csp_begin_send(mine[0], p.tx, &message, CSP_FOREVER), CSP_CANCELLED);
        CHECK_INT(opened(&message), ==, 1);
        CHECK_STATUS(csp_begin_wait(mine[0], reply, CSP_FOREVER, &answer), CSP_CANCELLED);
        csp_holder_resume(task);
        CHECK_INT(SENDERS_WAITING(p.tx), ==, 1);
        CHECK_INT(take(p.rx, CSP_POLL), ==, MANY);
        CHECK_INT(end_of(theirs), ==, NOT(CSP_OK));
        for (int i = 0; i < MANY; i++) {
            csp_operation_free(mine[i]);
        }
        csp_operation_free(theirs);
        csp_reply_abandon(reply);
        csp_reply_break(reply, false);
        csp_holder_release(task);
        csp_holder_release(other);
        free_pair(&p);
        shut_loop(&l);
    }
}

static int64_t records_of_threads(void) {
    int64_t count = 0;
    for (const csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load(&w->next)) {
        count++;
    }
    return count;
}

CASE(others_are_not_walked_over, "However many operations and alternatives others have, a holder's cancel and the "
                                 "looks at all threads meet none of them.") {
    enum { MANY = 2000 };
    told_loop l;
    open_loop(&l);
    csp_holder *task = csp_holder_new("task"), *others = csp_holder_new("others");
    pair p = channel(0);
    static csp_operation *theirs[MANY];
    static csp_alternative *alternatives[MANY];
    csp_operation *mine = operation_of(&l, task);
    begin_recv(mine, p.rx);
    int64_t threads = records_of_threads();
    for (int i = 0; i < MANY; i++) {
        theirs[i] = operation_of(&l, others);
        begin_recv(theirs[i], p.rx);
        alternatives[i] = csp_alternative_new(others);
        CHECK(alternatives[i] != NULL);
    }
    CHECK_INT(records_of_threads(), <=, threads + 1); /* this thread's, since the alternatives need it */
    CHECK(task->waiting.next == &mine->waiter.of_holder && task->waiting.previous == task->waiting.next);
    csp_holder_cancel(task);
    CHECK(csp_loop_next(l.loop) == mine && csp_loop_next(l.loop) == NULL);
    CHECK_INT(end_of(mine), ==, NOT(CSP_CANCELLED));
    CHECK(csp__list_empty(&task->waiting));
    for (int i = 0; i < MANY; i++) {
        csp_operation_free(theirs[i]);
        csp_alternative_free(alternatives[i]);
    }
    CHECK(csp__list_empty(&others->waiting));
    csp_operation_free(mine);
    csp_holder_release(task);
    csp_holder_release(others);
    free_pair(&p);
    shut_loop(&l);
}
