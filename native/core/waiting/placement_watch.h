/* SPDX-License-Identifier: MIT
 *
 * The thread that says who is to live where; see placement.h. */
#ifndef CSP_PLACEMENT_WATCH_H
#define CSP_PLACEMENT_WATCH_H

#include <stdint.h>

void csp__placement_start_watch(void);
void csp__placement_watch_forked(void);
/* How long the watch sleeps after a look that took that much of a CPU, in nanoseconds. */
int64_t csp__placement_pause(int64_t took);

#endif
