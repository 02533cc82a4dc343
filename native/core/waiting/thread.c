/* SPDX-License-Identifier: MIT */
#include "waiting/thread.h"

#include <pthread.h>
#include <string.h>

#include "holding/gate.h"
#include "platform/clock.h"
#include "platform/load.h"
#include "platform/park.h"
#include "waiting/calling.h"
#include "waiting/operation.h"
#include "waiting/placement.h"
#include "waiting/running.h"
#include "waiting/scopes.h"
#include "waiting/waiter.h"

/* initial-exec: one load instead of a call on every operation; eight bytes of the loader's spare room. */
static _Thread_local csp_waiter *self __attribute__((tls_model("initial-exec")));

/* The thread's number, the same for all its records: what it owns it owns in a signal handler, too. */
static _Thread_local uint64_t thread_id __attribute__((tls_model("initial-exec")));

static _Atomic int64_t threads_alive;
static pthread_key_t at_thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The waker counts the sleeper in: from now on it wants a CPU, and nobody should spin in its way until it had one. */
void csp__wake_thread(csp_waiter *waiter) {
    csp_waiter *thread = atomic_load_explicit(&waiter->thread, memory_order_relaxed);
    if (self != NULL && atomic_load_explicit(&thread->may_settle, memory_order_relaxed)) {
        csp__placement_wakes_other(self, thread);
    }
    csp__count_in(thread);
    if (atomic_load_explicit(&thread->used, memory_order_relaxed) == 0) {
        csp__count_out(thread); /* we come late: it had seen that it was claimed, and has ended; see thread_ended */
    }
    csp__unpark(&waiter->state, 1);
}

static csp_waiter_pool pool;
static const csp_waiter_kind kind = {.wake = csp__wake_thread, .pool = &pool, .thread = true};

static void record_ended(csp_waiter *waiter) {
    csp__placement_ends(waiter);
    /* In this order: who counts us in after we counted out sees that we are gone. */
    atomic_store_explicit(&waiter->used, 0, memory_order_release);
    csp__count_out(waiter);
    waiter->scopes = NULL;
    self = NULL;
    csp__waiter_recycle(waiter);
    atomic_fetch_sub_explicit(&threads_alive, 1, memory_order_relaxed);
}

static void thread_ended(void *value) {
    if (csp__gate_is_on()) {
        csp__gate_tell(CSP_GATE_EXIT, CSP_GATE_BEFORE, NULL, 0, CSP_FOREVER);
    }
    record_ended(value);
    csp__scopes_end();
}

/* In the child of a fork only the calling thread lives: nobody else runs, and what they waited for is not ours. */
static void forked_child(void) {
    for (csp_waiter *w = csp__waiters(); w != NULL; w = atomic_load_explicit(&w->next, memory_order_acquire)) {
        if (w != self) {
            atomic_store_explicit(&w->used, 0, memory_order_relaxed);
            atomic_store_explicit(&w->counted, 0, memory_order_relaxed);
        }
    }
    bool counted = self != NULL && atomic_load_explicit(&self->counted, memory_order_relaxed) == 1;
    atomic_store_explicit(&csp__load.running, counted ? 1 : 0, memory_order_relaxed);
    atomic_store_explicit(&threads_alive, self != NULL ? 1 : 0, memory_order_relaxed);
    csp__clock_forked();
    csp__placement_forked();
    csp__scopes_forked();
    csp__calling_forked();
    csp__operations_forked();
    csp__waiters_forked();
}

static void initialise(void) {
    pthread_key_create(&at_thread_end, thread_ended);
    pthread_atfork(csp_thread_leave, NULL, forked_child);
    if (atomic_load_explicit(&csp__load.cpus, memory_order_relaxed) == 0) {
        csp_cpus_allowed(0);
    }
}

static csp_waiter *make_self(void) {
    pthread_once(&once, initialise);
    csp_waiter *waiter = csp__waiter_new(&kind);
    if (waiter == NULL) {
        return NULL;
    }
    if (thread_id == 0) {
        thread_id = csp__thread_id(waiter);
    }
    csp__gate_thread = thread_id;
    atomic_store_explicit(&waiter->id, thread_id, memory_order_relaxed);
    waiter->scopes = csp__scopes_of_thread();
    memset(waiter->forgiven, 0, sizeof waiter->forgiven);
    atomic_store_explicit(&waiter->thread, waiter, memory_order_relaxed);
    atomic_store_explicit(&waiter->platform_thread, csp__platform_thread(), memory_order_relaxed);
    waiter->random = (uint64_t)csp_now() * UINT64_C(0x9E3779B97F4A7C15) | 1;
    waiter->drawn_from = 0;
    atomic_store_explicit(&waiter->used, 1, memory_order_release);
    atomic_fetch_add_explicit(&threads_alive, 1, memory_order_relaxed);
    csp__count_in(waiter);
    pthread_setspecific(at_thread_end, waiter);
    self = waiter;
    return waiter;
}

csp_waiter *csp__self(void) { return self != NULL ? self : make_self(); }

csp_waiter *csp__self_pause(void) {
    csp_waiter *mine = self;
    self = NULL;
    return mine;
}

void csp__self_go_on(csp_waiter *paused) {
    if (self != NULL) {
        record_ended(self); /* counted in by make_self: the record ends, the thread lives on */
    }
    self = paused;
    pthread_setspecific(at_thread_end, paused);
}

int64_t csp__threads_alive(void) { return atomic_load_explicit(&threads_alive, memory_order_relaxed); }
