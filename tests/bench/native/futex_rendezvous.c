/* SPDX-License-Identifier: MIT
 *
 * The floor for two channels of capacity 0 between two threads that sleep: what a rendezvous costs before it can do
 * anything else. Prints nanoseconds per round trip. Usage: futex_rendezvous [ROUNDS] */
#include "futex_channel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static channel there, back;
static long rounds = 100000;

static void *echo(void *unused) {
    (void)unused;
    for (long i = 0; i < rounds; i++) {
        send_value(&back, receive_value(&there));
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
        send_value(&there, i);
        if (receive_value(&back) != i) {
            fprintf(stderr, "round %ld: a wrong value came back\n", i);
            return 1;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    pthread_join(thread, NULL);
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%.1f\n", elapsed / (double)rounds);
    return 0;
}
