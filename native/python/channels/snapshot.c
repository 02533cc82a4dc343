/* SPDX-License-Identifier: MIT
 *
 * Statistics: a channel, read in one instant. */
#include "channels/snapshot.h"

static PyStructSequence_Field statistics_fields[] = {
    {"channel_id", "the channel's number in this process"},
    {"capacity", "messages the buffer can hold; 0 for a rendezvous, -1 for unbounded"},
    {"overflow", "what a full buffer does: block, drop_oldest, drop_newest or error"},
    {"length", "messages waiting in the buffer now"},
    {"waiting_senders", "operations waiting to send now"},
    {"waiting_receivers", "operations waiting to receive now"},
    {"peak_senders", "most that ever waited to send at once (up to 65535)"},
    {"peak_receivers", "most that ever waited to receive at once (up to 65535)"},
    {"senders", "open Sender handles, those inside messages included"},
    {"receivers", "open Receiver handles, those inside messages included"},
    {"sent", "messages accepted from senders"},
    {"received", "messages given to receivers"},
    {"dropped", "messages lost to the overflow policy"},
    {"undelivered", "messages that were buffered when the channel ended"},
    {"parks", "waits that slept"},
    {"wakes", "sleeps that ended"},
    {"spins_hit", "waits that ended while spinning"},
    {"spins_missed", "spins that had to sleep after all"},
    {"aborted", "whether the channel was aborted"},
    {NULL, NULL},
};

static PyStructSequence_Desc statistics_description = {
    "csp.Statistics", "A channel, read in one instant (the wait counters: very nearly).", statistics_fields, 19};

PyTypeObject *native_statistics_type(void) { return PyStructSequence_NewType(&statistics_description); }

PyObject *native_statistics_object(native_state *state, const csp_statistics *s) {
    static const char *const overflow[] = {"block", "drop_oldest", "drop_newest", "error"};
    PyObject *object = PyStructSequence_New(state->statistics_type);
    if (object == NULL) {
        return NULL;
    }
    PyObject *values[19] = {
        PyLong_FromUnsignedLongLong(s->id),
        s->capacity == CSP_UNBOUNDED ? PyLong_FromLong(-1) : PyLong_FromUnsignedLong(s->capacity),
        PyUnicode_FromString(overflow[s->overflow]),
        PyLong_FromUnsignedLong(s->length),
        PyLong_FromUnsignedLong(s->waiting_senders),
        PyLong_FromUnsignedLong(s->waiting_receivers),
        PyLong_FromUnsignedLong(s->peak_senders),
        PyLong_FromUnsignedLong(s->peak_receivers),
        PyLong_FromUnsignedLong(s->sending_ends),
        PyLong_FromUnsignedLong(s->receiving_ends),
        PyLong_FromUnsignedLongLong(s->sent),
        PyLong_FromUnsignedLongLong(s->received),
        PyLong_FromUnsignedLongLong(s->dropped),
        PyLong_FromUnsignedLongLong(s->undelivered),
        PyLong_FromUnsignedLongLong(s->parks),
        PyLong_FromUnsignedLongLong(s->wakes),
        PyLong_FromUnsignedLongLong(s->spins_hit),
        PyLong_FromUnsignedLongLong(s->spins_missed),
        PyBool_FromLong(s->aborted),
    };
    bool ok = true;
    for (Py_ssize_t i = 0; i < 19; i++) {
        ok = ok && values[i] != NULL;
        PyStructSequence_SetItem(object, i, values[i]);
    }
    if (!ok) {
        Py_CLEAR(object);
    }
    return object;
}
