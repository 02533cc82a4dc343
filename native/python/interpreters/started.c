/* SPDX-License-Identifier: MIT
 *
 * What an interpreter has started ends with it: whoever is killed or cut off can no longer end its own processes, and whoever
 * ends leaves none behind. */
#include <time.h>

#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"
#include "interpreters/kill.h"
#include "interpreters/started.h"
#include "interpreters/turn.h"

/* How long those that are left at an orderly end may take to stop, and how long a kill is given. */
enum { STOP_MS = 500, KILL_MS = 1000, LOOK_MS = 2 };

static void fence(interpreter *self) {
    self->abandoned = true;
    csp_holder_fence(self->holder);
    native_turn_look(self);
}

static bool gone_within(uint64_t starter, int milliseconds) {
    for (int waited = 0; native_table_started_by(starter, NULL); waited += LOOK_MS) {
        if (waited >= milliseconds) {
            return false;
        }
        struct timespec pause = {0, LOOK_MS * 1000000};
        nanosleep(&pause, NULL);
    }
    return true;
}

void native_end_started(uint64_t starter, bool killed) {
    bool gone = gone_within(starter, 0);
    if (!gone && !killed) {
        native_table_started_by(starter, native_interpreter_cancel);
        gone = gone_within(starter, STOP_MS);
    }
    if (!gone) {
        native_kill_started(starter);
        gone = gone_within(starter, KILL_MS);
    }
    if (!gone) {
        native_table_started_by(starter, fence);
    }
}
