/* SPDX-License-Identifier: MIT
 *
 * Interpreters are made a few at a time, in the order in which they were started.
 *
 * Making one takes some 15 ms of CPU. Hundreds that are made at once only get into each other's way: all are ready at the very end,
 * and when they are told to stop halfway, all of it has to be done and undone first, for seconds. Whoever is told so while it waits
 * for its turn is not made at all. */
#include <unistd.h>

#include "interpreters/interpreter.h"
#include "interpreters/turn.h"

/* How many at once: some more than there are CPUs, since they wait for main's GIL now and then. */
enum { AT_LEAST = 16, EACH_CPU = 2 };

struct native_turn {
    pthread_cond_t go;
    bool admitted;
    native_turn *before, *after;
};

static pthread_mutex_t turns = PTHREAD_MUTEX_INITIALIZER; /* guards what follows, and `turn` of all interpreters */
static long being_made;
static native_turn *first, *last;

/* `turns` is held. */
static long most(void) {
    static long known; /* asking reads a file */
    if (known == 0) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        known = cpus * EACH_CPU > AT_LEAST ? cpus * EACH_CPU : AT_LEAST;
    }
    return known;
}

bool native_interpreter_wanted(const interpreter *self) {
    return !self->killed && !self->abandoned && !csp_holder_cancelled(self->holder);
}

static void line_up(native_turn *turn) {
    turn->before = last;
    *(last != NULL ? &last->after : &first) = turn;
    last = turn;
}

static void leave_line(native_turn *turn) {
    *(turn->before != NULL ? &turn->before->after : &first) = turn->after;
    *(turn->after != NULL ? &turn->after->before : &last) = turn->before;
}

/* `turns` is held. */
static void admit(void) {
    for (long room = most(); first != NULL && being_made < room; being_made++) {
        native_turn *next = first;
        leave_line(next);
        next->admitted = true;
        pthread_cond_signal(&next->go);
    }
}

bool native_turn_take(interpreter *self) {
    native_turn mine = {.go = PTHREAD_COND_INITIALIZER};
    pthread_mutex_lock(&turns);
    line_up(&mine);
    self->turn = &mine;
    admit();
    while (!mine.admitted && native_interpreter_wanted(self)) {
        pthread_cond_wait(&mine.go, &turns);
    }
    self->turn = NULL;
    if (!mine.admitted) {
        leave_line(&mine);
    }
    pthread_mutex_unlock(&turns);
    pthread_cond_destroy(&mine.go);
    return mine.admitted;
}

void native_turn_give(void) {
    pthread_mutex_lock(&turns);
    being_made--;
    admit();
    pthread_mutex_unlock(&turns);
}

void native_interpreter_cancel(interpreter *self) {
    csp_holder_cancel(self->holder);
    native_turn_look(self);
}

void native_turn_look(interpreter *self) {
    pthread_mutex_lock(&turns);
    if (self->turn != NULL) {
        pthread_cond_signal(&self->turn->go);
    }
    pthread_mutex_unlock(&turns);
}
