/* SPDX-License-Identifier: MIT
 *
 * The floor for two threads that stay awake on two CPUs: a cache line goes over and comes back, and nothing else. It needs
 * two CPUs of its own, and what it takes depends on how far apart they are: 60 to 400 ns were seen on one virtual machine,
 * as its host moved it about. Prints nanoseconds per round trip. Usage: line_pingpong [ROUNDS] */
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

int main(int argc, char **argv) {
    if (argc > 1) {
        rounds = atol(argv[1]);
    }
    pthread_t thread;
    struct timespec start, end;
    pthread_create(&thread, NULL, echo, NULL);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 1; i <= rounds; i++) {
        atomic_store_explicit(&ping, i, memory_order_release);
        await(&pong, i);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    pthread_join(thread, NULL);
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%.1f\n", elapsed / (double)rounds);
    return 0;
}
