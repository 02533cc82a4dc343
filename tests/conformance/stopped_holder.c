/* SPDX-License-Identifier: MIT
 *
 * A thread that sends and receives on one channel without a pause, and that can be stopped wherever it is: also under the
 * channel's lock, as a scheduler stops a thread. Whether it was, is seen by a probe that needs that lock. */
#include <csp/csp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static csp_end *sending, *receiving;
static pthread_t worker, probe;
static atomic_bool over, stopped, probed;
static int go[2];

static void stop_here(int number) {
    (void)number;
    char order;
    atomic_store(&stopped, true);
    while (read(go[0], &order, 1) != 1) {
    }
    atomic_store(&stopped, false);
}

static void *work(void *unused) {
    while (!atomic_load(&over)) {
        csp_message message = {.kind = 1};
        csp_send(sending, &message, CSP_POLL, NULL);
        if (csp_recv(receiving, &message, CSP_POLL, NULL) == CSP_OK) {
            csp_message_drop(&message);
        }
    }
    return unused;
}

static void *look(void *unused) {
    csp_statistics seen;
    csp_end_statistics(sending, &seen);
    atomic_store(&probed, true);
    return unused;
}

/* Let a thread work on the channel of these ends, which stay the caller's. 0, or an error number. */
int holder_begin(csp_end *tx, csp_end *rx) {
    struct sigaction action = {.sa_handler = stop_here};
    sending = tx;
    receiving = rx;
    atomic_store(&over, false);
    sigfillset(&action.sa_mask);
    if (pipe(go) != 0 || sigaction(SIGUSR2, &action, NULL) != 0) {
        return -1;
    }
    return pthread_create(&worker, NULL, work, NULL);
}

/* Stop it where it is, and let a probe ask for the channel's lock. */
void holder_stop(void) {
    pthread_kill(worker, SIGUSR2);
    while (!atomic_load(&stopped)) {
        sched_yield();
    }
    atomic_store(&probed, false);
    pthread_create(&probe, NULL, look, NULL);
}

/* Whether the probe has had the lock, which then nobody else has. */
int holder_probed(void) { return atomic_load(&probed); }

/* Let it work on. */
void holder_go(void) {
    while (write(go[1], "g", 1) != 1) {
    }
    pthread_join(probe, NULL);
    while (atomic_load(&stopped)) {
        sched_yield();
    }
}

/* Let it end. */
void holder_end(void) {
    atomic_store(&over, true);
    pthread_join(worker, NULL);
    signal(SIGUSR2, SIG_DFL);
    close(go[0]);
    close(go[1]);
}
