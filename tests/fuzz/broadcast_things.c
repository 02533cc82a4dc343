/* SPDX-License-Identifier: MIT
 *
 * Operations on broadcasts. To have the turn is to acquire: see sync_things.c; subscribers receive like all others. */
#include "machine.h"

static void new_broadcast(machine *m) {
    bool keep = pick(m, 2) == 0;
    csp_holder *holder = pick_holder(m);
    csp_end *handle = NULL;
    if (beliefs_full()) {
        return;
    }
    csp_status status = csp_broadcast_new(keep, holder, &handle);
    CHECK(status == CSP_OK && csp_end_sync(handle) == CSP_SYNC_BROADCAST, "csp_broadcast_new: %s",
          csp_status_name(status));
    belief_new(handle, 0, CSP_OVERFLOW_BLOCK)->keep = keep;
    keep_end(m, handle);
}

static void subscribe(machine *m) {
    static const uint32_t capacities[] = {0, 1, 2, 3, 8, CSP_UNBOUNDED, 1, UINT32_MAX - 1};
    csp_end **handle = pick_sync(m, CSP_SYNC_BROADCAST);
    uint32_t capacity = capacities[pick(m, 8)];
    csp_overflow overflow = (csp_overflow)pick(m, 5);
    csp_holder *holder = pick_holder(m);
    csp_end *rx = NULL;
    if (handle == NULL || beliefs_full()) {
        return;
    }
    bool valid = csp_end_sync(*handle) == CSP_SYNC_BROADCAST && overflow <= CSP_OVERFLOW_REFUSE &&
                 !(overflow != CSP_OVERFLOW_BLOCK && capacity == 0) && capacity != UINT32_MAX - 1;
    csp_status predicted = !valid ? CSP_INVALID : csp_end_is_closed(*handle) ? CSP_CLOSED_END : CSP_OK;
    csp_status status = csp_broadcast_subscribe(*handle, capacity, overflow, holder, &rx);
    CHECK(status == predicted || (!m->alone && predicted == CSP_OK && status == CSP_CLOSED_END),
          "csp_broadcast_subscribe: %s, expected %s", csp_status_name(status), csp_status_name(predicted));
    if (status == CSP_OK) {
        belief_subscriber(rx, capacity, overflow, belief_of(*handle));
        keep_end(m, rx);
    }
}

static csp_sync_state turn_of(csp_end *handle) {
    csp_sync_state state;
    csp_sync_read(handle, &state);
    return state;
}

/* What a send gives before it comes to any subscriber; OK: it has its turn. */
static csp_status before_subscribers(csp_end *handle, const csp_message *message, csp_status if_waits) {
    const payload *p = payload_of(message);
    csp_sync_state state = turn_of(handle);
    return state.kind != CSP_SYNC_BROADCAST || (p != NULL && p->once) ? CSP_INVALID
           : csp_end_is_closed(handle)                                ? CSP_CLOSED_END
           : state.value == 0                                         ? if_waits
                                                                      : CSP_OK;
}

static void send_to_all(machine *m) {
    csp_end **handle = pick_sync(m, CSP_SYNC_BROADCAST);
    held_message *held = pick_message(m);
    int64_t deadline = pick_deadline(m);
    if (handle == NULL || !may_number(m, 1)) {
        return;
    }
    belief *b = belief_of(*handle);
    csp_message small = {.kind = 1, .size = 8};
    /* Ends, which a watch refuses, only beside a reply: where they lie is not followed through subscribers. */
    const payload *p = held != NULL ? payload_of(&held->message) : NULL;
    bool fits = held != NULL && (p == NULL || p->filled == 0 || p->once);
    csp_message *message = fits && pick(m, 2) == 0 ? &held->message : &small;
    number(m, message);
    csp_message before = *message;
    uint32_t reached = 99, believed = 0;
    csp_status if_waits = if_waiting(CSP_WOULD_BLOCK, deadline, csp_end_holder(*handle));
    csp_status predicted = before_subscribers(*handle, message, if_waits);
    bool refused = predicted == CSP_INVALID;
    int64_t turns = turn_of(*handle).value;
    if (m->alone && predicted == CSP_OK) {
        predicted = believe_broadcast(b, before.tag, if_waits, &believed);
    }
    will_offer(before.tag, deadline == CSP_POLL, true);
    csp_status status = csp_broadcast_send(*handle, message, deadline, pick_hooks(m), &reached);
    CHECK(m->alone ? status == predicted && reached == believed : (status == CSP_INVALID) == refused,
          "csp_broadcast_send: %s to %u, expected %s to %u", csp_status_name(status), reached,
          csp_status_name(predicted), believed);
    CHECK(status == CSP_OK
              ? message->kind == 0
              : message->kind == before.kind && message->tag == before.tag && message->as.payload == before.as.payload,
          "%s, and the message is not where it should be", csp_status_name(status));
    CHECK(!m->alone || turn_of(*handle).value == turns, "%s, and the turn was not given back",
          csp_status_name(status));
    did_offer(before.tag, status, status == CSP_OK ? TAKEN : LEFT_ALONE);
    did_broadcast(b, before.tag, status, reached);
    if (message != &small) {
        held->from = NULL;
        held->fresh = held->fresh && refused; /* subscribers may have it, too */
    }
}

static void look_at_latest(machine *m) {
    csp_end **handle = pick_sync(m, CSP_SYNC_BROADCAST);
    if (handle == NULL) {
        return;
    }
    csp_message latest;
    const belief *b = belief_of(*handle);
    bool there = csp_broadcast_latest(*handle, &latest);
    CHECK(there == (latest.kind != 0), "a latest message of kind %u", latest.kind);
    CHECK(!there || csp_end_sync(*handle) == CSP_SYNC_BROADCAST, "what is no broadcast keeps a message");
    if (m->alone) {
        bool believed = b->latest != 0; /* also when every handle was closed */
        CHECK(there == believed && (!there || latest.tag == b->latest), "the latest is %#llx, believed %#llx",
              there ? (unsigned long long)latest.tag : 0, believed ? (unsigned long long)b->latest : 0);
    }
    if (there) {
        CHECK(tag_thread(latest.tag) < THREADS && tag_number(latest.tag) <= CREDIT, "nobody sent the latest");
        keep_message(m, &latest, NULL, false);
    }
}

static void count_subscribers(machine *m) {
    csp_end **handle = pick_sync(m, CSP_SYNC_BROADCAST);
    if (handle == NULL) {
        return;
    }
    csp_statistics seen;
    csp_end_statistics(*handle, &seen);
    uint32_t count = csp_broadcast_subscribers(*handle);
    if (m->alone) {
        uint32_t believed = seen.receiving_ends > 0 ? subscribers_believed(belief_of(*handle)) : 0;
        CHECK(count == believed, "%u subscribers, believed %u", count, believed);
    }
    CHECK(count < BELIEFS, "%u subscribers", count);
}

void do_broadcast_thing(machine *m, uint32_t what) {
    switch (what) {
        case 0:
            new_broadcast(m);
            break;
        case 1:
            subscribe(m);
            break;
        case 2:
        case 3:
            send_to_all(m);
            break;
        case 4:
            look_at_latest(m);
            break;
        default:
            count_subscribers(m);
            break;
    }
}
