/* SPDX-License-Identifier: MIT
 *
 * The floor for two threads that stay awake on two CPUs: a cache line goes over and comes back, and nothing else. It needs
 * two CPUs of its own, and what it takes depends on how far apart they are: 60 to 400 ns were seen on one virtual machine,
 * as its host moved it about. Prints nanoseconds per round trip: of the fastest tenth of short batches, because what
 * interrupts a spinning thread is ruinous and no property of the line. Usage: line_pingpong [ROUNDS] */
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 500 };

static alignas(128) _Atomic long ping;
static alignas(128) _Atomic long pong;
static long rounds = 1000000;

static void await(_Atomic long *line, long value) {
    while (atomic_load_explicit(line, memory_order_acquire) != value) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }
}

static void *echo(void *unused) {
    (void)unused;
    for (long i = 1; i <= rounds; i++) {
        await(&ping, i);
        atomic_store_explicit(&pong, i, memory_order_release);
    }
    return NULL;
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        rounds = atol(argv[1]);
    }
    long batches = (rounds + BATCH - 1) / BATCH;
    rounds = batches * BATCH;
    double *times = malloc((size_t)batches * sizeof *times);
    if (batches < 1 || times == NULL) {
        return 1;
    }
    pthread_t thread;
    struct timespec start, end;
    pthread_create(&thread, NULL, echo, NULL);
    long i = 0;
    for (long batch = 0; batch < batches; batch++) {
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int k = 0; k < BATCH; k++) {
            i++;
            atomic_store_explicit(&ping, i, memory_order_release);
            await(&pong, i);
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        times[batch] = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    }
    pthread_join(thread, NULL);
    qsort(times, (size_t)batches, sizeof *times, by_size);
    printf("%.1f\n", times[batches / 10] / BATCH);
    free(times);
    return 0;
}
