/* SPDX-License-Identifier: MIT
 *
 * How far the end of an interpreter is, and how long it may take. */
#include "interpreters/course.h"
#include "interpreters/interpreter.h"

bool native_course_change(interpreter *self, interpreter_course from, interpreter_course to) {
    pthread_mutex_lock(&self->mutex);
    bool changed = self->course == from;
    if (changed) {
        self->course = to;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->mutex);
    return changed;
}

void native_interpreter_end_within(interpreter *self, int64_t nanoseconds) {
    pthread_mutex_lock(&self->mutex);
    self->end_within = nanoseconds;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}
