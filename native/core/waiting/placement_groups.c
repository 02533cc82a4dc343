/* SPDX-License-Identifier: MIT */
#include "waiting/placement_groups.h"

#include <stdlib.h>

static int stronger_first(const void *a, const void *b) {
    uint32_t one = ((const csp_bond *)a)->strength, other = ((const csp_bond *)b)->strength;
    return (one < other) - (one > other);
}

static uint32_t root_of(csp_member *members, uint32_t index) {
    while (members[index].root != index) {
        members[index].root = members[members[index].root].root;
        index = members[index].root;
    }
    return index;
}

/* A quarter more than the equal share: groups have the sizes that they have. */
static uint64_t share(uint64_t total, uint32_t parts) { return total / parts + total / parts / 4; }

static void join(csp_member *members, csp_bond *bonds, uint32_t bond_count, uint64_t most) {
    qsort(bonds, bond_count, sizeof *bonds, stronger_first);
    for (uint32_t i = 0; i < bond_count; i++) {
        uint32_t one = root_of(members, bonds[i].one), other = root_of(members, bonds[i].other);
        if (one != other && members[one].all + members[other].all <= most) {
            members[other].root = one;
            members[one].all += members[other].all;
        }
    }
}

/* Where it lives, if there is room; else where there is most. */
static uint32_t choose(const int32_t *cpus, const uint64_t *loads, uint32_t cpu_count, int32_t now, uint64_t work,
                       uint64_t most) {
    uint32_t emptiest = 0;
    for (uint32_t i = 0; i < cpu_count; i++) {
        if (cpus[i] == now && (loads[i] == 0 || loads[i] + work <= most)) {
            return i;
        }
        if (loads[i] < loads[emptiest]) {
            emptiest = i;
        }
    }
    return emptiest;
}

void csp__group(csp_member *members, uint32_t count, csp_bond *bonds, uint32_t bond_count, const int32_t *cpus,
                uint64_t *loads, uint32_t cpu_count, uint32_t spread) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        members[i].root = i;
        members[i].all = members[i].work;
        total += members[i].work;
    }
    join(members, bonds, bond_count, spread < 2 ? UINT64_MAX : share(total, spread));
    for (uint32_t c = 0; c < cpu_count; c++) {
        loads[c] = 0;
    }
    uint64_t most = share(total, cpu_count);
    /* The first member of each group finds its CPU; the others follow it. Who is alone lives anywhere. */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t root = root_of(members, i);
        members[i].root = root;
        if (root == i && members[i].all == members[i].work) {
            members[i].cpu = -1;
        } else if (root == i) {
            uint32_t chosen = choose(cpus, loads, cpu_count, members[i].cpu, members[i].all, most);
            loads[chosen] += members[i].all;
            members[i].cpu = cpus[chosen];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        members[i].cpu = members[members[i].root].cpu;
    }
}
