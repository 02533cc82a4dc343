/* SPDX-License-Identifier: MIT
 *
 * Threads that the core starts: their signals and their names. */
#include <signal.h>
#include <string.h>

#include "harness.h"

typedef struct {
    sigset_t mask;
    char name[32];
    _Atomic bool done;
} seen_thread;

static void *see(void *argument) {
    seen_thread *seen = argument;
    pthread_sigmask(SIG_SETMASK, NULL, &seen->mask);
#if defined(__linux__)
    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
#endif
    atomic_store(&seen->done, true);
    return NULL;
}

static seen_thread start(const char *name, csp_thread_kind kind) {
    static seen_thread seen;
    memset(&seen, 0, sizeof seen);
    CHECK(csp_thread_start(see, &seen, name, kind));
    EVENTUALLY(atomic_load(&seen.done));
    return seen;
}

CASE(a_thread_for_code_of_the_user_has_the_callers_signals,
     "What the caller blocks is blocked there, and nothing else.") {
    sigset_t usr1, before;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &before);
    seen_thread seen = start("user's", CSP_THREAD_OF_USER);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    CHECK_INT(sigismember(&seen.mask, SIGUSR1), ==, 1);
    CHECK_INT(sigismember(&seen.mask, SIGUSR2), ==, sigismember(&before, SIGUSR2));
    CHECK_INT(sigismember(&seen.mask, SIGTERM), ==, sigismember(&before, SIGTERM));
}

CASE(a_thread_of_ours_hears_only_its_own_crashes,
     "Signals from outside go to others; what a crash raises is not blocked.") {
    seen_thread seen = start("ours", CSP_THREAD_OURS);
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}, outside[] = {SIGINT, SIGTERM, SIGUSR1};
    for (int i = 0; i < 5; i++) {
        CHECK_INT(sigismember(&seen.mask, crashes[i]), ==, 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_INT(sigismember(&seen.mask, outside[i]), ==, 1);
    }
    sigset_t mine;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    CHECK_INT(sigismember(&mine, SIGUSR1), ==, 0); /* the caller's are as they were */
}

CASE(the_end_of_a_long_name_is_kept, "A name is cut in front, never inside a character.") {
#if defined(__linux__)
    CHECK(strcmp(start("short", CSP_THREAD_OF_USER).name, "short") == 0);
    CHECK(strcmp(start("bank/branches/north/till-17", CSP_THREAD_OF_USER).name, "s/north/till-17") == 0);
    CHECK(strcmp(start("gr\303\266\303\237enwahn-gr\303\266\303\237e", CSP_THREAD_OF_USER).name,
                 "enwahn-gr\303\266\303\237e") == 0);
#endif
}
