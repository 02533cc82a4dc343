/* SPDX-License-Identifier: MIT
 *
 * A native program with threads of its own, that send into channels and receive from them. Python is not mentioned. */
#include <csp/message_kinds.h>
#include <pthread.h>
#include <stdlib.h>

typedef struct peer {
    pthread_t thread;
    csp_end *end; /* the thread's own; freed by it */
    int64_t wanted;
    int64_t count, sum;
    csp_status status; /* of the last operation */
} peer;

static void *sending(void *argument) {
    peer *self = argument;
    while (self->count < self->wanted) {
        csp_message message = csp_message_integer(self->count);
        self->status = csp_send(self->end, &message, CSP_FOREVER, NULL);
        if (self->status != CSP_OK) {
            csp_message_drop(&message);
            break;
        }
        self->sum += self->count++;
    }
    csp_end_free(self->end);
    return NULL;
}

static void *receiving(void *argument) {
    peer *self = argument;
    csp_message message;
    int64_t value;
    while ((self->status = csp_recv(self->end, &message, CSP_FOREVER, NULL)) == CSP_OK) {
        if (csp_message_as_integer(&message, &value)) {
            self->count++;
            self->sum += value;
        }
        csp_message_drop(&message);
    }
    csp_end_free(self->end);
    return NULL;
}

static peer *start(csp_end *end, int64_t wanted, void *(*run)(void *)) {
    peer *self = calloc(1, sizeof *self);
    if (self != NULL) {
        self->end = end;
        self->wanted = wanted;
        if (pthread_create(&self->thread, NULL, run, self) != 0) {
            free(self);
            self = NULL;
        }
    }
    return self;
}

/* A thread that sends 0 to wanted-1 through `end`, which it takes over. */
static peer *peer_send(csp_end *end, int64_t wanted) { return start(end, wanted, sending); }

/* A thread that receives integers until it cannot. */
static peer *peer_receive(csp_end *end) { return start(end, 0, receiving); }

/* Wait for the thread and free it. */
static csp_status peer_join(peer *self, int64_t *count, int64_t *sum) {
    pthread_join(self->thread, NULL);
    csp_status status = self->status;
    *count = self->count;
    *sum = self->sum;
    free(self);
    return status;
}
