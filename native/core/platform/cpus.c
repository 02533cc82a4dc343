/* SPDX-License-Identifier: MIT */
#include "platform/cpus.h"

#include <string.h>

#include "platform/park.h"

int csp__cpus_count(const csp_cpus *set) {
    int count = 0;
    for (size_t i = 0; i < sizeof set->words / sizeof *set->words; i++) {
        count += __builtin_popcountll(set->words[i]);
    }
    return count;
}

bool csp__cpus_has(const csp_cpus *set, int cpu) {
    return cpu >= 0 && cpu < CSP_CPUS_MOST && (set->words[cpu / 64] >> (cpu % 64) & 1) != 0;
}

bool csp__cpus_equal(const csp_cpus *a, const csp_cpus *b) { return memcmp(a, b, sizeof *a) == 0; }

void csp__cpus_only(csp_cpus *set, int cpu) {
    memset(set, 0, sizeof *set);
    if (cpu >= 0 && cpu < CSP_CPUS_MOST) {
        set->words[cpu / 64] = UINT64_C(1) << (cpu % 64);
    }
}

static bool is_only(const csp_cpus *set, int cpu) { return csp__cpus_has(set, cpu) && csp__cpus_count(set) == 1; }

/* ---- the reference -------------------------------------------------------------------------------------------- */

static _Atomic int64_t reference;
static csp_cpus known;    /* what the reference had when last we looked whether that was all */
static bool all_is_known; /* it was: nobody has chosen the CPUs of this process */

static const csp_cpus *everything(void) {
    static csp_cpus every;
    memset(&every, 0xff, sizeof every);
    return &every;
}

/* What a thread may use that nobody has touched. */
static bool look(csp_cpus *now) {
    int64_t thread = reference;
    if (thread <= 0 || !csp__cpus_platform.get(thread, now)) {
        return false;
    }
    if (!csp__cpus_equal(now, &known)) {
        csp_cpus most;
        all_is_known = csp__cpus_platform.set(thread, everything()) && csp__cpus_platform.get(thread, &most) &&
                       csp__cpus_equal(&most, now);
        if (!all_is_known) {
            csp__cpus_platform.set(thread, now);
        }
        known = *now;
    }
    return true;
}

void csp__cpus_refer(int64_t thread, int64_t like) {
    csp_cpus now;
    memset(&known, 0, sizeof known);
    if (thread > 0 && csp__cpus_platform.get(like, &now)) {
        csp__cpus_platform.set(thread, &now);
    }
    reference = thread;
}

int64_t csp__cpus_of_process(void) {
    csp_cpus now;
    int64_t thread = reference;
    if ((thread > 0 && csp__cpus_platform.get(thread, &now)) || csp__cpus_platform.get(0, &now)) {
        int count = csp__cpus_count(&now);
        return count > 0 ? count : 1;
    }
    return csp__platform_cpus();
}

uint32_t csp__cpus_list(int32_t *cpus) {
    csp_cpus free;
    uint32_t count = 0;
    if (!look(&free)) {
        return 0;
    }
    for (int word = 0; word < CSP_CPUS_MOST / 64; word++) {
        for (uint64_t rest = free.words[word]; rest != 0; rest &= rest - 1) {
            cpus[count++] = word * 64 + __builtin_ctzll(rest);
        }
    }
    return count;
}

/* ---- moving threads ------------------------------------------------------------------------------------------- */

bool csp__cpus_settle(int64_t thread, int before, int cpu) {
    csp_cpus now, free, wanted;
    if (!look(&free) || !csp__cpus_has(&free, cpu) || csp__cpus_count(&free) < 2 ||
        !csp__cpus_platform.get(thread, &now) || !(csp__cpus_equal(&now, &free) || is_only(&now, before))) {
        return false;
    }
    csp__cpus_only(&wanted, cpu);
    return csp__cpus_platform.set(thread, &wanted);
}

/* It has what the reference has: the system took the CPU away on which it was alone, or somebody has chosen for all. */
void csp__cpus_release(int64_t thread, int cpu) {
    csp_cpus now, free;
    if (csp__cpus_platform.get(thread, &now) && look(&free) && (is_only(&now, cpu) || csp__cpus_equal(&now, &free))) {
        csp__cpus_platform.set(thread, all_is_known ? everything() : &free);
    }
}

void csp__cpus_leave(int cpu) {
    csp_cpus before, without, now, free;
    if (!csp__cpus_platform.get(0, &before) || !csp__cpus_has(&before, cpu) || !look(&free)) {
        return;
    }
    without = before;
    without.words[cpu / 64] &= ~(UINT64_C(1) << (cpu % 64));
    if (csp__cpus_count(&without) > 0 && csp__cpus_platform.set(0, &without) && csp__cpus_platform.get(0, &now) &&
        csp__cpus_equal(&now, &without)) {
        csp__cpus_platform.set(0, all_is_known && csp__cpus_equal(&before, &free) ? everything() : &before);
    }
}
