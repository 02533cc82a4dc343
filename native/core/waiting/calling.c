/* SPDX-License-Identifier: MIT */
#include "waiting/calling.h"

#include <pthread.h>
#include <stdatomic.h>

#include "platform/chance.h"

/* initial-exec, as in thread.c. */
static _Thread_local csp_handling *handling __attribute__((tls_model("initial-exec")));

/* Ids are handed to threads by blocks, so that no two threads write to one place for each call. */
enum { BLOCK = 1 << 16 };
static _Atomic uint64_t next_block = 1; /* so that no id is 0 */
static _Thread_local uint64_t next_id __attribute__((tls_model("initial-exec")));

/* Of this process. A trace of ours is the one as it is and, mixed with the number of the call that it began with, the other:
 * so it costs no chance at each call, and its lower half looks like chance to whoever takes samples by it. Written once, and by
 * the child of a fork, which is alone. */
static uint64_t seed[2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void sow(void) {
    csp__chance(seed, sizeof seed);
    seed[0] |= 1; /* a trace of zeroes would be none */
}

void csp__calling_forked(void) { sow(); }

/* One to one, so that two calls never begin the same trace. (The finalizer of MurmurHash3, as in splitmix64.) */
static uint64_t mixed(uint64_t number) {
    number = (number ^ (number >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94D049BB133111EB);
    return number ^ (number >> 31);
}

static uint64_t new_id(void) {
    if (next_id % BLOCK == 0) {
        pthread_once(&once, sow); /* no thread makes a trace before it had a block */
        next_id = atomic_fetch_add_explicit(&next_block, 1, memory_order_relaxed) * BLOCK;
    }
    return next_id++;
}

void csp__envelope_begin(csp_envelope *envelope) {
    const csp_envelope *around = csp_handled();
    *envelope = (csp_envelope){.deadline = CSP_FOREVER, .call_id = new_id()};
    if (around != NULL && (around->trace[0] | around->trace[1]) != 0) {
        envelope->trace[0] = around->trace[0];
        envelope->trace[1] = around->trace[1];
    } else {
        envelope->trace[0] = seed[0];
        envelope->trace[1] = mixed(seed[1] + envelope->call_id);
    }
}

void csp_handling_begin(csp_handling *mine, const csp_envelope *envelope) {
    mine->envelope = envelope;
    mine->outer = handling;
    handling = mine;
}

void csp_handling_end(csp_handling *mine) { handling = mine->outer; }

const csp_envelope *csp_handled(void) { return handling != NULL ? handling->envelope : NULL; }
