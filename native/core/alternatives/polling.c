/* SPDX-License-Identifier: MIT
 *
 * Looking which guard is ready.
 *
 * Fair: any of the ready guards, each as likely as the others. To start anywhere and take the first ready one from there on
 * would be cheaper, but gives a guard also the share of all the quiet ones before it. */
#include "alternatives/polling.h"

#include <stdlib.h>

#include "channels/channel.h"
#include "channels/end.h"
#include "platform/lock.h"
#include "waiting/stopping.h"
#include "waiting/waiter.h"

static _Atomic uint64_t seed;
static _Atomic uint32_t seeded; /* how often; a record that has drawn from an earlier one begins anew */
static _Atomic uint64_t given;  /* how many sequences */

void csp_seed(uint64_t number) {
    atomic_store_explicit(&seed, number, memory_order_relaxed);
    atomic_store_explicit(&given, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&seeded, 1, memory_order_release);
}

static void begin_sequence(csp_waiter *self, uint32_t now) {
    self->drawn_from = now;
    uint64_t place = atomic_fetch_add_explicit(&given, 1, memory_order_relaxed) + 1;
    uint64_t x = atomic_load_explicit(&seed, memory_order_relaxed) + place * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) *
        UINT64_C(0xBF58476D1CE4E5B9); /* neighbours among the numbers give sequences that are far apart */
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    self->random = (x ^ x >> 31) | 1;
}

uint64_t csp__next_random(csp_waiter *self) {
    uint32_t now = atomic_load_explicit(&seeded, memory_order_acquire);
    if (__builtin_expect(self->drawn_from != now, 0)) {
        begin_sequence(self, now);
    }
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return self->random;
}

/* Without the lock: whether a poll under it could find the guard ready. May be wrong both ways for an instant. */
static bool seems_ready(const csp_guard *guard) {
    csp_channel *channel = guard->end->channel;
    if (atomic_load_explicit(&guard->end->closed, memory_order_relaxed) || csp__is_over(channel, CSP_SENDING) ||
        csp__is_over(channel, CSP_RECEIVING)) {
        return true;
    }
    uint32_t buffered = atomic_load_explicit(&channel->buffered, memory_order_relaxed);
    if (guard->kind == CSP_GUARD_RECV) {
        return buffered > 0 || atomic_load_explicit(&channel->waiting[CSP_SENDING], memory_order_relaxed) > 0 ||
               (channel->kind != NULL && channel->kind->is_mine != NULL); /* taken, it is ready to its owner */
    }
    return buffered < channel->capacity || channel->overflow != CSP_OVERFLOW_BLOCK ||
           atomic_load_explicit(&channel->waiting[CSP_RECEIVING], memory_order_relaxed) > 0 ||
           csp__has_registrations(channel);
}

/* Under the guard's channel's lock: carry it out if it is ready. */
static bool try_locked(csp_guard *guard, const csp_waiter *self, csp_wakes *wakes, csp_message *dropped) {
    csp_channel *channel = guard->end->channel;
    if (atomic_load_explicit(&guard->end->closed, memory_order_relaxed)) {
        guard->status = CSP_CLOSED_END;
    } else if (guard->kind == CSP_GUARD_SEND) {
        guard->status = csp__offer(channel, guard->message, self, wakes, dropped);
    } else {
        guard->status = csp__take(channel, guard->end, guard->message, self, wakes);
    }
    return guard->status != CSP_WOULD_BLOCK;
}

/* Carry the guard out if it is ready. A due timer has its turn like any other, or busy channels would hide it. */
static bool try_guard(csp_choosing *c, uint32_t i) {
    csp_guard *guard = &c->guards[i];
    if (!csp__guard_on_channel(guard)) {
        return guard->kind == CSP_GUARD_TIMER && guard->deadline <= c->now && c->told == CSP_OK;
    }
    if (c->locked) {
        return try_locked(guard, c->self, &c->wakes, &c->dropped);
    }
    if (!seems_ready(guard)) {
        return false;
    }
    csp_channel *channel = guard->end->channel;
    csp__lock(&channel->lock);
    bool done = try_locked(guard, c->self, &c->wakes, &c->dropped);
    csp__unlock(&channel->lock);
    return done;
}

/* One of those that seem ready, each as likely as the others; then one of the rest, if that one was lost to somebody else. */
uint32_t csp__poll_fairly(csp_choosing *c) {
    csp_guard *guards = c->guards;
    uint32_t ready = 0; /* the n-th of them is noted in guards[n].internal, which is not in use yet */
    for (uint32_t i = 0; i < c->count; i++) {
        if (csp__guard_on_channel(&guards[i])
                ? seems_ready(&guards[i])
                : guards[i].kind == CSP_GUARD_TIMER && guards[i].deadline <= c->now && c->told == CSP_OK) {
            guards[ready++].internal[0] = (void *)(uintptr_t)i;
        }
    }
    while (ready > 0) {
        uint32_t at = ready > 1 ? (uint32_t)(csp__next_random(c->self) % ready) : 0;
        uint32_t i = (uint32_t)(uintptr_t)guards[at].internal[0];
        if (try_guard(c, i)) {
            return i;
        }
        guards[at].internal[0] = guards[--ready].internal[0];
    }
    return c->count;
}

/* The first one that is ready, from `start` on; with priority, a skip in its place. */
uint32_t csp__poll_in_order(csp_choosing *c) {
    for (uint32_t k = 0; k < c->count; k++) {
        uint32_t i = c->start + k < c->count ? c->start + k : c->start + k - c->count;
        if (try_guard(c, i) || (c->priority && c->told == CSP_OK && c->guards[i].kind == CSP_GUARD_SKIP)) {
            return i;
        }
    }
    return c->count;
}

static uint32_t first_skip(csp_choosing *c) {
    for (uint32_t k = 0; k < c->count; k++) {
        uint32_t i = c->start + k < c->count ? c->start + k : c->start + k - c->count;
        if (c->guards[i].kind == CSP_GUARD_SKIP) {
            return i;
        }
    }
    return c->count;
}

/* With every channel locked: the one instant that decides. */
uint32_t csp__poll_all_locked(csp_choosing *c) {
    uint32_t winner = c->priority || c->rotates ? c->count : csp__poll_fairly(c);
    winner = winner < c->count ? winner : csp__poll_in_order(c); /* also after a fair poll, which goes by hints */
    return winner < c->count || c->priority || c->told != CSP_OK ? winner : first_skip(c);
}
