/* SPDX-License-Identifier: MIT
 *
 * What the core says, and what others failed with, as exceptions of Python. What raises gives NULL always. */
#ifndef CSP_NATIVE_ERRORS_H
#define CSP_NATIVE_ERRORS_H

#include "native.h"

/* Add a note to the exception that is set: what its reader would else take for not done. */
PyObject *native_add_note(const char *text);
/* Set .unsent of the exception that is set, where it takes attributes; consumes the tuple (NULL: no memory for it). */
void native_set_unsent(PyObject *unsent);
/* The exception of a signal handler is set, but what was to be sent has gone: the note says so, and .unsent is (). */
PyObject *native_raise_delivered(const char *text);
/* Text of the core, which may have been cut within a character. */
PyObject *native_text(const char *text);

/* Raise what the status means. `unsent` may be NULL. */
PyObject *native_raise(native_state *state, csp_status status, csp_end *end, PyObject *unsent, bool nowait);
/* What it means that none was chosen, of a select. */
PyObject *native_raise_no_choice(native_state *state, csp_status status);

/* A function of csp.messages.failure, called with one argument: what it gives. */
PyObject *native_call_failure(const char *name, PyObject *argument);
/* Raise what the other side failed with, by that function of csp.messages.failure; consumes the value. */
PyObject *native_raise_failure(const char *unpack, PyObject *value);
/* Raise BrokenChannel for a message that was taken or given back; an abort of the end's channel explains it better than
 * `what` does, and gives the cause. `unsent` may be NULL. */
PyObject *native_raise_lost(native_state *state, csp_end *end, const char *what, const char *and_so, PyObject *unsent);
/* native_raise for a send; consumes the message that did not go, or what the receiver said instead (CSP_FAILED). */
PyObject *native_raise_unsent(native_state *state, csp_status status, csp_end *end, csp_message *message,
                              PyObject *unsent, bool nowait);

#endif
