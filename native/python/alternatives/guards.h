/* SPDX-License-Identifier: MIT
 *
 * What select chooses from: Offer, Timer and Skip. A Receiver is a guard by itself, and so is what can be acquired. */
#ifndef CSP_NATIVE_GUARDS_H
#define CSP_NATIVE_GUARDS_H

#include "holding/handles.h"

typedef struct {
    PyObject_HEAD PyObject *sender, *value;
} offer_object;

typedef struct {
    PyObject_HEAD int64_t deadline; /* when it is due next */
    int64_t interval;               /* 0: due once, and from then on */
} timer_object;

extern PyType_Spec offer_spec, timer_spec, skip_spec;
PyObject *native_offer(native_state *state, PyObject *sender, PyObject *value);
PyObject *native_after(PyObject *module, PyObject *seconds);
PyObject *native_at(PyObject *module, PyObject *instant);
PyObject *native_tick(PyObject *module, PyObject *seconds);
PyObject *native_never(PyObject *module, PyObject *unused);
PyObject *native_skip(PyObject *module, PyObject *unused);
PyObject *native_skip_new(native_state *state);
static inline int64_t native_timer_deadline(PyObject *timer) { return ((timer_object *)timer)->deadline; }
/* It was chosen: when is it due again? */
void native_timer_taken(PyObject *timer);

/* Whether it is a synchronisation object that can be a guard: chosen, it has been acquired. */
static inline bool native_can_be_acquired(PyObject *object) {
    csp_sync_kind kind = native_is_end(object) ? csp_end_sync(end_of(object)) : CSP_SYNC_NONE;
    return kind == CSP_SYNC_LOCK || kind == CSP_SYNC_RLOCK || kind == CSP_SYNC_SEMAPHORE || kind == CSP_SYNC_EVENT;
}
void native_raise_no_guard(native_state *state, PyObject *object);

#endif
