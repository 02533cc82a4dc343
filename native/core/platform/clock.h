/* SPDX-License-Identifier: MIT
 *
 * The clock, as the core reads it: csp_now for whatever a user's limit is compared with, csp__real_now for what goes by the
 * machine: how long to spin, how busy the CPUs are, when a signal is to be looked for.
 *
 * Whoever sleeps until an instant of csp_now sleeps by csp__sleep. A clock that was held or moved is not the platform's. */
#ifndef CSP_CLOCK_H
#define CSP_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "csp/csp.h"
#include "platform/park.h"

/* Whether the clock was ever held or moved. Off: one predictable branch. */
extern _Atomic bool csp__clock_is_set;

int64_t csp__real_now(void);
int64_t csp__set_now(void);
/* When the real clock will show what the set one shows then; never, while it is held. */
int64_t csp__set_until(int64_t deadline);

static inline bool csp__clock_is_real(void) {
    /* seq_cst: who is about to sleep has said so in its word, and then reads this; see csp_clock_move. */
    return __builtin_expect(!atomic_load_explicit(&csp__clock_is_set, memory_order_seq_cst), 1);
}

typedef enum { CSP_CLOCK_AS_IT_IS, CSP_CLOCK_STANDS, CSP_CLOCK_RUNS } csp_clock_gait;

/* From now on it stands, runs, or does what it did, `move` ns further on. Nobody is woken: see waiting/moving.c. */
void csp__clock_set(csp_clock_gait gait, int64_t move);
bool csp__clock_is_held(void);
/* In the child of a fork. */
void csp__clock_forked(void);

/* Park until `deadline`, which is an instant of csp_now. With a slice (ns of the real clock; 0: none) the sleep ends after it as
 * by a signal. Whoever moves the clock wakes the sleeper, who comes back. */
csp_parked csp__sleep(_Atomic uint32_t *word, uint32_t expected, int64_t deadline, int64_t slice);

#endif
