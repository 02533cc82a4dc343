/* SPDX-License-Identifier: MIT
 *
 * csp._native: multi-phase, with a state and types of its own in every interpreter that imports it. */
#include "alternatives/alternative.h"
#include "alternatives/guards.h"
#include "alternatives/select.h"
#include "capsule.h"
#include "channels/calls.h"
#include "channels/end.h"
#include "channels/envelope.h"
#include "channels/extended.h"
#include "channels/forward.h"
#include "channels/gather.h"
#include "channels/post.h"
#include "channels/receiver.h"
#include "channels/reply.h"
#include "channels/sender.h"
#include "channels/snapshot.h"
#include "codec/beside.h"
#include "codec/classes.h"
#include "codec/packing.h"
#include "interpreters/guests.h"
#include "interpreters/interpreters.h"
#include "interpreters/leaving.h"
#include "interpreters/own_thread.h"
#include "interpreters/thread_times.h"
#include "looking/tally.h"
#include "looking/totals.h"
#include "looking/wait_graph.h"
#include "native.h"
#include "settings.h"
#include "sync/broadcast.h"
#include "sync/sync_types.h"
#include "tracebacks/frames.h"
#include "tracebacks/unseen.h"
#include "types.h"
#include "waiting/limits.h"
#include "waiting/moving.h"
#include "waiting/scope.h"
#include "waiting/sleep.h"

static bool add_type(PyObject *module, PyType_Spec *spec, const char *name, PyTypeObject **place) {
    *place = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *place != NULL && (name == NULL || PyModule_AddObjectRef(module, name, (PyObject *)*place) == 0);
}

static bool load_errors(native_state *state) {
    PyObject *errors = PyImport_ImportModule("csp.errors");
    if (errors == NULL) {
        return false;
    }
    struct {
        const char *name;
        PyObject **place;
    } wanted[] = {
        {"EndOfChannel", &state->end_of_channel},
        {"BrokenChannel", &state->broken_channel},
        {"ClosedEnd", &state->closed_end},
        {"WouldBlock", &state->would_block},
        {"Stopped", &state->stopped},
        {"Cancelled", &state->cancelled},
        {"NotShareable", &state->not_shareable},
        {"Abandoned", &state->abandoned},
        {"BrokenBarrier", &state->broken_barrier},
    };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].place = PyObject_GetAttrString(errors, wanted[i].name);
        ok = *wanted[i].place != NULL;
    }
    Py_DECREF(errors);
    return ok;
}

static int module_exec(PyObject *module) {
    native_state *state = state_of_module(module);
    state->is_main = PyInterpreterState_Get() == PyInterpreterState_Main();
    csp_holder *given = native_started_holder();
    if (given != NULL && !state->is_main) {
        state->holder = csp_holder_retain(given);
    } else {
        char name[32];
        snprintf(name, sizeof name, state->is_main ? "main" : "interpreter %lld",
                 (long long)PyInterpreterState_GetID(PyInterpreterState_Get()));
        state->holder = csp_holder_new(name);
    }
    state->str_timeout = PyUnicode_InternFromString("timeout");
    state->str_deadline = PyUnicode_InternFromString("deadline");
    state->str_priority = PyUnicode_InternFromString("priority");
    state->str_setstate = PyUnicode_InternFromString("__setstate__");
    state->str_reduce_ex = PyUnicode_InternFromString("__reduce_ex__");
    if (state->holder == NULL || state->str_timeout == NULL || state->str_deadline == NULL ||
        state->str_priority == NULL || state->str_setstate == NULL || state->str_reduce_ex == NULL ||
        !load_errors(state)) {
        return -1;
    }
    if (!add_type(module, &sender_spec, "Sender", &state->sender_type) ||
        !add_type(module, &receiver_spec, "Receiver", &state->receiver_type) ||
        !add_type(module, &offer_spec, "Offer", &state->offer_type) ||
        !add_type(module, &timer_spec, "Timer", &state->timer_type) ||
        !add_type(module, &skip_spec, "Skip", &state->skip_type) ||
        !add_type(module, &alternative_spec, "Alternative", &state->alternative_type) ||
        !add_type(module, &scope_spec, "CancelScope", &state->scope_type) ||
        !add_type(module, &unseen_spec, NULL, &state->unseen_type) ||
        !add_type(module, &unseen_iterator_spec, NULL, &state->unseen_iterator_type) ||
        !add_type(module, &packed_spec, "Packed", &state->packed_type) ||
        !add_type(module, &reply_spec, "Reply", &state->reply_type) || !native_add_sync_types(module)) {
        return -1;
    }
    state->statistics_type = native_statistics_type();
    if (state->statistics_type == NULL ||
        PyModule_AddObjectRef(module, "Statistics", (PyObject *)state->statistics_type) < 0) {
        return -1;
    }
    state->skip = native_skip_new(state);
    if (state->skip == NULL) {
        return -1;
    }
    PyMethodDef *const functions[] = {interpreter_methods, thread_methods,  leaving_methods, total_methods,
                                      wait_graph_methods,  setting_methods, tally_methods,   limit_methods,
                                      unseen_methods,      frame_methods,   capsule_methods, stream_methods,
                                      envelope_methods,    clock_methods,   guest_methods,   packing_methods};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (PyModule_AddFunctions(module, functions[i]) < 0) {
            return -1;
        }
    }
    return native_add_capsule(module) ? 0 : -1;
}

#define EACH_OBJECT(X)      \
    X(sender_type)          \
    X(receiver_type)        \
    X(offer_type)           \
    X(timer_type)           \
    X(skip_type)            \
    X(reply_type)           \
    X(alternative_type)     \
    X(statistics_type)      \
    X(scope_type)           \
    X(unseen_type)          \
    X(packed_type)          \
    X(unseen_iterator_type) \
    X(skip)                 \
    X(end_of_channel)       \
    X(broken_channel)       \
    X(closed_end)           \
    X(would_block)          \
    X(stopped)              \
    X(cancelled)            \
    X(not_shareable)        \
    X(abandoned)            \
    X(broken_barrier)       \
    X(str_deadline)         \
    X(str_timeout)          \
    X(str_setstate)         \
    X(str_reduce_ex)        \
    X(str_priority)

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    native_state *state = state_of_module(module);
#define VISIT(member) Py_VISIT(state->member);
    EACH_OBJECT(VISIT)
#undef VISIT
    for (int i = 0; i <= CSP_SYNC_BROADCAST; i++) {
        Py_VISIT(state->sync_types[i]);
    }
    return 0;
}

static int module_clear(PyObject *module) {
    native_state *state = state_of_module(module);
#define CLEAR(member) Py_CLEAR(state->member);
    EACH_OBJECT(CLEAR)
#undef CLEAR
    for (int i = 0; i <= CSP_SYNC_BROADCAST; i++) {
        Py_CLEAR(state->sync_types[i]);
    }
    return 0;
}

static void module_free(void *module) {
    native_state *state = state_of_module(module);
    module_clear(module);
    native_classes_free(state);
    native_guests_end(state);
    if (state->holder != NULL) {
        /* An interpreter that somebody else made ends here: what it still holds closes now. For ours the thread does it. */
        if (native_started_holder() != state->holder) {
            csp_holder_fence(state->holder);
        }
        csp_holder_release(state->holder);
        state->holder = NULL;
    }
}

static PyMethodDef module_methods[] = {
    {"channel", FASTCALL(native_channel), METH_FASTCALL | METH_KEYWORDS,
     "channel(capacity=0, overflow='block')\n--\n\nA new channel: its (Sender, Receiver).\n\nCapacity 0 is a "
     "rendezvous: send "
     "returns when a receiver has taken the message. Capacity n buffers n messages, and then\nblocks, or does what "
     "overflow "
     "says: drop_oldest, drop_newest (both counted) or error (WouldBlock).\nAny number of senders and receivers, "
     "first come "
     "first served. (CSP; Hoare 1978.)"},
    {"unbounded_channel", native_unbounded_channel, METH_NOARGS,
     "unbounded_channel()\n--\n\nA channel whose buffer has no bound: for what is bounded by something else, inside "
     "the "
     "library. Its capacity is -1."},
    {"broadcast", FASTCALL(native_broadcast), METH_FASTCALL | METH_KEYWORDS,
     "broadcast(capacity=0, overflow='block')\n--\n\nA new broadcast: its (Broadcaster, Receiver). Every subscriber "
     "gets every "
     "message.\n\nThe Receiver is the first subscriber, with this capacity and policy; more come by "
     "Broadcaster.subscribe."},
    {"watch", native_watch, METH_O,
     "watch(value, /)\n--\n\nA new watch: its (Broadcaster, Receiver). Receivers get the latest value, older ones are "
     "dropped.\n\nA receiver waits until there is a value that it has not seen; a new one begins with the latest. "
     "send never "
     "blocks."},
    {"select", FASTCALL(native_select), METH_FASTCALL | METH_KEYWORDS,
     "select(*guards, priority=False, timeout=None, deadline=None)\n--\n\nWait until one guard is ready, carry it "
     "out, return "
     "(guard, value).\n\n"
     "A guard is a Receiver, Sender.offer(message), after(seconds), skip(), or None (off). value is what was "
     "received, else\n"
     "None. Fair: with several ready, any of them; priority=True takes the first in the order given. One instant "
     "decides.\n"
     "A guard whose channel is over is ready and raises what its operation would raise. Raises TimeoutError. (occam's "
     "ALT.)"},
    {"sleep", FASTCALL(native_sleep), METH_FASTCALL | METH_KEYWORDS,
     "sleep(seconds=None, /, *, deadline=None)\n--\n\nSleep that many seconds, or until an instant of "
     "time.monotonic(); "
     "the GIL is free meanwhile.\n\n"
     "As time.sleep, but it hears what every wait hears: raises Stopped when its interpreter is told to stop, and in "
     "the\n"
     "main thread the exception of a signal handler, at once. math.inf sleeps until then."},
    {"after", native_after, METH_O,
     "after(seconds, /)\n--\n\nA timer guard for select, ready that many seconds from now. Costs no thread."},
    {"at", native_at, METH_O,
     "at(instant, /)\n--\n\nA timer guard for select, ready at an instant of time.monotonic()."},
    {"tick", native_tick, METH_O,
     "tick(seconds, /)\n--\n\n"
     "A timer guard that is ready again and again, that many seconds apart, counted from now.\n\n"
     "It does not drift; ticks that nobody took in time are left out."},
    {"move_on_after", FASTCALL(native_move_on_after), METH_VARARGS | METH_KEYWORDS,
     "move_on_after(seconds, /, *, shield=False)\n--\n\nA CancelScope whose deadline is that many seconds from now "
     "(None: never): its block is cut short then."},
    {"fail_after", FASTCALL(native_fail_after), METH_VARARGS | METH_KEYWORDS,
     "fail_after(seconds, /, *, shield=False)\n--\n\nAs move_on_after, but a block that was cut short by the deadline "
     "raises "
     "TimeoutError."},
    {"in_scope", native_in_scope, METH_NOARGS,
     "in_scope()\n--\n\nWhether this thread is in a CancelScope: what waits outside of csp would not hear of it."},
    {"never", native_never, METH_NOARGS, "never()\n--\n\nA timer guard that is never ready."},
    {"skip", native_skip, METH_NOARGS, "skip()\n--\n\nThe skip guard: makes a select that does not wait."},
    {"call", FASTCALL(native_call), METH_FASTCALL,
     "call(sender, message, timeout, priority=0, /)\n--\n\nSend (reply, *message) and wait for the answer:"
     " (code, value), code 0 answered, 1 failed, 2 never ran, 3 lost.\nIt waits at most for what is left of the "
     "call "
     "that is handled here: then code 5, and value is whether it may run."},
    {"ask", FASTCALL(native_ask), METH_FASTCALL,
     "ask(sender, message, timeout, /)\n--\n\nLike call, of who does what is asked even when nobody waits any more, "
     "and "
     "with no limit but its own."},
    {"post", FASTCALL(native_post), METH_FASTCALL,
     "post(sender, message, timeout, replies, token, priority=0, /)\n--\n\nPost (reply, *message) and do not wait; "
     "the "
     "answer "
     "goes to the unbounded channel `replies`, marked with token.\n\n"
     "A pair: None, or a handle for withdraw while it stands in the line of senders; and None, or what to let go of "
     "to "
     "give "
     "the call up."},
    {"withdraw", native_withdraw, METH_O,
     "withdraw(posting, /)\n--\n\nTake back what was posted; False if it was taken, or is over."},
    {"cast", FASTCALL(native_cast), METH_FASTCALL,
     "cast(sender, message, timeout, priority=0, /)\n--\n\nSend (reply, *message) whose answer nobody waits for. "
     "BrokenChannel.unsent is the "
     "message."},
    {"raise_arrived", native_raise_arrived, METH_O,
     "raise_arrived(failure, /)\n--\n\nRaise what a call was answered with, as it was raised there."},
    {"forward", FASTCALL(native_forward), METH_FASTCALL,
     "forward(receiver, sender, n, /)\n--\n\nMove up to n messages that are there now, also of senders that wait, "
     "into "
     "another channel, unopened and in order: how many.\nWhat the other has no room for stays. Raises, having moved "
     "nothing, EndOfChannel, BrokenChannel, ClosedEnd."},
    {"gather", FASTCALL(native_gather), METH_FASTCALL,
     "gather(iterator, most, inbox, /)\n--\n\nA tuple of 1 to most items; cut short once a message is at inbox. "
     "StopIteration, with the tuple as its value, at the end of the iterator."},
    {"recv_extended", FASTCALL(native_recv_extended), METH_FASTCALL,
     "recv_extended(receiver, timeout, deadline, /)\n--\n\n(message, reply): receive, and hold the sender until the "
     "reply is "
     "used or "
     "lost. Blocks."},
    {"recv_reply", FASTCALL(native_recv_reply), METH_FASTCALL,
     "recv_reply(replies, deadline, /)\n--\n\n(token, code, value) of the next answer, or None at the end of the "
     "channel. "
     "Code 4: value is the exception of reading it. Blocks, "
     "until the instant of time.monotonic() (None: for ever): then TimeoutError."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {Py_mod_gil, Py_MOD_GIL_USED},
    {0, NULL},
};

static struct PyModuleDef native_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "csp._native",
    .m_doc = "Channels, alternatives, calls and interpreters over the native core.",
    .m_size = sizeof(native_state),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__native(void);
PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&native_module); }
