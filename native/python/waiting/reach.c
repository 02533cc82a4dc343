/* SPDX-License-Identifier: MIT
 *
 * Reaching one thread by a signal, whatever it does. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "waiting/reach.h"

enum { STEP_US = 50, WITHIN_US = 20000 };
enum { NOBODY = 0, BUSY = -1 };

/* One request at a time. `thread` goes from the one that is meant to BUSY, by that one, and so it is that one's, or back to
 * NOBODY, by us: it came too late. */
static pthread_mutex_t reaching = PTHREAD_MUTEX_INITIALIZER;
static _Atomic long wanted_thread;
static void (*_Atomic wanted_act)(void *);

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    int before = errno;
    long mine = syscall(SYS_gettid);
    if (atomic_compare_exchange_strong(&wanted_thread, &mine, BUSY)) {
        wanted_act(context);
        wanted_thread = NOBODY;
    }
    errno = before;
}

/* A signal that the program does nothing with, with our handler; looked at each time, for the program may have found a use.
 * Should it come when it is nobody's, it is harmless. 0: there is none. */
static int own_signal(void) {
    const int candidates[] = {SIGURG, SIGRTMAX - 7, SIGRTMAX - 6};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        struct sigaction now;
        if (sigaction(candidates[i], NULL, &now) != 0) {
            continue;
        }
        bool with_info = (now.sa_flags & SA_SIGINFO) != 0;
        if (with_info && now.sa_sigaction == on_signal) {
            return candidates[i];
        }
        if (!with_info && (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN)) {
            struct sigaction ours = {.sa_flags = SA_SIGINFO | SA_ONSTACK}; /* no SA_RESTART: calls are to return */
            ours.sa_sigaction = on_signal;
            sigemptyset(&ours.sa_mask);
            if (sigaction(candidates[i], &ours, NULL) == 0) {
                return candidates[i];
            }
        }
    }
    return 0;
}

bool native_reach(long thread, void (*act)(void *context)) {
    pthread_mutex_lock(&reaching);
    bool reached = false;
    int signal = own_signal();
    wanted_act = act;
    wanted_thread = thread;
    if (signal != 0 && syscall(SYS_tgkill, getpid(), thread, signal) == 0) {
        for (int waited = 0; waited < WITHIN_US && wanted_thread == thread; waited += STEP_US) {
            nanosleep(&(struct timespec){0, STEP_US * 1000}, NULL);
        }
        long late = thread;
        reached = !atomic_compare_exchange_strong(&wanted_thread, &late, NOBODY);
        while (wanted_thread == BUSY) {
            nanosleep(&(struct timespec){0, STEP_US * 1000}, NULL);
        }
    }
    wanted_thread = NOBODY;
    pthread_mutex_unlock(&reaching);
    return reached;
}

/* Takes no lock: two that look for their signal at once find the same, and `reaching` is held for as long as one that is to be
 * reached does not answer, which may be the caller. */
void native_interrupt_main(void) {
    int signal = own_signal();
    if (signal != 0) {
        syscall(SYS_tgkill, getpid(), getpid(), signal);
    }
}
