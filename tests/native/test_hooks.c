/* SPDX-License-Identifier: MIT
 *
 * The caller's runtime on the way to sleep: detach and attach in pairs, and interruptions that keep or give up the
 * place. */
#include "harness.h"

#include <signal.h>

/* ---- a runtime to be detached from ----------------------------------------------------------------------------- */

typedef struct {
    _Atomic int detached, attached, interruptions;
    _Atomic bool away, gives_up, spins_detached;
    csp_end *watched;      /* looked at when detaching: */
    uint64_t spins_before; /* how many spins had been made */
} runtime;

static void detach(void *context) {
    runtime *r = context;
    CHECK(!atomic_load(&r->away));
    atomic_store(&r->away, true);
    if (r->watched != NULL) {
        csp_statistics s = seen(r->watched); /* no lock is held: this may be done here */
        r->spins_before = s.spins_hit + s.spins_missed;
    }
    atomic_fetch_add(&r->detached, 1);
}

static void attach(void *context) {
    runtime *r = context;
    CHECK(atomic_load(&r->away));
    atomic_store(&r->away, false);
    atomic_fetch_add(&r->attached, 1);
}

static int interrupted(void *context) {
    runtime *r = context;
    CHECK(atomic_load(&r->away));
    atomic_fetch_add(&r->interruptions, 1);
    return atomic_load(&r->gives_up);
}

static bool spin_detached(void *context) { return atomic_load(&((runtime *)context)->spins_detached); }

static csp_hooks hooks_of(runtime *r, int64_t slice) {
    return (csp_hooks){.detach = detach,
                       .attach = attach,
                       .interrupted = interrupted,
                       .context = r,
                       .slice_ns = slice,
                       .spin_detached = spin_detached};
}

/* ---- pairs ----------------------------------------------------------------------------------------------------- */

static void check_pairs(runtime *r, int expected) {
    CHECK_INT(atomic_load(&r->detached), ==, expected);
    CHECK_INT(atomic_load(&r->attached), ==, expected);
    CHECK(!atomic_load(&r->away));
}

CASE(what_need_not_wait_calls_no_hook, "Ready operations, polls and failures that are known at once do not detach.") {
    FOR_EACH_CAPACITY(c) {
        runtime r = {0};
        csp_hooks hooks = hooks_of(&r, 1000);
        pair p = channel(c);
        csp_message message = inlined(1), answer;
        csp_guard guard = on_recv(p.rx, &answer);
        uint32_t at;
        csp_reply *reply = csp_reply_new();
        CHECK_STATUS(csp_recv(p.rx, &answer, CSP_POLL, &hooks), CSP_WOULD_BLOCK);
        CHECK_STATUS(csp_select(&guard, 1, 0, CSP_POLL, &hooks, &at), CSP_WOULD_BLOCK);
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_POLL, &hooks), CSP_WOULD_BLOCK);
        if (c > 0) {
            CHECK_STATUS(csp_send(p.tx, &message, CSP_FOREVER, &hooks), CSP_OK);
            CHECK_STATUS(csp_recv(p.rx, &message, CSP_FOREVER, &hooks), CSP_OK);
        }
        csp_reply_break(reply, false);
        CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, &hooks), CSP_OK);
        csp_end_close(p.tx);
        CHECK_STATUS(csp_recv(p.rx, &answer, CSP_FOREVER, &hooks), CSP_END_OF_CHANNEL);
        CHECK_STATUS(csp_select(&guard, 1, 0, CSP_FOREVER, &hooks, &at), CSP_OK);
        check_pairs(&r, 0);
        csp_reply_abandon(reply);
        free_pair(&p);
    }
}

CASE(every_sleep_is_detached_once,
     "A wait that sleeps detaches once before and attaches once after, however it ends.") {
    csp_spin_limit(0);
    csp_holder *holder = csp_holder_new("sleeper");
    pair p = channel_of(0, CSP_OVERFLOW_BLOCK, holder);
    csp_end *peer = csp_end_clone(p.tx, me);
    runtime r = {0};
    csp_hooks hooks = hooks_of(&r, 0);
    csp_message message;
    csp_guard guard = on_recv(p.rx, &message);
    csp_reply *reply = csp_reply_new();
    uint32_t at;
    int64_t soon = MILLISECONDS / 10;
    CHECK_STATUS(csp_recv(p.rx, &message, csp_deadline_after(soon), &hooks), CSP_TIMEOUT);
    check_pairs(&r, 1);
    message = inlined(1);
    CHECK_STATUS(csp_send(p.tx, &message, csp_deadline_after(soon), &hooks), CSP_TIMEOUT);
    check_pairs(&r, 2);
    CHECK_STATUS(csp_select(&guard, 1, 0, csp_deadline_after(soon), &hooks, &at), CSP_TIMEOUT);
    check_pairs(&r, 3);
    CHECK_STATUS(csp_reply_wait(reply, holder, &message, csp_deadline_after(soon), &hooks), CSP_TIMEOUT);
    check_pairs(&r, 4);
    pending receiver;
    for (int ends = 0; ends < 3; ends++) { /* with a message, by a cancel, with the channel */
        pend(&receiver, p.rx, (csp_message){.kind = 0}, CSP_FOREVER, &hooks);
        EVENTUALLY(atomic_load(&r.detached) == 5 + ends && RECEIVERS_WAITING(p.rx) == 1);
        CHECK(atomic_load(&r.away));
        if (ends == 0) {
            CHECK_STATUS(put(peer, 1, CSP_FOREVER), CSP_OK);
        } else if (ends == 1) {
            csp_holder_cancel(holder);
        } else {
            csp_end_abort(peer, NULL);
        }
        int64_t got = outcome(&receiver);
        CHECK_INT(got, ==, ends == 0 ? 1 : ends == 1 ? NOT(CSP_CANCELLED) : NOT(CSP_END_OF_CHANNEL));
        check_pairs(&r, 5 + ends);
        csp_holder_resume(holder);
    }
    CHECK_INT(seen(p.rx).parks, ==, seen(p.rx).wakes);
    csp_reply_abandon(reply);
    csp_reply_break(reply, false);
    csp_end_free(peer);
    free_pair(&p);
    csp_holder_release(holder);
}

CASE(missing_hooks_are_not_called, "Any of the hooks may be NULL; an attach without a detach is not called.") {
    csp_spin_limit(0);
    pair p = channel(0);
    runtime r = {0};
    csp_hooks none = {0}, only_attach = {.attach = attach, .context = &r},
              only_detach = {.detach = detach, .context = &r};
    csp_message message;
    CHECK_STATUS(csp_recv(p.rx, &message, csp_deadline_after(50000), &none), CSP_TIMEOUT);
    CHECK_STATUS(csp_recv(p.rx, &message, csp_deadline_after(50000), &only_attach), CSP_TIMEOUT);
    CHECK_STATUS(csp_recv(p.rx, &message, csp_deadline_after(50000), &only_detach), CSP_TIMEOUT);
    CHECK_INT(atomic_load(&r.detached), ==, 1);
    CHECK_INT(atomic_load(&r.attached), ==, 0);
    free_pair(&p);
}

CASE(who_shares_its_runtime_detaches_before_spinning,
     "With spin_detached the detach comes before the spin, otherwise after it; once in both cases.") {
    csp_cpus_allowed(64);
    csp_spin_limit(20000);
    for (int shares = 0; shares < 2; shares++) {
        pair p = channel(0); /* fresh: it will try to spin */
        runtime r = {.spins_detached = shares == 1, .watched = p.rx};
        csp_hooks hooks = hooks_of(&r, 0);
        csp_message message;
        CHECK_STATUS(csp_recv(p.rx, &message, csp_deadline_after(MILLISECONDS), &hooks), CSP_TIMEOUT);
        check_pairs(&r, 1);
        CHECK_INT(seen(p.rx).spins_missed, ==, 1);
        CHECK_INT(r.spins_before, ==, shares == 1 ? 0 : 1);
        free_pair(&p);
    }
}

/* ---- interruptions --------------------------------------------------------------------------------------------- */

static void on_signal(int number) { (void)number; }

static void catch_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; /* without SA_RESTART, as Python does it */
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
}

/* Signal the thread until the runtime was asked `times` more. */
static void interrupt(pthread_t thread, runtime *r, int times) {
    int wanted = atomic_load(&r->interruptions) + times;
    EVENTUALLY(atomic_load(&r->interruptions) >= wanted) { pthread_kill(thread, SIGUSR1); }
}

CASE(an_interruption_that_means_nothing_keeps_the_place,
     "After signals that want nothing a receiver is still the first in line, and a sender, too.") {
    csp_spin_limit(0);
    catch_signals();
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        runtime r = {0};
        csp_hooks hooks = hooks_of(&r, 0);
        pending first, second;
        pend(&first, p.rx, (csp_message){.kind = 0}, CSP_FOREVER, &hooks);
        EVENTUALLY(RECEIVERS_WAITING(p.rx) == 1);
        pend_recv(&second, p.rx, CSP_FOREVER);
        interrupt(first.thread, &r, 3);
        CHECK(!atomic_load(&first.over));
        CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 2);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
        CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
        CHECK_INT(outcome(&first), ==, 1);
        CHECK_INT(outcome(&second), ==, 2);
        check_pairs(&r, 1); /* asked while detached, not detached again */

        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        pend(&first, p.tx, boxed(1001), CSP_FOREVER, &hooks);
        EVENTUALLY(SENDERS_WAITING(p.tx) == 1);
        pend_send(&second, p.tx, 1002, CSP_FOREVER);
        interrupt(first.thread, &r, 3);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_INT(take(p.rx, CSP_POLL), ==, i);
        }
        CHECK_INT(take(p.rx, CSP_POLL), ==, 1001);
        CHECK_INT(take(p.rx, CSP_POLL), ==, 1002);
        CHECK_INT(outcome(&first), ==, CSP_OK);
        CHECK_INT(outcome(&second), ==, CSP_OK);
        free_pair(&p);
    }
}

CASE(an_interruption_can_give_up,
     "If the runtime says so the wait ends with INTERRUPTED, without a trace and with its message.") {
    csp_spin_limit(0);
    catch_signals();
    FOR_EACH_CAPACITY(c) {
        pair p = channel(c);
        runtime r = {0};
        csp_hooks hooks = hooks_of(&r, 0);
        pending waiter, other;
        pend(&waiter, p.rx, (csp_message){.kind = 0}, CSP_FOREVER, &hooks);
        EVENTUALLY(RECEIVERS_WAITING(p.rx) == 1);
        pend_recv(&other, p.rx, CSP_FOREVER);
        atomic_store(&r.gives_up, true);
        interrupt(waiter.thread, &r, 1);
        CHECK_INT(outcome(&waiter), ==, NOT(CSP_INTERRUPTED));
        CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 1);
        CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
        CHECK_INT(outcome(&other), ==, 1);
        for (uint32_t i = 0; i < c; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        pend(&waiter, p.tx, boxed(1001), CSP_FOREVER, &hooks);
        EVENTUALLY(SENDERS_WAITING(p.tx) == 1);
        interrupt(waiter.thread, &r, 1);
        finish(waiter.thread);
        CHECK_STATUS(waiter.status, CSP_INTERRUPTED);
        CHECK_INT(opened(&waiter.message), ==, 1001);
        CHECK_INT(SENDERS_WAITING(p.tx), ==, 0);
        check_pairs(&r, 2);
        free_pair(&p);
    }
}

CASE(time_slices_ask_without_a_signal,
     "With slice_ns a sleeper asks again and again, and still ends by message or deadline.") {
    csp_spin_limit(0);
    pair p = channel(0);
    runtime r = {0};
    csp_hooks hooks = hooks_of(&r, MILLISECONDS / 5);
    pending first, second;
    pend(&first, p.rx, (csp_message){.kind = 0}, CSP_FOREVER, &hooks);
    EVENTUALLY(RECEIVERS_WAITING(p.rx) == 1);
    pend_recv(&second, p.rx, CSP_FOREVER);
    EVENTUALLY(atomic_load(&r.interruptions) >= 5);
    CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 2);
    CHECK_STATUS(put(p.tx, 1, CSP_POLL), CSP_OK);
    CHECK_INT(outcome(&first), ==, 1);
    CHECK_STATUS(put(p.tx, 2, CSP_POLL), CSP_OK);
    CHECK_INT(outcome(&second), ==, 2);
    int64_t deadline = csp_deadline_after(5 * MILLISECONDS);
    csp_message message;
    CHECK_STATUS(csp_recv(p.rx, &message, deadline, &hooks), CSP_TIMEOUT);
    CHECK_INT(csp_now(), >=, deadline);
    free_pair(&p);
}

CASE(selects_and_replies_can_be_interrupted,
     "A select and a wait for a reply give up like a receive; the reply can be asked again.") {
    csp_spin_limit(0);
    pair p = channel(0);
    runtime r = {.gives_up = true};
    csp_hooks hooks = hooks_of(&r, MILLISECONDS / 5);
    csp_message in, out = boxed(4), answer;
    csp_guard guards[] = {on_recv(p.rx, &in), on_send(p.tx, &out), on_timer(csp_deadline_after(3600 * SECONDS))};
    uint32_t at;
    CHECK_STATUS(csp_select(guards, 3, CSP_SELECT_FAIR, CSP_FOREVER, &hooks, &at), CSP_INTERRUPTED);
    CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(p.rx), ==, 0);
    CHECK_INT(opened(&out), ==, 4);
    csp_reply *reply = csp_reply_new();
    CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, &hooks), CSP_INTERRUPTED);
    CHECK_INT(askers(), ==, 0);
    out = inlined(5);
    CHECK(csp_reply_complete(reply, &out, 0));
    CHECK_STATUS(csp_reply_wait(reply, me, &answer, CSP_FOREVER, &hooks), CSP_OK);
    CHECK_INT(opened(&answer), ==, 5);
    check_pairs(&r, 2);
    csp_reply_abandon(reply);
    free_pair(&p);
}

CASE(signals_without_hooks_change_nothing,
     "A storm of signals neither ends a wait without hooks nor moves its deadline.") {
    csp_spin_limit(0);
    catch_signals();
    pair p = channel(0);
    pending receiver;
    pend_recv(&receiver, p.rx, CSP_FOREVER);
    for (int i = 0; i < 200; i++) {
        pthread_kill(receiver.thread, SIGUSR1);
    }
    CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_OK);
    CHECK_INT(outcome(&receiver), ==, 1);
    int64_t deadline = csp_deadline_after(3 * MILLISECONDS);
    pend(&receiver, p.rx, (csp_message){.kind = 0}, deadline, NULL);
    EVENTUALLY(atomic_load(&receiver.over)) { pthread_kill(receiver.thread, SIGUSR1); }
    CHECK_INT(csp_now(), >=, deadline);
    CHECK_INT(outcome(&receiver), ==, NOT(CSP_TIMEOUT));
    free_pair(&p);
}

/* ---- an interruption in the moment of a match ------------------------------------------------------------------ */

typedef struct {
    csp_end *end;
    int64_t count, interrupted;
} stubborn;

static int always(void *context) {
    (void)context;
    return 1;
}
static const csp_hooks hasty = {.interrupted = always, .slice_ns = 3000};

static void *send_all(void *argument) {
    stubborn *s = argument;
    for (int64_t i = 0; i < s->count; i++) {
        csp_message message = boxed(i);
        csp_status status;
        while ((status = csp_send(s->end, &message, CSP_FOREVER, &hasty)) == CSP_INTERRUPTED) {
            CHECK(message.kind != 0);
            s->interrupted++;
        }
        CHECK_STATUS(status, CSP_OK);
    }
    return NULL;
}

CASE(an_interrupted_transfer_happened_or_did_not,
     "With both sides interrupted all the time and trying again, every value arrives once, in order.") {
    csp_spin_limit(0);
    static const uint32_t few[] = {0, 1, 10};
    for (size_t c = 0; c < COUNT(few); c++) {
        note("capacity %u", few[c]);
        pair p = channel(few[c]);
        stubborn s = {p.tx, scaled(10000), 0};
        pthread_t sending = go(send_all, &s);
        for (int64_t next = 0; next < s.count;) {
            csp_message message;
            csp_status status = csp_recv(p.rx, &message, CSP_FOREVER, &hasty);
            if (status == CSP_OK) {
                CHECK_INT(opened(&message), ==, next++);
            } else {
                CHECK_STATUS(status, CSP_INTERRUPTED);
            }
        }
        finish(sending);
        CHECK_INT(seen(p.tx).sent, ==, s.count);
        CHECK_INT(SENDERS_WAITING(p.tx) + RECEIVERS_WAITING(p.rx), ==, 0);
        free_pair(&p);
    }
}
