/* SPDX-License-Identifier: MIT
 *
 * Functions and iterators of csp's Python that do not stand in tracebacks. */
#ifndef CSP_NATIVE_UNSEEN_H
#define CSP_NATIVE_UNSEEN_H

#include "native.h"

extern PyType_Spec unseen_spec, unseen_iterator_spec;
extern PyMethodDef unseen_methods[];

#endif
