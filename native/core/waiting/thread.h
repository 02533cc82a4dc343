/* SPDX-License-Identifier: MIT
 *
 * The calling thread's record: the waiter that all its single operations and selects wait by. */
#ifndef CSP_THREAD_H
#define CSP_THREAD_H

#include "waiting/waiter.h"

/* The calling thread's waiter; made at its first use, recycled when the thread ends. NULL when out of memory. */
csp_waiter *csp__self(void);

/* csp_waiter_kind.wake of every record by which a thread sleeps. */
void csp__wake_thread(csp_waiter *waiter);

/* A signal handler of the calling thread may use channels itself, while the thread waits: pause gives the record that waits,
 * and until it is given back the thread has another, made if it needs one. */
csp_waiter *csp__self_pause(void);
void csp__self_go_on(csp_waiter *paused);

int64_t csp__threads_alive(void);

#endif
