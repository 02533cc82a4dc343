/* SPDX-License-Identifier: MIT */
#include "belief.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static belief beliefs[BELIEFS];
static _Atomic uint32_t begun;
static bool exact;
static _Atomic bool fenced, aborted;

/* Who received a message: a bit for each subscriber of a broadcast, and one for all other channels together. */
static _Atomic uint32_t taken[THREADS][CREDIT + 1];
#define ANY_OTHER (UINT32_C(1) << 31)
_Static_assert(BELIEFS <= 31, "each belief has a bit");

void fuzz_fail(const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "\n%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    abort();
}

void beliefs_begin(bool alone) {
    uint32_t used = atomic_load(&begun);
    for (uint32_t i = 0; i < used && i < BELIEFS; i++) {
        memset(&beliefs[i], 0, offsetof(belief, tags));
    }
    atomic_store(&begun, 0);
    exact = alone;
    atomic_store(&fenced, false);
    atomic_store(&aborted, false);
    for (int t = 0; t < THREADS; t++) {
        for (int n = 0; n <= CREDIT; n++) {
            atomic_store_explicit(&taken[t][n], 0, memory_order_relaxed);
        }
    }
}

void will_fence(void) { atomic_store(&fenced, true); }
bool was_fenced(void) { return atomic_load(&fenced); }
void will_abort(void) { atomic_store(&aborted, true); }
bool was_aborted(void) { return atomic_load(&aborted); }

bool beliefs_full(void) { return atomic_load(&begun) >= BELIEFS - THREADS; } /* all may see it at once */

belief *belief_new(csp_end *end, uint32_t capacity, csp_overflow overflow) {
    uint32_t rank = atomic_fetch_add(&begun, 1);
    CHECK(rank < BELIEFS, "more channels than were allowed");
    belief *b = &beliefs[rank];
    b->rank = rank;
    b->capacity = capacity;
    b->overflow = overflow;
    b->sync = csp_end_sync(end);
    atomic_store(&b->id, csp_end_channel(end));
    return b;
}

belief *belief_of(csp_end *end) {
    uint64_t id = csp_end_channel(end);
    for (uint32_t i = 0; i < BELIEFS; i++) {
        if (atomic_load(&beliefs[i].id) == id) {
            return &beliefs[i];
        }
    }
    fuzz_fail(__FILE__, __LINE__, "an end of a channel that nobody made: %#llx", (unsigned long long)id);
}

belief *belief_at(uint32_t rank) { return rank < atomic_load(&begun) ? &beliefs[rank] : NULL; }

/* ---- predictions ----------------------------------------------------------------------------------------------- */

/* What the buffer itself holds: undone receives are beside it, and take no place. */
static uint32_t ring(const belief *b) { return b->count - b->returned; }

csp_status would_send(belief *b, csp_end *end) {
    csp_statistics s;
    csp_end_statistics(end, &s);
    return csp_end_is_closed(end) ? CSP_CLOSED_END : would_offer(b, &s);
}

csp_status would_offer(const belief *b, const csp_statistics *s) {
    if (s->receiving_ends == 0 || s->aborted) {
        return CSP_BROKEN;
    }
    if (b->capacity == 0) {
        return CSP_WOULD_BLOCK;
    }
    if (b->capacity == CSP_UNBOUNDED || ring(b) < b->capacity) {
        return CSP_OK;
    }
    return b->overflow == CSP_OVERFLOW_BLOCK    ? CSP_WOULD_BLOCK
           : b->overflow == CSP_OVERFLOW_REFUSE ? CSP_OVERFLOW
                                                : CSP_OK;
}

csp_status would_receive(belief *b, csp_end *end) {
    csp_statistics s;
    csp_end_statistics(end, &s);
    if (csp_end_is_closed(end)) {
        return CSP_CLOSED_END;
    }
    CHECK(csp_end_length(end) == s.length, "%u messages, counted %u", csp_end_length(end), s.length);
    if ((b->routed ? s.length : b->count) > 0) {
        return CSP_OK;
    }
    return s.sending_ends == 0 || s.aborted ? CSP_END_OF_CHANNEL : CSP_WOULD_BLOCK;
}

static void pop(belief *b, uint32_t place) {
    CHECK(place < b->count, "a message where none is believed");
    memmove(&b->tags[place], &b->tags[place + 1], (b->count - place - 1) * sizeof b->tags[0]);
    b->count--;
}

void did_send(belief *b, uint64_t tag) {
    atomic_fetch_add(&b->sent, 1);
    if (!exact || b->routed) {
        return;
    }
    if (b->capacity != CSP_UNBOUNDED && ring(b) >= b->capacity) {
        b->dropped++;
        if (b->overflow == CSP_OVERFLOW_NEWEST) {
            return;
        }
        pop(b, 0); /* also if it was undone: then its place beside the ring goes to the ring's oldest */
    }
    b->tags[b->count++] = tag;
}

static uint32_t mark_of(const belief *b) { return b->of != NULL ? UINT32_C(1) << b->rank : ANY_OTHER; }

/* What one of those that receive from a subscriber got, in its order. */
static void note_order(belief *b, uint64_t tag, void *reader) {
    void *nobody = NULL;
    bool mine = atomic_compare_exchange_strong(&b->reader, &nobody, reader) || nobody == reader;
    if (mine && b->count < CREDIT) {
        b->tags[b->count++] = tag;
    }
}

void did_receive(belief *b, uint64_t tag, memory last) {
    atomic_fetch_add(&b->received, 1);
    if (b->routed) {
        return; /* a routed answer's tag is not ours */
    }
    int thread = tag_thread(tag);
    uint32_t number = tag_number(tag);
    CHECK(thread < THREADS && number >= 1 && number <= CREDIT, "received what nobody sent: tag %#llx",
          (unsigned long long)tag);
    CHECK((atomic_fetch_or(&taken[thread][number], mark_of(b)) & mark_of(b)) == 0,
          "message %u of thread %d was received twice", number, thread);
    if (exact) {
        CHECK(b->count > 0 && b->tags[0] == tag, "received %u, expected %u", number,
              b->count > 0 ? tag_number(b->tags[0]) : 0);
        pop(b, 0);
        b->returned -= b->returned > 0;
    } else {
        CHECK(b->unordered || number > last[b->rank][thread], "message %u of thread %d came after its %u", number,
              thread, (unsigned)last[b->rank][thread]);
        last[b->rank][thread] = number;
        if (b->of != NULL) {
            note_order(b, tag, last);
        }
    }
}

uint32_t subscribers_served(uint64_t tag) {
    uint32_t count = 0;
    for (uint32_t bits = taken[tag_thread(tag)][tag_number(tag)] & ~ANY_OTHER; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

void will_unreceive(belief *b, uint64_t tag) {
    atomic_fetch_sub(&b->received, 1);
    if (b->routed) {
        return;
    }
    atomic_store(&b->unordered, true);
    atomic_fetch_and(&taken[tag_thread(tag)][tag_number(tag)], ~mark_of(b));
    if (exact) {
        memmove(&b->tags[1], &b->tags[0], b->count * sizeof b->tags[0]);
        b->tags[0] = tag;
        b->count++;
        b->returned++;
    }
}

/* ---- what can be seen ------------------------------------------------------------------------------------------ */

static void settle(belief *b) {
    csp_statistics s;
    if (csp_channel_statistics(b->id, &s) == CSP_STALE) {
        b->gone = true;
        return;
    }
    if (b->sync != CSP_SYNC_NONE) {
        return;
    }
    CHECK(s.waiting_senders == 0 && s.waiting_receivers == 0, "somebody waits, and nobody is there");
    CHECK(s.sending_ends + s.receiving_ends > 0 || b->routed || s.length == 0, "a buffer without ends");
    if (b->routed) {
        return;
    }
    if (s.receiving_ends == 0 || s.aborted) {
        b->undelivered += b->count;
        b->count = b->returned = 0;
    }
    CHECK(s.length == b->count, "%u messages are buffered, believed %u", s.length, b->count);
    CHECK(s.sent == b->sent, "%llu were sent, believed %llu", (unsigned long long)s.sent, (unsigned long long)b->sent);
    CHECK(s.received == b->received, "%llu were received, believed %llu", (unsigned long long)s.received,
          (unsigned long long)b->received);
    CHECK(s.dropped == b->dropped, "%llu were dropped, believed %llu", (unsigned long long)s.dropped,
          (unsigned long long)b->dropped);
    CHECK(s.undelivered == b->undelivered, "%llu were not delivered, believed %llu", (unsigned long long)s.undelivered,
          (unsigned long long)b->undelivered);
}

void beliefs_check(void) {
    for (uint32_t i = 0; i < atomic_load(&begun); i++) {
        if (!beliefs[i].gone) {
            settle(&beliefs[i]);
        }
    }
}

void check_nothing_left(void) {
    csp_totals t;
    csp_totals_read(&t);
    CHECK(t.channels == 0 && t.ends == 0 && t.holders == 0 && t.payloads == 0 && t.replies == 0,
          "left alive: %lld channels, %lld ends, %lld holders, %lld blocks, %lld replies", (long long)t.channels,
          (long long)t.ends, (long long)t.holders, (long long)t.payloads, (long long)t.replies);
}
