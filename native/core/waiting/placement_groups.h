/* SPDX-License-Identifier: MIT
 *
 * Who is to live together: a function of values alone, for place_watch.c to ask and for tests to try.
 *
 * Who wakes whom makes groups, the strongest bonds first, and each group gets a CPU. A group that does more than its share of
 * all the work is not made: where everybody knows somebody, as all know the logger, they would all be one. */
#ifndef CSP_PLACEMENT_GROUPS_H
#define CSP_PLACEMENT_GROUPS_H

#include <stdint.h>

typedef struct {
    uint64_t work; /* how much it runs, in any unit */
    int32_t cpu;   /* where it lives, or ran; then: where it is to live, -1 for anywhere */
    uint32_t root; /* a member of its group, the same for all of them, when done */
    uint64_t all;  /* the group's work, at its root */
} csp_member;

typedef struct {
    uint32_t one, other; /* members */
    uint32_t strength;   /* how often one woke the other */
} csp_bond;

/* `spread`: on how many of the CPUs what hangs together is to live at least, if its bonds can be cut so. `loads` has room for
 * one number a CPU. Bonds are put in another order. */
void csp__group(csp_member *members, uint32_t count, csp_bond *bonds, uint32_t bond_count, const int32_t *cpus,
                uint64_t *loads, uint32_t cpu_count, uint32_t spread);

#endif
