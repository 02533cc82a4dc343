/* SPDX-License-Identifier: MIT
 *
 * The types of the synchronisation objects, in the module. */
#ifndef CSP_NATIVE_SYNC_TYPES_H
#define CSP_NATIVE_SYNC_TYPES_H

#include "native.h"

bool native_add_sync_types(PyObject *module);

#endif
