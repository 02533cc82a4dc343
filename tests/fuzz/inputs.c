/* SPDX-License-Identifier: MIT */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static _Noreturn void stop(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

/* FNV-1a. */
uint64_t inputs_hash(const uint8_t *data, size_t size) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void inputs_add(inputs *corpus, const input *in) {
    if (corpus->count == corpus->room) {
        size_t room = corpus->room == 0 ? 256 : corpus->room * 2;
        input *larger = realloc(corpus->all, room * sizeof *larger);
        if (larger == NULL) {
            stop("the corpus");
        }
        corpus->all = larger;
        corpus->room = room;
    }
    corpus->all[corpus->count++] = *in;
}

void inputs_read_file(input *in, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        stop(path);
    }
    in->size = fread(in->data, 1, sizeof in->data, file);
    fclose(file);
}

static int not_hidden(const struct dirent *entry) { return entry->d_name[0] != '.'; }

void inputs_read_folder(inputs *corpus, const char *folder) {
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, not_hidden, alphasort);
    if (count < 0) {
        stop(folder);
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        input in;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        inputs_read_file(&in, path);
        inputs_add(corpus, &in);
        free(entries[i]);
    }
    free(entries);
}

void inputs_write(const char *folder, const input *in) {
    char path[4096];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        stop(folder);
    }
    snprintf(path, sizeof path, "%s/%016llx", folder, (unsigned long long)inputs_hash(in->data, in->size));
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(in->data, 1, in->size, file) != in->size || fclose(file) != 0) {
        stop(path);
    }
}

void inputs_free(inputs *corpus) {
    free(corpus->all);
    *corpus = (inputs){0};
}
