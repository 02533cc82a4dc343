/* SPDX-License-Identifier: MIT
 *
 * A program in two or three parts that run at once, over channels and a broadcast that all of them have. */
#include <pthread.h>
#include <sched.h>

#include "machine.h"

enum { SHARED = 4, SUBSCRIBERS = 2, HEADER = 2 + SHARED + SUBSCRIBERS };

static machine machines[THREADS];
static _Atomic int missing;

static void *part(void *argument) {
    machine *m = argument;
    atomic_fetch_sub(&missing, 1);
    while (atomic_load(&missing) > 0) {
        sched_yield();
    }
    machine_run(m);
    machine_end(m);
    return NULL;
}

/* What a channel's own statistics say when all is over, through an end that was kept. */
static void check_counts(csp_end *seen) {
    belief *b = belief_of(seen);
    csp_statistics s;
    csp_end_statistics(seen, &s);
    CHECK(s.waiting_senders == 0 && s.waiting_receivers == 0, "somebody waits, and nobody is there");
    CHECK(s.sent >= s.dropped + s.undelivered + s.length, "sent %llu, dropped %llu, undelivered %llu, buffered %u",
          (unsigned long long)s.sent, (unsigned long long)s.dropped, (unsigned long long)s.undelivered, s.length);
    if (b->of != NULL) {
        /* Every send that came to its end reached it, and none twice. */
        bool all = s.receiving_ends > 0 && !s.aborted && !was_fenced();
        CHECK(s.sent <= b->of->whole + b->of->partly && (!all || s.sent >= b->of->whole),
              "a subscriber was sent %llu, of %llu sends to all and %llu to some", (unsigned long long)s.sent,
              (unsigned long long)b->of->whole, (unsigned long long)b->of->partly);
    } else if (!b->routed) {
        CHECK(s.sent == b->sent, "%llu were sent, by the programs' count %llu", (unsigned long long)s.sent,
              (unsigned long long)b->sent);
    }
    CHECK(s.received == b->received, "%llu were received, by the programs' count %llu", (unsigned long long)s.received,
          (unsigned long long)b->received);
}

/* Give every machine a clone; the end itself is the caller's. */
static void share(int threads, csp_end *end) {
    for (int t = 0; t < threads; t++) {
        keep_end(&machines[t], csp_end_clone(end, machines[t].holders[t % HOLDERS]));
    }
}

static const uint32_t capacities[] = {0, 0, 1, 2, 5, CSP_UNBOUNDED, 1, 3};
static uint32_t capacity_of(uint8_t how) { return capacities[how & 7]; }
static csp_overflow overflow_of(uint8_t how) {
    return capacity_of(how) == 0 ? CSP_OVERFLOW_BLOCK : (csp_overflow)(how >> 3 & 3);
}

static csp_end *kept[SHARED * 2 + SUBSCRIBERS];
static int keeps;

static void keep_or_free(csp_end *end, bool keep) {
    if (keep) {
        kept[keeps++] = end;
    } else {
        csp_end_free(end);
    }
}

static void share_channel(int threads, csp_holder *shared, uint8_t how) {
    csp_end *ends[2];
    csp_status status = csp_channel_new(capacity_of(how), overflow_of(how), shared, &ends[0], &ends[1]);
    CHECK(status == CSP_OK, "csp_channel_new: %s", csp_status_name(status));
    belief_new(ends[0], capacity_of(how), overflow_of(how));
    for (int d = 0; d < 2; d++) {
        share(threads, ends[d]);
        keep_or_free(ends[d], (how & (d == 0 ? 0x20 : 0x40)) != 0);
    }
}

static void share_broadcast(int threads, csp_holder *shared, bool keep, const uint8_t *how) {
    csp_end *handle, *rx;
    csp_status status = csp_broadcast_new(keep, shared, &handle);
    CHECK(status == CSP_OK, "csp_broadcast_new: %s", csp_status_name(status));
    belief *b = belief_new(handle, 0, CSP_OVERFLOW_BLOCK);
    b->keep = keep;
    share(threads, handle);
    for (int i = 0; i < SUBSCRIBERS; i++) {
        status = csp_broadcast_subscribe(handle, capacity_of(how[i]), overflow_of(how[i]), shared, &rx);
        CHECK(status == CSP_OK, "csp_broadcast_subscribe: %s", csp_status_name(status));
        belief_subscriber(rx, capacity_of(how[i]), overflow_of(how[i]), b);
        share(threads, rx);
        keep_or_free(rx, (how[i] & 0x20) != 0);
    }
    csp_end_free(handle);
}

static void share_object(int threads, csp_holder *shared, csp_sync_kind kind) {
    csp_end *handle;
    csp_status status = csp_sync_new(kind, 1, 2, shared, &handle);
    CHECK(status == CSP_OK, "csp_sync_new: %s", csp_status_name(status));
    belief_new(handle, 0, CSP_OVERFLOW_BLOCK);
    share(threads, handle);
    csp_end_free(handle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const csp_sync_kind others[] = {CSP_SYNC_LOCK,    CSP_SYNC_SEMAPHORE, CSP_SYNC_EVENT,
                                           CSP_SYNC_BARRIER, CSP_SYNC_COUNTER,   CSP_SYNC_RLOCK};
    if (size < HEADER) {
        return 0;
    }
    int threads = 2 + (data[0] & 1);
    size_t share = (size - HEADER) / (size_t)threads;
    csp_holder *shared = csp_holder_new("shared");
    keeps = 0;
    beliefs_begin(false);
    engagements_begin();
    for (int t = 0; t < threads; t++) {
        machine_begin(&machines[t], t, false, shared, data + HEADER + share * (size_t)t, share);
    }
    for (int i = 0; i < SHARED; i++) {
        share_channel(threads, shared, data[2 + i]);
    }
    share_broadcast(threads, shared, (data[0] & 2) != 0, data + 2 + SHARED);
    share_object(threads, shared, (data[1] & 1) != 0 ? CSP_SYNC_LOCK : CSP_SYNC_RLOCK);
    share_object(threads, shared, CSP_SYNC_CONDITION);
    share_object(threads, shared, others[(data[1] >> 1) % 6]);

    if ((data[0] & 4) != 0) {
        outside_gate();
    }
    pthread_t running[THREADS];
    atomic_store(&missing, threads);
    for (int t = 1; t < threads; t++) {
        CHECK(pthread_create(&running[t], NULL, part, &machines[t]) == 0, "no thread");
    }
    part(&machines[0]);
    for (int t = 1; t < threads; t++) {
        pthread_join(running[t], NULL);
    }
    for (int i = 0; i < keeps; i++) {
        check_counts(kept[i]);
    }
    for (int i = 0; i < keeps; i++) {
        csp_end_free(kept[i]);
    }
    csp_holder_release(shared);
    outside_restore();
    engagements_check();
    broadcasts_check(false);
    check_nothing_left();
    return 0;
}
