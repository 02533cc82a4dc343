/* SPDX-License-Identifier: MIT
 *
 * How often each ready guard is chosen. A fair select takes any of them, each as likely as the others, whatever stands
 * between them: quiet guards, guards that are off, offers that cannot go. One that rotates takes the next in order.
 *
 * The bounds are those of a binomial distribution that a right program leaves once in a million runs (4.9 sigma). */
#include "harness.h"

/* Not scaled: fewer trials would only widen the bounds, and these are quick. */
enum { TRIALS = 10000, MOST = 20 };

/* Whether `hits` of TRIALS lies within 4.9 sigma of the share 1/parts. */
static void check_share(int64_t hits, int64_t parts) {
    int64_t mean = TRIALS / parts;
    int64_t off_by = hits - mean;
    /* off_by^2 <= 4.9^2 * TRIALS * (1/parts) * (1 - 1/parts), plus what rounding the mean costs */
    if (parts > 1) {
        int64_t beyond = (off_by < 0 ? -off_by : off_by) - 1;
        CHECK_INT(beyond * beyond * parts * parts * 100, <=, 2401LL * TRIALS * (parts - 1));
    }
}

typedef struct {
    int count;
    pair p[MOST];
    csp_message messages[MOST];
    csp_guard guards[MOST];
    int64_t hits[MOST];
    bool ready[MOST];
} trial;

/* Guard i receives from, or sends to, a channel of its own that is ready or not. */
static void set_up(trial *t, int count, bool (*sends)(int), bool (*ready)(int)) {
    *t = (trial){.count = count};
    for (int i = 0; i < count; i++) {
        t->p[i] = channel(1);
        t->ready[i] = ready(i);
        if (sends(i)) {
            t->messages[i] = inlined(i);
            t->guards[i] = on_send(t->p[i].tx, &t->messages[i]);
        } else {
            t->guards[i] = on_recv(t->p[i].rx, &t->messages[i]);
        }
        if (sends(i) != t->ready[i]) {
            csp_message message = inlined(i);
            CHECK_STATUS(csp_send(t->p[i].tx, &message, CSP_POLL, NULL), CSP_OK);
        }
    }
}

/* Choose TRIALS times; what was chosen is made ready again. */
static void run_trials(trial *t, int flags) {
    for (int n = 0; n < TRIALS; n++) {
        int64_t at = choose(t->guards, (size_t)t->count, flags, CSP_POLL);
        CHECK_INT(at, >=, 0);
        CHECK(t->ready[at]);
        t->hits[at]++;
        csp_message message = inlined(at);
        if (t->guards[at].kind == CSP_GUARD_RECV) {
            CHECK_STATUS(csp_send(t->p[at].tx, &message, CSP_POLL, NULL), CSP_OK);
        } else {
            CHECK_STATUS(csp_recv(t->p[at].rx, &t->messages[at], CSP_POLL, NULL), CSP_OK);
        }
    }
}

static void tear_down(trial *t) {
    for (int i = 0; i < t->count; i++) {
        free_pair(&t->p[i]);
    }
}

static bool always(int i) { return i >= 0; }
static bool never(int i) { return i < 0; }
static bool even(int i) { return i % 2 == 0; }
static bool first_two_and_last(int i) { return i < 2 || i == MOST - 1; }

CASE(all_ready_guards_have_equal_shares,
     "With every guard ready, receiving, sending or mixed, each is chosen equally often.") {
    static bool (*const directions[])(int) = {never, always, even};
    static const int counts[] = {1, 2, 3, 5, 8, MOST};
    for (size_t d = 0; d < COUNT(directions); d++) {
        for (size_t n = 0; n < COUNT(counts); n++) {
            trial t;
            set_up(&t, counts[n], directions[d], always);
            run_trials(&t, CSP_SELECT_FAIR);
            for (int i = 0; i < t.count; i++) {
                note("direction %zu, guard %d of %d", d, i, t.count);
                check_share(t.hits[i], t.count);
            }
            tear_down(&t);
        }
    }
}

static bool first_two(int i) { return i < 2; }
static bool only_one(int i) { return i == 7; }

CASE(the_quiet_give_their_share_to_nobody_in_particular,
     "Among quiet guards, receiving, sending or mixed, those that are ready share equally, wherever they stand.") {
    static bool (*const readiness[])(int) = {even, first_two, first_two_and_last, only_one};
    static bool (*const directions[])(int) = {never, always, even};
    for (size_t r = 0; r < COUNT(readiness) * COUNT(directions); r++) {
        trial t;
        set_up(&t, MOST, directions[r % COUNT(directions)], readiness[r / COUNT(directions)]);
        run_trials(&t, CSP_SELECT_FAIR);
        int64_t ready = 0;
        for (int i = 0; i < t.count; i++) {
            ready += t.ready[i];
        }
        for (int i = 0; i < t.count; i++) {
            note("case %zu, guard %d", r, i);
            if (t.ready[i]) {
                check_share(t.hits[i], ready);
            } else {
                CHECK_INT(t.hits[i], ==, 0);
            }
        }
        tear_down(&t);
    }
}

static void *take_and_keep(void *lock) {
    csp_message nothing;
    CHECK_STATUS(csp_recv(lock, &nothing, CSP_POLL, NULL), CSP_OK);
    return NULL;
}

CASE(what_only_looks_ready_takes_no_share, "Guards that are off, own waiting offers, locks of other threads and "
                                           "offers to alternatives that do not wait take no "
                                           "share of the ready ones beside them.") {
    pair p = channel(1), q = channel(1), watched = channel(0);
    csp_end *lock;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_RLOCK, 0, 0, me, &lock), CSP_OK);
    csp_alternative *alternative = csp_alternative_new(me);
    uint32_t place;
    CHECK_STATUS(csp_alternative_add(alternative, watched.rx, &place), CSP_OK);
    csp_message got, offered = inlined(9), none;
    finish(go(take_and_keep, lock));
    csp_guard guards[] = {on_recv(p.rx, &got),           off(), on_send(watched.tx, &offered), on_recv(lock, &none),
                          on_send(watched.tx, &offered), off(), on_recv(q.rx, &got),           on_timer(CSP_FOREVER)};
    int64_t hits[COUNT(guards)] = {0};
    CHECK_STATUS(put(p.tx, 0, CSP_POLL), CSP_OK);
    CHECK_STATUS(put(q.tx, 6, CSP_POLL), CSP_OK);
    for (int n = 0; n < TRIALS; n++) {
        int64_t at = choose(guards, COUNT(guards), CSP_SELECT_FAIR, CSP_POLL);
        CHECK_INT(at, >=, 0);
        CHECK_INT(opened(&got), ==, at);
        hits[at]++;
        CHECK_STATUS(put(at == 0 ? p.tx : q.tx, at, CSP_POLL), CSP_OK);
    }
    check_share(hits[0], 2);
    check_share(hits[6], 2);
    csp_alternative_free(alternative);
    csp_end_free(lock);
    free_pair(&p);
    free_pair(&q);
    free_pair(&watched);
}

CASE(rotation_passes_nobody_over_twice, "Begun behind the latest choice each time, ready guards are chosen in turn, "
                                        "and what is quiet loses nobody a turn.") {
    trial t;
    set_up(&t, MOST, even, first_two_and_last);
    static const int64_t turns[] = {0, 1, MOST - 1};
    int64_t latest = MOST - 1;
    for (int n = 0; n < 300; n++) {
        int64_t at = choose(t.guards, (size_t)t.count, CSP_SELECT_ROTATE | ((int)latest + 1) << 8, CSP_POLL);
        CHECK_INT(at, ==, turns[n % 3]);
        csp_message message = inlined(at);
        if (t.guards[at].kind == CSP_GUARD_RECV) {
            CHECK_STATUS(csp_send(t.p[at].tx, &message, CSP_POLL, NULL), CSP_OK);
        } else {
            CHECK_STATUS(csp_recv(t.p[at].rx, &t.messages[at], CSP_POLL, NULL), CSP_OK);
        }
        latest = at;
    }
    tear_down(&t);
}

CASE(priority_is_never_fair, "With every guard ready priority takes the first, always.") {
    trial t;
    set_up(&t, 5, even, always);
    run_trials(&t, CSP_SELECT_PRIORITY);
    CHECK_INT(t.hits[0], ==, TRIALS);
    tear_down(&t);
}

CASE(every_position_of_a_duplicate_is_reachable,
     "A channel that stands in several guards is taken through each of them equally often.") {
    pair p = channel(1);
    csp_message messages[4];
    csp_guard guards[4];
    int64_t hits[4] = {0};
    for (int i = 0; i < 4; i++) {
        guards[i] = on_recv(p.rx, &messages[i]);
    }
    for (int n = 0; n < TRIALS; n++) {
        csp_message message = inlined(n);
        CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
        int64_t at = choose(guards, 4, CSP_SELECT_FAIR, CSP_FOREVER);
        CHECK_INT(at, >=, 0);
        CHECK_INT(opened(&messages[at]), ==, n);
        hits[at]++;
    }
    for (int i = 0; i < 4; i++) {
        note("position %d", i);
        check_share(hits[i], 4);
    }
    free_pair(&p);
}

CASE(due_timers_and_channels_share, "Busy channels do not hide a due timer, nor due timers a channel: equal shares.") {
    pair p = channel(1);
    csp_message message;
    csp_guard guards[] = {on_timer(1), on_recv(p.rx, &message), on_timer(1)};
    int64_t hits[3] = {0};
    for (int n = 0; n < TRIALS; n++) {
        put(p.tx, n, CSP_POLL);
        int64_t at = choose(guards, 3, CSP_SELECT_FAIR, n % 2 == 0 ? CSP_POLL : CSP_FOREVER);
        CHECK_INT(at, >=, 0);
        hits[at]++;
        if (at == 1) {
            csp_message_drop(&message);
        }
    }
    for (int i = 0; i < 3; i++) {
        note("guard %d", i);
        check_share(hits[i], 3);
    }
    free_pair(&p);
}

static void *choose_once(void *argument) {
    csp_message a, b;
    pair *p = argument;
    csp_guard guards[] = {on_recv(p[0].rx, &a), on_recv(p[1].rx, &b)};
    int64_t at = choose(guards, 2, CSP_SELECT_FAIR, CSP_POLL);
    CHECK_INT(at, >=, 0);
    csp_message_drop(guards[at].message);
    return NULL;
}

CASE(the_first_choice_of_a_thread_is_random_too, "Threads that select only once do not all take the same guard.") {
    enum { THREADS = 64 };
    pair p[2] = {channel(THREADS), channel(THREADS)};
    for (int i = 0; i < THREADS; i++) {
        CHECK_STATUS(put(p[0].tx, i, CSP_POLL), CSP_OK);
        CHECK_STATUS(put(p[1].tx, i, CSP_POLL), CSP_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        finish(go(choose_once, p));
    }
    CHECK_INT(seen(p[0].rx).received, >, 0);
    CHECK_INT(seen(p[1].rx).received, >, 0);
    free_pair(&p[0]);
    free_pair(&p[1]);
}
