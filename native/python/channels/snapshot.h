/* SPDX-License-Identifier: MIT
 *
 * Statistics: a channel, read in one instant. */
#ifndef CSP_NATIVE_SNAPSHOT_H
#define CSP_NATIVE_SNAPSHOT_H

#include "native.h"

PyTypeObject *native_statistics_type(void);
PyObject *native_statistics_object(native_state *state, const csp_statistics *statistics);

#endif
