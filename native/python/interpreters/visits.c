/* SPDX-License-Identifier: MIT
 *
 * Whoever acts on a running interpreter visits it: while anybody is inside, it does not end. */
#include "interpreters/visits.h"
#include "interpreters/interpreter.h"

bool native_visit_begin(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    bool entered = self->open && !self->closing;
    if (entered) {
        self->inside++;
    }
    pthread_mutex_unlock(&self->mutex);
    return entered;
}

void native_visit_end(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    self->inside--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

void native_visits_open(interpreter *self) {
    pthread_mutex_lock(&self->mutex);
    self->open = true;
    pthread_mutex_unlock(&self->mutex);
}

void native_visits_close(interpreter *self) {
    PyThreadState *saved = PyEval_SaveThread();
    pthread_mutex_lock(&self->mutex);
    self->closing = true;
    while (self->inside > 0) {
        pthread_cond_wait(&self->changed, &self->mutex);
    }
    pthread_mutex_unlock(&self->mutex);
    PyEval_RestoreThread(saved);
}
