/* SPDX-License-Identifier: MIT
 *
 * The machine's places, and the loop that reads one operation after the other. */
#include "machine.h"

#include <string.h>

enum { MOST_OPERATIONS = 400 };

/* ---- the input ------------------------------------------------------------------------------------------------- */

uint8_t next_byte(machine *m) { return m->at < m->stop ? *m->at++ : 0; }
uint32_t pick(machine *m, uint32_t below) { return next_byte(m) % below; }
csp_holder *pick_holder(machine *m) { return m->holders[pick(m, HOLDERS)]; }

int64_t pick_deadline(machine *m) {
    uint32_t choice = pick(m, m->alone ? 2 : 32);
    return choice == 0 ? CSP_POLL : choice == 1 ? 1 : csp_deadline_after((int64_t)choice * 2000);
}

static bool fits(csp_end *end, which_end which) {
    if (end == NULL) {
        return false;
    }
    bool sync = csp_end_sync(end) != CSP_SYNC_NONE;
    bool sends = csp_end_direction(end) == CSP_SENDING;
    switch (which) {
        case ANY_END:
            return true;
        case TO_SEND:
            return sends;
        case TO_RECEIVE:
            return !sends && !sync;
        case TO_RECEIVE_OR_SYNC:
            return !sends;
        case OF_CHANNEL:
            return !sync;
        case SYNC_ONLY:
            return sync;
    }
    return false;
}

csp_end **pick_end(machine *m, which_end which) {
    uint32_t start = pick(m, ENDS);
    for (uint32_t i = 0; i < ENDS; i++) {
        csp_end **place = &m->ends[(start + i) % ENDS];
        if (fits(*place, which)) {
            return place;
        }
    }
    return NULL;
}

csp_end **pick_sync(machine *m, csp_sync_kind kind) {
    uint32_t start = pick(m, ENDS);
    csp_end **other = NULL;
    for (uint32_t i = 0; i < ENDS; i++) {
        csp_end **place = &m->ends[(start + i) % ENDS];
        if (fits(*place, SYNC_ONLY)) {
            if (csp_end_sync(*place) == kind) {
                return place;
            }
            other = place;
        }
    }
    return other;
}

held_message *pick_message(machine *m) {
    uint32_t start = pick(m, MESSAGES);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        held_message *held = &m->messages[(start + i) % MESSAGES];
        if (held->message.kind != 0) {
            return held;
        }
    }
    return NULL;
}

asked_reply *pick_asked(machine *m) {
    uint32_t start = pick(m, REPLIES);
    for (uint32_t i = 0; i < REPLIES; i++) {
        asked_reply *asked = &m->asked[(start + i) % REPLIES];
        if (asked->reply != NULL) {
            return asked;
        }
    }
    return NULL;
}

owed_reply *pick_owed(machine *m) {
    uint32_t start = pick(m, REPLIES);
    for (uint32_t i = 0; i < REPLIES; i++) {
        owed_reply *owed = &m->owed[(start + i) % REPLIES];
        if (owed->reply != NULL) {
            return owed;
        }
    }
    return NULL;
}

/* ---- keeping --------------------------------------------------------------------------------------------------- */

void keep_end(machine *m, csp_end *end) {
    if (end == NULL) {
        return;
    }
    csp_end **place = &m->ends[m->random++ % ENDS];
    for (uint32_t i = 0; i < ENDS; i++) {
        if (m->ends[i] == NULL) {
            place = &m->ends[i];
            break;
        }
    }
    if (*place != NULL) {
        csp_end_free(*place);
    }
    *place = end;
}

void drop_held(held_message *held) {
    csp_message_drop(&held->message);
    CHECK(held->message.kind == 0, "a dropped message is not empty");
    held->from = NULL;
    held->fresh = false;
}

void keep_message(machine *m, csp_message *message, belief *from, bool fresh) {
    held_message *held = &m->messages[m->random++ % MESSAGES];
    for (uint32_t i = 0; i < MESSAGES; i++) {
        if (m->messages[i].message.kind == 0) {
            held = &m->messages[i];
            break;
        }
    }
    drop_held(held);
    *held = (held_message){*message, from, fresh};
    message->kind = 0;
}

void break_owed(owed_reply *owed, bool maybe_ran) {
    csp_reply *reply = owed->reply;
    owed->reply = NULL;
    if (owed->held != 0) {
        will_answer(owed->held, BREAKS);
    }
    csp_reply_break(reply, maybe_ran);
}

void keep_owed(machine *m, csp_reply *reply, uint64_t held, const csp_holder *holder) {
    if (reply == NULL) {
        return;
    }
    owed_reply *owed = &m->owed[m->random++ % REPLIES];
    for (uint32_t i = 0; i < REPLIES; i++) {
        if (m->owed[i].reply == NULL) {
            owed = &m->owed[i];
            break;
        }
    }
    if (owed->reply != NULL) {
        break_owed(owed, true);
    }
    *owed = (owed_reply){reply, held, csp_holder_id(holder), false};
}

/* ---- what messages carry --------------------------------------------------------------------------------------- */

payload *payload_of(const csp_message *message) {
    return (message->kind & CSP_KIND_PAYLOAD) != 0 ? (payload *)(void *)csp_payload_bytes(message->as.payload) : NULL;
}

bool may_carry(const csp_message *message, const belief *into) {
    const payload *p = payload_of(message);
    return p == NULL || p->lowest_receiving == NO_RANK || p->lowest_receiving > into->rank;
}

bool may_number(const machine *m, uint32_t count) { return m->numbered + count <= CREDIT; }
void number(machine *m, csp_message *message) { message->tag = tag_of(m->thread, ++m->numbered); }

bool offered(belief *b, const csp_message *before, csp_message *message, csp_status status) {
    bool same =
        message->kind == before->kind && message->tag == before->tag && message->as.payload == before->as.payload;
    bool taken = message->kind == 0;
    switch (status) {
        case CSP_OK:
            CHECK(taken, "the message went, and is still ours");
            break;
        case CSP_FAILED:
            CHECK(taken || message->tag == 0, "what the receiver said has a tag: %#llx",
                  (unsigned long long)message->tag);
            break;
        case CSP_CANCELLED:
        case CSP_INTERRUPTED: /* empty: while it was held */
            CHECK(taken || same, "%s, and the message is another", csp_status_name(status));
            break;
        default:
            CHECK(same, "%s, and the message is not what it was", csp_status_name(status));
    }
    bool held = status != CSP_OK && (taken || status == CSP_FAILED);
    CHECK(!held || b->capacity == 0, "%s of a sender that cannot have been held", csp_status_name(status));
    did_offer(before->tag, status, taken ? TAKEN : status == CSP_FAILED ? SAID : LEFT_ALONE);
    if (taken || status == CSP_FAILED) {
        did_send(b, before->tag);
        return true;
    }
    return false;
}

csp_status if_waiting(csp_status predicted, int64_t deadline, const csp_holder *holder) {
    return predicted != CSP_WOULD_BLOCK                     ? predicted
           : holder != NULL && csp_holder_cancelled(holder) ? CSP_CANCELLED
           : deadline == CSP_POLL                           ? CSP_WOULD_BLOCK
                                                            : CSP_TIMEOUT;
}

/* ---- hooks ----------------------------------------------------------------------------------------------------- */

typedef struct {
    int detached;
    int64_t until;
    csp_hooks hooks;
} patience;

static _Thread_local patience mine;

static void detach(void *context) { ((patience *)context)->detached++; }
static void attach(void *context) { ((patience *)context)->detached--; }
static int interrupted(void *context) { return csp_now() > ((patience *)context)->until; }
static bool spin_detached(void *context) { return (((patience *)context)->until & 1) != 0; }

const csp_hooks *pick_hooks(machine *m) {
    CHECK(mine.detached == 0, "detached and not attached again, or the other way round: %d", mine.detached);
    uint32_t choice = pick(m, 4);
    int64_t patient_for = (choice & 2) == 0 ? 2000000 : 20000;
    mine.until = csp_deadline_after(patient_for);
    mine.hooks = (csp_hooks){.detach = detach,
                             .attach = attach,
                             .interrupted = interrupted,
                             .context = &mine,
                             .slice_ns = patient_for / 4,
                             .spin_detached = (choice & 1) == 0 ? NULL : spin_detached};
    return &mine.hooks;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

void machine_begin(machine *m, int thread, bool alone, csp_holder *shared, const uint8_t *data, size_t size) {
    memset(m, 0, sizeof *m);
    m->at = data;
    m->stop = data + size;
    m->thread = thread;
    m->alone = alone;
    for (int i = 0; i < HOLDERS; i++) {
        m->holders[i] = i == 0 && shared != NULL ? csp_holder_retain(shared) : csp_holder_new("fuzzed");
        CHECK(m->holders[i] != NULL, "no memory");
    }
}

void machine_run(machine *m) {
    for (int i = 0; i < MOST_OPERATIONS && m->at < m->stop; i++) {
        uint32_t byte = next_byte(m), what = byte >> 4 | (byte & 8) << 1;
        switch (byte & 7) { /* transfers and choices twice: all else is there for them */
            case 0:
                if (what < 24) {
                    do_channel_thing(m, what % CHANNEL_THINGS);
                } else if (what < 30) {
                    do_outside_thing(m, what % OUTSIDE_THINGS);
                } else if (what == 30) {
                    do_scope_thing(m);
                } else {
                    do_operation_thing(m);
                }
                break;
            case 1:
                do_message_thing(m, what % MESSAGE_THINGS);
                break;
            case 2:
                do_transfer(m, what % TRANSFERS);
                break;
            case 3:
                if ((what & 1) == 0) {
                    do_transfer(m, (what >> 1) % TRANSFERS);
                } else {
                    do_broadcast_thing(m, (what >> 1) % BROADCAST_THINGS);
                }
                break;
            case 4:
                do_select(m);
                break;
            case 5:
                do_alternative_thing(m, what % ALTERNATIVE_THINGS);
                break;
            case 6:
                do_sync_thing(m, what % SYNC_THINGS);
                break;
            default:
                do_reply_thing(m, what % REPLY_THINGS);
                break;
        }
        if (m->alone) {
            beliefs_check();
        }
    }
}

void machine_end(machine *m) {
    for (int i = 0; i < ALTERNATIVES; i++) {
        if (m->choosers[i].alternative != NULL) {
            csp_alternative_free(m->choosers[i].alternative);
        }
    }
    for (int i = 0; i < REPLIES; i++) {
        if (m->asked[i].reply != NULL) {
            csp_reply_abandon(m->asked[i].reply);
        }
        if (m->owed[i].reply != NULL) {
            break_owed(&m->owed[i], false);
        }
    }
    for (int i = 0; i < MESSAGES; i++) {
        drop_held(&m->messages[i]);
    }
    for (int i = 0; i < ENDS; i++) {
        if (m->ends[i] != NULL) {
            csp_end_free(m->ends[i]);
        }
    }
    for (int i = 0; i < HOLDERS; i++) {
        csp_holder_release(m->holders[i]);
    }
}
