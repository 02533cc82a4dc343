/* SPDX-License-Identifier: MIT
 *
 * Interpreters are made a few at a time, in the order in which they were started. */
#ifndef CSP_NATIVE_TURN_H
#define CSP_NATIVE_TURN_H

#include "interpreters/interpreter.h"

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

#endif
