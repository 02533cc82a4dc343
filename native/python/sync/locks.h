/* SPDX-License-Identifier: MIT
 *
 * What is acquired: Lock, RLock, Semaphore, Event. */
#ifndef CSP_NATIVE_LOCKS_H
#define CSP_NATIVE_LOCKS_H

#include "native.h"

extern PyType_Spec sync_lock_spec, sync_rlock_spec, sync_semaphore_spec, sync_event_spec;

#endif
