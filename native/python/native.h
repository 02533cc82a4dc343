/* SPDX-License-Identifier: MIT
 *
 * csp._native: what the files of the extension share. One module state per interpreter; nothing in C statics but
 * interpreter-neutral data. The extension turns objects into messages and waits without holding a GIL; it decides nothing. */
#ifndef CSP_NATIVE_H
#define CSP_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "csp/csp.h"

typedef struct {
    csp_holder *holder; /* this interpreter */
    bool is_main;
    PyTypeObject *sender_type, *receiver_type, *offer_type, *timer_type, *skip_type, *reply_type, *alternative_type,
        *statistics_type, *scope_type, *unseen_type, *unseen_iterator_type;
    PyTypeObject *sync_types[CSP_SYNC_BROADCAST + 1]; /* by csp_sync_kind */
    PyObject *skip;                                   /* the one skip guard */
    /* csp.errors */
    PyObject *end_of_channel, *broken_channel, *closed_end, *would_block, *stopped, *cancelled, *not_shareable,
        *abandoned, *broken_barrier;
    PyObject *dumps, *loads; /* csp.messages.pickling, imported at first need */
    PyObject *str_timeout, *str_deadline, *str_priority;
} native_state;

/* A Sender, a Receiver, or a handle on a synchronisation object. */
typedef struct {
    PyObject_HEAD csp_end *end;
} end_object;

extern struct PyModuleDef native_module;

/* All our types are final, so the type of self is the type that was made with the module. */
static inline native_state *state_of_type(PyTypeObject *type) { return (native_state *)PyType_GetModuleState(type); }
static inline native_state *state_of(PyObject *self) { return state_of_type(Py_TYPE(self)); }
static inline native_state *state_of_module(PyObject *module) { return (native_state *)PyModule_GetState(module); }

/* ---- waiting.c ------------------------------------------------------------------------------------------------ */

/* One blocking call of one thread. */
typedef struct {
    csp_hooks hooks;
    PyThreadState *saved;
    bool signalled; /* a signal handler raised while we waited: the exception is set */
    int64_t hint;   /* of the main thread: when to look whether it waits for itself; 0: not known yet */
    int64_t pause;  /* until it looks again, after that */
} native_wait;

void native_wait_begin(native_wait *wait, const native_state *state);
/* How long the main thread waits before it is told if nobody but itself could end that; 5 s unless this was called. */
void native_set_hint_delay(int64_t nanoseconds);
/* Whether the calling thread is the only one of its interpreter. */
bool native_is_alone(void);
/* Whether a signal handler raised: while we waited, or now. To be asked with a received value in hand, because the handler
 * would else run, and the value be lost, as soon as we return: the exception is set; give the value back. And when a message
 * was delivered, whose sender would else not learn it. This runs anything, like encoding and decoding. */
bool native_wait_signalled(native_wait *wait);
/* Seconds (None: for ever) to a deadline; false with ValueError or TypeError set. */
bool native_deadline(PyObject *timeout, int64_t *deadline);
bool native_instant(PyObject *instant, int64_t *deadline);
/* One of the two; None is as if not given. Both: TypeError. */
bool native_timeout_or_deadline(PyObject *timeout, PyObject *instant, int64_t *deadline);
/* Parse the keyword `timeout` or `deadline` (and nothing else) behind `positional` arguments. */
bool native_timeout_argument(native_state *state, const char *function, PyObject *const *args, Py_ssize_t positional,
                             Py_ssize_t most, PyObject *keywords, int64_t *deadline);
/* Add a note to the exception that is set: what its reader would else take for not done. Always NULL. */
PyObject *native_add_note(const char *text);
/* The exception of a signal handler is set, but what was to be sent has gone: the note says so, and .unsent is (). Always
 * NULL. */
PyObject *native_raise_delivered(const char *text);
/* Set .unsent of the exception that is set, where it takes attributes; consumes the tuple (NULL: no memory for it). */
void native_set_unsent(PyObject *unsent);
/* Text of the core, which may have been cut within a character. */
PyObject *native_text(const char *text);
/* Raise what the status means. `unsent` may be NULL. Always returns NULL. */
PyObject *native_raise(native_state *state, csp_status status, csp_end *end, PyObject *unsent, bool nowait);

/* ---- encode.c ------------------------------------------------------------------------------------------------- */

/* Encode an object into a self-contained message. With a reply, the object must be a tuple; it arrives with the answering
 * right in front: (reply, *object). The reply's answering right is taken over, also on failure. */
bool native_encode(native_state *state, PyObject *object, csp_reply *reply, csp_message *message);
/* A message that is one integer; needs no interpreter. */
void native_encode_integer(int64_t value, csp_message *message);

/* ---- decode.c ------------------------------------------------------------------------------------------------- */

/* Decode and consume the message. NULL with an exception set on failure; the message is dropped all the same. */
PyObject *native_decode(native_state *state, csp_message *message);

/* ---- ends.c --------------------------------------------------------------------------------------------------- */

/* Wrap an end that this interpreter holds; consumes it, also on failure. */
PyObject *native_wrap_end(native_state *state, csp_end *end);
/* capacity and overflow, positional or by name; what is not given stays as it is. False with an exception set. */
bool native_channel_arguments(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *keywords,
                              uint32_t *capacity, csp_overflow *overflow);
PyObject *native_channel(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
PyObject *native_unbounded_channel(PyObject *module, PyObject *unused);
/* Whether it is any handle, and so has the layout of end_object. */
bool native_is_end(PyObject *object);
/* What all handles have. */
void native_end_dealloc(PyObject *self);
int native_end_traverse(PyObject *self, visitproc visit, void *arg);
PyObject *native_end_close(PyObject *self, PyObject *unused);
PyObject *native_end_clone(PyObject *self, PyObject *unused);
PyObject *native_end_abort(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *native_end_statistics(PyObject *self, PyObject *unused);
PyObject *native_end_reduce(PyObject *self, PyObject *unused);
PyObject *native_end_compare(PyObject *self, PyObject *other, int operation);
Py_hash_t native_end_hash(PyObject *self);
PyObject *native_statistics_object(native_state *state, const csp_statistics *statistics);

/* ---- sender.c, receiver.c ------------------------------------------------------------------------------------- */

extern PyType_Spec sender_spec, receiver_spec;

/* ---- unseen.c ------------------------------------------------------------------------------------------------- */

extern PyType_Spec unseen_spec, unseen_iterator_spec;
extern PyMethodDef unseen_methods[];

/* ---- sync.c --------------------------------------------------------------------------------------------------- */

bool native_add_sync_types(PyObject *module);

/* ---- broadcast.c ---------------------------------------------------------------------------------------------- */

PyObject *native_broadcast(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
PyObject *native_watch(PyObject *module, PyObject *initial);

/* ---- select.c ------------------------------------------------------------------------------------------------- */

extern PyType_Spec offer_spec, timer_spec, skip_spec;
PyObject *native_select(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
PyObject *native_sleep(PyObject *module, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
PyObject *native_after(PyObject *module, PyObject *seconds);
PyObject *native_at(PyObject *module, PyObject *instant);
PyObject *native_tick(PyObject *module, PyObject *seconds);
PyObject *native_never(PyObject *module, PyObject *unused);
PyObject *native_skip(PyObject *module, PyObject *unused);
PyObject *native_offer(native_state *state, PyObject *sender, PyObject *value);
PyObject *native_skip_new(native_state *state);
/* Whether it is a synchronisation object that can be a guard: chosen, it has been acquired. */
bool native_can_be_acquired(PyObject *object);
void native_raise_no_guard(native_state *state, PyObject *object);
int64_t native_timer_deadline(PyObject *timer);
bool native_select_keywords(native_state *state, PyObject *const *values, PyObject *keywords, int *flags,
                            int64_t *deadline);
/* select() over these guards (None: off). *chosen is set when one was carried out, also where that raises. Which alternative
 * selects, or NULL; NULL without an exception: that one was interrupted. */
PyObject *native_select_guards(native_state *state, PyObject *const *guards, Py_ssize_t count, int flags,
                               int64_t deadline, csp_alternative *alternative, uint32_t *chosen);
/* (guard, value) of the guard that was chosen, or the error that it means; consumes the message. */
PyObject *native_guard_outcome(native_state *state, PyObject *object, csp_guard *guard, bool signalled);
/* What it means that none was chosen. Always returns NULL. */
PyObject *native_raise_no_choice(native_state *state, csp_status status);

/* ---- alternative.c -------------------------------------------------------------------------------------------- */

extern PyType_Spec alternative_spec;

/* ---- scope.c -------------------------------------------------------------------------------------------------- */

extern PyType_Spec scope_spec;
PyObject *native_move_on_after(PyObject *module, PyObject *args, PyObject *keywords);
PyObject *native_fail_after(PyObject *module, PyObject *args, PyObject *keywords);
PyObject *native_in_scope(PyObject *module, PyObject *unused);

/* ---- gather.c ------------------------------------------------------------------------------------------------- */

PyObject *native_gather(PyObject *module, PyObject *const *args, Py_ssize_t count);

/* ---- calls.c -------------------------------------------------------------------------------------------------- */

extern PyType_Spec reply_spec;
PyObject *native_wrap_reply(native_state *state, csp_reply *reply);
PyObject *native_call(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_post(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_withdraw(PyObject *module, PyObject *capsule);
PyObject *native_cast(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_recv_reply(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_sender_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords);
/* Raise what the other side failed with, by that function of csp.messages.failure; consumes the value. Always NULL. */
PyObject *native_raise_failure(const char *unpack, PyObject *value);
/* The same for what a call was answered with. Always NULL. */
PyObject *native_raise_arrived(PyObject *module, PyObject *failure);

/* ---- extended.c ----------------------------------------------------------------------------------------------- */

PyObject *native_recv_extended(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *native_receiver_extended(PyObject *self, PyObject *args, PyObject *keywords);
/* Raise BrokenChannel for a message that was taken or given back; an abort of the end's channel explains it better than
 * `what` does, and gives the cause. `unsent` may be NULL. Always NULL. */
PyObject *native_raise_lost(native_state *state, csp_end *end, const char *what, const char *and_so, PyObject *unsent);
/* native_raise for a send; consumes the message that did not go, or what the receiver said instead (CSP_FAILED). */
PyObject *native_raise_unsent(native_state *state, csp_status status, csp_end *end, csp_message *message,
                              PyObject *unsent, bool nowait);

/* ---- interpreters.c ------------------------------------------------------------------------------------------- */

extern PyMethodDef interpreter_methods[], leaving_methods[];

/* ---- life.c --------------------------------------------------------------------------------------------------- */

/* The holder of an interpreter that this library started on the calling thread, or NULL. */
csp_holder *native_thread_holder(void);

/* ---- reach.c -------------------------------------------------------------------------------------------------- */

/* Have main's system call return, so that Python looks for signals there. */
void native_interrupt_main(void);

/* ---- capsule.c ------------------------------------------------------------------------------------------------ */

extern PyMethodDef capsule_methods[];
/* Add csp._native._C_API. False with an exception set. */
bool native_add_capsule(PyObject *module);

/* ---- observe.c ------------------------------------------------------------------------------------------------ */

#define NATIVE_EXIT_DOC "__exit__($self, kind, error, trace, /)\n--\n\nWhat leaving the with block does."

extern PyMethodDef observe_methods[];
extern PyMethodDef tally_methods[];
extern PyMethodDef limit_methods[];

/* A time limit that stands still while somebody debugs, and is none with CSP_NO_LIMITS=1; see limits.c. After an operation
 * with limit.deadline: whether to do it again, with the deadline moved. */
typedef struct {
    int64_t deadline, paused;
} native_limit;
void native_limit_begin(native_limit *limit, int64_t deadline);
bool native_limit_goes_on(native_limit *limit, csp_status status);

#endif
