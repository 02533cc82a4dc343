/* SPDX-License-Identifier: MIT
 *
 * csp_hooks.holder: who waits, through whoever's end. */
#include "harness.h"

enum { RECEIVE, SEND, EXTENDED, SELECT, BATCH, ALTERNATIVE, WAYS };

typedef struct {
    csp_end *rx, *tx;
    csp_holder *waiting;
    int how;
    csp_status status;
} foreign;

static void *wait_through(void *argument) {
    foreign *f = argument;
    csp_hooks hooks = {.holder = f->waiting};
    csp_message message = inlined(1);
    csp_reply *reply = NULL;
    csp_guard guard = on_recv(f->rx, &message);
    csp_alternative *alternative = NULL;
    csp_status outcome;
    uint32_t at;
    size_t done;
    switch (f->how) {
        case RECEIVE:
            f->status = csp_recv(f->rx, &message, CSP_FOREVER, &hooks);
            break;
        case SEND:
            f->status = csp_send(f->tx, &message, CSP_FOREVER, &hooks);
            break;
        case EXTENDED:
            f->status = csp_recv_extended(f->rx, &message, &reply, CSP_FOREVER, &hooks);
            break;
        case SELECT:
            f->status = csp_select(&guard, 1, 0, CSP_FOREVER, &hooks, &at);
            break;
        case BATCH:
            f->status = csp_recv_many(f->rx, &message, 1, &done, CSP_FOREVER, &hooks);
            break;
        default:
            alternative = csp_alternative_new(csp_end_holder(f->rx));
            CHECK_STATUS(csp_alternative_add(alternative, f->rx, &at), CSP_OK);
            f->status = csp_alternative_select(alternative, 0, CSP_FOREVER, &hooks, &message, &at, &outcome);
            csp_alternative_free(alternative);
    }
    return NULL;
}

typedef struct {
    uint64_t holder;
    int count;
} named;

static void note_wait(const csp_edge *edge, void *context) {
    named *n = context;
    if (edge->kind == CSP_EDGE_WAITS) {
        n->holder = edge->holder;
        n->count++;
    }
}

CASE(whoever_the_hooks_name_waits,
     "Through somebody else's end: that one's cancel does not end the wait, and the graph names who waits.") {
    for (int how = 0; how < WAYS; how++) {
        note("way %d", how);
        csp_holder *owner = csp_holder_new("owner"), *guest = csp_holder_new("guest");
        pair p = channel_of(0, CSP_OVERFLOW_BLOCK, owner);
        foreign f = {p.rx, p.tx, guest, how, CSP_OK};
        pthread_t waiting = go(wait_through, &f);
        EVENTUALLY(RECEIVERS_WAITING(p.rx) + SENDERS_WAITING(p.tx) == 1);
        named n = {0, 0};
        CHECK_STATUS(csp_graph_visit(note_wait, &n), CSP_OK);
        CHECK_INT(n.count, ==, 1);
        /* An alternative stands in the graph by its ends: nothing keeps whoever used it last in memory. */
        CHECK_INT(n.holder, ==, csp_holder_id(how == ALTERNATIVE ? owner : guest));
        csp_holder_cancel(owner);
        csp_holder_resume(owner);
        CHECK_INT(RECEIVERS_WAITING(p.rx) + SENDERS_WAITING(p.tx), ==, 1);
        csp_holder_cancel(guest);
        finish(waiting);
        CHECK_STATUS(f.status, CSP_CANCELLED);
        csp_message message;
        csp_hooks hooks = {.holder = guest};
        CHECK_STATUS(csp_recv(p.rx, &message, CSP_POLL, &hooks), CSP_CANCELLED);
        CHECK_STATUS(csp_recv(p.rx, &message, CSP_POLL, NULL), CSP_WOULD_BLOCK);
        free_pair(&p);
        csp_holder_release(owner);
        csp_holder_release(guest);
    }
}

CASE(a_holder_that_only_lends_its_end_is_fenced,
     "Its end is closed under whoever waits through it, who is told that and is not stopped.") {
    for (int how = 0; how < ALTERNATIVE; how++) {
        note("way %d", how);
        csp_holder *owner = csp_holder_new("owner"), *guest = csp_holder_new("guest");
        pair p = channel_of(0, CSP_OVERFLOW_BLOCK, owner);
        foreign f = {p.rx, p.tx, guest, how, CSP_OK};
        pthread_t waiting = go(wait_through, &f);
        EVENTUALLY(RECEIVERS_WAITING(p.rx) + SENDERS_WAITING(p.tx) == 1);
        csp_holder_fence(owner);
        finish(waiting);
        CHECK(f.status != CSP_CANCELLED);
        CHECK(!csp_holder_cancelled(guest));
        free_pair(&p);
        csp_holder_release(owner);
        csp_holder_release(guest);
    }
}

/* The status of a broadcast through somebody else's handle, whose subscriber takes nothing. */
static csp_status broadcast_by(csp_end *handle, csp_holder *waiting, int64_t deadline) {
    csp_hooks hooks = {.holder = waiting};
    csp_message message = inlined(1);
    uint32_t reached;
    csp_status status = csp_broadcast_send(handle, &message, deadline, &hooks, &reached);
    csp_message_drop(&message);
    return status;
}

CASE(a_broadcast_is_whoevers_the_hooks_name,
     "That the handle's holder is told to stop stops nobody else who sends through it; that the sender is does.") {
    csp_holder *owner = csp_holder_new("owner"), *guest = csp_holder_new("guest");
    csp_end *handle, *subscriber;
    CHECK_STATUS(csp_broadcast_new(false, owner, &handle), CSP_OK);
    CHECK_STATUS(csp_broadcast_subscribe(handle, 0, CSP_OVERFLOW_BLOCK, me, &subscriber), CSP_OK);
    csp_holder_cancel(owner);
    CHECK_STATUS(broadcast_by(handle, guest, CSP_POLL), CSP_WOULD_BLOCK);
    CHECK_STATUS(broadcast_by(handle, guest, csp_now() + MILLISECONDS), CSP_TIMEOUT);
    csp_holder_resume(owner);
    csp_holder_cancel(guest);
    CHECK_STATUS(broadcast_by(handle, guest, CSP_POLL), CSP_CANCELLED);
    CHECK_STATUS(broadcast_by(handle, guest, csp_now() + MILLISECONDS), CSP_CANCELLED);
    CHECK_STATUS(broadcast_by(handle, NULL, CSP_POLL), CSP_WOULD_BLOCK);
    csp_end_free(handle);
    csp_end_free(subscriber);
    csp_holder_release(owner);
    csp_holder_release(guest);
}
