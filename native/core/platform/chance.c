/* SPDX-License-Identifier: MIT */
#include "platform/chance.h"

#include <stdint.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

#include "csp/csp.h"

void csp__chance(void *bytes, size_t size) {
    if (getentropy(bytes, size) == 0) {
        return;
    }
    uint64_t seed = (uint64_t)csp_now() ^ ((uint64_t)getpid() << 40) ^ (uint64_t)(uintptr_t)bytes;
    for (size_t i = 0; i < size; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((unsigned char *)bytes)[i] = (unsigned char)(seed >> 56);
    }
}
