/* SPDX-License-Identifier: MIT
 *
 * The core's lock: one word, 4 to 15 ns when nobody contends. Held for tens of nanoseconds, so a contender looks a few
 * times before it sleeps. A leaf lock: under it no callback, no wake-up, no allocation through a language runtime.
 * The only nesting: an alternative, and the look for cycles, take several channels' locks, in the order of their ids. */
#ifndef CSP_LOCK_H
#define CSP_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    _Atomic uint32_t word; /* 0 free, 1 held, 2 held and somebody sleeps */
} csp_lock;

#define CSP_LOCK_INIT {0}

void csp__lock_slow(csp_lock *lock);
void csp__unlock_slow(csp_lock *lock);

static inline void csp__lock_init(csp_lock *lock) { atomic_init(&lock->word, 0); }

static inline void csp__lock(csp_lock *lock) {
    uint32_t free = 0;
    /* acquire: pairs with the release in csp__unlock, and so sees all that was done under the lock before. */
    if (!atomic_compare_exchange_strong_explicit(&lock->word, &free, 1, memory_order_acquire, memory_order_relaxed)) {
        csp__lock_slow(lock);
    }
}

static inline void csp__unlock(csp_lock *lock) {
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2) {
        csp__unlock_slow(lock);
    }
}

static inline void csp__pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* A cheap clock of roughly a third of a nanosecond a tick; good for telling "just now" and for nothing else. */
static inline uint64_t csp__ticks(void) {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks * 64;
#else
    return 0;
#endif
}

#endif
