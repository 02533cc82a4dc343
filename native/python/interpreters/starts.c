/* SPDX-License-Identifier: MIT
 *
 * Whether an interpreter can be started. */
#include "interpreters/starts.h"

static _Atomic bool program_ends;

/* No memory block is tracked in this domain; the answer says whether any would be. The one question about tracemalloc that
 * every interpreter and thread may ask. */
bool native_memory_is_traced(void) { return PyTraceMalloc_Untrack(0x637370, 0) != -2; }

const char *native_no_starts(void) {
    if (program_ends) {
        return "the program is ending: no interpreter is started any more. Stop what starts some before its last "
               "line, "
               "by leaving the with block or with close()";
    }
    if (native_memory_is_traced()) {
        return "tracemalloc is on, and CPython hangs or crashes when it makes an interpreter then "
               "(python/cpython#134604): run without -X tracemalloc, PYTHONTRACEMALLOC and tracemalloc.start()";
    }
    return NULL;
}

void native_refuse_starts(void) { program_ends = true; }
