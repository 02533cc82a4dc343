/* SPDX-License-Identifier: MIT */
#include "holding/holder.h"

#include <stdlib.h>
#include <string.h>

#include "holding/held.h"
#include "platform/list.h"
#include "platform/lock.h"

static _Atomic int64_t holders_alive;
static _Atomic uint64_t next_id = 1;

csp_holder *csp_holder_new(const char *name) {
    csp_holder *holder = calloc(1, sizeof *holder);
    if (holder == NULL) {
        return NULL;
    }
    atomic_init(&holder->references, 1);
    holder->id = atomic_fetch_add_explicit(&next_id, 1, memory_order_relaxed);
    csp__lock_init(&holder->lock);
    for (int turn = 0; turn < CSP_CUT_OFF_TURNS; turn++) {
        csp__list_init(&holder->held[turn]);
    }
    csp__list_init(&holder->waiting);
    strncpy(holder->first_name, name != NULL ? name : "", sizeof holder->first_name - 1);
    atomic_init(&holder->name, holder->first_name);
    atomic_fetch_add_explicit(&holders_alive, 1, memory_order_relaxed);
    return holder;
}

csp_holder *csp_holder_retain(csp_holder *holder) {
    atomic_fetch_add_explicit(&holder->references, 1, memory_order_relaxed);
    return holder;
}

void csp_holder_release(csp_holder *holder) {
    if (holder != NULL && atomic_fetch_sub_explicit(&holder->references, 1, memory_order_acq_rel) == 1) {
        free(holder);
        atomic_fetch_sub_explicit(&holders_alive, 1, memory_order_relaxed);
    }
}

const char *csp_holder_name(const csp_holder *holder) {
    return atomic_load_explicit(&holder->name, memory_order_acquire);
}

bool csp_holder_rename(csp_holder *holder, const char *name) {
    if (atomic_exchange_explicit(&holder->renamed, true, memory_order_relaxed)) {
        return false;
    }
    strncpy(holder->second_name, name, sizeof holder->second_name - 1);
    atomic_store_explicit(&holder->name, holder->second_name, memory_order_release);
    return true;
}

uint64_t csp_holder_id(const csp_holder *holder) { return holder != NULL ? holder->id : 0; }

int64_t csp__holders_alive(void) { return atomic_load_explicit(&holders_alive, memory_order_relaxed); }

bool csp_holder_cancelled(const csp_holder *holder) { return csp__holder_stops(holder); }
