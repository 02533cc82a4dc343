/* SPDX-License-Identifier: MIT
 *
 * The floor for commstime: prefix, delta, successor and consumer, four threads that sleep, with four channels of
 * capacity 0 between them. Prints nanoseconds per number, which takes four communications.
 * Usage: futex_commstime [NUMBERS] */
#include "futex_channel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static channel to_delta, to_succ, to_prefix, to_consumer;
static long numbers = 100000;

static void *prefix(void *unused) {
    (void)unused;
    send_value(&to_delta, 0);
    for (long i = 1; i < numbers; i++) {
        send_value(&to_delta, receive_value(&to_prefix));
    }
    receive_value(&to_prefix);
    return NULL;
}

static void *delta(void *unused) {
    (void)unused;
    for (long i = 0; i < numbers; i++) {
        long number = receive_value(&to_delta);
        send_value(&to_succ, number);
        send_value(&to_consumer, number);
    }
    return NULL;
}

static void *succ(void *unused) {
    (void)unused;
    for (long i = 0; i < numbers; i++) {
        send_value(&to_prefix, receive_value(&to_succ) + 1);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        numbers = atol(argv[1]);
    }
    void *(*processes[])(void *) = {prefix, delta, succ};
    pthread_t threads[3];
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, processes[i], NULL);
    }
    for (long i = 0; i < numbers; i++) {
        if (receive_value(&to_consumer) != i) {
            fprintf(stderr, "number %ld: another one came\n", i);
            return 1;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    double elapsed = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    printf("%.1f\n", elapsed / (double)numbers);
    return 0;
}
