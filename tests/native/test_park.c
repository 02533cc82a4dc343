/* SPDX-License-Identifier: MIT
 *
 * Sleeping and spinning: no wake is lost, nobody spins where it cannot pay, and the core knows who runs. */
#include "harness.h"

#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

static csp_totals totals(void) {
    csp_totals t;
    csp_totals_read(&t);
    return t;
}

/* ---- two threads that hand over to each other ------------------------------------------------------------------ */

typedef struct {
    csp_end *rx, *tx;
} echoer;

static void *echo(void *argument) {
    echoer *e = argument;
    int64_t value;
    while ((value = take(e->rx, CSP_FOREVER)) >= 0) {
        CHECK_STATUS(put(e->tx, value, CSP_FOREVER), CSP_OK);
    }
    return NULL;
}

/* Round trips over two channels; what their statistics say together afterwards, when both threads are done. */
static csp_statistics play(uint32_t capacity, int64_t rounds) {
    pair there = channel(capacity), back = channel(capacity);
    echoer e = {there.rx, back.tx};
    pthread_t echoing = go(echo, &e);
    for (int64_t n = 0; n < rounds; n++) {
        CHECK_STATUS(put(there.tx, n, CSP_FOREVER), CSP_OK);
        CHECK_INT(take(back.rx, CSP_FOREVER), ==, n);
    }
    csp_end_close(there.tx);
    finish(echoing);
    csp_statistics a = seen(there.rx), b = seen(back.rx);
    CHECK_INT(a.parks, ==, a.wakes);
    CHECK_INT(b.parks, ==, b.wakes);
    a.parks += b.parks;
    a.spins_hit += b.spins_hit;
    a.spins_missed += b.spins_missed;
    free_pair(&there);
    free_pair(&back);
    return a;
}

CASE(no_wake_is_lost_whatever_the_policy,
     "Round trips come to an end with any spin limit on any number of CPUs; parks equal wakes.") {
    static const int64_t limits[] = {0, 1, 6000, 200000};
    for (size_t i = 0; i < COUNT(limits); i++) {
        for (int64_t cpus = 1; cpus <= 64; cpus *= 8) {
            FOR_EACH_CAPACITY(c) {
                note("capacity %u, limit %lld, cpus %lld", c, (long long)limits[i], (long long)cpus);
                csp_spin_limit(limits[i]);
                csp_cpus_allowed(cpus);
                play(c, scaled(1000));
            }
        }
    }
}

CASE(a_limit_of_zero_never_spins, "With csp_spin_limit(0) every wait parks at once.") {
    csp_spin_limit(0);
    csp_cpus_allowed(64);
    FOR_EACH_CAPACITY(c) {
        csp_statistics s = play(c, scaled(2000));
        CHECK_INT(s.spins_hit + s.spins_missed, ==, 0);
        CHECK_INT(s.parks, >, 0);
    }
    csp_spin_limit(-5); /* like 0 */
    csp_statistics s = play(0, 100);
    CHECK_INT(s.spins_hit + s.spins_missed, ==, 0);
}

/* ---- who may spin ---------------------------------------------------------------------------------------------- */

typedef struct {
    _Atomic bool counted, enough;
} bystander;

/* Known to the core, and busy with something else. */
static void *keep_busy(void *argument) {
    bystander *b = argument;
    pair p = channel(1);
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    free_pair(&p);
    atomic_store(&b->counted, true);
    while (!atomic_load(&b->enough)) {
    }
    return NULL;
}

/* How many of `waits` waits, each on a fresh channel, did spin. */
static int64_t spins_of(int waits) {
    int64_t spins = 0;
    for (int i = 0; i < waits; i++) {
        pair p = channel(0);
        CHECK_INT(take(p.rx, csp_deadline_after(200000)), ==, NOT(CSP_TIMEOUT));
        csp_statistics s = seen(p.rx);
        spins += (int64_t)(s.spins_hit + s.spins_missed);
        CHECK_INT(s.parks, ==, 1);
        free_pair(&p);
    }
    return spins;
}

CASE(nobody_spins_while_others_need_the_cpu,
     "With two threads running on one allowed CPU waits park at once, however long that lasts.") {
    enum { WAITS = 400 }; /* some 100 ms: the core looks several times in between at who runs, and at the CPUs */
    bystander b = {false, false};
    csp_cpus_allowed(64);
    CHECK_INT(spins_of(WAITS / 8), ==, WAITS / 8); /* where there is room for all, each spins once */
    csp_cpus_allowed(1);
    pthread_t busy = go(keep_busy, &b);
    EVENTUALLY(atomic_load(&b.counted));
    CHECK_INT(totals().running, ==, 2);
    CHECK_INT(spins_of(WAITS), <=, WAITS / 20); /* not none: for an instant the other may really not run */
    CHECK_INT(totals().cpus, ==, 1);
    atomic_store(&b.enough, true);
    finish(busy);
}

CASE(the_number_of_cpus_is_ours_to_tell, "What csp_cpus_allowed was told stands until it is told to ask the system.") {
    csp_cpus_allowed(3);
    CHECK_INT(totals().cpus, ==, 3);
    csp_cpus_allowed(0);
    CHECK_INT(totals().cpus, >=, 1);
#if defined(__linux__)
    cpu_set_t set;
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
    CHECK_INT(totals().cpus, <=, sysconf(_SC_NPROCESSORS_CONF));
    CHECK_INT(totals().cpus, >=, CPU_COUNT(&set)); /* the pthread parker knows no affinity */
#endif
}

/* ---- who runs -------------------------------------------------------------------------------------------------- */

CASE(sleepers_do_not_run, "A thread counts as running from its first operation to its end, except while it waits.") {
    enum { SLEEPERS = 5 };
    pair p = channel(0);
    pending receivers[SLEEPERS];
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    CHECK_INT(totals().running, ==, 1);
    CHECK_INT(totals().threads, ==, 1);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < SLEEPERS; i++) {
            pend_recv(&receivers[i], p.rx, CSP_FOREVER);
        }
        EVENTUALLY(totals().running == 1);
        CHECK_INT(totals().threads, ==, 1 + SLEEPERS);
        for (int i = 0; i < SLEEPERS; i++) {
            CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
        }
        for (int i = 0; i < SLEEPERS; i++) {
            CHECK_INT(outcome(&receivers[i]), ==, i);
        }
        CHECK_INT(totals().threads, ==, 1);
        /* While it slept in a join, whoever looked who runs took this thread out; its next wait counts it in. */
        CHECK_INT(take(p.rx, csp_deadline_after(1)), ==, NOT(CSP_TIMEOUT));
        CHECK_INT(totals().running, ==, 1);
    }
    free_pair(&p);
}

static void *wait_a_moment(void *argument) {
    csp_end *rx = argument;
    take(rx, csp_deadline_after(20000));
    return NULL;
}

CASE(threads_come_and_go_while_others_look_who_runs,
     "Thread records change hands while waits elsewhere look at who runs.") {
    csp_cpus_allowed(1);
    bystander b = {false, false};
    pair p = channel(0);
    pthread_t busy = go(keep_busy, &b), visitors[4];
    int64_t until = csp_now() + scaled(500) * MILLISECONDS;
    while (csp_now() < until) {
        for (int i = 0; i < 4; i++) {
            visitors[i] = go(wait_a_moment, p.rx);
        }
        put(p.tx, 1, csp_deadline_after(10000));
        for (int i = 0; i < 4; i++) {
            finish(visitors[i]);
        }
    }
    atomic_store(&b.enough, true);
    finish(busy);
    CHECK_INT(totals().threads, ==, 1);
    free_pair(&p);
}

/* ---- at the edges of a thread's and a process's life ----------------------------------------------------------- */

static pthread_key_t at_end;
static pair at_end_pair;

static void wait_while_ending(void *value) {
    (void)value;
    CHECK_INT(take(at_end_pair.rx, CSP_FOREVER), ==, 6);
    CHECK_INT(take(at_end_pair.rx, csp_deadline_after(20000)), ==, NOT(CSP_TIMEOUT));
}

static void *end_with_a_wait(void *argument) {
    pthread_setspecific(at_end, argument);
    pair p = channel(0); /* the core learns of this thread: its own destructor will run, too */
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    free_pair(&p);
    return NULL;
}

CASE(a_thread_may_wait_while_it_ends, "Operations work in a thread-local destructor, after the core's own has run.") {
    CHECK(pthread_key_create(&at_end, wait_while_ending) == 0);
    for (int round = 0; round < 20; round++) {
        at_end_pair = channel(0);
        pthread_t ending = go(end_with_a_wait, &at_end_pair);
        CHECK_STATUS(put(at_end_pair.tx, 6, CSP_FOREVER), CSP_OK);
        finish(ending);
        CHECK_INT(totals().threads, ==, 1);
        free_pair(&at_end_pair);
    }
    pthread_key_delete(at_end);
}

typedef struct {
    pair p, other;
    int asked;
} handler;

/* What a signal handler of the waiting thread may do: operations of its own, that wait and that do not. */
static int use_channels(void *context) {
    handler *h = context;
    if (h->asked++ == 0) {
        csp_guard guard = on_timer(csp_deadline_after(20000));
        CHECK_INT(take(h->other.rx, csp_deadline_after(20000)), ==, NOT(CSP_TIMEOUT));
        CHECK_INT(choose(&guard, 1, CSP_SELECT_FAIR, CSP_FOREVER), ==, 0);
        CHECK_STATUS(put(h->p.tx, 7, CSP_FOREVER), CSP_OK); /* meets the very wait that it interrupts */
    }
    return h->asked > 1; /* with the message in hand nobody asks again */
}

CASE(a_handler_may_use_what_its_thread_waits_for,
     "Operations made while a wait is interrupted work, also those that end that very wait.") {
    csp_spin_limit(0);
    FOR_EACH_CAPACITY(c) {
        handler h = {channel(c), channel(0), 0};
        csp_hooks hooks = {.interrupted = use_channels, .context = &h, .slice_ns = 100000};
        csp_message message;
        CHECK_STATUS(csp_recv(h.p.rx, &message, CSP_FOREVER, &hooks), CSP_OK);
        CHECK_INT(opened(&message), ==, 7);
        CHECK_INT(h.asked, ==, 1);
        CHECK_INT(totals().threads, ==, 1);
        CHECK_INT(totals().running, ==, 1);
        CHECK_INT(RECEIVERS_WAITING(h.p.rx) + SENDERS_WAITING(h.p.tx), ==, 0);
        free_pair(&h.p);
        free_pair(&h.other);
    }
}

CASE(a_forked_child_starts_alone, "In the child of a fork the parent's sleepers do not count, and the core works.") {
    pair p = channel(0);
    pending receiver;
    CHECK_INT(take(p.rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    pend_recv(&receiver, p.rx, CSP_FOREVER);
    EVENTUALLY(totals().running == 1);
    pid_t child = fork();
    if (child == 0) {
        CHECK_INT(totals().threads, ==, 1);
        CHECK_INT(totals().running, ==, 1);
        pair fresh = channel(1);
        CHECK_STATUS(put(fresh.tx, 3, CSP_FOREVER), CSP_OK);
        CHECK_INT(take(fresh.rx, CSP_FOREVER), ==, 3);
        CHECK_INT(take(fresh.rx, csp_deadline_after(20000)), ==, NOT(CSP_TIMEOUT));
        free_pair(&fresh);
        _exit(42);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), ==, 42);
    CHECK_STATUS(put(p.tx, 1, CSP_FOREVER), CSP_OK);
    CHECK_INT(outcome(&receiver), ==, 1);
    free_pair(&p);
}
