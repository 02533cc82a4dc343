/* SPDX-License-Identifier: MIT
 *
 * Which CPUs a thread may use; and to give it one alone for a while, so that afterwards everything is as if it had never been.
 *
 * Others have a say in this: the user (taskset, os.sched_setaffinity) and the system (cpusets, which shrink and grow). What
 * a thread is given back is therefore not what it had, but what a thread has now that nobody touches: the reference, a
 * thread of ours. And where that one has all that the system allows, what is given back is the wish for all CPUs that there
 * are: the system remembers wishes, and "those two of eight" would stand when it allows eight again.
 *
 * Calls that change anything are for one thread at a time: placement_homes.c has the lock. */
#ifndef CSP_CPUS_H
#define CSP_CPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Twice the most that Linux can be built for. Where there are more, the platform does not answer, and nothing is moved. */
enum { CSP_CPUS_MOST = 16384 };

typedef struct {
    uint64_t words[CSP_CPUS_MOST / 64];
} csp_cpus;

int csp__cpus_count(const csp_cpus *set);
bool csp__cpus_has(const csp_cpus *set, int cpu);
bool csp__cpus_equal(const csp_cpus *a, const csp_cpus *b);
/* The set of `cpu` alone; of none, where there is no such CPU. */
void csp__cpus_only(csp_cpus *set, int cpu);

/* The platform: what a thread (0: the calling one) may use, and a wish for it; both false when that cannot be. Tests put
 * machines of their own in their place. */
typedef struct {
    bool (*get)(int64_t thread, csp_cpus *set);
    bool (*set)(int64_t thread, const csp_cpus *set);
} csp_cpus_platform;
extern csp_cpus_platform csp__cpus_platform;
extern const bool csp__platform_settles; /* whether this platform can */

/* The calling thread becomes the reference, with what the thread `like` has. -1: there is none any more. */
void csp__cpus_refer(int64_t thread, int64_t like);
/* CPUs that this process may use, at least 1. */
int64_t csp__cpus_of_process(void);
/* Their numbers, at most CSP_CPUS_MOST; gives how many. None without a reference. */
uint32_t csp__cpus_list(int32_t *cpus);
/* Let that thread run on `cpu` alone. False if its CPUs are somebody's choice; `before`: those where we had put it, or -1. */
bool csp__cpus_settle(int64_t thread, int before, int cpu);
/* Let it run where it would, had it never been on `cpu` alone; unless somebody has chosen for it meanwhile. */
void csp__cpus_release(int64_t thread, int cpu);
/* Move the calling thread off `cpu`, if it may use another; for the next instant, not for long. */
void csp__cpus_leave(int cpu);

#endif
