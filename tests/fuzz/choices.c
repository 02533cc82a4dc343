/* SPDX-License-Identifier: MIT
 *
 * Alternatives: csp_select, and the reusable one. */
#include "machine.h"

/* What is predicted of one guard. Of a synchronisation object it is not: its state is looked at where it is used. */
typedef struct {
    bool is_ready, may_be_ready;
    csp_status status;
} outlook;

static const outlook NEVER = {false, false, CSP_WOULD_BLOCK};
static const outlook DUE = {true, true, CSP_OK};
static const outlook UNKNOWN = {false, true, CSP_WOULD_BLOCK};

static outlook of_status(csp_status predicted) {
    bool ready = predicted != CSP_WOULD_BLOCK;
    return (outlook){ready, ready, predicted};
}

static outlook of_receiving(csp_end *end) {
    if (csp_end_sync(end) != CSP_SYNC_NONE) {
        return csp_end_is_closed(end) ? of_status(CSP_CLOSED_END) : UNKNOWN;
    }
    return of_status(would_receive(belief_of(end), end));
}

/* Time that is up, and leave to go on, are no reasons to go on for who is told to stop; among threads, nobody knows who is. */
static outlook if_not_told(outlook guard, const csp_holder *holder, bool alone) {
    return holder == NULL || !guard.may_be_ready ? guard
           : !alone                              ? (outlook){false, true, guard.status}
           : csp_holder_cancelled(holder)        ? NEVER
                                                 : guard;
}

/* Check what an alternative of `count` guards did: `chosen`, with its `outcome`, or (count) nothing. */
static void check_choice(const outlook *guards, uint32_t count, bool priority, uint32_t chosen, csp_status outcome) {
    for (uint32_t i = 0; i < count; i++) {
        CHECK(!guards[i].is_ready || chosen < count, "guard %u was ready (%s), and nothing was chosen", i,
              csp_status_name(guards[i].status));
        CHECK(!guards[i].is_ready || !priority || chosen <= i, "guard %u was chosen before %u", chosen, i);
    }
    if (chosen < count) {
        CHECK(guards[chosen].may_be_ready, "guard %u was chosen and not ready", chosen);
        CHECK(!guards[chosen].is_ready || guards[chosen].status == outcome, "guard %u: %s, expected %s", chosen,
              csp_status_name(outcome), csp_status_name(guards[chosen].status));
    }
}

/* ---- csp_select ------------------------------------------------------------------------------------------------ */

enum { GUARDS = 6, HOUR_NS_EXPONENT = 42 };

typedef struct {
    csp_guard guards[GUARDS];
    csp_message messages[GUARDS];
    csp_message offers[GUARDS]; /* as they were */
    outlook outlooks[GUARDS];
    uint32_t count;
    csp_holder *holder; /* of the first guard with an end */
    bool hopeless;      /* nothing could ever be ready */
    uint32_t skip;      /* a fair one is chosen only when nothing else is ready */
} selection;

static int64_t far_away(void) { return csp_deadline_after(INT64_C(1) << HOUR_NS_EXPONENT); }

static void add_guard(machine *m, selection *s, bool fair, bool polls) {
    uint32_t i = s->count++;
    csp_guard *guard = &s->guards[i];
    csp_end **end = NULL;
    outlook *expected = &s->outlooks[i];
    *guard = (csp_guard){.kind = CSP_GUARD_OFF, .message = &s->messages[i], .internal = {0}};
    *expected = NEVER;
    switch (pick(m, 8)) {
        case 0:
        case 1:
        case 2:
            if ((end = pick_end(m, TO_RECEIVE_OR_SYNC)) != NULL) {
                guard->kind = CSP_GUARD_RECV;
                *expected = m->alone ? of_receiving(*end) : UNKNOWN;
            }
            break;
        case 3:
        case 4:
            if ((end = pick_end(m, TO_SEND)) != NULL && may_number(m, 1)) {
                guard->kind = CSP_GUARD_SEND;
                s->messages[i] = (csp_message){.kind = 1, .size = 8};
                number(m, &s->messages[i]);
                will_offer(s->messages[i].tag, polls, false);
                s->offers[i] = s->messages[i];
                *expected = m->alone ? of_status(would_send(belief_of(*end), *end)) : UNKNOWN;
            } else {
                end = NULL;
            }
            break;
        case 5:
            guard->kind = CSP_GUARD_TIMER;
            guard->deadline = pick(m, 2) == 0 ? 1 : far_away();
            *expected = guard->deadline == 1 ? DUE : NEVER;
            break;
        case 6:
            guard->kind = CSP_GUARD_SKIP;
            *expected = fair ? UNKNOWN : DUE;
            s->skip = i;
            break;
        default:
            break;
    }
    if (end != NULL) {
        guard->end = *end;
        s->holder = s->holder != NULL ? s->holder : csp_end_holder(*end);
    }
    s->hopeless = s->hopeless && guard->kind == CSP_GUARD_OFF;
}

static void check_select(selection *s, bool fair, bool alone, int64_t deadline, csp_status status, uint32_t chosen) {
    bool stops = alone && s->holder != NULL && csp_holder_cancelled(s->holder);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->guards[i].end == NULL) {
            s->outlooks[i] = if_not_told(s->outlooks[i], s->holder, alone);
        }
    }
    if (stops || (status == CSP_CANCELLED && !alone)) {
        s->skip = GUARDS;
    }
    if (status == CSP_OK) {
        CHECK(!stops || s->guards[chosen].end != NULL, "guard %u was chosen by who is told to stop", chosen);
        CHECK(chosen < s->count, "guard %u of %u", chosen, s->count);
        check_choice(s->outlooks, s->count, !fair, chosen, s->guards[chosen].status);
        for (uint32_t i = 0; i < s->count && fair && s->guards[chosen].kind == CSP_GUARD_SKIP; i++) {
            CHECK(!s->outlooks[i].is_ready, "skip was chosen, and guard %u was ready", i);
        }
        return;
    }
    check_choice(s->outlooks, s->count, !fair, s->count, status);
    CHECK(s->skip == GUARDS, "%s in spite of a skip", csp_status_name(status));
    csp_status predicted = if_waiting(CSP_WOULD_BLOCK, deadline, s->holder);
    CHECK(!alone || status == predicted, "csp_select: %s, expected %s", csp_status_name(status),
          csp_status_name(predicted));
}

void do_select(machine *m) {
    selection s = {.count = 0, .holder = NULL, .hopeless = true, .skip = GUARDS};
    bool fair = pick(m, 2) == 0;
    int64_t deadline = pick_deadline(m);
    for (uint32_t wanted = pick(m, GUARDS + 1); wanted > 0; wanted--) {
        add_guard(m, &s, fair, deadline == CSP_POLL);
    }
    uint32_t chosen = GUARDS;
    int flags = fair ? CSP_SELECT_FAIR : CSP_SELECT_PRIORITY;
    if (s.hopeless) {
        CHECK(csp_select(s.guards, s.count, flags, CSP_FOREVER, NULL, &chosen) == CSP_INVALID, "waits for nothing");
        return;
    }
    csp_status status = csp_select(s.guards, s.count, flags, deadline, pick_hooks(m), &chosen);
    check_select(&s, fair, m->alone, deadline, status, chosen);
    for (uint32_t i = 0; i < s.count; i++) {
        csp_guard *guard = &s.guards[i];
        bool chose = status == CSP_OK && i == chosen, done = chose && guard->status == CSP_OK;
        if (guard->kind == CSP_GUARD_SEND) {
            /* One that was not chosen is as one that timed out. */
            bool went =
                offered(belief_of(guard->end), &s.offers[i], guard->message, chose ? guard->status : CSP_TIMEOUT);
            if (went && guard->message->kind != 0) {
                keep_message(m, guard->message, NULL, false);
            }
        } else if (guard->kind == CSP_GUARD_RECV) {
            CHECK((guard->message->kind != 0) == done, "guard %u %s a message", i, done ? "lacks" : "left");
            if (done && csp_end_sync(guard->end) == CSP_SYNC_NONE) {
                belief *b = belief_of(guard->end);
                did_receive(b, guard->message->tag, m->last);
                keep_message(m, guard->message, b, false);
            }
        }
    }
}

/* ---- csp_alternative ------------------------------------------------------------------------------------------- */

static void renew(machine *m, chooser *c) {
    if (c->alternative != NULL) {
        csp_alternative_free(c->alternative);
    }
    *c = (chooser){.alternative = NULL};
    c->holder = pick(m, 4) == 0 ? NULL : pick_holder(m);
    c->alternative = csp_alternative_new(c->holder);
    CHECK(c->alternative != NULL, "no memory");
}

static bool has_room(const chooser *c) {
    uint32_t used = 0;
    for (int i = 0; i < PLACES; i++) {
        used += c->places[i].used;
    }
    return used < PLACES;
}

static void watch(machine *m, chooser *c) {
    csp_end **end = pick_end(m, pick(m, 16) == 0 ? TO_SEND : TO_RECEIVE_OR_SYNC);
    uint32_t place = PLACES;
    if (end == NULL || !has_room(c)) {
        return;
    }
    csp_status status = csp_alternative_add(c->alternative, *end, &place);
    csp_sync_kind kind = csp_end_sync(*end);
    bool valid = csp_end_direction(*end) == CSP_RECEIVING && kind != CSP_SYNC_CONDITION && kind != CSP_SYNC_BARRIER &&
                 kind != CSP_SYNC_COUNTER;
    CHECK(status == (valid ? CSP_OK : CSP_INVALID), "csp_alternative_add: %s", csp_status_name(status));
    if (valid) {
        CHECK(place < PLACES && !c->places[place].used, "place %u is not free", place);
        c->places[place] = (watched){.end = *end, .used = true, .on = true, .deadline = 0};
    }
}

static void set_timer(machine *m, chooser *c) {
    uint32_t place = pick(m, PLACES);
    if (has_room(c) && pick(m, 2) == 0) {
        csp_status status = csp_alternative_add_timer(c->alternative, &place);
        CHECK(status == CSP_OK && place < PLACES && !c->places[place].used, "place %u is not free", place);
        c->places[place] = (watched){.end = NULL, .used = true, .on = true, .deadline = 0};
    }
    if (c->places[place].used && c->places[place].end == NULL) {
        c->places[place].deadline = pick(m, 2) == 0 ? 1 : far_away();
        csp_alternative_set_timer(c->alternative, place, c->places[place].deadline);
    }
}

static void choose(machine *m, chooser *c) {
    outlook outlooks[PLACES];
    bool priority = pick(m, 2) == 0;
    int64_t deadline = pick_deadline(m);
    for (int i = 0; i < PLACES; i++) {
        const watched *w = &c->places[i];
        outlooks[i] = !w->used || !w->on ? NEVER
                      : w->end == NULL   ? if_not_told(w->deadline == 1 ? DUE : NEVER, c->holder, m->alone)
                      : m->alone         ? of_receiving(w->end)
                                         : UNKNOWN;
    }
    csp_message message;
    uint32_t place = PLACES;
    csp_status outcome = CSP_OK;
    csp_status status = csp_alternative_select(c->alternative, priority ? CSP_SELECT_PRIORITY : CSP_SELECT_FAIR,
                                               deadline, pick_hooks(m), &message, &place, &outcome);
    if (status != CSP_OK) {
        csp_status predicted = if_waiting(CSP_WOULD_BLOCK, deadline, c->holder);
        CHECK(!m->alone || status == predicted, "csp_alternative_select: %s, expected %s", csp_status_name(status),
              csp_status_name(predicted));
        check_choice(outlooks, PLACES, priority, PLACES, status);
        CHECK(message.kind == 0, "%s with a message", csp_status_name(status));
        return;
    }
    CHECK(place < PLACES, "place %u", place);
    check_choice(outlooks, PLACES, priority, place, outcome);
    csp_end *end = c->places[place].end;
    CHECK((message.kind != 0) == (outcome == CSP_OK && end != NULL), "%s with a message of kind %u",
          csp_status_name(outcome), message.kind);
    if (message.kind != 0 && csp_end_sync(end) == CSP_SYNC_NONE) {
        belief *b = belief_of(end);
        did_receive(b, message.tag, m->last);
        keep_message(m, &message, b, false);
    }
}

/* Interrupted before it begins, it chooses nothing; and the next one hears no more of it. */
static void interrupt(machine *m, chooser *c) {
    csp_message message;
    uint32_t place = 0;
    csp_status outcome;
    csp_guard guard = {.kind = CSP_GUARD_SKIP};
    csp_alternative_interrupt(c->alternative);
    csp_status status =
        pick(m, 2) == 0
            ? csp_alternative_select(c->alternative, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &message, &place, &outcome)
            : csp_alternative_select_among(c->alternative, &guard, 1, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &place);
    CHECK(status == CSP_INTERRUPTED, "interrupted: %s", csp_status_name(status));
    status = csp_alternative_select_among(c->alternative, &guard, 1, CSP_SELECT_ROTATE, CSP_FOREVER, NULL, &place);
    CHECK(status == CSP_OK && place == 0, "not interrupted: %s", csp_status_name(status));
}

void do_alternative_thing(machine *m, uint32_t what) {
    chooser *c = &m->choosers[pick(m, ALTERNATIVES)];
    if (c->alternative == NULL || (what == 0 && pick(m, 4) == 0)) {
        renew(m, c);
    }
    uint32_t place;
    switch (what) {
        case 0:
        case 1:
            watch(m, c);
            break;
        case 2:
            set_timer(m, c);
            break;
        case 3:
            place = pick(m, PLACES);
            if (c->places[place].used) {
                csp_alternative_remove(c->alternative, place);
                c->places[place] = (watched){.used = false};
            }
            break;
        case 4:
            place = pick(m, PLACES);
            if (c->places[place].used) {
                c->places[place].on = pick(m, 2) == 0;
                csp_alternative_enable(c->alternative, place, c->places[place].on);
            }
            break;
        default:
            if (pick(m, 8) == 0) {
                interrupt(m, c);
            }
            choose(m, c);
            break;
    }
}
