/* SPDX-License-Identifier: MIT
 *
 * Who lives together: bonds decide, no CPU gets more than its share, and who has a home keeps it. */
#include "harness.h"
#include "waiting/placement_groups.h"

enum { MANY = 64 };
static csp_member members[MANY];
static csp_bond bonds[MANY * 4];
static uint32_t count, bond_count;
static uint64_t loads[MANY];
static int32_t cpus[MANY];

static void begin(uint32_t number) {
    count = number;
    bond_count = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        members[i] = (csp_member){.work = 100, .cpu = 0};
        cpus[i] = (int32_t)i;
    }
}

static void bond(uint32_t one, uint32_t other, uint32_t strength) {
    bonds[bond_count++] = (csp_bond){.one = one, .other = other, .strength = strength};
}

static void group(uint32_t cpu_count, uint32_t spread) {
    csp__group(members, count, bonds, bond_count, cpus, loads, cpu_count, spread);
}

static int on(int32_t cpu) {
    int found = 0;
    for (uint32_t i = 0; i < count; i++) {
        found += members[i].cpu == cpu;
    }
    return found;
}

CASE(a_ring_lives_on_one_cpu,
     "Threads that hand over to each other in a ring live on one CPU, the one where they are.") {
    begin(6);
    for (uint32_t i = 0; i < 6; i++) {
        members[i].cpu = 3;
        bond((i + 1) % 6, i, 50);
    }
    group(4, 1);
    CHECK_INT(on(3), ==, 6);
}

CASE(rings_do_not_share_a_cpu,
     "Groups that have nothing to do with each other get CPUs of their own while there are any.") {
    begin(12);
    for (uint32_t i = 0; i < 12; i++) {
        bond(i, i % 4 == 3 ? i - 3 : i + 1, 50);
    }
    group(3, 1);
    for (int32_t cpu = 0; cpu < 3; cpu++) {
        CHECK_INT(on(cpu), ==, 4);
    }
    /* And asked again they stay. */
    csp_member before[MANY];
    for (uint32_t i = 0; i < count; i++) {
        before[i] = members[i];
    }
    group(3, 1);
    for (uint32_t i = 0; i < count; i++) {
        CHECK_INT(members[i].cpu, ==, before[i].cpu);
    }
}

/* Pairs that talk, and a logger that hears of all of them. */
static void pairs_and_a_logger(uint32_t pairs) {
    begin(2 * pairs + 1);
    members[2 * pairs].work = 20;
    for (uint32_t i = 0; i < pairs; i++) {
        bond(2 * i, 2 * i + 1, 100);
        bond(2 * i + 1, 2 * i, 60);
        bond(2 * i, 2 * pairs, 40);
        bond(2 * pairs, 2 * i, 10);
    }
}

CASE(a_logger_does_not_hold_all_together, "Where one hears of everybody, pairs stay together and use all CPUs.") {
    pairs_and_a_logger(8);
    group(2, 1);
    CHECK_INT(on(0), ==, 17); /* nobody queues for long: then one CPU is enough */
    pairs_and_a_logger(8);
    group(2, 2);
    CHECK_INT(on(0) + on(1) + on(-1), ==, 17);
    CHECK_INT(on(0), >=, 6);
    CHECK_INT(on(1), >=, 6);
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_INT(members[2 * i].cpu, ==, members[2 * i + 1].cpu);
    }
    pairs_and_a_logger(8);
    group(8, 8);
    for (int32_t cpu = 0; cpu < 8; cpu++) {
        CHECK_INT(on(cpu), >=, 2);
        CHECK_INT(on(cpu), <=, 3);
    }
}

CASE(who_is_alone_lives_anywhere, "Without a bond nobody is put anywhere, and nothing is divided by nobody.") {
    begin(5);
    bond(1, 3, 5);
    group(2, 1);
    CHECK_INT(on(-1), ==, 3);
    CHECK_INT(members[1].cpu, ==, members[3].cpu);
    begin(0);
    group(2, 2);
}

CASE(one_cpu_has_room_for_all, "With one CPU everybody who has a bond lives there.") {
    pairs_and_a_logger(8);
    group(1, 1);
    CHECK_INT(on(0), ==, 17);
}

CASE(thousands_of_cpus,
     "Each of two thousand pairs has a CPU for itself where there are four thousand, and stays there.") {
    enum { PAIRS = 2000, CPUS = 4096 };
    static csp_member many[2 * PAIRS];
    static csp_bond between[PAIRS];
    static uint64_t on_each[CPUS];
    static int32_t numbers[CPUS], before[PAIRS];
    for (int32_t c = 0; c < CPUS; c++) {
        numbers[c] = 3 * c; /* not all of the machine's */
    }
    for (uint32_t i = 0; i < 2 * PAIRS; i++) {
        many[i] = (csp_member){.work = 100, .cpu = 0};
    }
    for (int again = 0; again < 2; again++) {
        for (uint32_t i = 0; i < PAIRS; i++) {
            between[i] = (csp_bond){.one = 2 * i, .other = 2 * i + 1, .strength = 50};
        }
        csp__group(many, 2 * PAIRS, between, PAIRS, numbers, on_each, CPUS, 1);
        static bool used[3 * CPUS];
        memset(used, 0, sizeof used);
        for (uint32_t i = 0; i < PAIRS; i++) {
            int32_t cpu = many[2 * i].cpu;
            CHECK_INT(cpu % 3, ==, 0);
            CHECK_INT(many[2 * i + 1].cpu, ==, cpu);
            CHECK(!used[cpu]);
            used[cpu] = true;
            CHECK(again == 0 || cpu == before[i]);
            before[i] = cpu;
        }
    }
}

CASE(a_home_that_is_gone_is_replaced, "Who lives on a CPU that may not be used any more gets one that may.") {
    begin(4);
    for (uint32_t i = 0; i < 4; i++) {
        members[i].cpu = 40;
        bond(i, (i + 1) % 4, 50);
    }
    group(2, 1);
    CHECK_INT(on(0) + on(1), ==, 4);
}
