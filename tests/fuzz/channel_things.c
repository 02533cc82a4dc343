/* SPDX-License-Identifier: MIT
 *
 * Operations on holders, ends and messages, and the transfers. */
#include "machine.h"

/* ---- holders, channels, ends ----------------------------------------------------------------------------------- */

static void new_channel(machine *m) {
    static const uint32_t capacities[] = {0, 1, 2, 3, 8, 64, CSP_UNBOUNDED, UINT32_MAX - 1};
    csp_end *tx = NULL, *rx = NULL;
    uint32_t capacity = capacities[pick(m, 8)];
    csp_overflow overflow = (csp_overflow)pick(m, 5);
    csp_holder *holder = pick_holder(m);
    if (beliefs_full()) {
        return;
    }
    bool valid = overflow <= CSP_OVERFLOW_REFUSE && !(overflow != CSP_OVERFLOW_BLOCK && capacity == 0) &&
                 capacity != UINT32_MAX - 1;
    csp_status status = csp_channel_new(capacity, overflow, holder, &tx, &rx);
    CHECK(status == (valid ? CSP_OK : CSP_INVALID), "csp_channel_new: %s", csp_status_name(status));
    if (valid) {
        belief_new(tx, capacity, overflow);
        keep_end(m, tx);
        keep_end(m, rx);
    }
}

static void abort_channel(machine *m) {
    csp_end **end = pick_end(m, OF_CHANNEL);
    held_message *held = pick(m, 2) == 0 ? NULL : pick_message(m);
    if (end == NULL) {
        return;
    }
    will_abort();
    if (held == NULL) {
        CHECK(csp_end_abort(*end, NULL) == CSP_OK, "an abort without a cause");
        return;
    }
    const payload *p = payload_of(&held->message);
    bool carries = p != NULL && p->filled != 0;
    csp_status status = csp_end_abort(*end, &held->message);
    CHECK(status == (carries ? CSP_INVALID : CSP_OK), "csp_end_abort: %s", csp_status_name(status));
    CHECK((held->message.kind == 0) == !carries, "whose is the cause?");
    if (!carries) {
        held->from = NULL;
    }
}

void do_channel_thing(machine *m, uint32_t what) {
    csp_end **end;
    csp_message cause;
    switch (what) {
        case 0:
        case 1:
            new_channel(m);
            break;
        case 2:
            if ((end = pick_end(m, ANY_END)) != NULL) {
                bool closed = csp_end_is_closed(*end);
                csp_end *clone = csp_end_clone(*end, pick_holder(m));
                CHECK((clone == NULL) == closed || !m->alone, "a clone of a closed end, or none of an open one");
                keep_end(m, clone);
            }
            break;
        case 3:
            if ((end = pick_end(m, ANY_END)) != NULL) {
                csp_end_close(*end);
                CHECK(csp_end_is_closed(*end), "closed and open");
            }
            break;
        case 4:
            if ((end = pick_end(m, ANY_END)) != NULL) {
                csp_end_free(*end);
                *end = NULL;
            }
            break;
        case 5:
            abort_channel(m);
            break;
        case 6:
            if ((end = pick_end(m, ANY_END)) != NULL && csp_end_cause(*end, &cause)) {
                keep_message(m, &cause, NULL, false);
            }
            break;
        case 7: {
            csp_holder *holder = pick_holder(m);
            uint32_t choice = pick(m, 8);
            if (choice == 0) {
                will_fence();
                csp_holder_fence(holder);
                CHECK(csp_holder_cancelled(holder), "fenced and not cancelled");
                for (int i = 0; i < REPLIES; i++) {
                    m->owed[i].cut = m->owed[i].cut || m->owed[i].holder == csp_holder_id(holder);
                }
            } else if (choice <= 3) {
                csp_holder_cancel(holder);
            } else {
                csp_holder_resume(holder);
            }
            break;
        }
        default: {
            csp_holder **holder = &m->holders[pick(m, HOLDERS)];
            csp_holder_release(*holder);
            *holder = csp_holder_new("fuzzed again");
            CHECK(*holder != NULL, "no memory");
            break;
        }
    }
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

static void new_block(machine *m) {
    uint32_t places = pick(m, ATTACHMENTS + 1);
    size_t size = sizeof(payload) + pick(m, 9);
    csp_message message = {.kind = CSP_KIND_PAYLOAD | 1, .as.payload = csp_payload_new(size, places)};
    CHECK(message.as.payload != NULL, "no memory");
    CHECK(csp_payload_size(message.as.payload) == size, "%zu bytes of %zu", csp_payload_size(message.as.payload),
          size);
    csp_payload_release(csp_payload_retain(message.as.payload));
    *payload_of(&message) = (payload){.places = places, .filled = 0, .lowest_receiving = NO_RANK};
    keep_message(m, &message, NULL, true);
}

static bool free_place(held_message *held, uint32_t place) {
    payload *p = held != NULL && held->fresh ? payload_of(&held->message) : NULL;
    return p != NULL && place < p->places && (p->filled & 1U << place) == 0;
}

/* Another copy of the message, which has been packed, and has travelled in another one. */
static void pack_and_open(machine *m, held_message *held) {
    csp_message copy = held->message;
    csp_payload_retain(copy.as.payload);
    held->fresh = false;
    csp_packed *first = csp_packed_new(&copy, pick_holder(m));
    csp_packed *second = csp_packed_clone(first, NULL); /* NULL: its holder was cut off */
    csp_packed_free(first);
    if (second == NULL) {
        return;
    }
    csp_message around = {.kind = CSP_KIND_PAYLOAD | 1, .as.payload = csp_payload_new(0, 1)};
    csp_payload_attach_packed(around.as.payload, 0, second);
    csp_packed *taken = csp_payload_take_packed(around.as.payload, 0, NULL);
    CHECK(taken == second, "a packed message was not taken out of a payload of one owner");
    csp_message_drop(&around);
    CHECK(csp_packed_message(taken, &copy), "a packed message that nobody holds was cut off");
    csp_packed_free(taken);
    keep_message(m, &copy, NULL, false);
}

void do_message_thing(machine *m, uint32_t what) {
    held_message *held;
    csp_end **end;
    uint32_t place;
    switch (what) {
        case 0: {
            csp_message message = {.kind = 1 + pick(m, 3), .size = 8, .as.integer = next_byte(m)};
            keep_message(m, &message, NULL, true);
            break;
        }
        case 1:
            new_block(m);
            break;
        case 2:
            held = pick_message(m);
            end = pick_end(m, ANY_END);
            place = pick(m, ATTACHMENTS);
            if (end != NULL && free_place(held, place)) {
                payload *p = payload_of(&held->message);
                p->filled |= 1U << place;
                if (csp_end_sync(*end) == CSP_SYNC_NONE && csp_end_direction(*end) == CSP_RECEIVING) {
                    uint32_t rank = belief_of(*end)->rank;
                    p->lowest_receiving = rank < p->lowest_receiving ? rank : p->lowest_receiving;
                }
                csp_payload_attach_end(held->message.as.payload, place, *end);
                *end = NULL;
            }
            break;
        case 3: {
            owed_reply *owed = pick_owed(m);
            held = pick_message(m);
            place = pick(m, ATTACHMENTS);
            if (owed != NULL && free_place(held, place)) {
                payload *p = payload_of(&held->message);
                p->filled |= 1U << place;
                p->once = true;
                if (owed->held != 0) {
                    will_answer(owed->held, PASSES_ON);
                }
                csp_payload_attach_reply(held->message.as.payload, place, owed->reply);
                owed->reply = NULL;
            }
            break;
        }
        case 4:
            if ((held = pick_message(m)) != NULL) {
                uint32_t how = payload_of(&held->message) != NULL ? pick(m, 3) : 1;
                if (how == 2) {
                    pack_and_open(m, held);
                } else if (how == 0) {
                    csp_message copy = held->message;
                    csp_payload_retain(copy.as.payload);
                    held->fresh = false;
                    keep_message(m, &copy, NULL, false);
                } else {
                    drop_held(held);
                }
            }
            break;
        default:
            held = pick_message(m);
            place = pick(m, ATTACHMENTS + 2); /* one that is not there gives nothing */
            if (held != NULL && payload_of(&held->message) != NULL) {
                csp_holder *holder = pick_holder(m);
                keep_end(m, csp_payload_take_end(held->message.as.payload, place, holder));
                keep_owed(m, csp_payload_take_reply(held->message.as.payload, place, holder), 0, holder);
            }
            break;
    }
}

/* ---- transfers ------------------------------------------------------------------------------------------------- */

static void send_one(machine *m) {
    csp_end **end = pick_end(m, TO_SEND);
    held_message *held = pick_message(m);
    int64_t deadline = pick_deadline(m);
    if (end == NULL || !may_number(m, 1)) {
        return;
    }
    belief *b = belief_of(*end);
    csp_message small = {.kind = 1, .size = 8};
    csp_message *message = held != NULL && may_carry(&held->message, b) ? &held->message : &small;
    csp_status predicted = m->alone ? if_waiting(would_send(b, *end), deadline, csp_end_holder(*end)) : CSP_OK;
    number(m, message);
    csp_message before = *message;
    will_offer(before.tag, deadline == CSP_POLL, false);
    csp_status status = csp_send(*end, message, deadline, pick_hooks(m));
    CHECK(!m->alone || status == predicted, "csp_send: %s, expected %s", csp_status_name(status),
          csp_status_name(predicted));
    bool went = offered(b, &before, message, status);
    if (message != &small) {
        held->from = NULL;
        held->fresh = held->fresh && !went;
    } else if (went && message->kind != 0) {
        keep_message(m, message, NULL, false);
    }
}

/* Alone, what had to be posted can be withdrawn: nobody else is there to take it. (Among threads the poster does not hear what
 * became of it; tests/native/test_post.c races it.) */
static void post_one(machine *m) {
    csp_end **end = pick_end(m, TO_SEND);
    if (!m->alone || end == NULL || !may_number(m, 1)) {
        return;
    }
    belief *b = belief_of(*end);
    csp_message message = {.kind = 1, .size = 8};
    csp_status predicted = would_send(b, *end);
    number(m, &message);
    csp_message before = message;
    will_offer(before.tag, true, false);
    csp_posting *posting = NULL;
    csp_status status = csp_post(*end, &message, CSP_FOREVER, &posting);
    CHECK(status == (predicted == CSP_WOULD_BLOCK ? CSP_OK : predicted), "csp_post: %s, expected %s",
          csp_status_name(status), csp_status_name(predicted));
    CHECK((posting != NULL) == (predicted == CSP_WOULD_BLOCK), "posted: %d", posting != NULL);
    if (posting != NULL) {
        CHECK(csp_posting_withdraw(posting), "a posted message was gone");
        CHECK(!csp_posting_withdraw(posting), "withdrawn twice");
        csp_posting_release(posting);
        message = before;
        status = CSP_WOULD_BLOCK;
    }
    offered(b, &before, &message, status);
}

static void receive_one(machine *m) {
    csp_end **end = pick_end(m, TO_RECEIVE);
    int64_t deadline = pick_deadline(m);
    if (end == NULL) {
        return;
    }
    belief *b = belief_of(*end);
    csp_message message;
    csp_status predicted = m->alone ? if_waiting(would_receive(b, *end), deadline, csp_end_holder(*end)) : CSP_OK;
    csp_status status = csp_recv(*end, &message, deadline, pick_hooks(m));
    CHECK(!m->alone || status == predicted, "csp_recv: %s, expected %s", csp_status_name(status),
          csp_status_name(predicted));
    CHECK((message.kind != 0) == (status == CSP_OK), "%s with a message of kind %u", csp_status_name(status),
          message.kind);
    if (status == CSP_OK) {
        did_receive(b, message.tag, m->last);
        keep_message(m, &message, b, false);
    }
}

static void send_many(machine *m) {
    csp_message messages[48] = {0};
    csp_end **end = pick_end(m, TO_SEND);
    uint32_t count = pick(m, 48);
    int64_t deadline = pick_deadline(m);
    size_t done = 99;
    if (end == NULL || !may_number(m, count)) {
        return;
    }
    belief *b = belief_of(*end);
    for (uint32_t i = 0; i < count; i++) {
        messages[i] = (csp_message){.kind = 1, .size = 8};
        number(m, &messages[i]);
        will_offer(messages[i].tag, deadline == CSP_POLL, false);
    }
    const uint32_t first = tag_number(messages[0].tag);
    csp_holder *holder = csp_end_holder(*end);
    belief was = {0};
    csp_status predicted = CSP_OK;
    uint32_t believed = 0;
    if (m->alone) {
        was = *b; /* the trial is undone: what is believed follows from what then happens */
        while (believed < count && (predicted = if_waiting(would_send(b, *end), deadline, holder)) == CSP_OK) {
            did_send(b, messages[believed++].tag);
        }
        *b = was;
    }
    csp_status status = csp_send_many(*end, messages, count, &done, deadline, pick_hooks(m));
    CHECK(done <= count && (status == CSP_OK) == (done == count), "%s after %zu of %u", csp_status_name(status), done,
          count);
    CHECK(!m->alone || (status == predicted && done == believed), "csp_send_many: %s after %zu, expected %s after %u",
          csp_status_name(status), done, csp_status_name(predicted), believed);
    for (uint32_t i = 0; i < count; i++) {
        csp_message before = {.kind = 1, .size = 8, .tag = tag_of(m->thread, first + i)};
        /* Those before the one that failed went well; those behind it were not tried, and are as if they timed out. */
        bool went = offered(b, &before, &messages[i], i < done ? CSP_OK : i == done ? status : CSP_TIMEOUT);
        if (went && messages[i].kind != 0) {
            keep_message(m, &messages[i], NULL, false);
        }
    }
}

static void receive_many(machine *m) {
    csp_message messages[48];
    csp_end **end = pick_end(m, TO_RECEIVE);
    uint32_t count = pick(m, 48);
    int64_t deadline = pick_deadline(m);
    size_t done = 99;
    if (end == NULL) {
        return;
    }
    belief *b = belief_of(*end);
    uint32_t here = m->alone ? b->count : 0;
    csp_status predicted = !m->alone    ? CSP_OK
                           : count == 0 ? CSP_INVALID
                                        : if_waiting(would_receive(b, *end), deadline, csp_end_holder(*end));
    csp_status status = csp_recv_many(*end, messages, count, &done, deadline, pick_hooks(m));
    CHECK(done <= count && (status == CSP_OK) == (done > 0), "%s with %zu", csp_status_name(status), done);
    CHECK(!m->alone || status == predicted, "csp_recv_many: %s, expected %s", csp_status_name(status),
          csp_status_name(predicted));
    CHECK(!m->alone || status != CSP_OK || b->routed || done == (here < count ? here : count),
          "csp_recv_many gave %zu of %u, asked for %u", done, here, count);
    for (uint32_t i = 0; i < done; i++) {
        did_receive(b, messages[i].tag, m->last);
    }
    for (uint32_t i = 0; i < done; i++) {
        keep_message(m, &messages[i], b, false);
    }
}

static void unreceive(machine *m) {
    csp_end **end = pick_end(m, TO_RECEIVE);
    if (end == NULL) {
        return;
    }
    belief *b = belief_of(*end);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        held_message *held = &m->messages[i];
        if (held->from == b && held->message.kind != 0) {
            if (!b->routed) {
                will_undo(held->message.tag);
            }
            will_unreceive(b, held->message.tag);
            csp_unreceive(*end, &held->message);
            CHECK(held->message.kind == 0, "the message is still ours");
            held->from = NULL;
            return;
        }
    }
}

void do_transfer(machine *m, uint32_t what) {
    switch (what) {
        case 0:
            send_one(m);
            break;
        case 1:
            receive_one(m);
            break;
        case 2:
            send_many(m);
            break;
        case 3:
            receive_many(m);
            break;
        case 4:
            do_extended_receive(m);
            break;
        case 5:
            post_one(m);
            break;
        default:
            unreceive(m);
            break;
    }
}
