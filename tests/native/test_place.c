/* SPDX-License-Identifier: MIT
 *
 * Placement: threads that only hand over to each other come to live on one CPU, and are let go when they work. */
#include <sched.h>

#include "cpus.h"
#include "harness.h"

int32_t csp__settled(void);

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
    _Atomic bool work, worked;
    _Atomic int cpus_after_work;
} member;

static void *pass_on(void *argument) {
    member *m = argument;
    if (m->may_settle) {
        csp_thread_may_settle();
    }
    csp_message token;
    while (csp_recv(m->rx, &token, CSP_FOREVER, NULL) == CSP_OK && !atomic_load(m->over)) {
        if (atomic_load(&m->work) && !atomic_load(&m->worked)) {
            int64_t until = csp_deadline_after(50 * MILLISECONDS);
            while (csp_now() < until) {
            }
            atomic_store(&m->cpus_after_work, cpus()); /* before the next wait: the watch has done it */
            atomic_store(&m->worked, true);
        }
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
    int all = cpus();
    csp_spin_limit(0); /* every hand-over sleeps, whatever else this machine does */
    start(&r, true);
    if (csp__platform_settles && all > 1 && all < RING) {
        EVENTUALLY(csp__settled() >= 2);
    }
    CHECK_INT(cpus(), ==, all); /* main did not say so */
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
    int all = cpus();
    csp_spin_limit(0);
    start(&r, true);
    if (csp__platform_settles && all > 1 && all < RING) {
        EVENTUALLY(csp__settled() == RING);
    }
    atomic_store(&r.members[2].work, true);
    EVENTUALLY(atomic_load(&r.members[2].worked));
    CHECK_INT(atomic_load(&r.members[2].cpus_after_work), ==, all);
    stop(&r);
}

CASE(it_can_be_turned_off, "Without placement all are let go, and none is moved.") {
    static ring r;
    int all = cpus();
    csp_spin_limit(0);
    start(&r, true);
    if (csp__platform_settles && all > 1 && all < RING) {
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
