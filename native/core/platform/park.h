/* SPDX-License-Identifier: MIT
 *
 * The one door to the platform's way of putting a thread to sleep on a 32-bit word. One file per platform. */
#ifndef CSP_PARK_H
#define CSP_PARK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { CSP_PARK_WOKEN, CSP_PARK_TIMEOUT, CSP_PARK_SIGNAL } csp_parked;

/* Sleep while *word == expected, until a wake, the absolute monotonic `deadline` (ns, CSP_FOREVER for none) or a signal.
 * May also return CSP_PARK_WOKEN for no reason: look at the word and come back. The word is read with at least acquire
 * order by the caller afterwards; this call orders nothing by itself. */
csp_parked csp__park(_Atomic uint32_t *word, uint32_t expected, int64_t deadline);

/* Wake up to `count` threads that sleep on the word. Only the address is used: the memory must still be mapped, which
 * type-stable waiter records and locks inside live objects guarantee. */
void csp__unpark(_Atomic uint32_t *word, int count);

/* CPUs that are there, at least 1, for platforms that do not say which ones a thread may use. */
int64_t csp__platform_cpus(void);
/* The CPU the calling thread runs on, or -1. */
int csp__platform_cpu(void);
/* Name the calling thread, for those who look from outside; as much of it as the platform takes. */
void csp__platform_name_thread(const char *name);
/* The calling thread's id for csp__thread_runs; 0 where the platform has none. */
int64_t csp__platform_thread(void);
/* Whether that thread runs or wants to run now, rather than sleeping somewhere: 1, 0, or -1 when it cannot be known. */
int csp__thread_runs(int64_t thread);

#endif
