/* SPDX-License-Identifier: MIT
 *
 * Several reusable alternatives that watch the same, and one that is fed by its own thread. */
#include "harness.h"

enum { PEERS = 3 };

typedef struct {
    csp_alternative *alternative;
    csp_message got;
    csp_status status, how;
    uint32_t place;
    _Atomic bool over;
    pthread_t thread;
} peer;

static peer peers[PEERS];

static void *select_once(void *argument) {
    peer *p = argument;
    p->status =
        csp_alternative_select(p->alternative, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &p->got, &p->place, &p->how);
    atomic_store(&p->over, true);
    return NULL;
}

/* One that watches `first` and then `second`, which may be NULL. */
static void make(peer *p, csp_end *first, csp_end *second) {
    uint32_t place;
    p->alternative = csp_alternative_new(me);
    CHECK_STATUS(csp_alternative_add(p->alternative, first, &place), CSP_OK);
    if (second != NULL) {
        CHECK_STATUS(csp_alternative_add(p->alternative, second, &place), CSP_OK);
    }
}

/* Begin its select; `all` is how many wait at `rx` when it does, too. */
static void begin(peer *p, csp_end *rx, uint32_t all) {
    atomic_store(&p->over, false);
    p->thread = go(select_once, p);
    EVENTUALLY(RECEIVERS_WAITING(rx) == all);
}

static bool is_over(peer *p) { return atomic_load(&p->over); }

CASE(nobody_is_passed_over,
     "Of alternatives that wait on one channel again and again each gets every third message, by its first place.") {
    FOR_EACH_CAPACITY(capacity) {
        pair p = channel(capacity);
        for (uint32_t i = 0; i < PEERS; i++) {
            make(&peers[i], p.rx, p.rx); /* twice, to see which place is preferred */
            begin(&peers[i], p.rx, 2 * (i + 1));
        }
        int turns[PEERS] = {0};
        for (int n = 0; n < 5 * PEERS; n++) {
            CHECK_STATUS(put(p.tx, n, CSP_POLL), CSP_OK);
            EVENTUALLY(is_over(&peers[0]) || is_over(&peers[1]) || is_over(&peers[2]));
            for (int i = 0; i < PEERS; i++) {
                if (is_over(&peers[i])) {
                    finish(peers[i].thread);
                    CHECK_STATUS(peers[i].status, CSP_OK);
                    CHECK_INT(opened(&peers[i].got), ==, n);
                    CHECK_INT(turns[i]++, ==, n / PEERS);
                    CHECK_INT(peers[i].place, ==, 0);
                    begin(&peers[i], p.rx, 2 * PEERS);
                }
            }
        }
        csp_end_close(p.tx);
        for (int i = 0; i < PEERS; i++) {
            finish(peers[i].thread);
            CHECK_STATUS(peers[i].how, CSP_END_OF_CHANNEL);
            csp_alternative_free(peers[i].alternative);
        }
        free_pair(&p);
    }
}

CASE(who_comes_too_late_waits_on,
     "A lock that comes free is told to all who watch it, and is one's: the others still wait, and can be met.") {
    pair p = channel(0);
    csp_end *lock;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_LOCK, 0, 1, me, &lock), CSP_OK);
    for (uint32_t i = 0; i < PEERS; i++) {
        make(&peers[i], lock, p.rx);
        begin(&peers[i], p.rx, i + 1);
    }
    for (int left = PEERS; left > 0; left--) {
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        int winner = -1;
        EVENTUALLY(winner >= 0) {
            for (int i = 0; i < PEERS; i++) {
                winner = peers[i].alternative != NULL && is_over(&peers[i]) ? i : winner;
            }
        }
        finish(peers[winner].thread);
        CHECK_STATUS(peers[winner].status, CSP_OK);
        CHECK_INT(peers[winner].place, ==, 0);
        csp_alternative_free(peers[winner].alternative);
        peers[winner].alternative = NULL;
        EVENTUALLY(RECEIVERS_WAITING(p.rx) == (uint32_t)left - 1);
        CHECK_INT(RECEIVERS_WAITING(lock), ==, left - 1);
        if (left == 2) { /* the last one is met at its other place */
            CHECK_STATUS(put(p.tx, 7, CSP_POLL), CSP_OK);
            int last = peers[0].alternative != NULL ? 0 : peers[1].alternative != NULL ? 1 : 2;
            finish(peers[last].thread);
            CHECK_INT(opened(&peers[last].got), ==, 7);
            csp_alternative_free(peers[last].alternative);
            break;
        }
    }
    csp_end_free(lock);
    free_pair(&p);
}

typedef struct {
    csp_end *tx;
    csp_status sent;
    int calls;
} handler;

static int send_to_myself(void *context) {
    handler *h = context;
    if (h->calls++ == 0) {
        h->sent = put(h->tx, 8, CSP_POLL);
    }
    return h->calls > 3; /* a wait that it did not reach ends all the same */
}

CASE(a_handler_may_feed_its_own_wait, "What a handler sends that runs in the wait is received by that very wait.") {
    FOR_EACH_CAPACITY(capacity) {
        FOR_BOTH_WAYS(flags) {
            pair p = channel(capacity);
            handler h = {.tx = p.tx};
            csp_hooks hooks = {.interrupted = send_to_myself, .context = &h, .slice_ns = MILLISECONDS};
            csp_message got;
            uint32_t place;
            csp_status how;
            make(&peers[0], p.rx, NULL);
            CHECK_STATUS(csp_alternative_select(peers[0].alternative, flags, CSP_FOREVER, &hooks, &got, &place, &how),
                         CSP_OK);
            CHECK_STATUS(h.sent, CSP_OK);
            CHECK_INT(h.calls, ==, 1);
            CHECK_INT(opened(&got), ==, 8);
            CHECK_INT(RECEIVERS_WAITING(p.rx), ==, 0);
            csp_alternative_free(peers[0].alternative);
            free_pair(&p);
        }
    }
}

static csp_end *event;

static int ring_and_give_up(void *context) {
    int *calls = context;
    CHECK_STATUS(csp_event_put(event, true), CSP_OK);
    CHECK_STATUS(csp_event_put(event, false), CSP_OK);
    return ++*calls == 1;
}

CASE(a_handler_that_gives_up_is_heard,
     "A wait whose handler gives up ends, also if the handler has made it look again before, in vain.") {
    FOR_BOTH_WAYS(flags) {
        CHECK_STATUS(csp_sync_new(CSP_SYNC_EVENT, 0, 1, me, &event), CSP_OK);
        int calls = 0;
        csp_hooks hooks = {.interrupted = ring_and_give_up, .context = &calls, .slice_ns = MILLISECONDS};
        csp_message got;
        uint32_t place;
        csp_status how;
        make(&peers[0], event, NULL);
        int64_t deadline = csp_deadline_after(2 * SECONDS);
        CHECK_STATUS(csp_alternative_select(peers[0].alternative, flags, deadline, &hooks, &got, &place, &how),
                     CSP_INTERRUPTED);
        CHECK_INT(calls, ==, 1);
        CHECK_INT(RECEIVERS_WAITING(event), ==, 0);
        CHECK_STATUS(csp_event_put(event, true), CSP_OK); /* and the next select is as good as new */
        CHECK_STATUS(csp_alternative_select(peers[0].alternative, flags, deadline, &hooks, &got, &place, &how),
                     CSP_OK);
        csp_alternative_free(peers[0].alternative);
        csp_end_free(event);
    }
}

/* ---- interrupted from outside ------------------------------------------------------------------------------------ */

static csp_status select_among(csp_alternative *alternative, csp_end *rx, int64_t deadline, csp_message *got) {
    csp_guard guards[] = {off(), on_recv(rx, got)};
    uint32_t chosen = 0;
    csp_status status = csp_alternative_select_among(alternative, guards, 2, CSP_SELECT_FAIR, deadline, NULL, &chosen);
    CHECK(status != CSP_OK || (chosen == 1 && guards[1].status == CSP_OK));
    return status;
}

static csp_status select_watched(csp_alternative *alternative, int64_t deadline, csp_message *got) {
    uint32_t place;
    csp_status how;
    return csp_alternative_select(alternative, CSP_SELECT_FAIR, deadline, NULL, got, &place, &how);
}

CASE(an_interruption_is_heard_once,
     "The select under way comes out, or the next one does; the one after it goes on.") {
    pair p = channel(1);
    csp_message got;
    make(&peers[0], p.rx, NULL);
    csp_alternative *alternative = peers[0].alternative;
    begin(&peers[0], p.rx, 1);
    csp_alternative_interrupt(alternative);
    finish(peers[0].thread);
    CHECK_STATUS(peers[0].status, CSP_INTERRUPTED);
    CHECK_STATUS(select_watched(alternative, CSP_POLL, &got), CSP_WOULD_BLOCK);
    for (int among = 0; among < 2; among++) {
        csp_alternative_interrupt(alternative);
        csp_alternative_interrupt(alternative);
        CHECK_STATUS(put(p.tx, 3, CSP_POLL), CSP_OK);
        CHECK_STATUS(among == 1 ? select_among(alternative, p.rx, CSP_FOREVER, &got)
                                : select_watched(alternative, CSP_FOREVER, &got),
                     CSP_INTERRUPTED);
        CHECK_STATUS(among == 1 ? select_among(alternative, p.rx, CSP_FOREVER, &got)
                                : select_watched(alternative, CSP_FOREVER, &got),
                     CSP_OK);
        CHECK_INT(opened(&got), ==, 3);
    }
    csp_alternative_free(alternative);
    free_pair(&p);
}

typedef struct {
    csp_alternative *alternative;
    pair p;
    int64_t rounds, interrupted;
    bool among;
    _Atomic bool begun, over;
} storm;

static void *interrupt_it(void *argument) {
    storm *s = argument;
    while (!atomic_load(&s->over)) {
        csp_alternative_interrupt(s->alternative);
        atomic_store(&s->begun, true);
    }
    return NULL;
}

static void *feed_it(void *argument) {
    storm *s = argument;
    for (int64_t n = 0; n < s->rounds; n++) {
        CHECK_STATUS(put(s->p.tx, n, CSP_FOREVER), CSP_OK);
    }
    return NULL;
}

CASE(an_interruption_loses_nothing, "Interrupted all the time, it receives each message once, in order.") {
    FOR_EACH_CAPACITY(capacity) {
        for (int among = 0; among < 2; among++) {
            storm s = {.p = channel(capacity), .rounds = scaled(5000), .among = among == 1};
            make(&peers[0], s.p.rx, NULL);
            s.alternative = peers[0].alternative;
            pthread_t threads[] = {go(interrupt_it, &s), go(feed_it, &s)};
            EVENTUALLY(atomic_load(&s.begun));
            for (int64_t n = 0; n < s.rounds;) {
                csp_message got;
                csp_status status = s.among ? select_among(s.alternative, s.p.rx, CSP_FOREVER, &got)
                                            : select_watched(s.alternative, CSP_FOREVER, &got);
                if (status == CSP_OK) {
                    CHECK_INT(opened(&got), ==, n++);
                } else {
                    CHECK_STATUS(status, CSP_INTERRUPTED);
                    s.interrupted++;
                }
            }
            atomic_store(&s.over, true);
            finish(threads[0]);
            finish(threads[1]);
            CHECK_INT(s.interrupted, >, 0);
            CHECK_INT(RECEIVERS_WAITING(s.p.rx), ==, 0);
            CHECK_CONSERVED(s.p.rx);
            csp_alternative_free(s.alternative);
            free_pair(&s.p);
        }
    }
}

CASE(order_holds_while_it_goes_to_sleep,
     "What is sent while it arms does not overtake what came just before: a sender's messages arrive in order.") {
    FOR_EACH_CAPACITY(capacity) {
        storm s = {.p = channel(capacity), .rounds = scaled(100000)};
        make(&peers[0], s.p.rx, NULL);
        pthread_t feeder = go(feed_it, &s);
        for (int64_t n = 0; n < s.rounds; n++) {
            csp_message got;
            CHECK_STATUS(select_watched(peers[0].alternative, CSP_FOREVER, &got), CSP_OK);
            CHECK_INT(opened(&got), ==, n);
        }
        finish(feeder);
        csp_alternative_free(peers[0].alternative);
        free_pair(&s.p);
    }
}
