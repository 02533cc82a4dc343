/* SPDX-License-Identifier: MIT
 *
 * Which CPUs a thread may use, on machines that we do not have: with thousands of CPUs, where the user and the system choose. */
#include <string.h>

#include "harness.h"
#include "platform/cpus.h"

/* A machine as Linux 6.2 and later does it: a thread has what it wished for, of what the system allows; and all of that where
 * none of its wish is allowed. */
enum { REFERENCE = 1, MAIN = 2, ACTOR = 3, THREADS = 4 };
static csp_cpus allowed, wishes[THREADS], masks[THREADS];
static bool wished[THREADS], broken;
static int calling;

static bool common(const csp_cpus *a, const csp_cpus *b, csp_cpus *both) {
    for (size_t i = 0; i < sizeof both->words / sizeof *both->words; i++) {
        both->words[i] = a->words[i] & b->words[i];
    }
    return csp__cpus_count(both) > 0;
}

static bool get(int64_t thread, csp_cpus *set) {
    *set = masks[thread == 0 ? calling : thread];
    return !broken;
}

static bool set(int64_t thread, const csp_cpus *wanted) {
    thread = thread == 0 ? calling : thread;
    csp_cpus both;
    if (broken || !common(wanted, &allowed, &both)) {
        return false;
    }
    wishes[thread] = *wanted;
    wished[thread] = true;
    masks[thread] = both;
    return true;
}

static void allow(csp_cpus set_of_system) {
    allowed = set_of_system;
    for (int t = 0; t < THREADS; t++) {
        if (!wished[t] || !common(&wishes[t], &allowed, &masks[t])) {
            masks[t] = allowed;
        }
    }
}

static csp_cpus between(int first, int last) {
    csp_cpus made = {{0}};
    for (int cpu = first; cpu <= last; cpu++) {
        made.words[cpu / 64] |= UINT64_C(1) << (cpu % 64);
    }
    return made;
}

static csp_cpus alone(int cpu) { return between(cpu, cpu); }

static bool has(int thread, csp_cpus expected) { return csp__cpus_equal(&masks[thread], &expected); }

static csp_cpus_platform real;

static void begin(csp_cpus set_of_system) {
    real = csp__cpus_platform;
    csp__cpus_platform = (csp_cpus_platform){.get = get, .set = set};
    memset(wished, 0, sizeof wished);
    broken = false;
    calling = ACTOR;
    allow(set_of_system);
}

static void refer(void) { csp__cpus_refer(REFERENCE, MAIN); }

static void end(void) {
    csp__cpus_refer(-1, 0);
    csp__cpus_platform = real;
}

CASE(sets_know_more_than_1024_cpus, "Sets of CPUs count, compare and hold each CPU up to the most.") {
    csp_cpus one;
    static const int some[] = {0, 63, 64, 1023, 1024, 8191, CSP_CPUS_MOST - 1};
    for (int i = 0; i < 7; i++) {
        csp__cpus_only(&one, some[i]);
        CHECK_INT(csp__cpus_count(&one), ==, 1);
        CHECK(csp__cpus_has(&one, some[i]) && !csp__cpus_has(&one, some[i] ^ 1));
    }
    csp__cpus_only(&one, CSP_CPUS_MOST);
    CHECK_INT(csp__cpus_count(&one), ==, 0);
    csp__cpus_only(&one, -1);
    CHECK_INT(csp__cpus_count(&one), ==, 0);
    CHECK(!csp__cpus_has(&one, -1) && !csp__cpus_has(&one, CSP_CPUS_MOST));
    csp_cpus many = between(0, 4999);
    CHECK_INT(csp__cpus_count(&many), ==, 5000);
}

CASE(it_works_beyond_1024_cpus, "A thread lives on CPU 3,000 for a while, and then anywhere again.") {
    begin(between(0, 4095));
    refer();
    CHECK_INT(csp__cpus_of_process(), ==, 4096);
    CHECK(csp__cpus_settle(ACTOR, -1, 3000));
    CHECK(has(ACTOR, alone(3000)));
    CHECK(csp__cpus_settle(ACTOR, 3000, 70));
    CHECK(has(ACTOR, alone(70)));
    csp__cpus_release(ACTOR, 70);
    CHECK(has(ACTOR, between(0, 4095)));
    calling = MAIN;
    csp__cpus_leave(2000);
    CHECK(has(MAIN, between(0, 4095)));
    end();
}

CASE(cpus_that_grow_again_are_followed, "What the system takes and gives back, released threads have again.") {
    begin(between(0, 7));
    refer();
    CHECK(csp__cpus_settle(ACTOR, -1, 5));
    allow(between(0, 3)); /* without the one where it lives */
    CHECK_INT(csp__cpus_of_process(), ==, 4);
    csp__cpus_release(ACTOR, 5);
    calling = MAIN;
    csp__cpus_leave(2);
    CHECK(has(ACTOR, between(0, 3)) && has(MAIN, between(0, 3)));
    allow(between(0, 15));
    CHECK(has(ACTOR, between(0, 15)) && has(MAIN, between(0, 15)));
    CHECK_INT(csp__cpus_of_process(), ==, 16);
    CHECK(csp__cpus_settle(ACTOR, -1, 12));
    allow(alone(12)); /* nothing but the one where it lives */
    CHECK_INT(csp__cpus_of_process(), ==, 1);
    csp__cpus_release(ACTOR, 12);
    allow(between(0, 15));
    CHECK(has(ACTOR, between(0, 15)));
    CHECK(csp__cpus_settle(ACTOR, -1, 12));
    allow(between(0, 3));
    CHECK(csp__cpus_settle(ACTOR, 12, 3)); /* forced away, it lives somewhere else */
    csp__cpus_release(ACTOR, 3);
    allow(between(0, 15));
    CHECK(has(ACTOR, between(0, 15)));
    end();
}

CASE(what_taskset_chose_stands,
     "CPUs that were chosen for the process are those of released threads, also when they change.") {
    begin(between(0, 7));
    csp_cpus chosen = between(2, 4), other = between(5, 6), one = alone(2);
    for (int t = 1; t < THREADS; t++) {
        set(t, &chosen);
    }
    refer();
    CHECK_INT(csp__cpus_of_process(), ==, 3);
    CHECK(!csp__cpus_settle(ACTOR, -1, 0));
    CHECK(csp__cpus_settle(ACTOR, -1, 2));
    csp__cpus_release(ACTOR, 2);
    CHECK(has(ACTOR, chosen) && has(REFERENCE, chosen));
    CHECK(csp__cpus_settle(ACTOR, -1, 2));
    for (int t = 1; t < THREADS; t++) {
        set(t, &other); /* taskset -a -p, while it is settled */
    }
    csp__cpus_release(ACTOR, 2);
    CHECK(has(ACTOR, other) && has(REFERENCE, other));
    CHECK(csp__cpus_settle(ACTOR, -1, 5));
    for (int t = 1; t < THREADS; t++) {
        set(t, &one);
    }
    csp__cpus_release(ACTOR, 5);
    CHECK(has(ACTOR, one) && has(REFERENCE, one));
    CHECK(!csp__cpus_settle(ACTOR, -1, 2)); /* there is nothing to choose */
    end();
}

CASE(what_a_thread_chose_stands,
     "A thread whose CPUs somebody chose is not moved, and not given back what it did not have.") {
    begin(between(0, 7));
    refer();
    csp_cpus two = between(0, 1), three = alone(3);
    set(ACTOR, &two);
    CHECK(!csp__cpus_settle(ACTOR, -1, 0));
    csp__cpus_leave(0);
    CHECK(has(ACTOR, two));
    csp_cpus all = between(0, 7);
    set(ACTOR, &all);
    CHECK(csp__cpus_settle(ACTOR, -1, 0));
    set(ACTOR, &three); /* from outside, while it is settled */
    csp__cpus_release(ACTOR, 0);
    CHECK(has(ACTOR, three));
    end();
}

CASE(a_platform_that_does_not_answer_moves_nobody,
     "Where CPUs cannot be asked for, there is at least one, and nobody moves.") {
    begin(between(0, 7));
    refer();
    broken = true;
    CHECK_INT(csp__cpus_of_process(), >=, 1);
    CHECK(!csp__cpus_settle(ACTOR, -1, 1));
    csp__cpus_release(ACTOR, 1);
    csp__cpus_leave(1);
    broken = false;
    CHECK(has(ACTOR, between(0, 7)));
    csp__cpus_refer(-1, 0);
    CHECK(!csp__cpus_settle(ACTOR, -1, 1)); /* nor without a reference */
    csp__cpus_leave(1);
    CHECK(has(ACTOR, between(0, 7)));
    end();
}

CASE(cpus_are_listed,
     "The CPUs to live on are those of the process, beyond 1,024 and with gaps, and none without a reference.") {
    static int32_t cpus[CSP_CPUS_MOST];
    csp_cpus some = between(62, 65);
    some.words[1500 / 64] |= UINT64_C(1) << 1500 % 64;
    some.words[(CSP_CPUS_MOST - 1) / 64] |= UINT64_C(1) << 63;
    begin(some);
    CHECK_INT(csp__cpus_list(cpus), ==, 0);
    refer();
    const int32_t expected[] = {62, 63, 64, 65, 1500, CSP_CPUS_MOST - 1};
    CHECK_INT(csp__cpus_list(cpus), ==, COUNT(expected));
    CHECK(memcmp(cpus, expected, sizeof expected) == 0);
    broken = true;
    CHECK_INT(csp__cpus_list(cpus), ==, 0);
    end();
}
