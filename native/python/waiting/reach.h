/* SPDX-License-Identifier: MIT
 *
 * Reaching one thread by a signal, whatever it waits for. */
#ifndef CSP_NATIVE_REACH_H
#define CSP_NATIVE_REACH_H

#include "native.h"

/* Interrupt a thread of this process, and have it run act(ucontext) in a signal handler. False: it did not come to that. */
bool native_reach(long thread, void (*act)(void *context));
/* Have main's system call return, so that Python looks for signals there. */
void native_interrupt_main(void);

#endif
