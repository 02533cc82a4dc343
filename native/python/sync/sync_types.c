/* SPDX-License-Identifier: MIT
 *
 * The types of the synchronisation objects, in the module. */
#include "sync/sync_types.h"
#include "sync/barrier.h"
#include "sync/broadcast.h"
#include "sync/condition.h"
#include "sync/counter.h"
#include "sync/locks.h"

bool native_add_sync_types(PyObject *module) {
    static const struct {
        csp_sync_kind kind;
        const char *name;
        PyType_Spec *spec;
    } types[] = {
        {CSP_SYNC_LOCK, "Lock", &sync_lock_spec},
        {CSP_SYNC_RLOCK, "RLock", &sync_rlock_spec},
        {CSP_SYNC_SEMAPHORE, "Semaphore", &sync_semaphore_spec},
        {CSP_SYNC_EVENT, "Event", &sync_event_spec},
        {CSP_SYNC_CONDITION, "ConditionQueue", &sync_condition_spec},
        {CSP_SYNC_BARRIER, "Barrier", &sync_barrier_spec},
        {CSP_SYNC_COUNTER, "Counter", &sync_counter_spec},
        {CSP_SYNC_BROADCAST, "Broadcaster", &sync_broadcaster_spec},
    };
    native_state *state = state_of_module(module);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        PyObject *type = PyType_FromModuleAndSpec(module, types[i].spec, NULL);
        if (type == NULL || PyModule_AddObjectRef(module, types[i].name, type) < 0) {
            Py_XDECREF(type);
            return false;
        }
        state->sync_types[types[i].kind] = (PyTypeObject *)type;
    }
    return true;
}
