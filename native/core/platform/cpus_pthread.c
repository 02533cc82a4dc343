/* SPDX-License-Identifier: MIT
 *
 * Where no thread can be told on which CPUs to run. */
#include "platform/cpus.h"

static bool get(int64_t thread, csp_cpus *set) {
    (void)thread;
    (void)set;
    return false;
}

static bool set(int64_t thread, const csp_cpus *wanted) {
    (void)thread;
    (void)wanted;
    return false;
}

csp_cpus_platform csp__cpus_platform = {.get = get, .set = set};
const bool csp__platform_settles = false;
