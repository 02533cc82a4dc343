/* SPDX-License-Identifier: MIT
 *
 * Synchronisation objects between many threads that time out, stop and come again: nothing is held twice, nothing is lost. */
#include "harness.h"

enum { WORKERS = 4 };

typedef struct {
    csp_end *handle, *lock;
    int64_t rounds, done, most;
    int64_t *plain; /* guarded by what is tested: a race if it does not exclude */
    _Atomic int64_t *inside;
    uint64_t random;
} worker;

static void run_workers(worker *workers, int count, void *(*body)(void *)) {
    pthread_t threads[16];
    for (int i = 0; i < count; i++) {
        threads[i] = go(body, &workers[i]);
    }
    for (int i = 0; i < count; i++) {
        finish(threads[i]);
    }
}

static void *hold_and_count(void *argument) {
    worker *w = argument;
    csp_message token;
    for (int64_t n = 0; n < w->rounds; n++) {
        bool patient = random_next(&w->random) % 2 == 0;
        csp_status status =
            csp_recv(w->handle, &token,
                     patient ? CSP_FOREVER : csp_deadline_after((int64_t)(random_next(&w->random) % 3000) + 1), NULL);
        if (status == CSP_OK) {
            int64_t now = atomic_fetch_add(w->inside, 1) + 1;
            CHECK_INT(now, <=, w->most);
            if (w->plain != NULL) {
                ++*w->plain;
            }
            dawdle(&w->random, 200);
            atomic_fetch_sub(w->inside, 1);
            w->done++;
            CHECK_STATUS(csp_sync_release(w->handle, 1), CSP_OK);
        } else {
            CHECK_STATUS(status, CSP_TIMEOUT);
        }
    }
    return NULL;
}

static void race(csp_sync_kind kind, int64_t units) {
    csp_end *handle;
    CHECK_STATUS(csp_sync_new(kind, kind == CSP_SYNC_RLOCK ? 0 : units, units, me, &handle), CSP_OK);
    worker workers[WORKERS];
    int64_t plain = 0, done = 0;
    _Atomic int64_t inside = 0;
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.handle = handle,
                              .rounds = scaled(20000),
                              .plain = units == 1 ? &plain : NULL,
                              .inside = &inside,
                              .most = units,
                              .random = (uint64_t)i + 1};
    }
    run_workers(workers, WORKERS, hold_and_count);
    for (int i = 0; i < WORKERS; i++) {
        done += workers[i].done;
    }
    CHECK(units != 1 || plain == done);
    csp_sync_state state;
    csp_sync_read(handle, &state);
    CHECK_INT(state.value, ==, kind == CSP_SYNC_RLOCK ? 0 : units);
    CHECK_INT(state.waiting, ==, 0);
    csp_end_free(handle);
}

CASE(a_lock_excludes, "Between acquire and release nobody else is inside, whoever times out meanwhile.") {
    race(CSP_SYNC_LOCK, 1);
}
CASE(a_recursive_lock_excludes, "So does a recursive lock.") { race(CSP_SYNC_RLOCK, 1); }
CASE(a_semaphore_admits_no_more, "Never more are inside than there are units, and none gets lost.") {
    race(CSP_SYNC_SEMAPHORE, 2);
}

static void *meet(void *argument) {
    worker *w = argument;
    for (int64_t n = 0; n < w->rounds; n++) {
        int64_t index;
        atomic_fetch_add(w->inside, 1);
        CHECK_STATUS(csp_barrier_wait(w->handle, CSP_FOREVER, NULL, &index), CSP_OK);
        CHECK_INT(atomic_load(w->inside), >=, (n + 1) * WORKERS); /* nobody is a round behind */
        w->done += index;
    }
    return NULL;
}

CASE(a_barrier_keeps_step, "Over many rounds nobody gets ahead, and the indices of each round are 0 to n-1.") {
    csp_end *barrier;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_BARRIER, 0, WORKERS, me, &barrier), CSP_OK);
    worker workers[WORKERS];
    int64_t sum = 0, rounds = scaled(5000);
    _Atomic int64_t arrived = 0;
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (worker){.handle = barrier, .rounds = rounds, .inside = &arrived};
    }
    run_workers(workers, WORKERS, meet);
    for (int i = 0; i < WORKERS; i++) {
        sum += workers[i].done;
    }
    CHECK_INT(sum, ==, rounds * WORKERS * (WORKERS - 1) / 2);
    csp_end_free(barrier);
}

/* A bounded buffer as a monitor: two conditions' worth of waiting on one. */
static void *produce(void *argument) {
    worker *w = argument;
    csp_message token;
    for (int64_t n = 0; n < w->rounds; n++) {
        CHECK_STATUS(csp_recv(w->lock, &token, CSP_FOREVER, NULL), CSP_OK);
        while (*w->plain >= 3) {
            csp_status status = csp_condition_wait(w->handle, w->lock, csp_deadline_after(20000), NULL);
            CHECK(status == CSP_OK || status == CSP_TIMEOUT);
        }
        ++*w->plain;
        csp_condition_notify(w->handle, INT64_MAX);
        CHECK_STATUS(csp_sync_release(w->lock, 1), CSP_OK);
    }
    return NULL;
}

static void *consume(void *argument) {
    worker *w = argument;
    csp_message token;
    for (int64_t n = 0; n < w->rounds; n++) {
        CHECK_STATUS(csp_recv(w->lock, &token, CSP_FOREVER, NULL), CSP_OK);
        while (*w->plain == 0) {
            CHECK_STATUS(csp_condition_wait(w->handle, w->lock, CSP_FOREVER, NULL), CSP_OK);
        }
        --*w->plain;
        csp_condition_notify(w->handle, INT64_MAX);
        CHECK_STATUS(csp_sync_release(w->lock, 1), CSP_OK);
    }
    return NULL;
}

static void *play_a_part(void *argument) {
    return ((worker *)argument)->most == 0 ? produce(argument) : consume(argument);
}

CASE(a_monitor_loses_no_notification,
     "Producers and consumers that wait for each other under one lock all come to their end.") {
    csp_end *condition, *lock;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_CONDITION, 0, 0, me, &condition), CSP_OK);
    CHECK_STATUS(csp_sync_new(CSP_SYNC_LOCK, 1, 1, me, &lock), CSP_OK);
    worker workers[WORKERS];
    int64_t filled = 0;
    for (int i = 0; i < WORKERS; i++) {
        workers[i] =
            (worker){.handle = condition, .lock = lock, .rounds = scaled(5000), .plain = &filled, .most = i % 2};
    }
    run_workers(workers, WORKERS, play_a_part);
    CHECK_INT(filled, ==, 0);
    csp_end_free(condition);
    csp_end_free(lock);
}

/* Holders that acquire, and are cut off in the middle of it. */
typedef struct {
    csp_end *handle;
    csp_holder *holder;
    _Atomic int64_t *acquired;
} mortal;

static void *acquire_until_dead(void *argument) {
    mortal *m = argument;
    csp_message token;
    for (;;) {
        csp_status status = csp_recv(m->handle, &token, CSP_FOREVER, NULL);
        if (status == CSP_OK) {
            atomic_fetch_add(m->acquired, 1);
            status = csp_sync_release(m->handle, 1);
        }
        if (status == CSP_CANCELLED || status == CSP_CLOSED_END) {
            return NULL;
        }
        CHECK(status == CSP_OK || status == CSP_ABANDONED);
    }
}

CASE(the_dead_leave_all_units, "Whatever the moment in which holders are cut off, in the end every unit is free.") {
    csp_end *handle;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_SEMAPHORE, 2, 2, me, &handle), CSP_OK);
    uint64_t random = 5;
    for (int64_t n = 0, rounds = scaled(300); n < rounds; n++) {
        _Atomic int64_t acquired = 0;
        mortal mortals[3];
        pthread_t threads[3];
        for (int i = 0; i < 3; i++) {
            csp_holder *holder = csp_holder_new("mortal");
            mortals[i] = (mortal){csp_end_clone(handle, holder), holder, &acquired};
            threads[i] = go(acquire_until_dead, &mortals[i]);
        }
        EVENTUALLY(atomic_load(&acquired) > 10);
        for (int i = 0; i < 3; i++) {
            dawdle(&random, 500);
            csp_holder_fence(mortals[i].holder);
        }
        for (int i = 0; i < 3; i++) {
            finish(threads[i]);
            csp_end_free(mortals[i].handle);
            csp_holder_release(mortals[i].holder);
        }
        csp_sync_state state;
        csp_sync_read(handle, &state);
        CHECK_INT(state.value, ==, 2);
        CHECK_INT(state.waiting, ==, 0);
    }
    csp_end_free(handle);
}
