/* SPDX-License-Identifier: MIT
 *
 * A thread that we start begins like any other of the program: with the signal mask and the CPUs that a thread of its user
 * would have, and with a name. Whatever its code starts inherits these, so nothing of ours may be in them. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "csp/csp.h"
#include "holding/gate.h"
#include "platform/park.h"

typedef struct {
    void *(*function)(void *);
    void *argument;
    char name[64];
} beginning;

static void *begin(void *argument) {
    beginning here = *(beginning *)argument;
    free(argument);
    csp_thread_name(here.name);
    if (csp__gate_is_on()) {
        csp__gate_tell(CSP_GATE_RUN, CSP_GATE_BEFORE, NULL, 0, CSP_FOREVER);
    }
    return here.function(here.argument);
}

/* All but those that a thread brings upon itself: blocked, a crash would kill the process without a word of any handler. */
static void from_outside(sigset_t *set) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        sigdelset(set, own[i]);
    }
}

bool csp_thread_start(void *(*function)(void *), void *argument, const char *name, csp_thread_kind kind) {
    CSP_PASS_GATE(CSP_GATE_SPAWN, NULL, 0);
    csp_thread_leave();
    beginning *there = malloc(sizeof *there);
    if (there == NULL) {
        return false;
    }
    *there = (beginning){.function = function, .argument = argument};
    strncpy(there->name, name, sizeof there->name - 1);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigset_t before, blocked;
    if (kind == CSP_THREAD_OURS) {
        from_outside(&blocked);
        pthread_sigmask(SIG_BLOCK, &blocked, &before);
    }
    bool started = pthread_create(&thread, &attributes, begin, there) == 0;
    if (kind == CSP_THREAD_OURS) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    if (!started) {
        free(there);
    }
    return started;
}

void csp_thread_name(const char *name) {
    enum { ROOM = 15 }; /* what Linux keeps of a name */
    size_t length = strlen(name);
    const char *end = length > ROOM ? name + length - ROOM : name;
    while (((unsigned char)*end & 0xC0) == 0x80) {
        end++; /* not in the middle of a character */
    }
    csp__platform_name_thread(end);
}
