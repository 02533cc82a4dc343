/* SPDX-License-Identifier: MIT
 *
 * An interpreter that this library started, as the files of this room know it. */
#ifndef CSP_NATIVE_INTERPRETER_H
#define CSP_NATIVE_INTERPRETER_H

#include <pthread.h>

#include "native.h"

/* How far the end of an interpreter is: until it has begun, and under way; done; its exit was told although it is not. */
typedef enum { COURSE_ENDING, COURSE_ENDED, COURSE_LEFT } interpreter_course;

/* A place in the line of those that wait to be made. */
typedef struct native_turn native_turn;

typedef struct interpreter {
    uint64_t id; /* its holder's */
    csp_holder *holder;
    csp_end *control, *exits; /* until the thread takes them over */
    char module[128], function[64], name[64];
    uint64_t starter; /* the id of the interpreter that started it */
    int64_t tag;      /* the starter's, for the exit message */
    PyInterpreterState *state;
    PyInterpreterState *placed; /* `state` and ... */
    uint64_t core_thread;       /* ... the number of its own thread in the core; guarded by the table */
    /* Its visits: `inside` attached visitors; when `closing`, none may enter. */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int inside;
    bool open, closing;
    bool may_settle;         /* we hear what it must not be moved for */
    pthread_mutex_t killing; /* one killer at a time: each looks at all thread states, the other's among them */
    _Atomic bool killed;
    _Atomic bool abandoned;
    interpreter_course course; /* guarded by the mutex, as the next */
    int64_t end_within;        /* nanoseconds that its end may take; negative: no limit */
    csp_message exit;          /* what `exits` gets; belongs to whoever changes the course */
    _Atomic long thread;       /* its own, as the operating system numbers it; 0 before it runs */
    unsigned long identity;    /* its own, as Python numbers it */
    int64_t references;        /* guarded by the mutex of the table */
    native_turn *turn;         /* while it waits to be made; guarded by turn.c */
    struct interpreter *next;
} interpreter;

#endif
