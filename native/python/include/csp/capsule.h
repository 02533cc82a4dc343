/* SPDX-License-Identifier: MIT
 *
 * The core for other extension modules, without linking: a table of functions in the capsule csp._native._C_API.
 *
 *   static const csp_functions *csp;              where the module is initialised, in every interpreter:
 *   csp = csp_import();                           NULL with ImportError set when csp is missing or too old
 *   csp->send(end, &message, CSP_FOREVER, NULL);  the contract of each function stands in csp.h
 *
 * The table is one constant for the whole process: the pointer may be kept in a C static, and used in every interpreter and by
 * threads that have none. A blocking function holds on to the GIL of whoever calls it, so let it go before, or give hooks.
 * What message_kinds.h has inline stands in the table, too. Take it from there: those of its functions that look at bytes or
 * text would else have to be linked.
 */
#ifndef CSP_CAPSULE_H
#define CSP_CAPSULE_H

#include <Python.h>

#include "csp/csp.h"
#include "csp/message_kinds.h"

#define CSP_CAPSULE_NAME "csp._native._C_API"
/* Grows when a function in the table changes its meaning or its type, once for all such changes between two releases. One more
 * at the end of the table does not count. 2: `post` and its kin stand in the middle, thread_may_settle gives a number. */
#define CSP_CAPSULE_ABI 2

/* Every function of csp.h and message_kinds.h, without its prefix. The order is the layout: new ones go to the end. */
#define CSP_FUNCTIONS(X)        \
    X(status_name)              \
    X(status_text)              \
    X(now)                      \
    X(deadline_after)           \
    X(message_drop)             \
    X(payload_new)              \
    X(payload_retain)           \
    X(payload_release)          \
    X(payload_bytes)            \
    X(payload_size)             \
    X(payloads_alive)           \
    X(payload_attach_end)       \
    X(payload_attach_reply)     \
    X(payload_take_end)         \
    X(payload_take_reply)       \
    X(holder_new)               \
    X(holder_retain)            \
    X(holder_release)           \
    X(holder_id)                \
    X(holder_name)              \
    X(holder_rename)            \
    X(holder_cancel)            \
    X(holder_resume)            \
    X(holder_cancelled)         \
    X(holder_fence)             \
    X(channel_new)              \
    X(end_clone)                \
    X(end_close)                \
    X(end_free)                 \
    X(end_is_closed)            \
    X(end_direction)            \
    X(end_holder)               \
    X(end_abort)                \
    X(end_cause)                \
    X(send)                     \
    X(recv)                     \
    X(send_many)                \
    X(recv_many)                \
    X(post)                     \
    X(posting_withdraw)         \
    X(posting_release)          \
    X(unreceive)                \
    X(select)                   \
    X(reply_new)                \
    X(reply_new_routed)         \
    X(reply_wait)               \
    X(reply_abandon)            \
    X(reply_complete)           \
    X(reply_break)              \
    X(end_statistics)           \
    X(end_channel)              \
    X(channel_statistics)       \
    X(graph_visit)              \
    X(totals_read)              \
    X(gate_set)                 \
    X(spin_limit)               \
    X(cpus_allowed)             \
    X(message_none)             \
    X(message_truth)            \
    X(message_integer)          \
    X(message_real)             \
    X(message_bytes)            \
    X(message_text)             \
    X(message_is_none)          \
    X(message_as_truth)         \
    X(message_as_integer)       \
    X(message_as_real)          \
    X(message_as_bytes)         \
    X(message_as_text)          \
    X(sync_new)                 \
    X(end_sync)                 \
    X(sync_release)             \
    X(event_put)                \
    X(condition_wait)           \
    X(condition_notify)         \
    X(barrier_wait)             \
    X(barrier_put)              \
    X(counter_add)              \
    X(counter_exchange)         \
    X(counter_compare_exchange) \
    X(sync_read)                \
    X(alternative_new)          \
    X(alternative_free)         \
    X(alternative_add)          \
    X(alternative_add_timer)    \
    X(alternative_set_timer)    \
    X(alternative_remove)       \
    X(alternative_enable)       \
    X(alternative_select)       \
    X(recv_extended)            \
    X(broadcast_new)            \
    X(broadcast_subscribe)      \
    X(broadcast_send)           \
    X(broadcast_latest)         \
    X(broadcast_subscribers)    \
    X(thread_may_settle)        \
    X(placement)                \
    X(alternative_select_among) \
    X(alternative_interrupt)    \
    X(thread_start)             \
    X(thread_name)              \
    X(thread_leave)             \
    X(thread_stays)             \
    X(end_length)               \
    X(scope_new)                \
    X(scope_retain)             \
    X(scope_release)            \
    X(scope_enter)              \
    X(scope_leave)              \
    X(scope_cancel)             \
    X(scope_set_deadline)       \
    X(scope_set_shield)         \
    X(scope_deadline)           \
    X(scope_shield)             \
    X(scope_cancelled)          \
    X(scope_inside)             \
    X(scope_shielded)           \
    X(reply_asking)             \
    X(reply_envelope)           \
    X(reply_set_envelope)       \
    X(reply_wanted)             \
    X(handling_begin)           \
    X(handling_end)             \
    X(handled)                  \
    X(loop_new)                 \
    X(loop_next)                \
    X(loop_free)                \
    X(operation_new)            \
    X(operation_context)        \
    X(operation_free)           \
    X(operation_finish)         \
    X(operation_cancel)         \
    X(operation_deadline)       \
    X(operation_expire)         \
    X(begin_send)               \
    X(begin_recv)               \
    X(begin_select)             \
    X(begin_wait)               \
    X(wall_now)                 \
    X(clock_hold)               \
    X(clock_move)               \
    X(clock_release)            \
    X(seed)                     \
    X(packed_new)               \
    X(packed_clone)             \
    X(packed_message)           \
    X(packed_free)              \
    X(payload_attach_packed)    \
    X(payload_take_packed)      \
    X(forward)

typedef struct csp_functions {
    size_t size;  /* of this struct in the csp that runs: a later csp has more at its end */
    uint32_t abi; /* CSP_CAPSULE_ABI of the csp that runs */
    uint32_t version_major, version_minor;

    /* The two crossings, with a thread state of the interpreter that the object belongs to.
     *
     * end_of_object: move the end out of a csp.Sender or csp.Receiver. The object is closed afterwards; the channel is not, as
     * the end that is given is held by `holder` and the caller's, to be freed with end_free. NULL with TypeError (no end),
     * ClosedEnd or MemoryError.
     * object_of_end: the other way. The new csp.Sender or csp.Receiver (or csp.Lock and so on, of a handle that csp_sync_new
     * made) is held by this interpreter, and `end` is freed, so that no operation may be using it. NULL with ClosedEnd or MemoryError; `end` is then still the caller's. */
    csp_end *(*end_of_object)(PyObject *object, csp_holder *holder);
    PyObject *(*object_of_end)(csp_end *end);

#define CSP_FUNCTION(name) __typeof__(&csp_##name) name;
    CSP_FUNCTIONS(CSP_FUNCTION)
#undef CSP_FUNCTION
} csp_functions;

/* The table of the csp that is installed. NULL with ImportError set: csp is not there, is of another ABI, or is older than
 * this header. */
static inline const csp_functions *csp_import(void) {
    /* PyCapsule_Import imports csp, and csp alone. */
    PyObject *module = PyImport_ImportModule("csp._native");
    if (module == NULL) {
        return NULL;
    }
    Py_DECREF(module); /* sys.modules has it */
    const csp_functions *table = (const csp_functions *)PyCapsule_Import(CSP_CAPSULE_NAME, 0);
    if (table == NULL) {
        return NULL;
    }
    if (table->abi != CSP_CAPSULE_ABI || table->size < sizeof(csp_functions)) {
        PyErr_Format(
            PyExc_ImportError,
            "this module was built for csp %d.%d (ABI %d, %zu bytes), and csp %u.%u is installed (ABI %u, %zu "
            "bytes): build it again",
            CSP_VERSION_MAJOR, CSP_VERSION_MINOR, CSP_CAPSULE_ABI, sizeof(csp_functions), table->version_major,
            table->version_minor, table->abi, table->size);
        return NULL;
    }
    return table;
}

#endif
