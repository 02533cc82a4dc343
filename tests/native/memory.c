/* SPDX-License-Identifier: MIT */
#include "memory.h"

/* Of the thread that asks; refuse is 0 as long as there is enough. */
static _Thread_local int64_t left, refuse;
static _Thread_local bool refused;

void memory_ends_after(int64_t count, int64_t times) {
    left = count;
    refuse = times;
    refused = false;
}

bool memory_returns(void) {
    refuse = 0;
    return refused;
}

static bool may_have(void) {
    if (refuse == 0 || left-- > 0) {
        return true;
    }
    refuse--;
    refused = true;
    return false;
}

void *test_malloc(size_t size) { return may_have() ? malloc(size) : NULL; }
void *test_calloc(size_t count, size_t size) { return may_have() ? calloc(count, size) : NULL; }
void *test_realloc(void *old, size_t size) { return may_have() ? realloc(old, size) : NULL; }
void *test_aligned_alloc(size_t alignment, size_t size) { return may_have() ? aligned_alloc(alignment, size) : NULL; }
