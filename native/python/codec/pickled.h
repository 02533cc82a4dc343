/* SPDX-License-Identifier: MIT
 *
 * What only pickle knows is written and read by csp.messages.pickling, which is imported at first need. */
#ifndef CSP_NATIVE_PICKLED_H
#define CSP_NATIVE_PICKLED_H

#include "native.h"

/* Import it, if it was not yet: state->dumps and state->loads. False with an exception set. */
bool native_load_pickling(native_state *state);

#endif
