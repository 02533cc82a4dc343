/* SPDX-License-Identifier: MIT
 *
 * Operations on synchronisation objects. What one did is told from its state before and after. */
#include "machine.h"

enum { MOST_CONDITION_WAITS = 4 }; /* where several run: each may wait for a lock that is never free */

static csp_sync_state state_of(csp_end *handle) {
    csp_sync_state state;
    csp_sync_read(handle, &state);
    return state;
}

static void new_object(machine *m) {
    static const int64_t numbers[] = {-1, 0, 1, 1, 2, 3, 7, INT64_MAX};
    csp_sync_kind kind = (csp_sync_kind)(pick(m, 9));
    int64_t value = numbers[pick(m, 8)], limit = numbers[pick(m, 8)];
    csp_holder *holder = pick_holder(m);
    csp_end *handle = NULL;
    if (beliefs_full()) {
        return;
    }
    int64_t most = kind == CSP_SYNC_LOCK ? 1 : limit;
    bool counted = kind == CSP_SYNC_LOCK || kind == CSP_SYNC_SEMAPHORE;
    bool valid = kind >= CSP_SYNC_LOCK && kind <= CSP_SYNC_COUNTER &&
                 !(counted && (value < 0 || most < 1 || value > most)) && !(kind == CSP_SYNC_BARRIER && limit < 1);
    csp_status status = csp_sync_new(kind, value, limit, holder, &handle);
    CHECK(status == (valid ? CSP_OK : CSP_INVALID), "csp_sync_new: %s", csp_status_name(status));
    if (valid) {
        belief_new(handle, 0, CSP_OVERFLOW_BLOCK);
        keep_end(m, handle);
    }
}

static void acquire(machine *m) {
    csp_end **handle = pick_end(m, SYNC_ONLY);
    int64_t deadline = pick_deadline(m);
    if (handle == NULL) {
        return;
    }
    csp_message message;
    csp_sync_state before = state_of(*handle);
    csp_status status = csp_recv(*handle, &message, deadline, pick_hooks(m));
    CHECK((message.kind != 0) == (status == CSP_OK), "%s with kind %u", csp_status_name(status), message.kind);
    if (!m->alone) {
        return;
    }
    int64_t now = state_of(*handle).value;
    CHECK(!csp_end_is_closed(*handle) || status == CSP_CLOSED_END, "%s through a closed handle",
          csp_status_name(status));
    if (status != CSP_OK) {
        CHECK(now == before.value, "%s, and the value went from %lld to %lld", csp_status_name(status),
              (long long)before.value, (long long)now);
        bool free_to_take = before.value > 0 && (before.kind == CSP_SYNC_LOCK || before.kind == CSP_SYNC_SEMAPHORE ||
                                                 before.kind == CSP_SYNC_EVENT || before.kind == CSP_SYNC_BROADCAST);
        CHECK(!free_to_take || status == CSP_ABANDONED || status == CSP_CLOSED_END, "%s of what was free",
              csp_status_name(status));
        return;
    }
    switch (before.kind) {
        case CSP_SYNC_LOCK:
        case CSP_SYNC_SEMAPHORE:
        case CSP_SYNC_BROADCAST:
            CHECK(now == before.value - 1, "one was taken of %lld, %lld are left", (long long)before.value,
                  (long long)now);
            break;
        case CSP_SYNC_RLOCK:
            CHECK(now == before.value + 1, "taken: depth %lld, then %lld", (long long)before.value, (long long)now);
            break;
        default:
            CHECK(before.kind == CSP_SYNC_EVENT && before.value > 0, "acquired what cannot be");
    }
}

/* What was acquired was not, or the news was not heard. */
static void undo(machine *m) {
    csp_end **handle = pick_end(m, SYNC_ONLY);
    int64_t deadline = pick_deadline(m);
    if (handle == NULL) {
        return;
    }
    csp_message message;
    csp_sync_state before = state_of(*handle);
    csp_status status = csp_recv(*handle, &message, deadline, pick_hooks(m));
    if (status != CSP_OK && status != CSP_ABANDONED) {
        return;
    }
    csp_unreceive(*handle, &message);
    CHECK(message.kind == 0, "the acquisition is still ours");
    if (m->alone) {
        CHECK(state_of(*handle).value == before.value, "%lld, and undone %lld", (long long)before.value,
              (long long)state_of(*handle).value);
        csp_status again = csp_recv(*handle, &message, CSP_POLL, NULL);
        CHECK(again == status, "%s, and after it was undone %s", csp_status_name(status), csp_status_name(again));
    }
}

static void release(machine *m) {
    csp_end **handle = pick_end(m, ANY_END);
    int64_t count = (int64_t)pick(m, 6) - 1;
    if (handle == NULL) {
        return;
    }
    csp_sync_state before = state_of(*handle);
    csp_status status = csp_sync_release(*handle, count);
    csp_sync_state after = state_of(*handle);
    CHECK(before.kind != CSP_SYNC_NONE || status == CSP_INVALID, "released an end");
    CHECK(before.kind != CSP_SYNC_SEMAPHORE || (after.value >= 0 && after.value <= after.limit), "units out of range");
    if (m->alone && before.kind == CSP_SYNC_SEMAPHORE) {
        CHECK(after.value == before.value + (status == CSP_OK ? count : 0), "%s: %lld and %lld make %lld",
              csp_status_name(status), (long long)before.value, (long long)count, (long long)after.value);
        bool right = count >= 1 && count <= before.limit - before.value;
        CHECK(csp_end_is_closed(*handle) ? status == CSP_CLOSED_END : (status == CSP_OK) == right,
              "csp_sync_release: %s", csp_status_name(status));
    }
}

static void use_event(machine *m) {
    csp_end **event = pick_sync(m, CSP_SYNC_EVENT);
    bool set = pick(m, 2) == 0;
    if (event != NULL) {
        csp_status status = csp_event_put(*event, set);
        CHECK(csp_end_sync(*event) == CSP_SYNC_EVENT || status == CSP_INVALID, "set what is no event");
        CHECK(!m->alone || status != CSP_OK || state_of(*event).value == set, "set and not set");
    }
}

static void wait_on_condition(machine *m) {
    csp_end **condition = pick_sync(m, CSP_SYNC_CONDITION);
    csp_end **lock = pick_sync(m, pick(m, 2) == 0 ? CSP_SYNC_LOCK : CSP_SYNC_RLOCK);
    int64_t deadline = pick_deadline(m);
    if (condition == NULL || lock == NULL || (!m->alone && ++m->condition_waits > MOST_CONDITION_WAITS)) {
        return;
    }
    csp_sync_state before = state_of(*lock);
    csp_status status = csp_condition_wait(*condition, *lock, deadline, pick_hooks(m));
    if (!m->alone) {
        return;
    }
    CHECK(status != CSP_OK, "notified by nobody");
    bool unsure = status == CSP_CANCELLED || status == CSP_INTERRUPTED || status == CSP_ABANDONED;
    CHECK(unsure || state_of(*lock).value == before.value, "after %s the lock's value is %lld, before it was %lld",
          csp_status_name(status), (long long)state_of(*lock).value, (long long)before.value);
}

static void wait_at_barrier(machine *m) {
    csp_end **barrier = pick_sync(m, CSP_SYNC_BARRIER);
    int64_t deadline = pick_deadline(m), index = -1;
    if (barrier == NULL) {
        return;
    }
    csp_sync_state before = state_of(*barrier);
    csp_status status = csp_barrier_wait(*barrier, deadline, pick_hooks(m), &index);
    CHECK(before.kind == CSP_SYNC_BARRIER || status == CSP_INVALID, "%s at what is no barrier",
          csp_status_name(status));
    CHECK(status != CSP_OK || (index >= 0 && index < before.limit), "the %lldth of %lld", (long long)index,
          (long long)before.limit);
    if (!m->alone || before.kind != CSP_SYNC_BARRIER) {
        return;
    }
    if (csp_end_is_closed(*barrier)) {
        CHECK(status == CSP_CLOSED_END, "%s through a closed handle", csp_status_name(status));
    } else if (before.broken) {
        CHECK(status == CSP_BROKEN || status == CSP_ABANDONED, "%s at a broken barrier", csp_status_name(status));
    } else if (before.limit == 1) {
        CHECK(status == CSP_OK, "%s at a barrier for one", csp_status_name(status));
    } else {
        CHECK((status == CSP_TIMEOUT || status == CSP_CANCELLED) && state_of(*barrier).broken,
              "%s of one of %lld, and the barrier is %s", csp_status_name(status), (long long)before.limit,
              state_of(*barrier).broken ? "broken" : "whole");
    }
}

static void use_counter(machine *m) {
    csp_end **counter = pick_sync(m, CSP_SYNC_COUNTER);
    if (counter == NULL || csp_end_sync(*counter) != CSP_SYNC_COUNTER) {
        return;
    }
    int64_t before = state_of(*counter).value, amount = (int64_t)((uint64_t)next_byte(m) << 56), after = amount;
    switch (pick(m, 3)) {
        case 0:
            after = (int64_t)((uint64_t)before + (uint64_t)amount);
            amount = csp_counter_add(*counter, amount);
            CHECK(!m->alone || amount == after, "a sum of %lld", (long long)amount);
            break;
        case 1:
            amount = csp_counter_exchange(*counter, amount);
            CHECK(!m->alone || amount == before, "%lld before", (long long)amount);
            break;
        default: {
            int64_t expected = pick(m, 2) == 0 ? before : before + (before < INT64_MAX);
            bool same = expected == before;
            bool done = csp_counter_compare_exchange(*counter, &expected, amount);
            CHECK(!m->alone || done == same, "compared wrongly");
            after = done ? amount : before;
        }
    }
    CHECK(!m->alone || state_of(*counter).value == after, "the counter is %lld", (long long)state_of(*counter).value);
}

void do_sync_thing(machine *m, uint32_t what) {
    csp_end **handle;
    switch (what) {
        case 0:
            new_object(m);
            break;
        case 1:
        case 2:
            acquire(m);
            break;
        case 3:
            release(m);
            break;
        case 4:
            use_event(m);
            break;
        case 5:
            wait_on_condition(m);
            break;
        case 6:
            wait_at_barrier(m);
            break;
        case 7:
            if ((handle = pick_sync(m, pick(m, 2) == 0 ? CSP_SYNC_CONDITION : CSP_SYNC_BARRIER)) != NULL) {
                CHECK(csp_condition_notify(*handle, pick(m, 4)) == 0 || !m->alone, "somebody was notified");
                bool broken = pick(m, 2) == 0;
                csp_status status = csp_barrier_put(*handle, broken);
                CHECK(!m->alone || status != CSP_OK || state_of(*handle).broken == broken, "broken or not");
            }
            break;
        case 8:
            undo(m);
            break;
        default:
            use_counter(m);
            break;
    }
}
