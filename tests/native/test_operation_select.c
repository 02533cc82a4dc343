/* SPDX-License-Identifier: MIT
 *
 * Choosing among guards without a thread. */
#include "operating.h"

/* Begin, and it is under way. */
static void begin_choice(csp_operation *operation, csp_guard *guards, uint32_t count, int flags) {
    uint32_t chosen;
    CHECK_STATUS(csp_begin_select(operation, guards, count, flags, CSP_FOREVER, &chosen), CSP_WOULD_BLOCK);
}

/* The guard that was chosen, or NOT(status). */
static int64_t choice_of(csp_operation *operation) {
    csp_message none;
    uint32_t chosen;
    csp_status status = csp_operation_finish(operation, &none, &chosen);
    CHECK_INT(none.kind, ==, 0);
    return status == CSP_OK ? (int64_t)chosen : NOT(status);
}

enum { MANY = 40 }; /* more than have room on a stack */

CASE(one_of_many_wins, "Whichever guard is met ends the choice, among few or many, and no queue has it any more.") {
    FOR_BOTH_WAYS(flags) {
        for (uint32_t count = 2; count <= MANY; count += MANY - 2) {
            told_loop l;
            open_loop(&l);
            pair p[MANY];
            csp_message messages[MANY];
            csp_guard guards[MANY];
            csp_operation *operation = operation_of(&l, NULL);
            for (uint32_t i = 0; i < count; i++) {
                p[i] = channel(0);
            }
            for (uint32_t round = 0; round < 2 * count; round++) {
                uint32_t winner = round / 2;
                bool sends = round % 2 == 1;
                for (uint32_t i = 0; i < count; i++) {
                    messages[i] = sends ? boxed(i) : (csp_message){.kind = 0};
                    guards[i] = sends ? on_send(p[i].tx, &messages[i]) : on_recv(p[i].rx, &messages[i]);
                }
                begin_choice(operation, guards, count, flags);
                if (sends) {
                    CHECK_INT(take(p[winner].rx, CSP_POLL), ==, winner);
                } else {
                    CHECK_STATUS(put(p[winner].tx, winner, CSP_POLL), CSP_OK);
                }
                CHECK(csp_loop_next(l.loop) == operation);
                CHECK_INT(choice_of(operation), ==, winner);
                CHECK_STATUS(guards[winner].status, CSP_OK);
                for (uint32_t i = 0; i < count; i++) {
                    CHECK((messages[i].kind != 0) == ((i == winner) != sends));
                    csp_message_drop(&messages[i]);
                    CHECK_INT(SENDERS_WAITING(p[i].tx) + RECEIVERS_WAITING(p[i].tx), ==, 0);
                }
            }
            csp_operation_free(operation);
            for (uint32_t i = 0; i < count; i++) {
                CHECK_CONSERVED(p[i].tx);
                free_pair(&p[i]);
            }
            shut_loop(&l);
        }
    }
}

CASE(what_is_ready_is_chosen_at_once, "A guard that is ready, due or a skip is chosen when it begins.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(1);
    csp_operation *operation = operation_of(&l, NULL);
    csp_message got;
    uint32_t chosen = 9;
    csp_guard guards[] = {on_recv(p.rx, &got), on_timer(csp_deadline_after(3600 * SECONDS)), off(), off()};
    CHECK_STATUS(put(p.tx, 5, CSP_POLL), CSP_OK);
    CHECK_STATUS(csp_begin_select(operation, guards, 3, CSP_SELECT_FAIR, CSP_FOREVER, &chosen), CSP_OK);
    CHECK_INT(chosen, ==, 0);
    CHECK_INT(opened(&got), ==, 5);
    guards[2] = on_timer(1);
    CHECK_STATUS(csp_begin_select(operation, guards, 3, CSP_SELECT_PRIORITY, CSP_FOREVER, &chosen), CSP_OK);
    CHECK_INT(chosen, ==, 2);
    guards[2] = off();
    guards[3] = on_skip();
    CHECK_STATUS(csp_begin_select(operation, guards, 4, CSP_SELECT_FAIR, CSP_FOREVER, &chosen), CSP_OK);
    CHECK_INT(chosen, ==, 3);
    csp_end_close(p.tx);
    CHECK_STATUS(csp_begin_select(operation, guards, 4, CSP_SELECT_ROTATE, CSP_FOREVER, &chosen), CSP_OK);
    CHECK_INT(chosen, ==, 0);
    CHECK_STATUS(guards[0].status, CSP_END_OF_CHANNEL);
    CHECK(csp_loop_next(l.loop) == NULL);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_timer_is_its_owners_to_keep,
     "The owner is told of the first timer; when it is past that timer is chosen, or the deadline ends it.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *operation = operation_of(&l, NULL);
    csp_message got;
    uint32_t chosen;
    int64_t soon = csp_deadline_after(1000), late = csp_deadline_after(3600 * SECONDS);
    csp_guard guards[] = {on_recv(p.rx, &got), on_timer(late), on_timer(soon)};
    csp_status status = csp_begin_select(operation, guards, 3, CSP_SELECT_FAIR, CSP_FOREVER, &chosen);
    if (status == CSP_WOULD_BLOCK) {
        CHECK_INT(csp_operation_deadline(operation), ==, soon);
        EVENTUALLY(csp_operation_expire(operation));
        chosen = (uint32_t)choice_of(operation);
    }
    CHECK_INT(chosen, ==, 2);
    soon = csp_deadline_after(MILLISECONDS);
    if (csp_begin_select(operation, guards, 2, CSP_SELECT_FAIR, soon, &chosen) == CSP_WOULD_BLOCK) {
        CHECK_INT(csp_operation_deadline(operation), ==, soon);
        EVENTUALLY(csp_operation_expire(operation));
        CHECK_INT(choice_of(operation), ==, NOT(CSP_TIMEOUT));
    }
    CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 0);
    csp_operation_free(operation);
    free_pair(&p);
    shut_loop(&l);
}

CASE(a_choice_is_given_up,
     "Cancelled, freed or stopped with its holder a choice leaves all queues, and nothing moved.") {
    for (int how = 0; how < 4; how++) {
        told_loop l;
        open_loop(&l);
        csp_holder *task = csp_holder_new("task");
        pair p = channel(0), q = channel(3);
        csp_operation *operation = operation_of(&l, task);
        csp_message in, out = boxed(1);
        csp_guard guards[] = {on_recv(q.rx, &in), on_send(p.tx, &out)};
        begin_choice(operation, guards, 2, CSP_SELECT_FAIR);
        CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(q.rx), ==, 2);
        if (how == 0) {
            CHECK(csp_operation_cancel(operation));
            CHECK_INT(choice_of(operation), ==, NOT(CSP_INTERRUPTED));
        } else if (how == 1) {
            csp_holder_cancel(task);
            CHECK(csp_loop_next(l.loop) == operation);
            CHECK_INT(choice_of(operation), ==, NOT(CSP_CANCELLED));
            CHECK_STATUS(csp_begin_select(operation, guards, 2, 0, CSP_FOREVER, &(uint32_t){0}), CSP_CANCELLED);
        } else if (how == 2) {
            CHECK_STATUS(put(q.tx, 6, CSP_POLL), CSP_OK); /* it is freed with this, which goes back */
        }
        csp_operation_free(operation);
        CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(q.rx), ==, 0);
        CHECK_INT(take(q.rx, CSP_POLL), ==, how == 2 ? 6 : NOT(CSP_WOULD_BLOCK));
        CHECK_INT(opened(&out), ==, 1);
        CHECK_CONSERVED(q.tx);
        csp_holder_release(task);
        free_pair(&p);
        free_pair(&q);
        shut_loop(&l);
    }
}

CASE(a_guard_may_be_held,
     "A send guard that an extended receive meets decides, and ends with what the receiver says.") {
    told_loop l;
    open_loop(&l);
    csp_operation *operation = operation_of(&l, NULL);
    for (int how = 0; how < 4; how++) {
        pair p = channel(0), q = channel(0);
        csp_message in, out = boxed(1), got, said = boxed(33);
        csp_guard guards[] = {on_recv(q.rx, &in), on_send(p.tx, &out)};
        csp_reply *owed;
        begin_choice(operation, guards, 2, CSP_SELECT_FAIR);
        CHECK_STATUS(csp_recv_extended(p.rx, &got, &owed, CSP_POLL, NULL), CSP_OK);
        CHECK_INT(opened(&got), ==, 1);
        CHECK(csp_loop_next(l.loop) == NULL);
        CHECK_INT(RECEIVERS_WAITING(q.rx), ==, 0);
        if (how == 2) {
            CHECK(csp_operation_cancel(operation));
        } else if (how < 2) {
            CHECK(csp_reply_complete(owed, &said, how == 1 ? CSP_REPLY_FAILED : 0));
        } else {
            csp_end_abort(p.tx, NULL);
        }
        CHECK((csp_loop_next(l.loop) == operation) == (how != 2));
        CHECK_INT(choice_of(operation), ==, 1);
        CHECK_STATUS(guards[1].status, how == 0 ? CSP_OK : how == 2 ? CSP_INTERRUPTED : CSP_FAILED);
        CHECK_INT(out.kind != 0 ? opened(&out) : 0, ==, how == 1 ? 33 : 0);
        if (how >= 2) {
            CHECK(!csp_reply_complete(owed, &said, 0));
        }
        csp_message_drop(&said);
        free_pair(&p);
        free_pair(&q);
    }
    csp_operation_free(operation);
    shut_loop(&l);
}

CASE(both_directions_of_one_channel,
     "A choice that offers both ends of one channel never meets itself, but two meet each other.") {
    told_loop l;
    open_loop(&l);
    pair p = channel(0);
    csp_operation *one = operation_of(&l, NULL), *other = operation_of(&l, NULL);
    csp_message out = boxed(1), in, out2 = boxed(2), in2;
    csp_guard guards[] = {on_send(p.tx, &out), on_recv(p.rx, &in)};
    csp_guard guards2[] = {on_send(p.tx, &out2), on_recv(p.rx, &in2)};
    uint32_t chosen;
    begin_choice(one, guards, 2, CSP_SELECT_FAIR);
    CHECK_STATUS(csp_begin_select(other, guards2, 2, CSP_SELECT_FAIR, CSP_FOREVER, &chosen), CSP_OK);
    CHECK_INT(choice_of(one), ==, 1 - (int64_t)chosen);
    CHECK((in.kind != 0) == (chosen == 0));
    CHECK_INT(opened(chosen == 0 ? &in : &in2), ==, chosen == 0 ? 2 : 1);
    csp_message_drop(&out);
    csp_message_drop(&out2);
    csp_operation_free(one);
    csp_operation_free(other);
    free_pair(&p);
    shut_loop(&l);
}
