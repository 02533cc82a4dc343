/* SPDX-License-Identifier: MIT
 *
 * An interpreter that this library started, as registry.c, life.c and interpreters.c know it. */
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
    uint64_t core_thread;       /* ... the number of its own thread in the core; guarded by the registry */
    /* The gate: `inside` attached visitors; when `closing`, none may enter. */
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
    int64_t references;        /* guarded by the mutex of the registry */
    native_turn *turn;         /* while it waits to be made; guarded by turn.c */
    struct interpreter *next;
} interpreter;

/* ---- registry.c ----------------------------------------------------------------------------------------------- */

typedef struct {
    int64_t alive, started, ended, abandoned;
    int64_t end_cpu; /* nanoseconds of CPU that it took to end those that have ended */
} interpreter_numbers;

typedef struct {
    uint64_t id;
    char name[64];
    bool abandoned;
} seen_interpreter;

void native_registry_add(interpreter *self);
/* With one more reference, or NULL if it is gone. */
interpreter *native_registry_find(uint64_t id);
/* `left`: it could not be ended. */
void native_registry_remove(interpreter *self, bool left);
/* One that was left has ended. */
void native_registry_ended_after_all(interpreter *self);
interpreter_numbers native_registry_count(void);
/* Whether any lives that `starter` started and that was not cut off; each is passed to `action`, which may be NULL. */
bool native_registry_started_by(uint64_t starter, void (*action)(interpreter *));
/* A copy of those alive, or of those that were left, for the caller to free; NULL when out of memory. */
seen_interpreter *native_registry_see(bool left, size_t *count);
void native_interpreter_retain(interpreter *self);
void native_interpreter_release(interpreter *self);

/* The calling thread, as the operating system numbers it; 0 where it does not. */
long native_thread_number(void);
/* CPU time of the calling thread. */
int64_t native_thread_cpu(void);
/* An interpreter has ended, and its end took so many nanoseconds of CPU. */
void native_registry_add_end(int64_t cpu);

/* Its own thread may be moved by placement, until `stays` is told of its state. */
void native_registry_settles(interpreter *self, PyInterpreterState *state, uint64_t core_thread);
void native_registry_stays(PyInterpreterState *state);

/* Enter, unless it was not open yet or is closing; then leave. While anybody is inside, the interpreter does not end. */
bool native_gate_enter(interpreter *self);
void native_gate_leave(interpreter *self);
void native_gate_open(interpreter *self);
/* Attached. Waits, detached, until every visitor has left. */
void native_gate_close(interpreter *self);

/* ---- outward.c ------------------------------------------------------------------------------------------------ */

/* Attached, before an interpreter is started: listen for what its thread must not be moved for. False: we are not let. */
bool native_listen(void);
/* Attached, in a new interpreter: the functions of os that ask for CPUs and choose them leave first. False with an exception. */
bool native_stand_in(void);

/* ---- life.c --------------------------------------------------------------------------------------------------- */

/* Start its thread, which takes over the caller's reference and the two ends; false: nothing was taken. */
bool native_interpreter_start(interpreter *self);
/* Make all its Python code raise, and that of all that it started; does not wait. */
void native_interpreter_kill(interpreter *self);
/* Attached. Make the Python code of all threads but this one raise, quietly where nobody can catch it. */
void native_poison_other_threads(void);
/* Attached. Whether that has come to a thread. */
bool native_is_poisoned(const PyThreadState *thread);
/* Tell its exit although it has not ended, unless somebody did. Needs no GIL. */
void native_interpreter_leave(interpreter *self);

/* ---- turn.c --------------------------------------------------------------------------------------------------- */

/* On its own thread: wait until it may be made. False: it was told to stop before. */
bool native_turn_take(interpreter *self);
/* One that has had its turn was made, or could not be. */
void native_turn_give(void);
/* Something has happened to it that its turn need not be waited for. */
void native_turn_look(interpreter *self);
/* False: it was told to stop, was killed, or cut off. */
bool native_interpreter_wanted(const interpreter *self);
/* Stopped comes out of its waits, now and later; and if it has not been made, it will not be. */
void native_interpreter_cancel(interpreter *self);

/* ---- ending.c ------------------------------------------------------------------------------------------------- */

/* Attached, on its own thread. Wait until nothing is left in it that keeps it from being ended. False: that took too long,
 * and its exit has been told. */
bool native_interpreter_wind_up(interpreter *self);
/* How long that may take, from its beginning on; also while it is under way. */
void native_interpreter_end_within(interpreter *self, int64_t nanoseconds);
/* False: it was not there. */
bool native_course_change(interpreter *self, interpreter_course from, interpreter_course to);

/* ---- leaving.c ------------------------------------------------------------------------------------------------ */

/* Whether tracemalloc runs, anywhere in the process. Needs no GIL. */
bool native_memory_is_traced(void);
/* Why no interpreter can be started, or NULL. */
const char *native_no_starts(void);

/* ---- started.c ------------------------------------------------------------------------------------------------ */

/* Kill what it started; does not wait. */
void native_kill_started(interpreter *self);
/* Detached, and when nothing of it runs any more: end what it has left behind, and wait for that, at most 1.5 seconds. */
void native_end_started(interpreter *self);

/* ---- interrupt.c ---------------------------------------------------------------------------------------------- */

/* Get those threads of it that have been made to raise out of what they wait for. Takes a while; holds no GIL meanwhile. */
void native_interpreter_interrupt(interpreter *self);

/* ---- reach.c -------------------------------------------------------------------------------------------------- */

/* Interrupt a thread of this process, and have it run act(ucontext) in a signal handler. False: it did not come to that. */
bool native_reach(long thread, void (*act)(void *context));

/* ---- look.c --------------------------------------------------------------------------------------------------- */

PyObject *native_look(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif
