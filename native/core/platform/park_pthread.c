/* SPDX-License-Identifier: MIT
 *
 * For platforms without a futex: sleepers hash by address into a fixed set of condition variables. A wake is given to
 * everybody in the bucket, and each looks at its own word: more wakes than needed, never fewer. */
#include "platform/park.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "csp/csp.h"
#include "platform/clock.h"

#define BUCKETS 256

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int sleepers;
} bucket;

static bucket buckets[BUCKETS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_buckets(void) {
    for (int i = 0; i < BUCKETS; i++) {
        pthread_mutex_init(&buckets[i].mutex, NULL);
        pthread_condattr_t attributes;
        pthread_condattr_init(&attributes);
#if !defined(__APPLE__)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
        pthread_cond_init(&buckets[i].changed, &attributes);
        pthread_condattr_destroy(&attributes);
    }
}

static bucket *bucket_of(const void *word) {
    pthread_once(&once, make_buckets);
    return &buckets[((uintptr_t)word >> 6) % BUCKETS];
}

csp_parked csp__park(_Atomic uint32_t *word, uint32_t expected, int64_t deadline) {
    bucket *b = bucket_of(word);
    csp_parked outcome = CSP_PARK_WOKEN;
    pthread_mutex_lock(&b->mutex);
    if (atomic_load_explicit(word, memory_order_acquire) == expected) {
        b->sleepers++;
        /* A condition variable does not return on a signal: never sleep longer than this, and report it as one. */
        int64_t slice = csp__real_now() + INT64_C(20000000);
        int64_t limit = deadline < slice ? deadline : slice;
        int64_t absolute = limit;
#if defined(__APPLE__)
        struct timespec wall;
        clock_gettime(CLOCK_REALTIME, &wall);
        absolute = (int64_t)wall.tv_sec * INT64_C(1000000000) + wall.tv_nsec + (limit - csp__real_now());
#endif
        struct timespec until = {(time_t)(absolute / INT64_C(1000000000)), (long)(absolute % INT64_C(1000000000))};
        if (pthread_cond_timedwait(&b->changed, &b->mutex, &until) == ETIMEDOUT) {
            outcome = limit == deadline ? CSP_PARK_TIMEOUT : CSP_PARK_SIGNAL;
        }
        b->sleepers--;
    }
    pthread_mutex_unlock(&b->mutex);
    return outcome;
}

void csp__unpark(_Atomic uint32_t *word, int count) {
    (void)count;
    bucket *b = bucket_of(word);
    pthread_mutex_lock(&b->mutex);
    if (b->sleepers > 0) {
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->mutex);
}

int64_t csp__platform_cpus(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? count : 1;
}

int csp__platform_cpu(void) { return -1; }

void csp__platform_name_thread(const char *name) {
#if defined(__APPLE__)
    pthread_setname_np(name);
#elif defined(__linux__)
    pthread_setname_np(pthread_self(), name);
#else
    (void)name;
#endif
}

int64_t csp__platform_thread(void) { return 0; }

int csp__thread_runs(int64_t thread) {
    (void)thread;
    return -1;
}
