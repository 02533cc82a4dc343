/* SPDX-License-Identifier: MIT
 *
 * Tallies: counts that anybody in the process adds to, in any interpreter, without waiting. */
#ifndef CSP_NATIVE_TALLY_H
#define CSP_NATIVE_TALLY_H

#include "native.h"

extern PyMethodDef tally_methods[];

#endif
