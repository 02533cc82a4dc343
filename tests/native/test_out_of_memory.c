/* SPDX-License-Identifier: MIT
 *
 * Memory that runs out in the middle: the operation says so, and everything is as it was before. */
#include "channels/channel_table.h"
#include "channels/end.h"
#include "harness.h"
#include "memory.h"
#include "waiting/operation.h"

/* Repeat `step` with one allocation more each time, until that is enough; what follows is refused once only, or always. Each
 * failure must give NO_MEMORY, and pass `unharmed`. */
#define WHILE_MEMORY_ENDS(times, status, step, unharmed) \
    for (int64_t enough_ = 0;; enough_++) {              \
        note("allocation %d is refused", (int)enough_);  \
        memory_ends_after(enough_, times);               \
        status = (step);                                 \
        bool refused_ = memory_returns();                \
        if (!refused_) {                                 \
            CHECK_STATUS(status, CSP_OK);                \
            CHECK_INT(enough_, >, 0);                    \
            break;                                       \
        }                                                \
        CHECK_STATUS(status, CSP_NO_MEMORY);             \
        unharmed;                                        \
    }

static const int64_t once_and_always[] = {1, FOR_EVER};
#define FOR_BOTH_ENDS(times) \
    for (int64_t times, i_##times = 0; i_##times < 2 && (times = once_and_always[i_##times], true); i_##times++)

/* ---- alternatives ---------------------------------------------------------------------------------------------- */

enum { GUARDS = 16 }; /* then the table of places grows */

static csp_alternative *alternative;
static pair channels[GUARDS + 1];

/* The chosen place by priority, with the message dropped; or NOT(status). */
static int64_t next_by_priority(void) {
    csp_message got;
    uint32_t place;
    csp_status how,
        status = csp_alternative_select(alternative, CSP_SELECT_PRIORITY, CSP_POLL, NULL, &got, &place, &how);
    csp_message_drop(&got);
    return status == CSP_OK ? (int64_t)place : NOT(status);
}

/* Each of the first GUARDS channels is watched, in order and once; nothing else is. */
static void check_guards(void) {
    for (int i = GUARDS; i >= 0; i--) {
        CHECK_STATUS(put(channels[i].tx, i, CSP_POLL), CSP_OK);
    }
    for (int i = 0; i < GUARDS; i++) {
        CHECK_INT(next_by_priority(), ==, i);
    }
    CHECK_INT(next_by_priority(), ==, NOT(CSP_WOULD_BLOCK));
    CHECK_INT(take(channels[GUARDS].rx, CSP_POLL), ==, GUARDS);
}

static csp_status make_alternative(void) {
    alternative = csp_alternative_new(me);
    return alternative != NULL ? CSP_OK : CSP_NO_MEMORY;
}

static void set_up(void) {
    csp_status status;
    uint32_t place;
    WHILE_MEMORY_ENDS(FOR_EVER, status, make_alternative(), (void)0);
    for (int i = 0; i <= GUARDS; i++) {
        channels[i] = channel(1);
    }
    for (int i = 0; i < GUARDS; i++) {
        CHECK_STATUS(csp_alternative_add(alternative, channels[i].rx, &place), CSP_OK);
    }
}

static void tear_down(void) {
    csp_alternative_free(alternative);
    for (int i = 0; i <= GUARDS; i++) {
        free_pair(&channels[i]);
    }
}

CASE(a_guard_that_does_not_fit_leaves_the_others,
     "Without memory for one more guard the others stay in place and in order, and that one is not watched.") {
    FOR_BOTH_ENDS(times) {
        for (int timer = 0; timer < 2; timer++) {
            csp_status status;
            uint32_t place = 0;
            set_up();
            WHILE_MEMORY_ENDS(times, status,
                              timer ? csp_alternative_add_timer(alternative, &place)
                                    : csp_alternative_add(alternative, channels[GUARDS].rx, &place),
                              check_guards());
            CHECK_INT(place, ==, GUARDS);
            if (timer) {
                csp_alternative_set_timer(alternative, place, 1);
            } else {
                CHECK_STATUS(put(channels[GUARDS].tx, 1, CSP_POLL), CSP_OK);
            }
            CHECK_INT(next_by_priority(), ==, GUARDS);
            tear_down();
        }
    }
}

CASE(order_needs_no_memory, "Guards that are all taken out and put in again, in another order, need none.") {
    set_up();
    memory_ends_after(0, FOR_EVER);
    for (uint32_t i = 0; i < GUARDS; i++) {
        csp_alternative_remove(alternative, i * 7 % GUARDS);
    }
    for (uint32_t i = 0; i < GUARDS; i++) {
        uint32_t place;
        CHECK_STATUS(csp_alternative_add(alternative, channels[GUARDS - i].rx, &place), CSP_OK);
        CHECK_INT(place, ==, i);
    }
    CHECK(!memory_returns());
    for (int i = 0; i <= GUARDS; i++) {
        CHECK_STATUS(put(channels[i].tx, i, CSP_POLL), CSP_OK);
    }
    for (int i = 0; i < GUARDS; i++) {
        CHECK_INT(next_by_priority(), ==, i);
        CHECK_INT(take(channels[GUARDS - i].rx, CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    }
    CHECK_INT(next_by_priority(), ==, NOT(CSP_WOULD_BLOCK));
    tear_down();
}

enum { MANY = 40 }; /* more guards than a select has on its stack */

CASE(a_select_of_many_stands_nowhere, "A select without memory for its channels waits for none of them.") {
    csp_message messages[MANY], offered = boxed(5);
    csp_guard guards[MANY + 1];
    pair many[MANY + 1];
    for (int i = 0; i <= MANY; i++) {
        many[i] = channel(0);
        guards[i] = i < MANY ? on_recv(many[i].rx, &messages[i]) : on_send(many[i].tx, &offered);
    }
    FOR_BOTH_WAYS(flags) {
        uint32_t chosen;
        memory_ends_after(0, FOR_EVER);
        CHECK_STATUS(csp_select(guards, MANY + 1, flags, CSP_FOREVER, NULL, &chosen), CSP_NO_MEMORY);
        CHECK(memory_returns());
        for (int i = 0; i <= MANY; i++) {
            CHECK_INT(RECEIVERS_WAITING(many[i].rx) + SENDERS_WAITING(many[i].rx), ==, 0);
        }
    }
    CHECK_INT(opened(&offered), ==, 5);
    for (int i = 0; i <= MANY; i++) {
        free_pair(&many[i]);
    }
}

/* ---- buffers --------------------------------------------------------------------------------------------------- */

CASE(a_buffer_that_cannot_grow_keeps_its_order,
     "A send without memory leaves its message to the sender, and the buffer as it was.") {
    pair p = channel(CSP_UNBOUNDED);
    int64_t sent = 0;
    for (int n = 0; n < 100; n++) {
        csp_message message = boxed(sent);
        memory_ends_after(0, FOR_EVER);
        csp_status status = csp_send(p.tx, &message, CSP_POLL, NULL);
        if (memory_returns()) {
            CHECK_STATUS(status, CSP_NO_MEMORY);
            CHECK_INT(seen(p.tx).length, ==, sent);
            CHECK_STATUS(csp_send(p.tx, &message, CSP_POLL, NULL), CSP_OK);
        }
        sent++;
        CHECK_INT(message.kind, ==, 0);
    }
    for (int64_t n = 0; n < sent; n++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, n);
    }
    CHECK_CONSERVED(p.rx);
    free_pair(&p);
}

CASE(an_undone_receive_that_cannot_be_kept,
     "Without memory to put it back an undone receive is dropped, and counted; the others are not touched.") {
    pair p = channel(4);
    csp_message held;
    for (int i = 0; i < 4; i++) {
        CHECK_STATUS(put(p.tx, i, CSP_POLL), CSP_OK);
    }
    CHECK_STATUS(csp_recv(p.rx, &held, CSP_POLL, NULL), CSP_OK);
    memory_ends_after(0, FOR_EVER);
    csp_unreceive(p.rx, &held);
    CHECK(memory_returns());
    CHECK_INT(held.kind, ==, 0);
    CHECK_INT(csp_payloads_alive(), ==, 3);
    CHECK_INT(seen(p.rx).undelivered, ==, 1);
    CHECK_INT(seen(p.rx).received, ==, 0);
    CHECK_CONSERVED(p.rx);
    for (int i = 1; i < 4; i++) {
        CHECK_INT(take(p.rx, CSP_POLL), ==, i);
    }
    free_pair(&p);
}

/* ---- broadcasts ------------------------------------------------------------------------------------------------ */

enum { SUBSCRIBERS = 4 }; /* then the list of them grows */

static csp_end *broadcast, *subscribers[SUBSCRIBERS + 1];

static csp_status tell(int64_t value, int64_t deadline, uint32_t *reached) {
    csp_message message = inlined(value);
    csp_status status = csp_broadcast_send(broadcast, &message, deadline, NULL, reached);
    CHECK((message.kind == 0) == (status == CSP_OK));
    return status;
}

static void begin_broadcast(void) {
    CHECK_STATUS(csp_broadcast_new(true, me, &broadcast), CSP_OK);
    for (int i = 0; i < SUBSCRIBERS; i++) {
        CHECK_STATUS(csp_broadcast_subscribe(broadcast, 100, CSP_OVERFLOW_BLOCK, me, &subscribers[i]), CSP_OK);
    }
}

static int64_t latest(void) {
    csp_message message;
    return csp_broadcast_latest(broadcast, &message) ? opened(&message) : -1;
}

/* Nobody has the turn to send. */
static void check_turn(void) {
    csp_sync_state state;
    csp_sync_read(broadcast, &state);
    CHECK_INT(state.value, ==, 1);
}

static void end_broadcast(int count) {
    for (int i = 0; i < count; i++) {
        csp_end_free(subscribers[i]);
    }
    csp_end_free(broadcast);
}

static void check_subscribers(int64_t channels_alive, int64_t ends_alive) {
    CHECK_INT(csp_broadcast_subscribers(broadcast), ==, SUBSCRIBERS);
    CHECK_INT(csp__channels_alive(), ==, channels_alive);
    CHECK_INT(csp__ends_alive(), ==, ends_alive);
    CHECK_INT(latest(), ==, 3);
}

CASE(no_half_subscriber, "Who cannot be given the latest message, for want of memory, does not subscribe.") {
    FOR_BOTH_ENDS(times) {
        csp_status status;
        uint32_t reached;
        begin_broadcast();
        CHECK_STATUS(tell(3, CSP_POLL, &reached), CSP_OK);
        int64_t channels_alive = csp__channels_alive(), ends_alive = csp__ends_alive();
        csp_end **newcomer = &subscribers[SUBSCRIBERS];
        WHILE_MEMORY_ENDS(times, status, csp_broadcast_subscribe(broadcast, 1, CSP_OVERFLOW_OLDEST, me, newcomer),
                          check_subscribers(channels_alive, ends_alive));
        CHECK_INT(take(*newcomer, CSP_POLL), ==, 3);
        CHECK_STATUS(tell(4, CSP_POLL, &reached), CSP_OK);
        CHECK_INT(reached, ==, SUBSCRIBERS + 1);
        CHECK_INT(take(*newcomer, CSP_POLL), ==, 4);
        end_broadcast(SUBSCRIBERS + 1);
    }
}

/* Who was reached has it, once; nobody else has anything. */
static void check_reached(uint32_t reached) {
    uint32_t had = 0;
    for (int i = 0; i < SUBSCRIBERS; i++) {
        int64_t value = take(subscribers[i], CSP_POLL);
        CHECK(value == 5 || value == NOT(CSP_WOULD_BLOCK));
        had += value == 5;
        CHECK_INT(take(subscribers[i], CSP_POLL), ==, NOT(CSP_WOULD_BLOCK));
    }
    CHECK_INT(had, ==, reached);
    CHECK_INT(csp_broadcast_subscribers(broadcast), ==, SUBSCRIBERS);
    check_turn();
}

CASE(a_broadcast_says_what_it_lacked, "Without memory for a subscriber's buffer a send gives NO_MEMORY, whether it "
                                      "may wait or not, and ends its turn.") {
    FOR_BOTH_ENDS(times) {
        for (int waits = 0; waits < 2; waits++) {
            csp_status status;
            uint32_t reached = 0;
            begin_broadcast();
            if (waits && times == 1) { /* refused once it is enough at the second try */
                memory_ends_after(2, times);
                CHECK_STATUS(tell(5, CSP_FOREVER, &reached), CSP_OK);
                CHECK(memory_returns());
            } else {
                WHILE_MEMORY_ENDS(times, status, tell(5, waits ? CSP_FOREVER : CSP_POLL, &reached),
                                  check_reached(reached));
            }
            CHECK_INT(reached, ==, SUBSCRIBERS);
            check_reached(SUBSCRIBERS);
            end_broadcast(SUBSCRIBERS);
        }
    }
}

/* ---- synchronisation objects ----------------------------------------------------------------------------------- */

static void check_alive(int64_t channels_alive, int64_t ends_alive) {
    CHECK_INT(csp__channels_alive(), ==, channels_alive);
    CHECK_INT(csp__ends_alive(), ==, ends_alive);
}

CASE(no_half_object, "A synchronisation object that cannot be made whole is not made, and leaves nothing.") {
    for (int kind = CSP_SYNC_LOCK; kind <= CSP_SYNC_COUNTER; kind++) {
        FOR_BOTH_ENDS(times) {
            csp_end *handle = NULL;
            csp_status status;
            int64_t channels_alive = csp__channels_alive(), ends_alive = csp__ends_alive();
            WHILE_MEMORY_ENDS(times, status, csp_sync_new((csp_sync_kind)kind, 1, 2, me, &handle),
                              check_alive(channels_alive, ends_alive));
            csp_end_free(handle);
        }
    }
}

static csp_end *lock, *condition, *barrier;
static pair rendezvous;

/* The first that this thread does with the core needs memory, and there is none. */
static void *do_everything(void *unused) {
    csp_message message = inlined(1), got = {.kind = 0};
    csp_guard guard = on_recv(rendezvous.rx, &got);
    csp_status how;
    uint32_t chosen;
    int64_t index;
    (void)unused;
    memory_ends_after(0, FOR_EVER);
    CHECK_STATUS(csp_recv(lock, &got, CSP_FOREVER, NULL), CSP_NO_MEMORY);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_NO_MEMORY);
    CHECK_STATUS(csp_condition_wait(condition, lock, CSP_FOREVER, NULL), CSP_NO_MEMORY);
    CHECK_STATUS(csp_barrier_wait(barrier, CSP_FOREVER, NULL, &index), CSP_NO_MEMORY);
    CHECK_STATUS(csp_send(rendezvous.tx, &message, CSP_FOREVER, NULL), CSP_NO_MEMORY);
    CHECK_STATUS(csp_select(&guard, 1, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &chosen), CSP_NO_MEMORY);
    CHECK_STATUS(csp_alternative_select(alternative, CSP_SELECT_FAIR, CSP_FOREVER, NULL, &got, &chosen, &how),
                 CSP_NO_MEMORY);
    CHECK(csp_alternative_new(me) == NULL);
    CHECK(memory_returns());
    return NULL;
}

static int64_t value_of(csp_end *handle) {
    csp_sync_state state;
    csp_sync_read(handle, &state);
    CHECK_INT(state.waiting, ==, 0);
    CHECK(!state.broken);
    return state.value;
}

CASE(a_thread_without_memory_has_done_nothing,
     "A thread for which there is no memory takes and gives no lock, comes to no barrier, and waits nowhere.") {
    CHECK_STATUS(csp_sync_new(CSP_SYNC_LOCK, 0, 1, me, &lock), CSP_OK);
    CHECK_STATUS(csp_sync_new(CSP_SYNC_CONDITION, 0, 1, me, &condition), CSP_OK);
    CHECK_STATUS(csp_sync_new(CSP_SYNC_BARRIER, 0, 2, me, &barrier), CSP_OK);
    rendezvous = channel(0);
    alternative = csp_alternative_new(me);
    uint32_t place;
    CHECK_STATUS(csp_alternative_add(alternative, rendezvous.rx, &place), CSP_OK);
    finish(go(do_everything, NULL));
    CHECK_INT(value_of(lock), ==, 0);
    CHECK_INT(value_of(condition), ==, 0);
    CHECK_INT(value_of(barrier), ==, 0);
    CHECK_INT(RECEIVERS_WAITING(rendezvous.rx), ==, 0);
    CHECK_INT(SENDERS_WAITING(rendezvous.rx), ==, 0);
    CHECK_STATUS(csp_sync_release(lock, 1), CSP_OK);
    csp_alternative_free(alternative);
    free_pair(&rendezvous);
    csp_end_free(lock);
    csp_end_free(condition);
    csp_end_free(barrier);
}

/* ---- scopes ---------------------------------------------------------------------------------------------------- */

static csp_scope *scope;

static csp_status enter_a_scope(void) {
    scope = csp_scope_new(CSP_FOREVER, false);
    csp_status status = scope != NULL ? csp_scope_enter(scope) : CSP_NO_MEMORY;
    if (status != CSP_OK) {
        csp_scope_release(scope);
    }
    return status;
}

static void *enter_without_memory(void *argument) {
    int64_t times = *(int64_t *)argument;
    csp_status status;
    bool caught;
    WHILE_MEMORY_ENDS(times, status, enter_a_scope(), CHECK(!csp_scope_inside()));
    CHECK(csp_scope_inside());
    CHECK_STATUS(csp_scope_leave(scope, &caught), CSP_OK);
    csp_scope_release(scope);
    return NULL;
}

CASE(a_scope, "A scope that could not be made or entered is none; the next one is.") {
    FOR_BOTH_ENDS(times) { finish(go(enter_without_memory, &times)); /* in a thread that was never in one */ }
}

/* ---- operations without a thread -------------------------------------------------------------------------------- */

static void tell_nobody(void *context) { (void)context; }

static csp_loop *loop;
static csp_operation *operation;

static csp_status make_operation(void) {
    loop = csp_loop_new(tell_nobody, NULL, NULL);
    operation = loop != NULL ? csp_operation_new(loop, me, NULL) : NULL;
    if (loop != NULL && operation == NULL) {
        csp_loop_free(loop);
    }
    return operation != NULL ? CSP_OK : CSP_NO_MEMORY;
}

CASE(an_operation,
     "A loop or an operation that cannot be made is not; to begin, end and free one needs none but for a buffer, and "
     "for a choice among many.") {
    csp_message messages[MANY], offered = boxed(5), got;
    csp_guard guards[MANY];
    pair many[MANY], unbounded = channel(CSP_UNBOUNDED);
    csp_status status;
    uint32_t chosen;
    FOR_BOTH_ENDS(times) {
        int64_t before = csp__operations_alive();
        WHILE_MEMORY_ENDS(times, status, make_operation(), CHECK_INT(csp__operations_alive(), ==, before));
        csp_operation_free(operation);
        csp_loop_free(loop);
    }
    CHECK_STATUS(make_operation(), CSP_OK);
    for (int i = 0; i < MANY; i++) {
        many[i] = channel(0);
        guards[i] = on_recv(many[i].rx, &messages[i]);
    }
    CHECK_INT(take(unbounded.rx, CSP_POLL), ==,
              NOT(CSP_WOULD_BLOCK)); /* this thread has its record, for what it sends below */
    memory_ends_after(0, FOR_EVER);
    CHECK_STATUS(csp_begin_select(operation, guards, MANY, CSP_SELECT_FAIR, CSP_FOREVER, &chosen), CSP_NO_MEMORY);
    CHECK_STATUS(csp_begin_send(operation, unbounded.tx, &offered, CSP_FOREVER), CSP_NO_MEMORY);
    CHECK(memory_returns());
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(RECEIVERS_WAITING(many[i].rx), ==, 0);
    }
    memory_ends_after(0, FOR_EVER);
    CHECK_STATUS(csp_begin_select(operation, guards, 3, CSP_SELECT_FAIR, CSP_FOREVER, &chosen), CSP_WOULD_BLOCK);
    CHECK(csp_operation_cancel(operation));
    CHECK_STATUS(csp_operation_finish(operation, &got, &chosen), CSP_INTERRUPTED);
    CHECK_STATUS(csp_begin_send(operation, many[0].tx, &offered, CSP_FOREVER), CSP_WOULD_BLOCK);
    CHECK(csp_operation_cancel(operation));
    CHECK_STATUS(csp_operation_finish(operation, &offered, NULL), CSP_INTERRUPTED);
    CHECK_STATUS(csp_begin_recv(operation, many[0].rx, &got, CSP_FOREVER), CSP_WOULD_BLOCK);
    CHECK_STATUS(csp_send(many[0].tx, &offered, CSP_POLL, NULL), CSP_OK);
    CHECK(csp_loop_next(loop) == operation);
    csp_operation_free(operation); /* its message is given back, for which there is no memory: it is counted */
    CHECK(memory_returns());
    CHECK_INT(seen(many[0].rx).undelivered, ==, 1);
    CHECK_CONSERVED(many[0].rx);
    csp_loop_free(loop);
    for (int i = 0; i < MANY; i++) {
        free_pair(&many[i]);
    }
    free_pair(&unbounded);
}
