/* SPDX-License-Identifier: MIT
 *
 * The wait graph: who waits for whom, as objects of Python. */
#ifndef CSP_NATIVE_WAIT_GRAPH_H
#define CSP_NATIVE_WAIT_GRAPH_H

#include "native.h"

extern PyMethodDef wait_graph_methods[];

#endif
