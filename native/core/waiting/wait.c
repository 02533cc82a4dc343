/* SPDX-License-Identifier: MIT */
#include "waiting/wait.h"

#include <assert.h>

#include "holding/gate.h"
#include "holding/holder.h"
#include "platform/clock.h"
#include "platform/load.h"
#include "platform/lock.h"
#include "platform/park.h"
#include "waiting/placement.h"
#include "waiting/running.h"
#include "waiting/scopes.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

static inline void arm_as(csp_waiter *waiter, csp_holder *holder, int64_t deadline, uint32_t code) {
    atomic_store_explicit(&waiter->holder, holder, memory_order_relaxed);
    atomic_store_explicit(&waiter->deadline, deadline, memory_order_relaxed);
    uint32_t state = atomic_load_explicit(&waiter->state, memory_order_relaxed);
    assert(csp__code(state) != CSP_ARMED && csp__code(state) != CSP_PARKED);
    /* seq_cst: one half of a Dekker pair, csp_holder_cancel is the other. We store ARMED, then read its flag
     * (csp__wait). It stores the flag, then reads our word. At least one sees the other's store. */
    atomic_store_explicit(&waiter->state, ((state & ~UINT32_C(0xffff)) + UINT32_C(0x10000)) | code,
                          memory_order_seq_cst);
}

void csp__arm(csp_waiter *waiter, csp_holder *holder, int64_t deadline) {
    arm_as(waiter, holder, deadline, CSP_ARMED);
}

void csp__arm_asleep(csp_waiter *waiter, csp_holder *holder, int64_t deadline) {
    atomic_store_explicit(&waiter->since, csp_now(), memory_order_relaxed);
    arm_as(waiter, holder, deadline, CSP_PARKED);
}

/* ---- spinning ------------------------------------------------------------------------------------------------- */

/* If a channel answered within a few microseconds lately, a wait on it spins that long. Where spinning does not pay,
 * one wait in 16 (then 32, up to 1024) probes: it spins for longer than a sleeper on an idle CPU needs to come up.
 * Without probes, two threads that hand over to each other and both sleep would never find out that both could stay
 * awake. */
enum { SCORE_FULL = 256, SCORE_WORTH_IT = 40, PROBE_FIRST = 16, PROBE_LAST = 1024, PROBE_FACTOR = 10 };
enum { LOOKS_PER_CLOCK = 24 };
typedef enum { SPIN_NOT, SPIN_SHORT, SPIN_PROBE } spin_kind;

static spin_kind spin_decide(csp_wait_statistics *statistics) {
    if (atomic_load_explicit(&statistics->spin_score, memory_order_relaxed) >= SCORE_WORTH_IT) {
        return SPIN_SHORT;
    }
    uint32_t left = atomic_load_explicit(&statistics->until_probe, memory_order_relaxed);
    if (left > 0) {
        atomic_store_explicit(&statistics->until_probe, left - 1, memory_order_relaxed);
        return SPIN_NOT;
    }
    return SPIN_PROBE;
}

static void spin_scored(csp_wait_statistics *statistics, spin_kind kind, bool hit) {
    uint32_t score = atomic_load_explicit(&statistics->spin_score, memory_order_relaxed);
    score = hit ? score + (SCORE_FULL - score) / 4 + 1 : score - score / 8;
    atomic_store_explicit(&statistics->spin_score, score > SCORE_FULL ? SCORE_FULL : score, memory_order_relaxed);
    if (kind == SPIN_PROBE || !hit) {
        uint32_t gap = atomic_load_explicit(&statistics->probe_gap, memory_order_relaxed);
        gap = hit || gap < PROBE_FIRST ? PROBE_FIRST : kind == SPIN_PROBE && gap < PROBE_LAST ? gap * 2 : gap;
        atomic_store_explicit(&statistics->probe_gap, gap, memory_order_relaxed);
        atomic_store_explicit(&statistics->until_probe, gap, memory_order_relaxed);
    }
    /* No atomic increment: it would wait for the bus. Two waiters of one channel may lose a count instead. */
    _Atomic uint64_t *counter = hit ? &statistics->spins_hit : &statistics->spins_missed;
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_relaxed);
}

bool csp__spin_pays(const csp_wait_statistics *statistics) {
    return atomic_load_explicit(&statistics->spin_score, memory_order_relaxed) >= SCORE_WORTH_IT &&
           atomic_load_explicit(&csp__load.spin_limit, memory_order_relaxed) > 0;
}

void csp__spin_hit(csp_wait_statistics *statistics) { spin_scored(statistics, SPIN_SHORT, true); }

static uint32_t spin(csp_waiter *waiter, csp_wait_statistics *statistics, spin_kind kind, int64_t deadline) {
    int64_t limit = atomic_load_explicit(&csp__load.spin_limit, memory_order_relaxed);
    if (kind == SPIN_PROBE) {
        limit *= PROBE_FACTOR;
        /* The scheduler tends to wake a sleeper on its waker's CPU. If we spun there, our waker could not run. */
        int cpu = csp__platform_cpu();
        if (cpu >= 0 && atomic_load_explicit(&statistics->waker_cpu, memory_order_relaxed) == cpu) {
            csp__placement_leave_cpu(cpu);
        }
    }
    int64_t end = 0; /* unknown until the first looks are over: often the answer comes before, and needs no clock */
    for (;;) {
        for (int look = 0; look < LOOKS_PER_CLOCK; look++) {
            uint32_t code = csp__code(atomic_load_explicit(&waiter->state, memory_order_acquire));
            if (code != CSP_ARMED) {
                spin_scored(statistics, kind, true);
                return code;
            }
            csp__pause();
        }
        int64_t now = csp__real_now();
        if (end == 0) {
            int64_t until = csp__clock_is_real() || deadline == CSP_FOREVER ? deadline : csp__set_until(deadline);
            end = now + limit < until ? now + limit : until;
        }
        if (now >= end || !csp__may_spin()) {
            spin_scored(statistics, kind, false);
            return CSP_ARMED;
        }
    }
}

/* ---- waiting -------------------------------------------------------------------------------------------------- */

/* The owner claims its own waiter. Returns `code`, or the code of somebody who claimed first. */
static uint32_t claim_own(csp_waiter *waiter, uint32_t code) {
    bool unused;
    if (csp__claim(waiter, code, &unused)) {
        return code;
    }
    return csp__code(atomic_load_explicit(&waiter->state, memory_order_acquire));
}

/* The same for a wait that is interrupted. A waiter that was only notified has received nothing, and its next poll
 * finds what is there. So the interruption replaces the notification: else it would be forgotten. Plain stores are
 * enough, as nobody but the owner changes a claimed word. */
static uint32_t claim_interrupted(csp_waiter *waiter) {
    uint32_t code = claim_own(waiter, CSP_SIGNALLED);
    if (code != CSP_NOTIFIED) {
        return code;
    }
    uint32_t state = atomic_load_explicit(&waiter->state, memory_order_relaxed);
    atomic_store_explicit(&waiter->state, (state & ~UINT32_C(0xffff)) | CSP_SIGNALLED, memory_order_relaxed);
    return CSP_SIGNALLED;
}

/* A signal handler may use channels, even the one that we wait on. Our waiter stays in its queue meanwhile, so the
 * handler gets another waiter. If it sends what we wait for, it claims us like any other sender. */
static int ask_interrupted(const csp_hooks *hooks) {
    csp_waiter *mine = csp__self_pause(), *paused = mine->scopes != NULL ? csp__scopes_pause(mine->scopes) : NULL;
    int wants_out = hooks->interrupted(hooks->context);
    csp__self_go_on(mine);
    if (paused != NULL) {
        csp__scopes_go_on(mine->scopes, paused);
    }
    return wants_out;
}

/* ARMED -> PARKED. Returns PARKED, or the code that was found instead. */
static uint32_t park_word(csp_waiter *waiter, uint32_t *parked) {
    uint32_t state = atomic_load_explicit(&waiter->state, memory_order_acquire);
    *parked = (state & ~UINT32_C(0xffff)) | CSP_PARKED;
    bool done = csp__code(state) == CSP_ARMED &&
                atomic_compare_exchange_strong_explicit(&waiter->state, &state, *parked, memory_order_seq_cst,
                                                        memory_order_acquire); /* seq_cst: see settle in scopes.c */
    return done ? CSP_PARKED : csp__code(state);
}

static void tell_gate(const csp_waiter *waiter, csp_gate_phase phase) {
    if (csp__gate_is_on()) {
        csp__gate_tell(CSP_GATE_WAIT, phase, atomic_load_explicit(&waiter->holder, memory_order_relaxed), 0,
                       phase == CSP_GATE_BEFORE ? atomic_load_explicit(&waiter->deadline, memory_order_relaxed)
                                                : CSP_FOREVER);
    }
}

static uint32_t sleep_until_claimed(csp_waiter *waiter, csp_wait_statistics *statistics, int64_t deadline,
                                    const csp_hooks *hooks) {
    /* Published by the change of state: a reader that finds PARKED also finds since when. */
    atomic_store_explicit(&waiter->since, csp_now(), memory_order_relaxed);
    csp_waiter *thread = atomic_load_explicit(&waiter->thread, memory_order_relaxed);
    /* seq_cst, before the word says PARKED: whoever has moved the clock since we read it finds us; see moving.c. */
    atomic_store_explicit(&thread->sleeps_by, waiter, memory_order_seq_cst);
    uint32_t parked, code = park_word(waiter, &parked);
    if (code != CSP_PARKED) {
        return code;
    }
    csp_scopes *scopes = thread->scopes;
    atomic_fetch_add_explicit(&statistics->parks, 1, memory_order_relaxed);
    csp__count_out(thread);
    tell_gate(waiter, CSP_GATE_BEFORE);
    int64_t slice = hooks != NULL && hooks->interrupted != NULL ? hooks->slice_ns : 0;
    for (;;) {
        /* Read after the word says PARKED: whoever changes the deadline later finds that, and makes us look. */
        int64_t last = csp__scoped_deadline(scopes, deadline);
        csp_parked woken = csp__sleep(&waiter->state, parked, last, slice);
        code = csp__code(atomic_load_explicit(&waiter->state, memory_order_acquire));
        bool nudged = code == CSP_ARMED;
        if (code != CSP_PARKED && (code != CSP_ARMED || (code = park_word(waiter, &parked)) != CSP_PARKED)) {
            break;
        }
        if (nudged) { /* not for a wake that was another's: parkers may have those, and nobody was told of it */
            tell_gate(waiter, CSP_GATE_BEFORE);
        }
        csp__count_out(thread); /* a late wake, meant for an earlier wait, has counted us in; or a nudge */
        if (woken == CSP_PARK_TIMEOUT && (last == deadline || csp__scopes_cancelled(scopes)) && csp__gate_is_on()) {
            csp__gate_tell(CSP_GATE_EXPIRE, CSP_GATE_BEFORE, NULL, 0, CSP_FOREVER);
        }
        if (woken == CSP_PARK_TIMEOUT && last == deadline) {
            code = claim_own(waiter, CSP_TIMEDOUT);
            break;
        }
        if (woken == CSP_PARK_TIMEOUT && csp__scopes_cancelled(scopes)) {
            /* That look at the scopes has claimed it so, unless a peer was first. */
            code = claim_own(waiter, CSP_CALLED_OFF);
            break;
        }
        /* A signal, or the slice is over. We keep our place in the queue unless a handler wants out. */
        if (woken != CSP_PARK_WOKEN && hooks != NULL && hooks->interrupted != NULL && ask_interrupted(hooks) != 0) {
            code = claim_interrupted(waiter);
            break;
        }
    }
    atomic_fetch_add_explicit(&statistics->wakes, 1, memory_order_relaxed);
    csp__count_in(thread);
    tell_gate(waiter, CSP_GATE_DONE);
    return code;
}

uint32_t csp__wait(csp_waiter *waiter, csp_wait_statistics *statistics, int64_t deadline, const csp_hooks *hooks) {
    deadline = deadline > 0 ? deadline : 1; /* 1 is past, too, and platforms refuse instants before zero */
    csp_holder *holder = atomic_load_explicit(&waiter->holder, memory_order_relaxed);
    if (csp__holder_stops(holder)) {
        return claim_own(waiter, CSP_STOPPED);
    }
    csp_waiter *thread = atomic_load_explicit(&waiter->thread, memory_order_relaxed);
    csp_scopes *scopes = thread->scopes;
    if (__builtin_expect(scopes != NULL, 0)) {
        if (!csp__scopes_wait(scopes, waiter)) {
            return claim_own(waiter, CSP_CALLED_OFF);
        }
        atomic_store_explicit(&waiter->deadline, csp__scoped_deadline(scopes, deadline), memory_order_relaxed);
    }
    if (atomic_load_explicit(&thread->counted, memory_order_relaxed) == 0) {
        csp__count_in(thread);
    }
    bool may_settle = atomic_load_explicit(&thread->may_settle, memory_order_relaxed);
    if (may_settle) {
        csp__placement_waits(thread);
    }
    bool can_detach = hooks != NULL && hooks->detach != NULL;
    bool detached = false, slept = false;
    uint32_t code = CSP_ARMED;
    /* A settled thread shares its CPU with those that it waits for: spinning would only keep them from running. */
    spin_kind kind = atomic_load_explicit(&csp__load.spin_limit, memory_order_relaxed) > 0 &&
                             !csp__is_settled(thread) && !csp__gate_is_on()
                         ? spin_decide(statistics)
                         : SPIN_NOT;
    if (kind != SPIN_NOT && !csp__may_spin()) {
        csp__running_refresh(thread, csp__real_now());
    }
    if (kind != SPIN_NOT && csp__may_spin()) {
        if (can_detach && hooks->spin_detached != NULL && hooks->spin_detached(hooks->context)) {
            hooks->detach(hooks->context);
            detached = true;
        }
        code = spin(waiter, statistics, kind, csp__scoped_deadline(scopes, deadline));
    }
    if (code == CSP_ARMED) {
        if (can_detach && !detached) {
            hooks->detach(hooks->context);
            detached = true;
        }
        if (may_settle) {
            csp__placement_parks(thread);
        }
        code = sleep_until_claimed(waiter, statistics, deadline, hooks);
        slept = true;
    }
    if (__builtin_expect(scopes != NULL, 0)) {
        csp__scopes_waited(scopes);
    }
    if (may_settle) {
        csp__placement_wakes(thread, slept);
    }
    if (detached && hooks->attach != NULL) {
        hooks->attach(hooks->context);
    }
    assert(code == csp__code(atomic_load_explicit(&waiter->state, memory_order_relaxed)) && code >= CSP_NOTIFIED);
    return code;
}
