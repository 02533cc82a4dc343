/* SPDX-License-Identifier: MIT
 *
 * Placement: threads that only hand over to each other come to live on one CPU, and are let go when they work. */
#include <sched.h>

#include "harness.h"
#include "platform/cpus.h"
#include "platform/park.h"
#include "waiting/placement.h"
#include "waiting/placement_homes.h"
#include "waiting/placement_watch.h"
#include "waiting/thread.h"

static int all_cpus; /* of the process */

static int cpus(void) {
    cpu_set_t set;
    CHECK_INT(sched_getaffinity(0, sizeof set, &set), ==, 0);
    return CPU_COUNT(&set);
}

enum { RING = 6 };

/* A ring in which one token goes round: each member waits for its neighbour and does nothing else, until told to work. */
typedef struct {
    csp_end *rx, *tx;
    bool may_settle;
    _Atomic bool *over;
    _Atomic bool work, worked, hold, holds;
    _Atomic int cpus_after_work;
    uint64_t number;
    int64_t platform_thread;
} member;
static _Thread_local member *self;

static void *pass_on(void *argument) {
    member *m = argument;
    self = m;
    if (m->may_settle) {
        m->number = csp_thread_may_settle();
        m->platform_thread = csp__platform_thread();
    }
    csp_message token;
    while (csp_recv(m->rx, &token, CSP_FOREVER, NULL) == CSP_OK && !atomic_load(m->over)) {
        if (atomic_load(&m->work) && !atomic_load(&m->worked)) {
            int64_t until = csp_deadline_after(10 * SECONDS);
            while (cpus() < all_cpus && csp_now() < until) {
            }
            atomic_store(&m->cpus_after_work, cpus()); /* before the next wait: the watch has done it */
            atomic_store(&m->worked, true);
        }
        while (atomic_load(&m->hold)) {
            atomic_store(&m->holds, true);
            sched_yield();
        }
        atomic_store(&m->holds, false);
        if (csp_send(m->tx, &token, CSP_FOREVER, NULL) != CSP_OK) {
            break;
        }
    }
    csp_message_drop(&token);
    csp_end_close(m->tx);
    csp_end_close(m->rx);
    return NULL;
}

typedef struct {
    pair channels[RING];
    member members[RING];
    pthread_t threads[RING];
    _Atomic bool over;
} ring;

static void start(ring *r, bool may_settle) {
    all_cpus = cpus();
    atomic_store(&r->over, false);
    for (int i = 0; i < RING; i++) {
        r->channels[i] = channel(0);
    }
    for (int i = 0; i < RING; i++) {
        r->members[i] = (member){
            .rx = r->channels[i].rx, .tx = r->channels[(i + 1) % RING].tx, .may_settle = may_settle, .over = &r->over};
        r->threads[i] = go(pass_on, &r->members[i]);
    }
    CHECK_STATUS(put(r->channels[0].tx, 1, CSP_FOREVER), CSP_OK);
}

static void stop(ring *r) {
    atomic_store(&r->over, true);
    for (int i = 0; i < RING; i++) {
        finish(r->threads[i]);
    }
    for (int i = 0; i < RING; i++) {
        free_pair(&r->channels[i]);
    }
    CHECK_INT(csp__settled(), ==, 0);
}

CASE(talkers_settle,
     "Threads that said they may come to live on one CPU, where there are several, and nobody else does.") {
    static ring r;
    csp_spin_limit(0); /* every hand-over sleeps, whatever else this machine does */
    start(&r, true);
    if (csp__platform_settles && all_cpus > 1 && all_cpus < RING) {
        EVENTUALLY(csp__settled() >= 2);
    }
    CHECK_INT(cpus(), ==, all_cpus); /* main did not say so */
    stop(&r);
}

CASE(nobody_is_moved_unasked, "Threads that did not say so stay where they are.") {
    static ring r;
    csp_spin_limit(0);
    start(&r, false);
    EVENTUALLY(seen(r.channels[0].rx).parks > 2000);
    CHECK_INT(csp__settled(), ==, 0);
    stop(&r);
}

CASE(who_works_is_let_go,
     "A settled thread that goes on without waiting may use every CPU again, and knows nothing of it.") {
    static ring r;
    csp_spin_limit(0);
    start(&r, true);
    if (csp__platform_settles && all_cpus > 1 && all_cpus < RING) {
        EVENTUALLY(csp__settled() == RING);
    }
    atomic_store(&r.members[2].work, true);
    EVENTUALLY(atomic_load(&r.members[2].worked));
    CHECK_INT(atomic_load(&r.members[2].cpus_after_work), ==, all_cpus);
    stop(&r);
}

CASE(it_can_be_turned_off, "Without placement all are let go, and none is moved.") {
    static ring r;
    csp_spin_limit(0);
    start(&r, true);
    if (csp__platform_settles && all_cpus > 1 && all_cpus < RING) {
        EVENTUALLY(csp__settled() > 0);
    }
    csp_placement(false);
    /* One that was about to settle in that instant leaves at its next wait. */
    uint64_t parks = seen(r.channels[0].rx).parks;
    EVENTUALLY(seen(r.channels[0].rx).parks > parks + 10);
    CHECK_INT(csp__settled(), ==, 0);
    EVENTUALLY(seen(r.channels[0].rx).parks > parks + 2000);
    CHECK_INT(csp__settled(), ==, 0);
    stop(&r);
}

/* ---- in the very instant in which one settles ------------------------------------------------------------------ */

/* The first that is given one CPU alone stands still just after, in the middle of it, until main has gone on; or, if main waits
 * for it, for a while. */
static csp_cpus_platform real;
static _Atomic(member *) caught;
static _Atomic bool gone_on;

static bool set_and_stand(int64_t thread, const csp_cpus *wanted) {
    bool done = real.set(thread, wanted);
    member *nobody = NULL;
    if (self != NULL && csp__cpus_count(wanted) == 1 && atomic_compare_exchange_strong(&caught, &nobody, self)) {
        int64_t until = csp_deadline_after(50 * MILLISECONDS);
        while (!atomic_load(&gone_on) && csp_now() < until) {
        }
    }
    return done;
}

static bool catch_one(ring *r) {
    csp_spin_limit(0);
    real = csp__cpus_platform;
    csp__cpus_platform.set = set_and_stand;
    start(r, true);
    if (!csp__platform_settles || all_cpus < 2 || all_cpus >= RING) {
        return false;
    }
    EVENTUALLY(atomic_load(&caught) != NULL);
    return true;
}

static int cpus_of(const member *m) {
    csp_cpus set;
    CHECK(real.get(m->platform_thread, &set));
    return csp__cpus_count(&set);
}

CASE(who_stays_has_all_cpus_at_once,
     "A thread that is told to stay while it moves has all CPUs when that call returns, and is not moved again.") {
    static ring r;
    if (catch_one(&r)) {
        member *m = atomic_load(&caught);
        csp_thread_stays(m->number);
        CHECK_INT(cpus_of(m), ==, all_cpus);
        atomic_store(&gone_on, true);
        uint64_t parks = seen(r.channels[0].rx).parks;
        EVENTUALLY(seen(r.channels[0].rx).parks > parks + 2000);
        CHECK_INT(cpus_of(m), ==, all_cpus);
    }
    stop(&r);
}

CASE(off_is_off_for_who_settles_just_then,
     "A thread that settles in the instant in which placement is turned off may use every CPU when it works.") {
    static ring r;
    if (catch_one(&r)) {
        member *m = atomic_load(&caught);
        csp_placement(false);
        atomic_store(&m->work, true);
        atomic_store(&gone_on, true);
        EVENTUALLY(atomic_load(&m->worked));
        CHECK_INT(atomic_load(&m->cpus_after_work), ==, all_cpus);
        EVENTUALLY(csp__settled() == 0); /* others may have been about it */
    }
    stop(&r);
}

/* ---- the watch ------------------------------------------------------------------------------------------------ */

static int talking(void) {
    int found = 0;
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load(&w->next)) {
        found += atomic_load(&w->talks);
    }
    return found;
}

CASE(fewer_cpus_are_noticed,
     "The watch looks when there come to be fewer CPUs than threads that talk, though none begins to.") {
    static ring r;
    csp_spin_limit(0);
    csp_cpus_allowed(64);
    start(&r, true);
    do { /* until the token rests and most have kept their name as talkers */
        atomic_store(&r.members[0].hold, false);
        EVENTUALLY(talking() == RING);
        atomic_store(&r.members[0].hold, true);
        EVENTUALLY(atomic_load(&r.members[0].holds));
    } while (talking() <= 2);
    CHECK_INT(csp__settled(), ==, 0);
    csp_cpus_allowed(2);
    EVENTUALLY(talking() <= 2); /* it forgets those that talk no more */
    atomic_store(&r.members[0].hold, false);
    stop(&r);
}

CASE(the_watch_takes_little,
     "The watch sleeps for longer where there is much to look at: no more than one part in 32.") {
    CHECK_INT(csp__placement_pause(0), ==, 4 * MILLISECONDS);
    CHECK_INT(csp__placement_pause(100000), ==, 4 * MILLISECONDS);
    CHECK_INT(csp__placement_pause(5 * MILLISECONDS), ==, 160 * MILLISECONDS);
}

CASE(a_wake_counts_once,
     "How long a thread queued at home is judged once for each wake, and never when nobody woke it.") {
    csp_waiter *mine = csp__self();
    atomic_store(&mine->home, 0);
    csp__placement_wakes_other(mine, mine);
    csp__placement_wakes(mine, true);
    CHECK_INT(atomic_load(&mine->near), ==, 1);
    uint32_t late = atomic_load(&mine->late);
    csp__placement_wakes(mine, true); /* its deadline */
    CHECK_INT(atomic_load(&mine->near), ==, 1);
    csp__placement_wakes_other(mine, mine);
    atomic_store(&mine->woken, csp__ticks() + 1000000000); /* it goes on before its waker has come to the clock */
    csp__placement_wakes(mine, true);
    CHECK_INT(atomic_load(&mine->near), ==, 2);
    CHECK_INT(atomic_load(&mine->late), ==, late);
    atomic_store(&mine->home, -1);
}

static void *stay_pinned(void *argument) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(*(size_t *)argument, &one);
    CHECK_INT(sched_setaffinity(0, sizeof one, &one), ==, 0);
    csp_thread_may_settle();
    pair c = channel(0);
    pending p;
    for (int i = 0; i < 300; i++) {
        pend_send(&p, c.tx, i, CSP_FOREVER);
        CHECK_INT(take(c.rx, CSP_FOREVER), ==, i);
        CHECK_INT(outcome(&p), ==, 0);
    }
    CHECK_INT(sched_getaffinity(0, sizeof one, &one), ==, 0);
    CHECK_INT(CPU_COUNT(&one), ==, 1);
    CHECK(CPU_ISSET(*(size_t *)argument, &one));
    free_pair(&c);
    return NULL;
}

CASE(a_choice_of_the_user_stands, "A thread whose CPU somebody chose stays there.") {
    cpu_set_t set;
    CHECK_INT(sched_getaffinity(0, sizeof set, &set), ==, 0);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &set)) {
        cpu++;
    }
    finish(go(stay_pinned, &cpu));
}
