/* SPDX-License-Identifier: MIT
 *
 * Inputs of the fuzzer, in memory and in folders. */
#ifndef CSP_FUZZ_INPUTS_H
#define CSP_FUZZ_INPUTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t size;
    uint8_t data[1024];
} input;

typedef struct {
    input *all;
    size_t count, room;
} inputs;

/* Which input it is; the name of its file. */
uint64_t inputs_hash(const uint8_t *data, size_t size);
/* A copy of `in` is added. All of these end the program where there is no memory, or no such file. */
void inputs_add(inputs *corpus, const input *in);
/* A longer file is cut. */
void inputs_read_file(input *in, const char *path);
/* All files in it, in the order of their names. */
void inputs_read_folder(inputs *corpus, const char *folder);
/* Into a folder that is made if need be. */
void inputs_write(const char *folder, const input *in);
void inputs_free(inputs *corpus);

#endif
