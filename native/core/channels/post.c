/* SPDX-License-Identifier: MIT
 *
 * Posted sends: a message that stands in its channel's queue of senders, in line with all others, and no thread that waits.
 *
 * A posting's waiter is armed and "asleep" from the start, so whoever claims it calls its wake, and that clears it away. All
 * who claim it hold the channel's lock and find it in the queue; it is in no list of waiters, so no cancel of the holder
 * reaches it, and it may be freed, which other waiters never are. It has a handle of its own on the channel: when that
 * closes, with its holder for example, it is over like any sender that waits through a closed handle. */
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "channels/registration.h"
#include "holding/gate.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/thread.h"
#include "waiting/waiter.h"

struct csp_posting {
    csp_waiter waiter;
    csp_end *end;               /* its own; freed when it is over */
    _Atomic int64_t references; /* the queue's and the poster's */
};

static void release(csp_posting *posting) {
    if (atomic_fetch_sub_explicit(&posting->references, 1, memory_order_acq_rel) == 1) {
        csp__end_release(posting->end);
        free(posting);
    }
}

/* It left the queue: clear away what was its. Under no lock. */
static void clear(csp_posting *posting, bool taken) {
    if (!taken) {
        csp_message_drop(&posting->waiter.slot);
    }
    csp_end_free(posting->end);
    release(posting);
}

static void claimed(csp_waiter *waiter) {
    csp_posting *posting = CSP_CONTAINER(waiter, csp_posting, waiter);
    uint8_t outcome = waiter->single.outcome;
    if (outcome == CSP_ENGAGED) {
        csp_reply_abandon(waiter->single_reply); /* the receiver would hold its sender, and there is none to be held */
    }
    clear(posting, outcome == CSP_OK || outcome == CSP_ENGAGED);
}

static csp_posting *make(csp_end *end, int64_t deadline) {
    csp_posting *posting = aligned_alloc(alignof(csp_posting), sizeof *posting);
    if (posting == NULL) {
        return NULL;
    }
    memset(posting, 0, sizeof *posting);
    csp_waiter *waiter = &posting->waiter;
    csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
    posting->end = csp_end_clone(end, holder);
    if (posting->end == NULL) {
        free(posting);
        return NULL;
    }
    csp__end_retain(posting->end); /* also after it was closed, the channel must be there to be locked */
    atomic_init(&posting->references, 2);
    waiter->wake = claimed;
    waiter->single.single = true;
    waiter->single.direction = CSP_SENDING;
    waiter->single_end = posting->end;
    csp__list_init(&waiter->single.node);
    csp__lock_init(&waiter->asking_lock);
    atomic_init(&waiter->thread, waiter);
    atomic_init(&waiter->holder, holder);
    atomic_init(&waiter->deadline, deadline);
    atomic_init(&waiter->home, -1);
    atomic_init(&waiter->state, UINT32_C(0x10000) | CSP_PARKED);
    return posting;
}

/* Never was in the queue. */
static void unmake(csp_posting *posting) {
    csp_end_free(posting->end);
    release(posting);
    release(posting);
}

/* One try under the lock; where it would have to wait, `posting` joins the queue, if there is one. */
static csp_status try_once(csp_end *end, csp_message *message, const csp_waiter *self, csp_posting *posting) {
    csp_channel *channel = end->channel;
    csp_wakes wakes = {.count = 0};
    csp_message dropped = {.kind = 0};
    csp_status status = CSP_CLOSED_END;
    csp__lock(&channel->lock);
    if (!atomic_load_explicit(&end->closed, memory_order_relaxed)) {
        status = csp__offer(channel, message, self, &wakes, &dropped);
        if (status == CSP_WOULD_BLOCK && posting != NULL) {
            posting->waiter.slot = *message;
            message->kind = 0;
            csp__enqueue(channel, &posting->waiter.single);
            if (csp__has_registrations(channel)) {
                csp__notify_registered(channel, NULL, &wakes);
            }
        }
    }
    csp__check(channel);
    csp__unlock(&channel->lock);
    csp__wakes_flush(&wakes);
    csp_message_drop(&dropped);
    return status;
}

csp_status csp_post(csp_end *end, csp_message *message, int64_t deadline, csp_posting **posting) {
    *posting = NULL;
    if (end->direction != CSP_SENDING) {
        return CSP_INVALID;
    }
    csp_waiter *self = csp__self();
    if (self == NULL) {
        return CSP_NO_MEMORY;
    }
    csp__pass_gate(CSP_GATE_SEND, atomic_load_explicit(&end->holder, memory_order_relaxed), end->channel->id);
    csp_status status = try_once(end, message, self, NULL);
    if (status != CSP_WOULD_BLOCK) {
        return status;
    }
    csp_posting *made = make(end, deadline);
    if (made == NULL) {
        return csp_end_is_closed(end) ? CSP_CLOSED_END : CSP_NO_MEMORY;
    }
    status = try_once(end, message, self, made);
    if (status != CSP_WOULD_BLOCK) {
        unmake(made);
        return status;
    }
    *posting = made;
    return CSP_OK;
}

bool csp_posting_withdraw(csp_posting *posting) {
    csp_channel *channel = posting->end->channel;
    bool mine = false, unused;
    csp__lock(&channel->lock);
    if (posting->waiter.single.linked) {
        csp__dequeue(channel, &posting->waiter.single);
        mine = csp__claim(&posting->waiter, CSP_SIGNALLED, &unused);
    }
    csp__unlock(&channel->lock);
    if (mine) {
        clear(posting, false);
    }
    return mine;
}

void csp_posting_release(csp_posting *posting) {
    if (posting != NULL) {
        release(posting);
    }
}
