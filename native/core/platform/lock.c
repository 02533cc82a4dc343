/* SPDX-License-Identifier: MIT */
#include "platform/lock.h"

#include "csp/csp.h"
#include "platform/load.h"
#include "platform/park.h"

/* Looks at a held lock before sleeping. Each look is followed by a growing pause: the holder's next few operations then
 * run without losing the cache line after every one of them, which is worth a factor of two on a busy channel. */
enum { LOOKS = 24, LONGEST_PAUSE = 32 };

void csp__lock_slow(csp_lock *lock) {
    if (csp__may_spin()) {
        int pause = 1;
        for (int look = 0; look < LOOKS; look++) {
            for (int i = 0; i < pause; i++) {
                csp__pause();
            }
            if (pause < LONGEST_PAUSE) {
                pause *= 2;
            }
            uint32_t free = 0;
            if (atomic_load_explicit(&lock->word, memory_order_relaxed) == 0 &&
                atomic_compare_exchange_weak_explicit(&lock->word, &free, 1, memory_order_acquire,
                                                      memory_order_relaxed)) {
                return;
            }
        }
    }
    /* From here on the lock is taken as 2: whoever releases it will wake one sleeper, perhaps once for nothing. */
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0) {
        csp__park(&lock->word, 2, CSP_FOREVER);
    }
}

void csp__unlock_slow(csp_lock *lock) { csp__unpark(&lock->word, 1); }
