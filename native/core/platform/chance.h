/* SPDX-License-Identifier: MIT */
#ifndef CSP_CHANCE_H
#define CSP_CHANCE_H

#include <stddef.h>

/* Fill it with bytes that no other process has: the system's, or where it has none to give, made of clock and process. At most
 * 256. */
void csp__chance(void *bytes, size_t size);

#endif
