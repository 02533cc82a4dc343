/* SPDX-License-Identifier: MIT
 *
 * What is raised for what cannot travel: NotShareable, which names the way to it. */
#ifndef CSP_NATIVE_REFUSAL_H
#define CSP_NATIVE_REFUSAL_H

#include "codec/writer.h"

/* Put into place of the exception that is set what the sender is to see; `name` is what the way begins with. */
void native_refuse(native_writer *w, const char *name);

#endif
