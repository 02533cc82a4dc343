/* SPDX-License-Identifier: MIT
 *
 * Locks, semaphores, events, conditions, barriers and counters, one step at a time. */
#include "harness.h"

static csp_end *made(csp_sync_kind kind, int64_t value, int64_t limit) {
    csp_end *handle = NULL;
    CHECK_STATUS(csp_sync_new(kind, value, limit, me, &handle), CSP_OK);
    return handle;
}

static csp_status acquire(csp_end *handle, int64_t deadline) {
    csp_message token;
    return csp_recv(handle, &token, deadline, NULL);
}

static int64_t value(csp_end *handle) {
    csp_sync_state state;
    csp_sync_read(handle, &state);
    return state.value;
}

static uint32_t waiting(csp_end *handle) {
    csp_sync_state state;
    csp_sync_read(handle, &state);
    return state.waiting;
}

/* One call that waits, in a thread of its own. */
typedef struct {
    csp_end *handle, *lock;
    int64_t deadline, index;
    csp_status status;
    pthread_t thread;
} party;

static void *party_acquires(void *argument) {
    party *p = argument;
    p->status = acquire(p->handle, p->deadline);
    return NULL;
}
static void *party_meets(void *argument) {
    party *p = argument;
    p->status = csp_barrier_wait(p->handle, p->deadline, NULL, &p->index);
    return NULL;
}
static void *party_meets_alone(void *argument) {
    party *p = argument;
    const csp_hooks alone = {.alone = true};
    p->status = csp_barrier_wait(p->handle, p->deadline, &alone, &p->index);
    return NULL;
}
static void *party_awaits(void *argument) {
    party *p = argument;
    CHECK_STATUS(acquire(p->lock, CSP_FOREVER), CSP_OK);
    p->status = csp_condition_wait(p->handle, p->lock, p->deadline, NULL);
    if (p->status == CSP_OK || p->status == CSP_TIMEOUT) {
        CHECK_INT(value(p->lock), ==, csp_end_sync(p->lock) == CSP_SYNC_RLOCK ? 1 : 0);
    }
    csp_sync_release(p->lock, 1);
    return NULL;
}

static void begin(party *p, void *(*body)(void *), uint32_t already) {
    p->thread = go(body, p);
    EVENTUALLY(waiting(p->handle) == already + 1);
}

/* ---- locks and semaphores -------------------------------------------------------------------------------------- */

CASE(a_lock_is_taken_once, "A taken lock blocks everybody, also the one who has it, until it is released.") {
    csp_end *lock = made(CSP_SYNC_LOCK, 1, 0);
    CHECK_STATUS(acquire(lock, CSP_POLL), CSP_OK);
    CHECK_STATUS(acquire(lock, CSP_POLL), CSP_WOULD_BLOCK);
    CHECK_STATUS(acquire(lock, csp_deadline_after(MILLISECONDS)), CSP_TIMEOUT);
    CHECK_INT(waiting(lock), ==, 0);
    party p = {.handle = lock, .deadline = CSP_FOREVER};
    begin(&p, party_acquires, 0);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
    finish(p.thread);
    CHECK_STATUS(p.status, CSP_OK);
    CHECK_INT(value(lock), ==, 0); /* handed over, not thrown in the air */
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_INVALID);
    csp_end_free(lock);
}

CASE(a_semaphore_counts, "As many acquire as there are units; what is given back beyond the limit is refused.") {
    csp_end *s = made(CSP_SYNC_SEMAPHORE, 2, 3);
    CHECK_STATUS(acquire(s, CSP_POLL), CSP_OK);
    CHECK_STATUS(acquire(s, CSP_POLL), CSP_OK);
    CHECK_STATUS(acquire(s, CSP_POLL), CSP_WOULD_BLOCK);
    CHECK_STATUS(csp_sync_release(s, 4), CSP_INVALID);
    CHECK_STATUS(csp_sync_release(s, 0), CSP_INVALID);
    CHECK_STATUS(csp_sync_release(s, 3), CSP_OK);
    CHECK_INT(value(s), ==, 3);
    csp_end_free(s);
    csp_end *handle;
    CHECK_STATUS(csp_sync_new(CSP_SYNC_SEMAPHORE, 4, 3, me, &handle), CSP_INVALID);
    CHECK_STATUS(csp_sync_new(CSP_SYNC_SEMAPHORE, -1, 3, me, &handle), CSP_INVALID);
    CHECK_STATUS(csp_sync_new(CSP_SYNC_BARRIER, 0, 0, me, &handle), CSP_INVALID);
}

CASE(many_units_wake_many, "Releasing n units serves the first n of those who wait, also more than fit one list.") {
    enum { PARTIES = 50 };
    csp_end *s = made(CSP_SYNC_SEMAPHORE, 0, PARTIES);
    party parties[PARTIES];
    for (uint32_t i = 0; i < PARTIES; i++) {
        parties[i] = (party){.handle = s, .deadline = CSP_FOREVER};
        begin(&parties[i], party_acquires, i);
    }
    CHECK_STATUS(csp_sync_release(s, PARTIES - 1), CSP_OK);
    for (uint32_t i = 0; i < PARTIES - 1; i++) {
        finish(parties[i].thread);
    }
    CHECK_INT(waiting(s), ==, 1);
    CHECK_STATUS(csp_sync_release(s, 1), CSP_OK);
    finish(parties[PARTIES - 1].thread);
    csp_end_free(s);
}

static void *other_thread_releases(void *handle) {
    CHECK_STATUS(csp_sync_release(handle, 1), CSP_INVALID);
    CHECK_STATUS(acquire(handle, CSP_POLL), CSP_WOULD_BLOCK);
    return NULL;
}

CASE(a_recursive_lock_is_its_threads,
     "Its thread takes it again and again; others wait until it was released as often.") {
    csp_end *lock = made(CSP_SYNC_RLOCK, 0, 0);
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(acquire(lock, CSP_POLL), CSP_OK);
    }
    CHECK_INT(value(lock), ==, 3);
    finish(go(other_thread_releases, lock));
    party p = {.handle = lock, .deadline = CSP_FOREVER};
    begin(&p, party_acquires, 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(waiting(lock), ==, 1);
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
    }
    finish(p.thread);
    CHECK_STATUS(p.status, CSP_OK);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_INVALID); /* that thread has it, and is gone: see abandoned */
    csp_end_free(lock);
}

/* ---- the dead -------------------------------------------------------------------------------------------------- */

CASE(what_the_dead_held_is_free,
     "A holder that is cut off gives back what it held; one taker is told, by name, the next has it.") {
    static const csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_RLOCK, CSP_SYNC_SEMAPHORE};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        for (int waits = 0; waits < 2; waits++) {
            note("kind %d, somebody waits: %d", (int)kinds[k], waits);
            csp_holder *dying = csp_holder_new("the dying");
            csp_end *mine = made(kinds[k], kinds[k] == CSP_SYNC_RLOCK ? 0 : 1, 1);
            csp_end *theirs = csp_end_clone(mine, dying);
            party held = {.handle = theirs, .deadline = CSP_FOREVER};
            held.thread = go(party_acquires, &held);
            finish(held.thread);
            party p = {.handle = mine, .deadline = CSP_FOREVER};
            if (waits) {
                begin(&p, party_acquires, 0);
            }
            csp_holder_fence(dying);
            if (waits) {
                finish(p.thread);
            } else {
                p.status = acquire(mine, CSP_POLL);
            }
            CHECK_STATUS(p.status, CSP_ABANDONED);
            csp_sync_state state;
            csp_sync_read(mine, &state);
            CHECK(strcmp(state.abandoner, "the dying") == 0);
            CHECK_STATUS(acquire(mine, CSP_POLL), CSP_OK);
            CHECK_STATUS(csp_sync_release(mine, 1), CSP_OK);
            csp_end_free(theirs);
            csp_end_free(mine);
            csp_holder_release(dying);
        }
    }
}

CASE(who_held_nothing_is_not_missed,
     "A handle that closes without holding anything changes nothing, also after a release for it.") {
    csp_end *lock = made(CSP_SYNC_LOCK, 1, 0), *other = csp_end_clone(lock, me);
    CHECK_STATUS(acquire(other, CSP_POLL), CSP_OK);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK); /* released by another handle */
    csp_end_free(other);
    CHECK_STATUS(acquire(lock, CSP_POLL), CSP_OK);
    csp_end_free(lock);
}

CASE(a_closed_handle_is_closed, "Every operation on a closed handle says so, and who waits on it is told.") {
    csp_end *lock = made(CSP_SYNC_LOCK, 0, 0), *keep = csp_end_clone(lock, me);
    party p = {.handle = lock, .deadline = CSP_FOREVER};
    begin(&p, party_acquires, 0);
    csp_end_close(lock);
    finish(p.thread);
    CHECK_STATUS(p.status, CSP_CLOSED_END);
    CHECK_STATUS(acquire(lock, CSP_POLL), CSP_CLOSED_END);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_CLOSED_END);
    csp_end_free(lock);
    csp_end_free(keep);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

CASE(an_event_lets_all_through, "A set event is no obstacle until it is cleared; setting it releases all who wait.") {
    enum { PARTIES = 40 };
    csp_end *event = made(CSP_SYNC_EVENT, 0, 0);
    CHECK_STATUS(acquire(event, CSP_POLL), CSP_WOULD_BLOCK);
    party parties[PARTIES];
    for (uint32_t i = 0; i < PARTIES; i++) {
        parties[i] = (party){.handle = event, .deadline = CSP_FOREVER};
        begin(&parties[i], party_acquires, i);
    }
    CHECK_STATUS(csp_event_put(event, true), CSP_OK);
    CHECK_STATUS(csp_event_put(event, false), CSP_OK); /* at once: they are through all the same */
    for (uint32_t i = 0; i < PARTIES; i++) {
        finish(parties[i].thread);
        CHECK_STATUS(parties[i].status, CSP_OK);
    }
    CHECK_STATUS(acquire(event, CSP_POLL), CSP_WOULD_BLOCK);
    csp_event_put(event, true);
    CHECK_STATUS(acquire(event, CSP_POLL), CSP_OK);
    CHECK_STATUS(acquire(event, CSP_POLL), CSP_OK);
    CHECK_STATUS(csp_sync_release(event, 1), CSP_INVALID);
    csp_end_free(event);
}

/* ---- in an alternative ----------------------------------------------------------------------------------------- */

CASE(a_lock_can_be_a_guard,
     "An alternative takes a lock, units or an event, or what else is ready; one of them only.") {
    FOR_BOTH_WAYS(flags) {
        csp_end *lock = made(CSP_SYNC_LOCK, 1, 0), *event = made(CSP_SYNC_EVENT, 0, 0);
        pair c = channel(1);
        csp_message token, second, message;
        csp_guard guards[] = {on_recv(event, &second), on_recv(c.rx, &message), on_recv(lock, &token)};
        CHECK_INT(choose(guards, 3, flags, CSP_POLL), ==, 2);
        CHECK_STATUS(guards[2].status, CSP_OK);
        CHECK_INT(value(lock), ==, 0);
        CHECK_INT(choose(guards, 3, flags, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
        choosing waits;
        begin_choosing(&waits, guards, 3, flags);
        EVENTUALLY(waiting(lock) == 1 && waiting(event) == 1);
        CHECK_STATUS(csp_event_put(event, true), CSP_OK);
        CHECK_INT(chosen(&waits), ==, 0);
        CHECK_INT(waiting(lock), ==, 0);
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        CHECK_INT(value(lock), ==, 1); /* the alternative that chose the event did not take it */
        csp_end_free(lock);
        csp_end_free(event);
        free_pair(&c);
    }
}

CASE(an_abandoned_lock_is_a_ready_guard, "A guard whose lock was abandoned is ready and says so.") {
    csp_holder *dying = csp_holder_new("dying");
    csp_end *lock = made(CSP_SYNC_LOCK, 1, 0), *theirs = csp_end_clone(lock, dying);
    CHECK_STATUS(acquire(theirs, CSP_POLL), CSP_OK);
    csp_message token;
    csp_guard guards[] = {on_recv(lock, &token)};
    choosing waits;
    begin_choosing(&waits, guards, 1, CSP_SELECT_FAIR);
    EVENTUALLY(waiting(lock) == 1);
    csp_holder_fence(dying);
    CHECK_INT(chosen(&waits), ==, 0);
    CHECK_STATUS(guards[0].status, CSP_ABANDONED);
    csp_end_free(theirs);
    csp_end_free(lock);
    csp_holder_release(dying);
}

/* ---- conditions ------------------------------------------------------------------------------------------------ */

CASE(a_condition_gives_the_lock_up, "Waiting releases the lock, also one taken three times, and returns with it.") {
    static const csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_RLOCK};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        csp_end *lock = made(kinds[k], 1, 1), *condition = made(CSP_SYNC_CONDITION, 0, 0);
        CHECK_STATUS(csp_condition_wait(condition, lock, CSP_POLL, NULL), CSP_INVALID); /* not held */
        party p[3];
        for (uint32_t i = 0; i < 3; i++) {
            p[i] = (party){.handle = condition, .lock = lock, .deadline = CSP_FOREVER};
            begin(&p[i], party_awaits, i);
        }
        CHECK_STATUS(acquire(lock, CSP_FOREVER), CSP_OK);
        CHECK_INT(csp_condition_notify(condition, 1), ==, 1);
        CHECK_INT(csp_condition_notify(condition, 5), ==, 2);
        CHECK_INT(csp_condition_notify(condition, 5), ==, 0); /* nobody waits: it is not kept */
        EVENTUALLY(waiting(lock) == 3);
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        for (int i = 0; i < 3; i++) {
            finish(p[i].thread);
            CHECK_STATUS(p[i].status, CSP_OK);
        }
        party late = {.handle = condition, .lock = lock, .deadline = csp_deadline_after(MILLISECONDS)};
        late.thread = go(party_awaits, &late);
        finish(late.thread);
        CHECK_STATUS(late.status, CSP_TIMEOUT);
        csp_end_free(lock);
        csp_end_free(condition);
    }
}

CASE(a_closed_handle_gives_no_lock_up,
     "Waiting with a closed handle of a lock says so, and leaves the lock to whoever has it through another.") {
    csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_RLOCK};
    for (int k = 0; k < 2; k++) {
        csp_end *lock = made(kinds[k], 1, 1), *condition = made(CSP_SYNC_CONDITION, 0, 0);
        csp_end *other = csp_end_clone(lock, me);
        csp_end_close(other);
        CHECK_STATUS(acquire(lock, CSP_POLL), CSP_OK);
        int64_t taken = value(lock);
        CHECK_STATUS(csp_condition_wait(condition, other, CSP_POLL, NULL), CSP_CLOSED_END);
        CHECK_INT(value(lock), ==, taken);
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        csp_end_free(other);
        csp_end_free(lock);
        csp_end_free(condition);
    }
}

CASE(a_cancelled_wait_does_not_hang_on_its_lock,
     "A holder that is told to stop leaves a condition also when another keeps the lock; its release is no mistake.") {
    csp_holder *stopped = csp_holder_new("stopped");
    csp_end *lock = made(CSP_SYNC_LOCK, 1, 0), *condition = made(CSP_SYNC_CONDITION, 0, 0);
    party p = {
        .handle = csp_end_clone(condition, stopped), .lock = csp_end_clone(lock, stopped), .deadline = CSP_FOREVER};
    begin(&p, party_awaits, 0);
    CHECK_STATUS(acquire(lock, CSP_FOREVER), CSP_OK);
    csp_holder_cancel(stopped);
    finish(p.thread);
    CHECK_STATUS(p.status, CSP_CANCELLED);
    CHECK_INT(value(lock), ==, 0); /* still ours: the release of who could not get it back took nothing away */
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
    csp_end_free(p.handle);
    csp_end_free(p.lock);
    csp_end_free(lock);
    csp_end_free(condition);
    csp_holder_release(stopped);
}

CASE(a_forgiven_release_takes_nothing_away,
     "Who could not get its lock back releases nothing that another thread holds, also through the same handle.") {
    static const csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_RLOCK};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        csp_holder *stopped = csp_holder_new("stopped");
        csp_end *lock = made(kinds[k], 1, 0), *condition = made(CSP_SYNC_CONDITION, 0, 0);
        party p = {.handle = csp_end_clone(condition, stopped),
                   .lock = csp_end_clone(lock, stopped),
                   .deadline = CSP_FOREVER};
        begin(&p, party_awaits, 0);
        CHECK_STATUS(acquire(p.lock, CSP_FOREVER), CSP_OK);
        csp_holder_cancel(stopped);
        finish(p.thread);
        CHECK_STATUS(p.status, CSP_CANCELLED);
        CHECK_INT(value(lock), ==, kinds[k] == CSP_SYNC_RLOCK ? 1 : 0);
        CHECK_STATUS(csp_sync_release(p.lock, 1), CSP_OK);
        CHECK_STATUS(csp_sync_release(p.lock, 1), CSP_INVALID); /* forgiven was the other thread, once */
        csp_end_free(p.handle);
        csp_end_free(p.lock);
        csp_end_free(lock);
        csp_end_free(condition);
        csp_holder_release(stopped);
    }
}

/* Both handles are the thread's; the first one's holder is told to stop, the second is free for what comes after. */
typedef struct {
    party waits;
    csp_end *again;
    _Atomic bool gave_up;
} returner;

static void *takes_it_again_itself(void *argument) {
    returner *r = argument;
    CHECK_STATUS(acquire(r->waits.lock, CSP_FOREVER), CSP_OK);
    CHECK_STATUS(csp_condition_wait(r->waits.handle, r->waits.lock, CSP_FOREVER, NULL), CSP_CANCELLED);
    atomic_store(&r->gave_up, true);
    CHECK_STATUS(acquire(r->again, CSP_FOREVER), CSP_OK);
    CHECK_STATUS(csp_sync_release(r->again, 1), CSP_OK); /* this one is real ... */
    CHECK_INT(value(r->again), ==, csp_end_sync(r->again) == CSP_SYNC_RLOCK ? 0 : 1);
    party other = {.handle = r->again, .deadline = CSP_POLL};
    finish(go(party_acquires, &other));
    CHECK_STATUS(other.status, CSP_OK);
    CHECK_STATUS(csp_sync_release(r->again, 1), CSP_OK); /* ... and this one forgiven: it is another's now */
    CHECK_STATUS(acquire(r->again, CSP_POLL), CSP_WOULD_BLOCK);
    return NULL;
}

CASE(who_takes_its_lock_again_releases_it, "Who could not get its lock back, and takes it again by itself, releases "
                                           "that one; forgiven is the one after it.") {
    static const csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_RLOCK};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        csp_holder *stopped = csp_holder_new("stopped");
        csp_end *lock = made(kinds[k], 1, 0), *condition = made(CSP_SYNC_CONDITION, 0, 0);
        returner r = {
            .waits = {.handle = csp_end_clone(condition, stopped), .lock = csp_end_clone(lock, stopped)},
            .again = lock,
        };
        r.waits.thread = go(takes_it_again_itself, &r);
        EVENTUALLY(waiting(condition) == 1);
        CHECK_STATUS(acquire(lock, CSP_FOREVER), CSP_OK);
        csp_holder_cancel(stopped);
        EVENTUALLY(atomic_load(&r.gave_up));
        CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
        finish(r.waits.thread);
        csp_end_free(r.waits.handle);
        csp_end_free(r.waits.lock);
        csp_end_free(lock);
        csp_end_free(condition);
        csp_holder_release(stopped);
    }
}

CASE(a_notification_outlives_its_receiver, "Who leaves with an error passes the notification on to the next.") {
    csp_holder *stopped = csp_holder_new("stopped");
    csp_end *lock = made(CSP_SYNC_LOCK, 1, 0), *condition = made(CSP_SYNC_CONDITION, 0, 0);
    party first = {
        .handle = csp_end_clone(condition, stopped), .lock = csp_end_clone(lock, stopped), .deadline = CSP_FOREVER};
    party second = {.handle = condition, .lock = lock, .deadline = CSP_FOREVER};
    begin(&first, party_awaits, 0);
    begin(&second, party_awaits, 1);
    CHECK_STATUS(acquire(lock, CSP_FOREVER), CSP_OK);
    CHECK_INT(csp_condition_notify(condition, 1), ==, 1);
    EVENTUALLY(waiting(lock) == 1);
    csp_holder_cancel(stopped);
    finish(first.thread);
    CHECK_STATUS(first.status, CSP_CANCELLED);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
    finish(second.thread);
    CHECK_STATUS(second.status, CSP_OK);
    csp_end_free(first.handle);
    csp_end_free(first.lock);
    csp_end_free(lock);
    csp_end_free(condition);
    csp_holder_release(stopped);
}

CASE(an_acquisition_can_be_undone,
     "Undone, what was acquired is free, and that something was abandoned is told again.") {
    static const csp_sync_kind kinds[] = {CSP_SYNC_LOCK, CSP_SYNC_RLOCK, CSP_SYNC_SEMAPHORE};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        csp_holder *dying = csp_holder_new("dying");
        csp_end *mine = made(kinds[k], kinds[k] == CSP_SYNC_RLOCK ? 0 : 1, 1), *theirs = csp_end_clone(mine, dying);
        csp_message token;
        CHECK_STATUS(csp_recv(mine, &token, CSP_POLL, NULL), CSP_OK);
        csp_unreceive(mine, &token);
        party p = {.handle = theirs, .deadline = CSP_POLL};
        finish(go(party_acquires, &p));
        CHECK_STATUS(p.status, CSP_OK);
        csp_holder_fence(dying);
        CHECK_STATUS(csp_recv(mine, &token, CSP_POLL, NULL), CSP_ABANDONED);
        csp_unreceive(mine, &token);
        CHECK_STATUS(csp_recv(mine, &token, CSP_POLL, NULL), CSP_ABANDONED);
        CHECK_STATUS(csp_recv(mine, &token, CSP_POLL, NULL), CSP_OK);
        csp_end_free(mine);
        csp_end_free(theirs);
        csp_holder_release(dying);
    }
}

/* ---- barriers -------------------------------------------------------------------------------------------------- */

CASE(a_barrier_opens_when_all_have_come, "All parties leave together, each with another index, round after round.") {
    enum { PARTIES = 40 };
    csp_end *barrier = made(CSP_SYNC_BARRIER, 0, PARTIES);
    for (int round = 0; round < 3; round++) {
        party parties[PARTIES];
        uint64_t indices = 0;
        for (uint32_t i = 0; i + 1 < PARTIES; i++) {
            parties[i] = (party){.handle = barrier, .deadline = CSP_FOREVER};
            begin(&parties[i], party_meets, i);
        }
        int64_t index;
        CHECK_STATUS(csp_barrier_wait(barrier, CSP_FOREVER, NULL, &index), CSP_OK);
        CHECK_INT(index, ==, PARTIES - 1);
        for (uint32_t i = 0; i + 1 < PARTIES; i++) {
            finish(parties[i].thread);
            CHECK_STATUS(parties[i].status, CSP_OK);
            indices |= UINT64_C(1) << parties[i].index;
        }
        CHECK(indices == (UINT64_C(1) << (PARTIES - 1)) - 1);
    }
    csp_end_free(barrier);
}

CASE(
    a_barrier_that_nobody_can_complete_breaks,
    "When each handle left is of a holder whose only thread waits, the barrier breaks: by a leave or by an arrival.") {
    for (int arrival = 0; arrival < 2; arrival++) {
        csp_holder *a = csp_holder_new("a"), *b = csp_holder_new("b");
        csp_end *barrier = made(CSP_SYNC_BARRIER, 0, 3);
        party p = {.handle = csp_end_clone(barrier, a), .deadline = CSP_FOREVER};
        party q = {.handle = csp_end_clone(barrier, b), .deadline = CSP_FOREVER};
        begin(&p, party_meets_alone, 0);
        if (arrival) {
            csp_end_close(barrier);
            q.thread = go(party_meets_alone, &q);
        } else {
            begin(&q, party_meets_alone, 1);
            csp_end_close(barrier);
        }
        finish(p.thread);
        finish(q.thread);
        CHECK_STATUS(p.status, CSP_ABANDONED);
        CHECK_STATUS(q.status, CSP_ABANDONED);
        csp_end_free(p.handle);
        csp_end_free(q.handle);
        csp_end_free(barrier);
        csp_holder_release(a);
        csp_holder_release(b);
    }
}

CASE(a_closed_party_is_not_counted,
     "Who waits through a handle that is closed leaves the barrier, and so breaks it.") {
    csp_end *barrier = made(CSP_SYNC_BARRIER, 0, 2), *other = csp_end_clone(barrier, me);
    party p = {.handle = barrier, .deadline = CSP_FOREVER};
    begin(&p, party_meets, 0);
    csp_end_close(barrier);
    finish(p.thread);
    CHECK_STATUS(p.status, CSP_CLOSED_END);
    int64_t index;
    CHECK_STATUS(csp_barrier_wait(other, CSP_FOREVER, NULL, &index), CSP_BROKEN);
    csp_end_free(barrier);
    csp_end_free(other);
}

CASE(who_could_still_come_is_waited_for,
     "A handle that is closed in good order breaks no barrier while another thread could come through what is left.") {
    csp_end *barrier = made(CSP_SYNC_BARRIER, 0, 2), *passing = csp_end_clone(barrier, me);
    party p = {.handle = barrier, .deadline = CSP_FOREVER};
    begin(&p, party_meets, 0);
    csp_end_free(passing);
    int64_t index;
    CHECK_STATUS(csp_barrier_wait(barrier, CSP_FOREVER, NULL, &index), CSP_OK);
    finish(p.thread);
    CHECK_STATUS(p.status, CSP_OK);
    csp_end_free(barrier);
}

CASE(who_leaves_breaks_the_barrier, "A timeout, an abort and a death break it for all, until it is made whole.") {
    for (int way = 0; way < 4; way++) {
        note("way %d", way);
        csp_holder *dying = csp_holder_new("dying");
        csp_end *barrier = made(CSP_SYNC_BARRIER, 0, 3), *theirs = csp_end_clone(barrier, dying);
        party p = {.handle = barrier, .deadline = CSP_FOREVER};
        begin(&p, party_meets, 0);
        csp_status expected = CSP_BROKEN;
        int64_t index;
        if (way == 0) {
            CHECK_STATUS(csp_barrier_wait(barrier, csp_deadline_after(MILLISECONDS), NULL, &index), CSP_TIMEOUT);
        } else if (way == 1) {
            CHECK_STATUS(csp_barrier_put(barrier, true), CSP_OK);
        } else if (way == 2) {
            csp_holder_fence(dying);
            expected = CSP_ABANDONED;
        } else {
            csp_holder_cancel(dying);
            csp_end_close(theirs);
            expected = CSP_ABANDONED;
        }
        finish(p.thread);
        CHECK_STATUS(p.status, expected);
        CHECK_STATUS(csp_barrier_wait(barrier, CSP_FOREVER, NULL, &index), expected);
        CHECK_STATUS(csp_barrier_put(barrier, false), CSP_OK);
        CHECK_STATUS(csp_barrier_wait(barrier, csp_deadline_after(MILLISECONDS), NULL, &index), CSP_TIMEOUT);
        csp_end_free(theirs);
        csp_end_free(barrier);
        csp_holder_release(dying);
    }
}

/* ---- counters, and what is seen -------------------------------------------------------------------------------- */

CASE(a_counter_counts, "Add gives the sum, exchange the value before, compare_exchange what it found; sums wrap.") {
    csp_end *counter = made(CSP_SYNC_COUNTER, 5, 0);
    CHECK_INT(csp_counter_add(counter, -7), ==, -2);
    CHECK_INT(csp_counter_exchange(counter, 10), ==, -2);
    int64_t expected = 9;
    CHECK(!csp_counter_compare_exchange(counter, &expected, 0));
    CHECK_INT(expected, ==, 10);
    CHECK(csp_counter_compare_exchange(counter, &expected, INT64_MAX));
    CHECK_INT(csp_counter_add(counter, 1), ==, INT64_MIN);
    CHECK_INT(value(counter), ==, INT64_MIN);
    CHECK_STATUS(acquire(counter, CSP_POLL), CSP_INVALID);
    csp_end_free(counter);
}

static uint64_t owner_seen;
static void find_owner(const csp_edge *edge, void *channel) {
    if (edge->kind == CSP_EDGE_HOLDS && edge->direction == CSP_SENDING && edge->channel == *(uint64_t *)channel) {
        owner_seen = edge->holder;
    }
}

CASE(the_graph_shows_who_has_a_lock, "Who could wake those that wait for a lock is who holds it.") {
    csp_holder *other = csp_holder_new("other");
    csp_end *lock = made(CSP_SYNC_LOCK, 1, 0), *theirs = csp_end_clone(lock, other);
    CHECK_STATUS(acquire(theirs, CSP_POLL), CSP_OK);
    uint64_t id = csp_end_channel(lock);
    CHECK_STATUS(csp_graph_visit(find_owner, &id), CSP_OK);
    CHECK(owner_seen == csp_holder_id(other));
    csp_end_free(theirs);
    csp_end_free(lock);
    csp_holder_release(other);
}
