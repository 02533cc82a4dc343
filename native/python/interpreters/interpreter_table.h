/* SPDX-License-Identifier: MIT
 *
 * The interpreters that live, and those that were left behind. Finding one keeps it in memory. */
#ifndef CSP_NATIVE_INTERPRETER_TABLE_H
#define CSP_NATIVE_INTERPRETER_TABLE_H

#include "interpreters/interpreter.h"

typedef struct {
    int64_t alive, started, ended, abandoned;
    int64_t end_cpu; /* nanoseconds of CPU that it took to end those that have ended */
} interpreter_numbers;

typedef struct {
    uint64_t id;
    char name[64];
    bool abandoned;
} seen_interpreter;

void native_table_add(interpreter *self);
/* With one more reference, or NULL if it is gone. */
interpreter *native_table_find(uint64_t id);
/* `left`: it could not be ended. */
void native_table_remove(interpreter *self, bool left);
/* One that was left has ended. */
void native_table_ended_after_all(interpreter *self);
interpreter_numbers native_table_count(void);
/* Whether any lives that `starter` started and that was not cut off; each is passed to `action`, which may be NULL. */
bool native_table_started_by(uint64_t starter, void (*action)(interpreter *));
/* A copy of those alive, or of those that were left, for the caller to free; NULL when out of memory. */
seen_interpreter *native_table_see(bool left, size_t *count);
void native_interpreter_retain(interpreter *self);
void native_interpreter_release(interpreter *self);

/* An interpreter has ended, and its end took so many nanoseconds of CPU. */
void native_table_add_end(int64_t cpu);

/* Its own thread may be moved by placement, until `stays` is told of its state. */
void native_table_settles(interpreter *self, PyInterpreterState *state, uint64_t core_thread);
void native_table_stays(PyInterpreterState *state);

#endif
