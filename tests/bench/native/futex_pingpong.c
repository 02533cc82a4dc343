/* SPDX-License-Identifier: MIT
 *
 * The floor for a rendezvous between two threads that sleep: a round trip over two futex words and nothing else.
 * Prints nanoseconds per round trip. Usage: futex_pingpong [ROUNDS] */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic uint32_t ping, pong;
static long rounds = 100000;

static void give(_Atomic uint32_t *word) {
    atomic_store(word, 1);
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

static void take(_Atomic uint32_t *word) {
    while (atomic_exchange(word, 0) == 0) {
        syscall(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0);
    }
}

static void *echo(void *unused) {
    (void)unused;
    for (long i = 0; i < rounds; i++) {
        take(&ping);
        give(&pong);
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
    for (long i = 0; i < rounds; i++) {
        give(&ping);
        take(&pong);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    pthread_join(thread, NULL);
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%.1f\n", elapsed / (double)rounds);
    return 0;
}
