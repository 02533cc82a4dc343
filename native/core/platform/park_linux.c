/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "csp/csp.h"
#include "platform/park.h"

csp_parked csp__park(_Atomic uint32_t *word, uint32_t expected, int64_t deadline) {
    struct timespec until;
    const struct timespec *limit = NULL;
    if (deadline != CSP_FOREVER) {
        until.tv_sec = (time_t)(deadline / INT64_C(1000000000));
        until.tv_nsec = (long)(deadline % INT64_C(1000000000));
        limit = &until;
    }
    /* FUTEX_WAIT_BITSET takes an absolute monotonic time, so a wait that is taken up again does not drift. */
    long failed = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected, limit, NULL,
                          FUTEX_BITSET_MATCH_ANY);
    if (failed == 0) {
        return CSP_PARK_WOKEN;
    }
    switch (errno) {
        case ETIMEDOUT:
            return CSP_PARK_TIMEOUT;
        case EINTR:
            return CSP_PARK_SIGNAL;
        default:
            return CSP_PARK_WOKEN; /* EAGAIN: the word had changed already */
    }
}

void csp__unpark(_Atomic uint32_t *word, int count) {
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, NULL, NULL, 0);
}

int64_t csp__platform_cpus(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? count : 1;
}

int csp__platform_cpu(void) { return sched_getcpu(); }

void csp__platform_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int64_t csp__platform_thread(void) { return (int64_t)syscall(SYS_gettid); }

int csp__thread_runs(int64_t thread) {
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%lld/stat", (long long)thread);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0) {
        return -1;
    }
    text[got] = '\0';
    /* "tid (name) S ...": the name may hold anything, so look behind its last parenthesis. */
    const char *state = strrchr(text, ')');
    if (state == NULL || state[1] != ' ') {
        return -1;
    }
    return state[2] == 'R';
}
