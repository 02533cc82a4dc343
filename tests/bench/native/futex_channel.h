/* SPDX-License-Identifier: MIT
 *
 * The least that a channel of capacity 0 between threads that sleep can be: a send is over when a receiver has taken
 * the value, or was there waiting for it. One sender and one receiver per channel, no lock, no time-outs, no closing.
 * Nobody spins; a wake is only called for who sleeps. */
#pragma once

#include <linux/futex.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { AWAKE = 0, RELEASED = 1, ASLEEP = 2 };
typedef struct {
    alignas(64) _Atomic uint32_t word;
} thread_word;

enum { NOBODY = 0, RECEIVER = 1, SENDER = 2 };
typedef struct {
    alignas(64) _Atomic uint32_t who; /* who waits */
    long offered;                     /* by a sender that waits */
    long given;                       /* to a receiver that waits */
    thread_word sender, receiver;
} channel;

static void wait_for_release(thread_word *mine) {
    uint32_t awake = AWAKE;
    if (atomic_compare_exchange_strong(&mine->word, &awake, ASLEEP)) {
        while (atomic_load(&mine->word) == ASLEEP) {
            syscall(SYS_futex, &mine->word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, ASLEEP, NULL, NULL, 0);
        }
    }
}

static void release(thread_word *other) {
    if (atomic_exchange(&other->word, RELEASED) == ASLEEP) {
        syscall(SYS_futex, &other->word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
    }
}

static void send_value(channel *c, long value) {
    uint32_t nobody = NOBODY;
    c->offered = value;
    atomic_store(&c->sender.word, AWAKE);
    if (atomic_compare_exchange_strong(&c->who, &nobody, SENDER)) {
        wait_for_release(&c->sender);
    } else {
        c->given = value;
        atomic_store(&c->who, NOBODY);
        release(&c->receiver);
    }
}

static long receive_value(channel *c) {
    uint32_t nobody = NOBODY;
    atomic_store(&c->receiver.word, AWAKE);
    if (atomic_compare_exchange_strong(&c->who, &nobody, RECEIVER)) {
        wait_for_release(&c->receiver);
        return c->given;
    }
    long value = c->offered;
    atomic_store(&c->who, NOBODY);
    release(&c->sender);
    return value;
}
