/* SPDX-License-Identifier: MIT
 *
 * Killing an interpreter, and all that it started: it can no longer end them itself. */
#include "interpreters/kill.h"
#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/interrupt.h"
#include "interpreters/poison.h"
#include "interpreters/turn.h"
#include "interpreters/visits.h"

void native_kill_started(uint64_t starter) { native_table_started_by(starter, native_interpreter_kill); }

/* On a thread of its own, because attaching waits for the victim's GIL, which C code may hold for long. */
static void *kill_thread(void *argument) {
    interpreter *self = argument;
    pthread_mutex_lock(&self->killing);
    if (native_visit_begin(self)) {
        PyThreadState *mine = PyThreadState_New(self->state);
        if (mine != NULL) {
            PyEval_RestoreThread(mine);
            native_poison_other_threads();
            PyThreadState_Clear(mine);
            PyThreadState_DeleteCurrent();
        }
        native_visit_end(self);
    }
    /* After the tracer is set: what is parked wakes up into it, and does not get as far as any clean-up. */
    native_interpreter_cancel(self);
    native_kill_started(self->id); /* it cannot end them itself any more */
    native_interpreter_interrupt(self);
    pthread_mutex_unlock(&self->killing);
    native_interpreter_release(self);
    return NULL;
}

void native_interpreter_kill(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    self->killed = true;
    pthread_cond_broadcast(&self->changed); /* whoever waits for its end hurries now */
    pthread_mutex_unlock(&self->mutex);
    native_interpreter_retain(self);
    if (!csp_thread_start(kill_thread, self, "csp killer", CSP_THREAD_OURS)) {
        native_interpreter_cancel(self);
        native_kill_started(self->id);
        native_interpreter_release(self);
    }
}
