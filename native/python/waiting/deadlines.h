/* SPDX-License-Identifier: MIT
 *
 * How long a call may wait, as its caller says it: a timeout in seconds, or an instant of time.monotonic(). What reads an
 * argument gives false with ValueError or TypeError set. */
#ifndef CSP_NATIVE_DEADLINES_H
#define CSP_NATIVE_DEADLINES_H

#include "native.h"

/* Seconds (None: for ever) to a deadline. */
bool native_deadline(PyObject *timeout, int64_t *deadline);
bool native_instant(PyObject *instant, int64_t *deadline);
/* One of the two; None is as if not given. Both: TypeError. */
bool native_timeout_or_deadline(PyObject *timeout, PyObject *instant, int64_t *deadline);
/* Parse the keyword `timeout` or `deadline` (and nothing else) behind `positional` arguments. */
bool native_timeout_argument(native_state *state, const char *function, PyObject *const *args, Py_ssize_t positional,
                             Py_ssize_t most, PyObject *keywords, int64_t *deadline);

#endif
