/* SPDX-License-Identifier: MIT
 *
 * Posted sends: a message that stands in its channel's queue of senders, in line with all others, and no thread that waits.
 *
 * A posting is a kind of waiter of its own: asleep from the start, so whoever claims it wakes it, and that clears it away. All
 * who claim it hold the channel's lock and find it in the queue; it is in no holder's list, so no cancel of the holder reaches
 * it. It has a handle of its own on the channel: when that closes, with its holder for example, it is over like any sender that
 * waits through a closed handle. */
#include <stdlib.h>

#include "channels/asleep.h"
#include "channels/channel.h"
#include "channels/end.h"
#include "channels/extended.h"
#include "holding/gate.h"
#include "platform/lock.h"
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

static const csp_waiter_kind kind = {.wake = claimed};

static csp_posting *make(csp_end *end) {
    csp_posting *posting = aligned_alloc(alignof(csp_posting), sizeof *posting);
    if (posting == NULL) {
        return NULL;
    }
    posting->end = csp_end_clone(end, atomic_load_explicit(&end->holder, memory_order_relaxed));
    if (posting->end == NULL) {
        free(posting);
        return NULL;
    }
    csp__end_retain(posting->end); /* also after it was closed, the channel must be there to be locked */
    atomic_init(&posting->references, 2);
    csp__waiter_init(&posting->waiter, &kind);
    return posting;
}

/* Never was in the queue. */
static void unmake(csp_posting *posting) {
    csp_end_free(posting->end);
    release(posting);
    release(posting);
}

/* It was sent; a receiver that would hold its sender finds none. */
static csp_status sent(csp_status status, csp_reply *engaged) {
    if (engaged != NULL) {
        csp_reply_abandon(engaged);
    }
    return status;
}

csp_status csp_post(csp_end *end, csp_message *message, int64_t deadline, csp_posting **posting) {
    *posting = NULL;
    if (end->direction != CSP_SENDING) {
        return CSP_INVALID;
    }
    csp_holder *holder = atomic_load_explicit(&end->holder, memory_order_relaxed);
    csp_reply *engaged;
    CSP_PASS_GATE(CSP_GATE_SEND, holder, end->channel->id);
    csp_status status = csp__try_asleep(end, message, NULL, &engaged);
    if (status != CSP_WOULD_BLOCK) {
        return sent(status, engaged);
    }
    csp_posting *made = make(end);
    if (made == NULL) {
        return csp_end_is_closed(end) ? CSP_CLOSED_END : CSP_NO_MEMORY;
    }
    status = csp__try_or_join_asleep(made->end, message, &made->waiter, holder, deadline, &engaged);
    if (status != CSP_WOULD_BLOCK) {
        unmake(made);
        return sent(status, engaged);
    }
    *posting = made;
    return CSP_OK;
}

bool csp_posting_withdraw(csp_posting *posting) {
    csp_channel *channel = posting->end->channel;
    bool mine = false, unused;
    CSP_PASS_GATE(CSP_GATE_WITHDRAW, NULL, channel->id);
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
