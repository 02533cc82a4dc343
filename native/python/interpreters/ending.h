/* SPDX-License-Identifier: MIT
 *
 * What is still to be done in an interpreter whose entry function has returned. */
#ifndef CSP_NATIVE_ENDING_H
#define CSP_NATIVE_ENDING_H

#include "interpreters/interpreter.h"

/* Attached, on its own thread. Wait until nothing is left in it that keeps it from being ended. False: that took too long,
 * and its exit has been told. */
bool native_interpreter_wind_up(interpreter *self);

#endif
