/* SPDX-License-Identifier: MIT
 *
 * What the operating system tells of a thread of this process. */
#ifndef CSP_NATIVE_THREAD_TIMES_H
#define CSP_NATIVE_THREAD_TIMES_H

#include "native.h"

extern PyMethodDef thread_methods[];

#endif
