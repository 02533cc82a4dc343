/* SPDX-License-Identifier: MIT
 *
 * Closes, aborts, cancels and fences against operations under way: a message is received, counted, or back with its
 * sender, and never two of these. */
#include "harness.h"

/* ---- ends against operations ----------------------------------------------------------------------------------- */

typedef struct {
    csp_end *end;
    start_line *line;
    int parties;
    uint64_t random;
    int64_t moved;       /* operations with CSP_OK */
    csp_status status;   /* why it stopped */
    csp_holder *resumed; /* cancelled over and over: go on */
} user;

static void *use_until_it_ends(void *argument) {
    user *u = argument;
    bool sends = csp_end_direction(u->end) == CSP_SENDING;
    line_up(u->line, u->parties);
    for (;;) {
        /* Of three: for ever, with a short deadline, as one guard of a select. */
        uint64_t kind = random_next(&u->random) % 3;
        int64_t deadline = kind == 1 ? csp_deadline_after(20000) : CSP_FOREVER;
        csp_message message = sends ? boxed(u->moved) : (csp_message){.kind = 0};
        if (kind == 2) {
            csp_guard guard = sends ? on_send(u->end, &message) : on_recv(u->end, &message);
            uint32_t at;
            u->status = csp_select(&guard, 1, CSP_SELECT_FAIR, deadline, NULL, &at);
            u->status = u->status == CSP_OK ? guard.status : u->status;
        } else {
            u->status =
                sends ? csp_send(u->end, &message, deadline, NULL) : csp_recv(u->end, &message, deadline, NULL);
        }
        CHECK((message.kind != 0) == (sends != (u->status == CSP_OK)));
        csp_message_drop(&message);
        if (u->status == CSP_OK) {
            u->moved++;
        } else if (u->status == CSP_CANCELLED && u->resumed != NULL) {
            csp_holder_resume(u->resumed);
        } else if (u->status != CSP_TIMEOUT) {
            return NULL;
        }
    }
}

enum { USERS = 4 };

/* Two senders and two receivers, each with a handle of its own held by `holder`, and what ends them. */
static void end_under_way(uint32_t capacity, csp_holder *holder, void (*end)(user *, csp_holder *), uint64_t random) {
    pair p = channel(capacity);
    csp_end *watching = csp_end_clone(p.tx, me);
    user users[USERS];
    pthread_t threads[USERS];
    start_line line = {0};
    for (int i = 0; i < USERS; i++) {
        users[i] = (user){.end = csp_end_clone(i % 2 == 0 ? p.tx : p.rx, holder),
                          .line = &line,
                          .parties = USERS + 1,
                          .random = random * 31 + (uint64_t)i + 1};
        threads[i] = go(use_until_it_ends, &users[i]);
    }
    free_pair(&p);
    line_up(&line, USERS + 1);
    dawdle(&random, 20000);
    end(users, holder);
    csp_end_close(watching); /* the last sender, in case that receivers are still there */
    for (int i = 0; i < USERS; i++) {
        finish(threads[i]);
    }
    csp_statistics s = seen(watching);
    CHECK_INT(s.waiting_senders + s.waiting_receivers, ==, 0);
    CHECK_INT(s.sent, ==, users[0].moved + users[2].moved);
    CHECK_INT(s.received, ==, users[1].moved + users[3].moved);
    CHECK_INT(s.parks, ==, s.wakes);
    CHECK_CONSERVED(watching);
    for (int i = 0; i < USERS; i++) {
        csp_end_free(users[i].end);
    }
    CHECK_INT(csp_payloads_alive(), ==, 0);
    csp_end_free(watching);
}

static void end_many_times(void (*end)(user *, csp_holder *)) {
    static const uint32_t few[] = {0, 1, 10};
    for (size_t c = 0; c < COUNT(few); c++) {
        for (int64_t round = 0, rounds = scaled(100); round < rounds; round++) {
            note("capacity %u, round %lld", few[c], (long long)round);
            csp_holder *holder = csp_holder_new("users");
            end_under_way(few[c], holder, end, (uint64_t)round * 2654435761u + 1);
            csp_holder_release(holder);
        }
    }
}

static void close_the_receivers(user *users, csp_holder *holder) {
    (void)holder;
    csp_end_close(users[1].end);
    csp_end_close(users[3].end);
}
CASE(closing_receivers_loses_nothing,
     "When receivers' handles close under way, each message is received, undelivered or kept.") {
    end_many_times(close_the_receivers);
}

static void close_the_senders(user *users, csp_holder *holder) {
    (void)holder;
    csp_end_close(users[2].end);
    csp_end_close(users[0].end);
}
CASE(closing_senders_loses_nothing, "When senders' handles close under way, all that they sent is still received.") {
    end_many_times(close_the_senders);
}

static void abort_the_channel(user *users, csp_holder *holder) {
    (void)holder;
    csp_message cause = inlined(1);
    csp_end_abort(users[0].end, &cause);
}
CASE(aborting_under_way_loses_nothing,
     "An abort under way leaves each message received, undelivered or with its sender.") {
    end_many_times(abort_the_channel);
}

static void fence_the_holder(user *users, csp_holder *holder) {
    csp_holder_fence(holder);
    for (int i = 0; i < USERS; i++) {
        CHECK(csp_end_is_closed(users[i].end));
    }
}
CASE(fencing_under_way_loses_nothing, "A fence ends every operation of its holder, and the sums still hold.") {
    end_many_times(fence_the_holder);
}

static void *close_the_same_end(void *argument) {
    csp_end_close(argument);
    return NULL;
}

static void close_and_fence_at_once(user *users, csp_holder *holder) {
    pthread_t closers[USERS];
    for (int i = 0; i < USERS; i++) {
        closers[i] = go(close_the_same_end, users[i].end);
    }
    csp_holder_fence(holder);
    for (int i = 0; i < USERS; i++) {
        finish(closers[i]);
    }
}
CASE(closing_what_is_being_fenced_is_harmless,
     "Owners may close their ends in the very moment in which a fence closes them.") {
    end_many_times(close_and_fence_at_once);
}

static void *free_the_same_end(void *argument) {
    csp_end_free(argument);
    return NULL;
}

CASE(freeing_what_is_being_fenced_is_harmless,
     "Owners may free their ends in the very moment in which a fence closes them.") {
    for (int64_t round = 0, rounds = scaled(2000); round < rounds; round++) {
        csp_holder *holder = csp_holder_new("owner");
        pair p = channel_of(1, CSP_OVERFLOW_BLOCK, holder);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
        pthread_t first = go(free_the_same_end, p.tx), second = go(free_the_same_end, p.rx);
        csp_holder_fence(holder);
        finish(first);
        finish(second);
        csp_holder_release(holder);
    }
}

CASE(a_buffered_message_survives_the_close,
     "What was buffered before the last sender closed is received, however close the close.") {
    for (int64_t round = 0, rounds = scaled(5000); round < rounds; round++) {
        note("round %lld", (long long)round);
        pair p = channel(1);
        CHECK_STATUS(put(p.tx, 9, CSP_POLL), CSP_OK);
        pthread_t closer = go(free_the_same_end, p.tx);
        CHECK_INT(take(p.rx, round % 2 == 0 ? CSP_POLL : CSP_FOREVER), ==, 9);
        CHECK_INT(take(p.rx, CSP_FOREVER), ==, NOT(CSP_END_OF_CHANNEL));
        finish(closer);
        csp_end_free(p.rx);
    }
}

/* ---- handles that come and go ---------------------------------------------------------------------------------- */

typedef struct {
    csp_end *end;
    _Atomic bool enough;
} churn;

static void *clone_and_free(void *argument) {
    churn *c = argument;
    while (!atomic_load(&c->enough)) {
        csp_end *clone = csp_end_clone(c->end, me), *of_clone = csp_end_clone(clone, me);
        csp_end_free(clone);
        csp_end_free(of_clone);
    }
    return NULL;
}

CASE(clones_that_go_end_nothing,
     "While one handle of each direction stays, others may come and go without any effect.") {
    pair p = channel(0);
    churn tx = {p.tx, false}, rx = {p.rx, false};
    pthread_t threads[2] = {go(clone_and_free, &tx), go(clone_and_free, &rx)};
    for (int64_t i = 0, rounds = scaled(500); i < rounds; i++) {
        pending receiver;
        pend(&receiver, p.rx, (csp_message){.kind = 0}, CSP_FOREVER, NULL);
        CHECK_STATUS(put(p.tx, i, CSP_FOREVER), CSP_OK);
        CHECK_INT(outcome(&receiver), ==, i);
    }
    atomic_store(&tx.enough, true);
    atomic_store(&rx.enough, true);
    finish(threads[0]);
    finish(threads[1]);
    CHECK_INT(seen(p.tx).sending_ends, ==, 1);
    CHECK_INT(seen(p.tx).receiving_ends, ==, 1);
    free_pair(&p);
}

/* ---- cancels --------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_holder *victims[2];
    _Atomic bool enough;
} canceller;

static void *cancel_all_the_time(void *argument) {
    canceller *c = argument;
    uint64_t random = 99;
    while (!atomic_load(&c->enough)) {
        csp_holder_cancel(c->victims[random_next(&random) % 2]);
        dawdle(&random, 5000); /* often, but not so often that nothing gets through */
    }
    return NULL;
}

typedef struct {
    csp_end *tx;
    csp_holder *holder;
    int64_t count, cancelled;
} resender;

static void *send_each_until_it_is_sent(void *argument) {
    resender *r = argument;
    for (int64_t i = 0; i < r->count; i++) {
        csp_message message = boxed(i);
        csp_status status;
        while ((status = csp_send(r->tx, &message, CSP_FOREVER, NULL)) == CSP_CANCELLED) {
            CHECK(message.kind != 0);
            csp_holder_resume(r->holder);
            r->cancelled++;
        }
        CHECK_STATUS(status, CSP_OK);
        CHECK_INT(message.kind, ==, 0);
    }
    csp_end_close(r->tx);
    return NULL;
}

CASE(a_cancelled_transfer_happened_or_did_not,
     "With both sides cancelled all the time and trying again, every value arrives once, in order.") {
    static const uint32_t few[] = {0, 1, 10};
    for (size_t c = 0; c < COUNT(few); c++) {
        note("capacity %u", few[c]);
        canceller k = {{csp_holder_new("sender"), csp_holder_new("receiver")}, false};
        pair p = channel(few[c]);
        resender r = {csp_end_clone(p.tx, k.victims[0]), k.victims[0], scaled(10000), 0};
        csp_end *rx = csp_end_clone(p.rx, k.victims[1]);
        csp_end_close(p.tx);
        pthread_t cancelling = go(cancel_all_the_time, &k), sending = go(send_each_until_it_is_sent, &r);
        int64_t next = 0, value;
        while ((value = take(rx, CSP_FOREVER)) != NOT(CSP_END_OF_CHANNEL)) {
            if (value == NOT(CSP_CANCELLED)) {
                csp_holder_resume(k.victims[1]);
            } else {
                CHECK_INT(value, ==, next++);
            }
        }
        CHECK_INT(next, ==, r.count);
        finish(sending);
        atomic_store(&k.enough, true);
        finish(cancelling);
        CHECK_CONSERVED(p.rx);
        csp_end_free(rx);
        csp_end_free(r.tx);
        free_pair(&p);
        csp_holder_release(k.victims[0]);
        csp_holder_release(k.victims[1]);
    }
}

typedef struct {
    _Atomic(csp_holder *) holder;
    _Atomic bool enough;
} resumer;

static void *resume_all_the_time(void *argument) {
    resumer *r = argument;
    while (!atomic_load(&r->enough)) {
        csp_holder_resume(atomic_load(&r->holder));
    }
    return NULL;
}

CASE(a_resume_never_undoes_a_fence,
     "A holder that was fenced stays cancelled, though somebody resumed it in that moment.") {
    enum { MANY = 20000 }; /* not scaled: they are quick, and the moment is short */
    static csp_holder *holders[MANY];
    uint64_t random = 5;
    resumer r = {me, false};
    pthread_t resuming = go(resume_all_the_time, &r);
    for (int i = 0; i < MANY; i++) {
        holders[i] = csp_holder_new("fenced");
        atomic_store(&r.holder, holders[i]);
        dawdle(&random, 500);
        csp_holder_fence(holders[i]);
    }
    atomic_store(&r.enough, true);
    finish(resuming);
    for (int i = 0; i < MANY; i++) {
        note("holder %d", i);
        CHECK(csp_holder_cancelled(holders[i]));
        csp_holder_release(holders[i]);
    }
}
