/* SPDX-License-Identifier: MIT
 *
 * Memory that runs out when a case wants it. Read before everything else in each file of the core under test, so that its
 * allocations come here. */
#ifndef CSP_TEST_MEMORY_H
#define CSP_TEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* From now on the calling thread gets `count` allocations more, and then is refused: `times` times, as a rule for ever. */
enum { FOR_EVER = INT32_MAX };
void memory_ends_after(int64_t count, int64_t times);
/* There is enough again. True: something had been refused. */
bool memory_returns(void);

void *test_malloc(size_t size);
void *test_calloc(size_t count, size_t size);
void *test_realloc(void *old, size_t size);
void *test_aligned_alloc(size_t alignment, size_t size);

#ifdef CSP_BUILDING_CORE
#define malloc(size) test_malloc(size)
#define calloc(count, size) test_calloc(count, size)
#define realloc(old, size) test_realloc(old, size)
#define aligned_alloc(alignment, size) test_aligned_alloc(alignment, size)
#endif

#endif
