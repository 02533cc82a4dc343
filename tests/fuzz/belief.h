/* SPDX-License-Identifier: MIT
 *
 * What a fuzzed program may believe of its channels: the oracle.
 *
 * A belief stands for one channel or synchronisation object. A program that runs alone is predicted exactly: every
 * status, and every message that a receive gives. Where several run at once, what is left is what holds in any
 * interleaving: no message is received twice, messages of one sender come in order, and the counts of all together are
 * the channel's.
 */
#ifndef CSP_FUZZ_BELIEF_H
#define CSP_FUZZ_BELIEF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "csp/csp.h"

enum { BELIEFS = 28, THREADS = 3, CREDIT = 600 }; /* CREDIT: messages that one program may send */

typedef struct belief {
    _Atomic uint64_t id; /* 0: not made yet */
    uint32_t rank;       /* the place in the order of making */
    uint32_t capacity;
    csp_overflow overflow;
    csp_sync_kind sync;
    _Atomic bool routed;    /* replies are sent here, when the core sees fit: no order is known */
    _Atomic bool unordered; /* some receive was undone */
    _Atomic uint64_t sent, received;
    struct belief *of;              /* a subscriber's broadcast */
    bool keep;                      /* a broadcast's, see csp_broadcast_new */
    _Atomic uint64_t whole, partly; /* a broadcast's: sends that reached all; that may have reached some */
    _Atomic(void *) reader;         /* whose receives from a subscriber are in `tags`, where several run */
    /* Of a program that runs alone. */
    bool gone;
    bool struck;     /* a subscriber that was found to be gone */
    uint64_t latest; /* the tag of what a broadcast keeps; 0: nothing */
    uint64_t dropped, undelivered;
    uint32_t count, returned; /* what is buffered; undone receives stand in front */
    uint64_t tags[CREDIT];
} belief;

/* Print why, and abort: the driver then has the input. */
_Noreturn void fuzz_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define CHECK(condition, ...)                           \
    do {                                                \
        if (!(condition)) {                             \
            fuzz_fail(__FILE__, __LINE__, __VA_ARGS__); \
        }                                               \
    } while (0)

/* Forget everything; `alone`: predict exactly. */
void beliefs_begin(bool alone);
/* A belief for a channel just made, before anybody else can see it. NULL: no room, the program has to do without. */
belief *belief_new(csp_end *end, uint32_t capacity, csp_overflow overflow);
bool beliefs_full(void);
belief *belief_of(csp_end *end);
/* In the order of making; NULL: not so many. */
belief *belief_at(uint32_t rank);

/* What a send or receive through `end` gives if it may not wait; only alone, and not of synchronisation objects. */
csp_status would_send(belief *b, csp_end *end);
/* The same through an end that is open, of a channel that looks so. */
csp_status would_offer(const belief *b, const csp_statistics *s);
csp_status would_receive(belief *b, csp_end *end);

/* It happened. Received tags are checked against what was sent: `last` is what the receiving program remembers. */
typedef uint64_t memory[BELIEFS][THREADS];
void did_send(belief *b, uint64_t tag);
void did_receive(belief *b, uint64_t tag, memory last);
/* Before the call that undoes it. */
void will_unreceive(belief *b, uint64_t tag);

/* ---- broadcasts ------------------------------------------------------------------------------------------------ */

/* A subscriber was made: it begins with the latest, if that is kept and it has room. */
belief *belief_subscriber(csp_end *receiving, uint32_t capacity, csp_overflow overflow, belief *of);
/* Alone: what a send gives to whoever has the turn, and how many it reaches; it is then believed. `if_waits`
 * is what the send gives for a subscriber that it would have to wait for. */
csp_status believe_broadcast(belief *b, uint64_t tag, csp_status if_waits, uint32_t *reached);
uint32_t subscribers_believed(const belief *b);
/* A send came back and said how many it had reached. */
void did_broadcast(belief *b, uint64_t tag, csp_status status, uint32_t reached);
/* How many subscribers of its broadcast received this message. */
uint32_t subscribers_served(uint64_t tag);
/* When all is over: what any two subscribers got, they got in one order; no more got a message than were reached. */
void broadcasts_check(bool alone);
/* Some holder is cut off in this run: from then on little is known of what sends in progress find. */
void will_fence(void);
bool was_fenced(void);
/* Likewise a channel, and so what receivers on it held. */
void will_abort(void);
bool was_aborted(void);

/* ---- what can be seen ------------------------------------------------------------------------------------------ */

/* The statistics of all channels are what is believed; only alone. */
void beliefs_check(void);
/* Nothing of the core is left alive. */
void check_nothing_left(void);

/* A tag says who sent the message, as the how manyeth. */
static inline uint64_t tag_of(int thread, uint32_t number) { return (uint64_t)thread << 16 | number; }
static inline int tag_thread(uint64_t tag) { return (int)(tag >> 16); }
static inline uint32_t tag_number(uint64_t tag) { return (uint32_t)(tag & 0xffff); }

#endif
