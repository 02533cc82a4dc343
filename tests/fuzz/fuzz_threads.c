/* SPDX-License-Identifier: MIT
 *
 * A program in two or three parts that run at once, over channels that all of them have. */
#include <pthread.h>
#include <sched.h>

#include "machine.h"

enum { SHARED = 4 };

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
    if (!b->routed) {
        CHECK(s.sent == b->sent, "%llu were sent, by the programs' count %llu", (unsigned long long)s.sent,
              (unsigned long long)b->sent);
    }
    CHECK(s.received == b->received, "%llu were received, by the programs' count %llu", (unsigned long long)s.received,
          (unsigned long long)b->received);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t capacities[] = {0, 0, 1, 2, 5, CSP_UNBOUNDED, 1, 3};
    static const csp_sync_kind others[] = {CSP_SYNC_LOCK,    CSP_SYNC_SEMAPHORE, CSP_SYNC_EVENT,
                                           CSP_SYNC_BARRIER, CSP_SYNC_COUNTER,   CSP_SYNC_RLOCK};
    enum { HEADER = 2 + SHARED };
    if (size < HEADER) {
        return 0;
    }
    int threads = 2 + (data[0] & 1);
    size_t share = (size - HEADER) / (size_t)threads;
    csp_holder *shared = csp_holder_new("shared");
    csp_end *kept[SHARED * 2];
    int keeps = 0;
    beliefs_begin(false);
    for (int t = 0; t < threads; t++) {
        machine_begin(&machines[t], t, false, shared, data + HEADER + share * (size_t)t, share);
    }
    for (int i = 0; i < SHARED; i++) {
        uint8_t how = data[2 + i];
        csp_end *ends[2];
        csp_overflow overflow = capacities[how & 7] == 0 ? CSP_OVERFLOW_BLOCK : (csp_overflow)(how >> 3 & 3);
        csp_status status = csp_channel_new(capacities[how & 7], overflow, shared, &ends[0], &ends[1]);
        CHECK(status == CSP_OK, "csp_channel_new: %s", csp_status_name(status));
        belief_new(ends[0], capacities[how & 7], overflow);
        for (int d = 0; d < 2; d++) {
            for (int t = 0; t < threads; t++) {
                keep_end(&machines[t], csp_end_clone(ends[d], machines[t].holders[t % HOLDERS]));
            }
            if ((how & (d == 0 ? 0x20 : 0x40)) != 0) {
                kept[keeps++] = ends[d];
            } else {
                csp_end_free(ends[d]);
            }
        }
    }
    const csp_sync_kind kinds[] = {(data[1] & 1) != 0 ? CSP_SYNC_LOCK : CSP_SYNC_RLOCK, CSP_SYNC_CONDITION,
                                   others[(data[1] >> 1) % 6]};
    for (int i = 0; i < 3; i++) {
        csp_end *handle;
        csp_status status = csp_sync_new(kinds[i], 1, 2, shared, &handle);
        CHECK(status == CSP_OK, "csp_sync_new: %s", csp_status_name(status));
        belief_new(handle, 0, CSP_OVERFLOW_BLOCK);
        for (int t = 0; t < threads; t++) {
            keep_end(&machines[t], csp_end_clone(handle, machines[t].holders[t % HOLDERS]));
        }
        csp_end_free(handle);
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
    check_nothing_left();
    return 0;
}
