/* SPDX-License-Identifier: MIT
 *
 * Tracebacks: an entry for code that ran in another interpreter, and the text of one. */
#ifndef CSP_NATIVE_FRAMES_H
#define CSP_NATIVE_FRAMES_H

#include "native.h"

extern PyMethodDef frame_methods[];

#endif
