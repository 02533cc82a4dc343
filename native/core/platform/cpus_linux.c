/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/cpus.h"

/* Not by way of cpu_set_t, which ends at 1,024. */
static bool get(int64_t thread, csp_cpus *set) {
    long filled = syscall(SYS_sched_getaffinity, (pid_t)thread, sizeof *set, set);
    if (filled <= 0) {
        return false;
    }
    memset((char *)set + filled, 0, sizeof *set - (size_t)filled);
    return true;
}

static bool set(int64_t thread, const csp_cpus *wanted) {
    return syscall(SYS_sched_setaffinity, (pid_t)thread, sizeof *wanted, wanted) == 0;
}

csp_cpus_platform csp__cpus_platform = {.get = get, .set = set};
const bool csp__platform_settles = true;
