/* SPDX-License-Identifier: MIT
 *
 * How much of what there is: in a channel, in the process, in this interpreter. */
#ifndef CSP_NATIVE_TOTALS_H
#define CSP_NATIVE_TOTALS_H

#include "native.h"

extern PyMethodDef total_methods[];

#endif
