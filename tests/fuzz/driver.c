/* SPDX-License-Identifier: MIT
 *
 * A small fuzzer, guided by coverage, for compilers without one: it runs LLVMFuzzerTestOneInput on inputs that it changes
 * at random, and keeps those that make the code go where it had not gone. (The idea is AFL's: Zalewski 2013.)
 *
 *     fuzz_alone [-seconds=N] [-runs=N] [-seed=N] [-keep=FOLDER] [FOLDER ...]   fuzz, from the inputs in the folders on
 *     fuzz_alone [-runs=N] FILE ...                                             run just these inputs, each so often
 *     fuzz_alone -minimise=NEW [FOLDER ...]                                     few and short inputs that go as far
 *
 * What breaks is written to a file, crash-..., and how to run it again is printed. The code has to be compiled with
 * -fsanitize-coverage=trace-pc, this file without. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "inputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- where the code went --------------------------------------------------------------------------------------- */

enum { EDGES = 1 << 16 };
static uint8_t hits[EDGES]; /* of the input that runs */
static uint8_t seen[EDGES]; /* of all before: a bit for each order of magnitude */

/* Called at every edge. Threads that lose a hit to each other do no harm: it is a hint. Steps are told by where they
 * came from and went to, as offsets, so that they are the same wherever the program was loaded. */
void __sanitizer_cov_trace_pc(void);
__attribute__((no_sanitize("thread"), no_sanitize("address"), no_sanitize("undefined"))) void
__sanitizer_cov_trace_pc(void) {
    static _Thread_local uintptr_t before;
    uintptr_t here = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&__sanitizer_cov_trace_pc;
    here = (here * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
    volatile uint8_t *hit = &hits[(here ^ before) % EDGES];
    *hit = (uint8_t)(*hit + (*hit < 255));
    before = here >> 1;
}

/* 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more: that a loop went round once more is no news. */
static uint8_t magnitude(uint8_t count) {
    static const uint8_t limits[] = {1, 2, 3, 7, 15, 31, 127, 255};
    uint32_t order = 0;
    while (count > limits[order]) {
        order++;
    }
    return (uint8_t)(count == 0 ? 0 : 1U << order);
}

static char **program; /* argv, for saying how to run it again */
static const uint8_t *running;
static size_t running_size;

static void run(const uint8_t *data, size_t size) {
    /* A copy of exactly this size: the address sanitizer sees who reads beyond. */
    uint8_t *copy = malloc(size + (size == 0));
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    running = copy;
    running_size = size;
    memset(hits, 0, sizeof hits);
    alarm(30);
    LLVMFuzzerTestOneInput(copy, size);
    alarm(0);
    free(copy);
}

/* How many places of `known` the latest run adds to; with `mark`, adds them. */
static int news(uint8_t *known, bool orders, bool mark) {
    int count = 0;
    for (int i = 0; i < EDGES; i += 8) {
        uint64_t eight;
        memcpy(&eight, &hits[i], sizeof eight);
        for (int k = i; eight != 0 && k < i + 8; k++) {
            uint8_t bits = orders ? magnitude(hits[k]) : hits[k] > 0;
            if ((bits & ~known[k]) != 0) {
                count++;
                known[k] = mark ? known[k] | bits : known[k];
            }
        }
    }
    return count;
}

/* ---- what breaks ----------------------------------------------------------------------------------------------- */

/* All ends in SIGABRT, also what a sanitizer finds. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void) { return "abort_on_error=1"; }
const char *__ubsan_default_options(void) { return "abort_on_error=1:print_stacktrace=1"; }
const char *__tsan_default_options(void) { return "abort_on_error=1:halt_on_error=1"; }

static void say(const char *text) {
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void give_up(int signal_number) {
    char name[64];
    snprintf(name, sizeof name, "crash-%016llx", (unsigned long long)inputs_hash(running, running_size));
    int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    bool written = file >= 0 && write(file, running, running_size) == (ssize_t)running_size;
    say(signal_number == SIGALRM ? "\nIt hangs. " : "\nIt broke. ");
    say(written ? "Run it again: " : "The input could not be written: ");
    say(program[0]);
    say(" ");
    say(name);
    say("\n");
    _exit(1);
}

/* ---- changing inputs ------------------------------------------------------------------------------------------- */

enum { LONGEST = 400 };
static uint64_t random_state;

static uint32_t below(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return limit == 0 ? 0 : (uint32_t)(random_state >> 20) % limit;
}

static void insert(input *in, uint32_t at, const uint8_t *bytes, uint32_t count) {
    if (in->size + count <= LONGEST) {
        memmove(in->data + at + count, in->data + at, in->size - at);
        memcpy(in->data + at, bytes, count);
        in->size += count;
    }
}

static void change(input *in, const inputs *corpus) {
    uint8_t random_bytes[8];
    for (int i = 0; i < 8; i++) {
        random_bytes[i] = (uint8_t)below(256);
    }
    uint32_t size = (uint32_t)in->size, at = below(size), count = 1 + below(8);
    const input *other = &corpus->all[below((uint32_t)corpus->count)];
    uint32_t from = below((uint32_t)other->size), most = (uint32_t)other->size - from;
    switch (below(size == 0 ? 1 : 9)) {
        case 0:
        case 1:
            insert(in, size == 0 ? 0 : below(size + 1), random_bytes, count);
            break;
        case 2:
            in->data[at] ^= (uint8_t)(1U << below(8));
            break;
        case 3:
            in->data[at] = random_bytes[0];
            break;
        case 4: /* small integers are places and counts */
            in->data[at] = (uint8_t)below(8);
            break;
        case 5:
            in->data[at] = (uint8_t)(in->data[at] + below(5) - 2);
            break;
        case 6:
            count = count < size - at ? count : size - at;
            memmove(in->data + at, in->data + at + count, size - at - count);
            in->size -= count;
            break;
        case 7: /* a piece of another, or of itself, once more */
            insert(in, at, other->data + from, below(most + 1));
            break;
        default: /* begin like one and end like the other */
            in->size = at;
            insert(in, at, other->data + from, most < LONGEST - at ? most : LONGEST - at);
            break;
    }
}

/* ---- the ways to run ------------------------------------------------------------------------------------------- */

typedef struct {
    uint64_t seconds, runs, seed;
    const char *keep, *minimise;
} options;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int edges_seen(void) {
    int count = 0;
    for (int i = 0; i < EDGES; i++) {
        count += seen[i] != 0;
    }
    return count;
}

static void fuzz(const options *o, inputs *corpus) {
    double began = now();
    uint64_t runs = 0;
    if (corpus->count == 0) {
        inputs_add(corpus, &(input){.size = 0});
    }
    for (size_t i = 0; i < corpus->count; i++, runs++) {
        run(corpus->all[i].data, corpus->all[i].size);
        news(seen, true, true);
    }
    printf("%zu inputs, %d edges\n", corpus->count, edges_seen());
    fflush(stdout);
    while ((o->runs == 0 || runs < o->runs) && (o->seconds == 0 || now() - began < (double)o->seconds)) {
        uint32_t count = (uint32_t)corpus->count, late = count > 64 && below(2) == 0 ? count - 64 : 0;
        input in = corpus->all[late + below(count - late)];
        for (uint32_t changes = 1 + below(6); changes > 0; changes--) {
            change(&in, corpus);
        }
        run(in.data, in.size);
        runs++;
        if (news(seen, true, true) > 0) {
            inputs_add(corpus, &in);
            if (o->keep != NULL) {
                inputs_write(o->keep, &in);
            }
        }
    }
    printf("%llu runs in %.1f s, seed %llu: %zu inputs, %d edges\n", (unsigned long long)runs, now() - began,
           (unsigned long long)o->seed, corpus->count, edges_seen());
}

/* Take away what is not needed for the edges that are in `hits` and not in `seen`. */
static void shorten(input *in) {
    static uint8_t needed[EDGES];
    for (int i = 0; i < EDGES; i++) {
        needed[i] = hits[i] > 0 && seen[i] == 0;
    }
    for (size_t piece = in->size / 2; piece >= 1; piece /= 2) {
        for (size_t at = 0; at + piece <= in->size;) {
            input shorter = *in;
            memmove(shorter.data + at, shorter.data + at + piece, in->size - at - piece);
            shorter.size -= piece;
            run(shorter.data, shorter.size);
            bool enough = true;
            for (int i = 0; i < EDGES && enough; i++) {
                enough = !needed[i] || hits[i] > 0;
            }
            if (enough) {
                *in = shorter;
            } else {
                at += piece;
            }
        }
    }
    run(in->data, in->size);
}

/* Greedily the input that adds most, until none adds anything; each as short as it can be. */
static void minimise(const char *folder, inputs *corpus) {
    size_t kept = 0, bytes = 0;
    for (size_t left = corpus->count; left > 0;) {
        int most = 0;
        size_t best = 0;
        for (size_t i = 0; i < left;) {
            run(corpus->all[i].data, corpus->all[i].size);
            int adds = news(seen, false, false);
            if (adds == 0) {
                corpus->all[i] = corpus->all[--left]; /* what adds nothing now will not later */
                continue;
            }
            best = adds > most ? i : best;
            most = adds > most ? adds : most;
            i++;
        }
        if (most > 0) {
            input in = corpus->all[best];
            run(in.data, in.size);
            shorten(&in);
            news(seen, false, true);
            inputs_write(folder, &in);
            kept++;
            bytes += in.size;
        }
    }
    printf("%zu inputs of %zu bytes for %d edges\n", kept, bytes, edges_seen());
}

static bool is_option(const char *argument, const char *name, const char **value) {
    size_t length = strlen(name);
    bool is = strncmp(argument, name, length) == 0;
    *value = is ? argument + length : *value;
    return is;
}

int main(int argc, char **argv) {
    options o = {.seconds = 0, .runs = 0, .seed = 1};
    inputs corpus = {0};
    int files = 0;
    program = argv;
    signal(SIGABRT, give_up);
    signal(SIGALRM, give_up);
    for (int i = 1; i < argc; i++) {
        const char *value = NULL;
        struct stat status;
        if (is_option(argv[i], "-seconds=", &value)) {
            o.seconds = strtoull(value, NULL, 10);
        } else if (is_option(argv[i], "-runs=", &value)) {
            o.runs = strtoull(value, NULL, 10);
        } else if (is_option(argv[i], "-seed=", &value)) {
            o.seed = strtoull(value, NULL, 10);
        } else if (is_option(argv[i], "-keep=", &o.keep) || is_option(argv[i], "-minimise=", &o.minimise)) {
        } else if (stat(argv[i], &status) != 0) {
            fprintf(stderr, "%s: %s: %s\n", argv[0], argv[i], strerror(errno));
            return 2;
        } else if (S_ISDIR(status.st_mode)) {
            inputs_read_folder(&corpus, argv[i]);
        } else {
            input in;
            inputs_read_file(&in, argv[i]);
            for (uint64_t n = o.runs > 0 ? o.runs : 1; n > 0; n--) {
                run(in.data, in.size);
            }
            printf("%s: well\n", argv[i]);
            files++;
        }
    }
    random_state = o.seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    if (o.minimise != NULL) {
        minimise(o.minimise, &corpus);
    } else if (files == 0) {
        fuzz(&o, &corpus);
    }
    inputs_free(&corpus);
    return 0;
}
