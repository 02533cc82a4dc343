/* SPDX-License-Identifier: MIT
 *
 * A stand-in for a sound card: a thread that makes 48,000 samples a second, in blocks of 480 every 10 ms, and sends each
 * block into a channel. It never takes a GIL, and it never waits for a reader: a block that finds the buffer full is lost,
 * and counted. */
#include <csp/message_kinds.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { BLOCK = 480, PERIOD_NS = 10000000 };

typedef struct producer_report {
    int64_t sent, lost; /* blocks */
    csp_status status;  /* why it stopped: CSP_OK when it was told to, CSP_BROKEN when nobody listened any more */
} producer_report;

typedef struct producer {
    pthread_t thread;
    csp_end *blocks; /* the thread's own */
    atomic_bool told_to_stop;
    producer_report report;
} producer;

/* What the reader sees as bytes. */
typedef struct block {
    int64_t first; /* number of the first sample: the reader finds gaps by it */
    double samples[BLOCK];
} block;

static void sleep_until(int64_t instant) {
    int64_t left = instant - csp_now();
    if (left > 0) {
        struct timespec pause = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        nanosleep(&pause, NULL);
    }
}

static void *produce(void *argument) {
    producer *self = argument;
    block block = {.first = 0};
    int64_t due = csp_now();
    while (self->report.status == CSP_OK && !atomic_load(&self->told_to_stop)) {
        due += PERIOD_NS; /* from the start, and not from now: a late block does not make the next ones late */
        sleep_until(due);
        for (int i = 0; i < BLOCK; i++) {
            block.samples[i] = (double)((block.first + i) % 100) / 100.0; /* a sawtooth of 480 Hz */
        }
        csp_message message = csp_message_bytes(&block, sizeof block);
        csp_status status = csp_send(self->blocks, &message, CSP_POLL, NULL);
        if (status == CSP_OK) {
            self->report.sent++;
        } else {
            csp_message_drop(&message); /* not sent: still ours */
            self->report.lost += status == CSP_WOULD_BLOCK;
            self->report.status = status == CSP_WOULD_BLOCK ? CSP_OK : status;
        }
        block.first += BLOCK;
    }
    csp_end_free(self->blocks); /* the last sending end: the reader gets what is buffered, and then the end */
    return NULL;
}

/* Start sending into `blocks`, which the producer takes over. NULL when there is no thread or memory to be had. */
static producer *producer_start(csp_end *blocks) {
    producer *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return NULL;
    }
    self->blocks = blocks;
    if (pthread_create(&self->thread, NULL, produce, self) != 0) {
        free(self);
        return NULL;
    }
    return self;
}

/* Tell it to stop; it does within one period. */
static void producer_stop(producer *self) { atomic_store(&self->told_to_stop, true); }

/* Wait until it has stopped, and free it. */
static producer_report producer_join(producer *self) {
    pthread_join(self->thread, NULL);
    producer_report report = self->report;
    free(self);
    return report;
}
