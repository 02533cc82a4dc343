/* SPDX-License-Identifier: MIT
 *
 * What is believed of broadcasts and their subscribers. */
#include <string.h>

#include "belief.h"

belief *belief_subscriber(csp_end *receiving, uint32_t capacity, csp_overflow overflow, belief *of) {
    belief *b = belief_new(receiving, capacity, overflow);
    b->of = of;
    if (of->latest != 0 && capacity > 0 && !csp_end_is_closed(receiving)) { /* whose holder is cut off gets nothing */
        did_send(b, of->latest);
    }
    return b;
}

/* Once gone, it stays so. */
static bool is_gone(belief *b) {
    csp_statistics seen;
    b->struck =
        b->struck || csp_channel_statistics(b->id, &seen) == CSP_STALE || seen.receiving_ends == 0 || seen.aborted;
    return b->struck;
}

/* The next that subscribes to it, from this rank on; in the order of the list. */
static belief *next_listed(const belief *of, uint32_t rank) {
    for (belief *b; (b = belief_at(rank)) != NULL; rank++) {
        if (b->of == of && !is_gone(b)) {
            return b;
        }
    }
    return NULL;
}

uint32_t subscribers_believed(const belief *b) {
    uint32_t count = 0;
    for (const belief *s = next_listed(b, 0); s != NULL; s = next_listed(b, s->rank + 1)) {
        count++;
    }
    return count;
}

csp_status believe_broadcast(belief *b, uint64_t tag, csp_status if_waits, uint32_t *reached) {
    csp_status result = CSP_OK;
    *reached = 0;
    for (belief *s = next_listed(b, 0); s != NULL; s = next_listed(b, s->rank + 1)) {
        csp_statistics seen;
        csp_status status = csp_channel_statistics(s->id, &seen);
        CHECK(status == CSP_OK && seen.sending_ends == 1, "a subscriber's channel is %s, with %u sending ends",
              csp_status_name(status), seen.sending_ends);
        status = would_offer(s, &seen);
        if (status == CSP_OK) {
            did_send(s, tag);
            ++*reached;
        }
        if (status == CSP_OVERFLOW) { /* lost to it, and counted as such */
            atomic_fetch_add(&s->sent, 1);
            s->dropped++;
        }
        result = status == CSP_WOULD_BLOCK ? if_waits : result;
    }
    b->latest = b->keep ? tag : 0;
    return result;
}

static uint32_t reached_by[THREADS][CREDIT + 1];

void did_broadcast(belief *b, uint64_t tag, csp_status status, uint32_t reached) {
    bool some = status == CSP_WOULD_BLOCK || status == CSP_TIMEOUT || status == CSP_CANCELLED ||
                status == CSP_INTERRUPTED || status == CSP_CLOSED_END;
    CHECK(status == CSP_OK || some || reached == 0, "%s, and %u were reached", csp_status_name(status), reached);
    b->whole += status == CSP_OK;
    b->partly += some;
    /* With `keep` also those get it who come later. */
    reached_by[tag_thread(tag)][tag_number(tag)] = b->keep ? BELIEFS : reached;
}

/* ---- when all is over ----------------------------------------------------------------------------------------- */

static void check_pair(const belief *one, const belief *other) {
    static uint32_t places[THREADS][CREDIT + 1];
    memset(places, 0, sizeof places);
    for (uint32_t i = 0; i < one->count; i++) {
        places[tag_thread(one->tags[i])][tag_number(one->tags[i])] = i + 1;
    }
    uint32_t latest = 0;
    for (uint32_t i = 0; i < other->count; i++) {
        uint64_t tag = other->tags[i];
        uint32_t place = places[tag_thread(tag)][tag_number(tag)];
        CHECK(place == 0 || place > latest, "two subscribers got message %u of thread %d in different orders",
              tag_number(tag), tag_thread(tag));
        latest = place != 0 ? place : latest;
    }
}

static void check_orders(void) {
    const belief *one, *other;
    for (uint32_t i = 0; (one = belief_at(i)) != NULL; i++) {
        for (uint32_t k = 0; k < i; k++) {
            other = belief_at(k);
            if (one->of != NULL && one->of == other->of && !one->unordered && !other->unordered) {
                check_pair(one, other);
            }
        }
    }
}

void broadcasts_check(bool alone) {
    if (!alone) {
        check_orders(); /* alone, what each of them gets is predicted */
    }
    for (int t = 0; t < THREADS; t++) {
        for (uint32_t n = 1; n <= CREDIT; n++) {
            uint32_t served = subscribers_served(tag_of(t, n));
            CHECK(served <= reached_by[t][n], "message %u of thread %d reached %u subscribers, and %u have it", n, t,
                  reached_by[t][n], served);
        }
    }
    memset(reached_by, 0, sizeof reached_by);
}
