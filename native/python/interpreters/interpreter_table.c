/* SPDX-License-Identifier: MIT
 *
 * The interpreters that live, and those that were left behind. Finding one keeps it in memory. */
#include <malloc.h>

#include "interpreters/interpreter.h"
#include "interpreters/interpreter_table.h"

static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the list, references and the numbers */
static interpreter *all, *all_left; /* those that run, and those whose exit was told although they have not ended */
static interpreter_numbers numbers;

void native_table_add(interpreter *self) {
    pthread_mutex_lock(&table_mutex);
    self->next = all;
    all = self;
    numbers.alive++;
    numbers.started++;
    pthread_mutex_unlock(&table_mutex);
}

interpreter *native_table_find(uint64_t id) {
    pthread_mutex_lock(&table_mutex);
    interpreter *found = all;
    while (found != NULL && found->id != id) {
        found = found->next;
    }
    if (found != NULL) {
        found->references++;
    }
    pthread_mutex_unlock(&table_mutex);
    return found;
}

void native_interpreter_retain(interpreter *self) {
    pthread_mutex_lock(&table_mutex);
    self->references++;
    pthread_mutex_unlock(&table_mutex);
}

void native_interpreter_release(interpreter *self) {
    pthread_mutex_lock(&table_mutex);
    bool last = --self->references == 0;
    pthread_mutex_unlock(&table_mutex);
    if (last) {
        pthread_mutex_destroy(&self->mutex);
        pthread_mutex_destroy(&self->killing);
        pthread_cond_destroy(&self->changed);
        csp_holder_release(self->holder);
        free(self);
    }
}

static bool take_out(interpreter **place, const interpreter *self) {
    while (*place != NULL && *place != self) {
        place = &(*place)->next;
    }
    bool found = *place == self;
    if (found) {
        *place = self->next;
    }
    return found;
}

void native_table_remove(interpreter *self, bool left) {
    pthread_mutex_lock(&table_mutex);
    if (take_out(&all, self)) {
        numbers.alive--;
        numbers.ended++;
        if (left) {
            numbers.abandoned++;
            self->next = all_left;
            all_left = self;
        }
    }
    bool trim = numbers.ended % 64 == 0;
    pthread_mutex_unlock(&table_mutex);
    if (trim) {
        malloc_trim(0); /* what ended interpreters gave back would otherwise stay with the allocator */
    }
}

void native_table_ended_after_all(interpreter *self) {
    pthread_mutex_lock(&table_mutex);
    if (take_out(&all_left, self)) {
        numbers.abandoned--;
    }
    pthread_mutex_unlock(&table_mutex);
}

void native_table_settles(interpreter *self, PyInterpreterState *state, uint64_t core_thread) {
    pthread_mutex_lock(&table_mutex);
    self->placed = state;
    self->core_thread = core_thread;
    pthread_mutex_unlock(&table_mutex);
}

void native_table_stays(PyInterpreterState *state) {
    uint64_t core_thread = 0;
    pthread_mutex_lock(&table_mutex);
    for (interpreter *i = all; i != NULL; i = i->next) {
        if (i->placed == state) {
            core_thread = i->core_thread;
            i->placed = NULL;
        }
    }
    pthread_mutex_unlock(&table_mutex);
    if (core_thread != 0) {
        csp_thread_stays(core_thread);
    }
}

interpreter_numbers native_table_count(void) {
    pthread_mutex_lock(&table_mutex);
    interpreter_numbers copy = numbers;
    pthread_mutex_unlock(&table_mutex);
    return copy;
}

/* Copied under the lock, made into objects after it: an allocation may collect garbage, and that may come back here. */
seen_interpreter *native_table_see(bool left, size_t *count) {
    pthread_mutex_lock(&table_mutex);
    seen_interpreter *copies = calloc((size_t)(left ? numbers.abandoned : numbers.alive) + 1, sizeof *copies);
    *count = 0;
    for (interpreter *i = left ? all_left : all; copies != NULL && i != NULL; i = i->next) {
        seen_interpreter *copy = &copies[(*count)++];
        copy->id = i->id;
        copy->abandoned = i->abandoned;
        snprintf(copy->name, sizeof copy->name, "%s", csp_holder_name(i->holder));
    }
    pthread_mutex_unlock(&table_mutex);
    return copies;
}

bool native_table_started_by(uint64_t starter, void (*action)(interpreter *)) {
    pthread_mutex_lock(&table_mutex);
    size_t count = 0;
    interpreter **found = action != NULL ? calloc((size_t)numbers.alive + 1, sizeof(interpreter *)) : NULL;
    for (interpreter *i = all; i != NULL; i = i->next) {
        if (i->starter == starter && !i->abandoned) {
            if (found != NULL) {
                found[count] = i;
                i->references++;
            }
            count++;
        }
    }
    pthread_mutex_unlock(&table_mutex);
    for (size_t i = 0; found != NULL && i < count; i++) {
        action(found[i]);
        native_interpreter_release(found[i]);
    }
    free(found);
    return count > 0;
}

void native_table_add_end(int64_t cpu) {
    pthread_mutex_lock(&table_mutex);
    numbers.end_cpu += cpu;
    pthread_mutex_unlock(&table_mutex);
}
