/* SPDX-License-Identifier: MIT
 *
 * What the C test programs share. A test file holds cases; the harness holds main():
 *
 *     CASE(the_longest_waiting_receiver_is_first, "Parked receivers are served in the order in which they came.") {
 *         ...
 *         CHECK_STATUS(put(tx, 7, CSP_POLL), CSP_OK);
 *     }
 *
 *     test_channel                run all cases
 *     test_channel --list         their names and claims
 *     test_channel NAME           run one, in this very process (for a debugger)
 *
 * Each case runs in a child process: with fresh counters, under a time limit, and what it breaks is its own. After the
 * case nothing of the core may be left alive.
 *
 *     CSP_TEST_SLOW=3      three times the patience (0: no limit)
 *     CSP_TEST_SCALE=0.2   a fifth of the rounds; preset to less under the thread sanitizer
 */
#ifndef CSP_TEST_HARNESS_H
#define CSP_TEST_HARNESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csp/csp.h"

/* ---- cases ----------------------------------------------------------------------------------------------------- */

typedef struct test_case {
    const char *name, *claim;
    void (*run)(void);
    struct test_case *next;
} test_case;

void test_register(test_case *added);

#define CASE(name, claim)                                                                           \
    static void name(void);                                                                         \
    static test_case name##_case = {#name, claim, name, NULL};                                      \
    __attribute__((constructor)) static void name##_register(void) { test_register(&name##_case); } \
    static void name(void)

/* The case's own holder; made before it runs, released after it. */
extern csp_holder *me;

/* `rounds` times CSP_TEST_SCALE, at least 1. */
int64_t scaled(int64_t rounds);

/* ---- checks: a failed one prints what it saw and ends the case, from any thread -------------------------------- */

/* Said with every later failure of the case: what a loop is at. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void test_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#define CHECK(condition)                                             \
    do {                                                             \
        if (!(condition)) {                                          \
            test_fail(__FILE__, __LINE__, "not so: %s", #condition); \
        }                                                            \
    } while (0)

/* CHECK_INT(got, <=, wanted) */
#define CHECK_INT(left, relation, right)                                                                             \
    do {                                                                                                             \
        int64_t left_ = (int64_t)(left), right_ = (int64_t)(right);                                                  \
        if (!(left_ relation right_)) {                                                                              \
            test_fail(__FILE__, __LINE__, "not so: %s %s %s; left is %lld, right is %lld", #left, #relation, #right, \
                      (long long)left_, (long long)right_);                                                          \
        }                                                                                                            \
    } while (0)

#define CHECK_STATUS(got, wanted)                                                            \
    do {                                                                                     \
        csp_status got_ = (got), wanted_ = (wanted);                                         \
        if (got_ != wanted_) {                                                               \
            test_fail(__FILE__, __LINE__, "%s gave %s, not %s", #got, csp_status_name(got_), \
                      csp_status_name(wanted_));                                             \
        }                                                                                    \
    } while (0)

typedef struct {
    int64_t until;
    uint32_t looks;
    const char *condition, *file;
    int line;
} patience;
patience be_patient(const char *condition, const char *file, int line);
void wait_a_little(patience *p);

/* Yield until the condition holds. Fails when it does not come true in a time that no healthy run needs. */
#define EVENTUALLY(condition) \
    for (patience patience_ = be_patient(#condition, __FILE__, __LINE__); !(condition); wait_a_little(&patience_))

/* ---- threads --------------------------------------------------------------------------------------------------- */

pthread_t go(void *(*body)(void *), void *argument);
void finish(pthread_t thread);

/* Where `parties` threads wait for each other, to begin together. Zeroed at first; good for one meeting. */
typedef struct {
    _Atomic int arrived;
} start_line;
void line_up(start_line *line, int parties);

uint64_t random_next(uint64_t *state); /* *state is not 0 */
/* Keep the CPU busy for a random handful of instants, so that a race gets different chances. */
void dawdle(uint64_t *state, uint64_t most);

/* ---- messages and channels ------------------------------------------------------------------------------------- */

/* A number inside the message; in a payload (then a lost message is a leak, and a torn one a race). Not negative. */
csp_message inlined(int64_t value);
csp_message boxed(int64_t value);
/* The number of either sort; the message is dropped. */
int64_t opened(csp_message *message);

typedef struct {
    csp_end *tx, *rx;
} pair;
pair channel(uint32_t capacity);
pair channel_of(uint32_t capacity, csp_overflow overflow, csp_holder *holder);
void free_pair(pair *p);

/* Send a boxed number; what is not sent is dropped. */
csp_status put(csp_end *tx, int64_t value, int64_t deadline);
/* Receive a number: itself, or NOT(status). */
int64_t take(csp_end *rx, int64_t deadline);
#define NOT(status) (-(int64_t)(status))

csp_statistics seen(csp_end *end);
#define SENDERS_WAITING(end) (seen(end).waiting_senders)
#define RECEIVERS_WAITING(end) (seen(end).waiting_receivers)
/* sent = received + buffered + dropped + undelivered */
void check_conserved(csp_end *end, const char *file, int line);
#define CHECK_CONSERVED(end) check_conserved(end, __FILE__, __LINE__)

/* One send or receive under way in a thread of its own. */
typedef struct {
    csp_end *end;
    csp_message message;
    int64_t deadline;
    const csp_hooks *hooks;
    csp_status status;
    _Atomic bool over;
    pthread_t thread;
} pending;
/* Start it and wait until it is in its channel's queue. */
void pend_send(pending *p, csp_end *tx, int64_t value, int64_t deadline);
void pend_recv(pending *p, csp_end *rx, int64_t deadline);
/* The same with any message and hooks, without waiting for anything. */
void pend(pending *p, csp_end *end, csp_message message, int64_t deadline, const csp_hooks *hooks);
/* Wait for its end. A receive: the number or NOT(status). A send: 0 or NOT(status), with the message dropped. */
int64_t outcome(pending *p);

/* A message whose payload carries the answering right of a reply. */
csp_message call_with(csp_reply *reply);

/* One csp_reply_wait in a thread of its own, as `holder`. */
typedef struct {
    csp_reply *reply;
    csp_holder *holder;
    int64_t deadline;
    const csp_hooks *hooks;
    csp_message answer;
    csp_status status;
    pthread_t thread;
} asking;
/* Start it and wait until the wait graph shows it, or it is over. */
void ask(asking *a, csp_reply *reply, csp_holder *holder, int64_t deadline, const csp_hooks *hooks);
/* How many threads wait for replies, by the wait graph. */
int askers(void);

/* ---- guards ---------------------------------------------------------------------------------------------------- */

static inline csp_guard on_recv(csp_end *rx, csp_message *message) {
    return (csp_guard){.kind = CSP_GUARD_RECV, .end = rx, .message = message};
}
static inline csp_guard on_send(csp_end *tx, csp_message *message) {
    return (csp_guard){.kind = CSP_GUARD_SEND, .end = tx, .message = message};
}
static inline csp_guard on_timer(int64_t deadline) {
    return (csp_guard){.kind = CSP_GUARD_TIMER, .deadline = deadline};
}
static inline csp_guard on_skip(void) { return (csp_guard){.kind = CSP_GUARD_SKIP}; }
static inline csp_guard off(void) { return (csp_guard){.kind = CSP_GUARD_OFF}; }

/* The guard that was chosen, or NOT(status of the select). */
int64_t choose(csp_guard *guards, size_t count, int flags, int64_t deadline);

/* The same, for ever, in a thread of its own. */
typedef struct {
    csp_guard *guards;
    size_t count;
    int flags;
    int64_t chosen;
    pthread_t thread;
} choosing;
void begin_choosing(choosing *c, csp_guard *guards, size_t count, int flags);
int64_t chosen(choosing *c);

static const int fair_and_priority[] = {CSP_SELECT_FAIR, CSP_SELECT_PRIORITY};
#define FOR_BOTH_WAYS(flags) \
    for (int flags, i_##flags = 0; i_##flags < 2 && (flags = fair_and_priority[i_##flags], true); i_##flags++)

#define MILLISECONDS INT64_C(1000000)
#define SECONDS INT64_C(1000000000)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const uint32_t capacities[] = {0, 1, 10, 1000};
#define FOR_EACH_CAPACITY(c)                                                                                        \
    for (uint32_t c, i_##c = 0; i_##c < COUNT(capacities) && (c = capacities[i_##c], note("capacity %u", c), true); \
         i_##c++)

/* ---- tallies: how often each of `size` values arrived ---------------------------------------------------------- */

typedef struct {
    _Atomic uint32_t *counts;
    int64_t size;
} tally;
tally tally_of(int64_t size);
void tally_add(tally *t, int64_t value);
/* Every value exactly `times`; frees the tally. */
void tally_check(tally *t, uint32_t times);

#endif
