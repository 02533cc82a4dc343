/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes: a few, nested in one operation of the machine, with waits in between; and what other threads do to them. */
#include <pthread.h>

#include "machine.h"

enum { DEEPEST = 4, STEPS = 12 };

typedef struct {
    csp_scope *scope;
    bool called, shield;
    bool shown; /* others may cancel it from now on */
} believed;

/* Where the other threads find one. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static csp_scope *found;

static void show(csp_scope *scope) {
    pthread_mutex_lock(&lock);
    csp_scope_release(found);
    found = scope != NULL ? csp_scope_retain(scope) : NULL;
    pthread_mutex_unlock(&lock);
}

static void cancel_what_is_shown(machine *m) {
    pthread_mutex_lock(&lock);
    csp_scope *scope = found != NULL ? csp_scope_retain(found) : NULL;
    pthread_mutex_unlock(&lock);
    if (scope != NULL && pick(m, 2) == 0) {
        csp_scope_cancel(scope);
    } else if (scope != NULL) {
        csp_scope_set_deadline(scope, csp_deadline_after(1000));
    }
    csp_scope_release(scope);
}

/* Whether the scope in place `from`, seen from inside, is cancelled; *sure: no other thread could make it so. */
static bool cancelled_from(const believed *scopes, int from, bool *sure) {
    bool cancelled = false;
    *sure = true;
    for (int i = from; i >= 0; i = scopes[i].shield ? -1 : i - 1) {
        cancelled = cancelled || scopes[i].called;
        *sure = *sure && !scopes[i].shown;
    }
    *sure = *sure || cancelled;
    return cancelled;
}

static void try_to_wait(machine *m, const believed *scopes, int inside, csp_end *receiving) {
    bool sure, cancelled = cancelled_from(scopes, inside - 1, &sure), polls = pick(m, 2) == 0;
    csp_message message;
    bool stops = csp_holder_cancelled(csp_end_holder(receiving));
    csp_status status = csp_recv(receiving, &message, polls ? CSP_POLL : 1, NULL);
    csp_status expected = polls && stops ? CSP_CANCELLED
                          : cancelled    ? CSP_SCOPE_CANCELLED
                          : stops        ? CSP_CANCELLED
                          : polls        ? CSP_WOULD_BLOCK
                                         : CSP_TIMEOUT;
    CHECK(status == expected || (!sure && status == CSP_SCOPE_CANCELLED), "%s in a scope, where %s was due",
          csp_status_name(status), csp_status_name(expected));
}

static void leave(believed *scopes, int inside) {
    believed *b = &scopes[inside - 1];
    bool sure, around_sure, caught, around = cancelled_from(scopes, inside - 2, &around_sure);
    bool mine = b->called && (b->shield || !around);
    sure = !b->shown && (b->shield || around_sure);
    csp_status status = csp_scope_leave(b->scope, &caught);
    CHECK(status == CSP_OK, "leaving a scope: %s", csp_status_name(status));
    CHECK(!sure || caught == mine, "a scope that %s", caught ? "caught what was not its own" : "let its own pass");
    CHECK(!caught || csp_scope_cancelled(b->scope), "caught, and was not cancelled");
    CHECK(csp_scope_leave(b->scope, &caught) == CSP_INVALID && !caught, "left twice");
    CHECK(csp_scope_enter(b->scope) == CSP_INVALID, "entered twice");
    csp_scope_release(b->scope);
}

static void change(machine *m, believed *b) {
    switch (pick(m, 6)) {
        case 0:
            csp_scope_cancel(b->scope);
            b->called = true;
            break;
        case 1:
            csp_scope_set_deadline(b->scope, 1); /* long ago */
            CHECK(csp_scope_cancelled(b->scope), "its deadline has passed, and it is not cancelled");
            b->called = true;
            break;
        case 2:
            csp_scope_set_deadline(b->scope, CSP_FOREVER);
            CHECK(b->shown || csp_scope_deadline(b->scope) == CSP_FOREVER, "another deadline than it was given");
            break;
        case 3:
            b->shield = !b->shield;
            csp_scope_set_shield(b->scope, b->shield);
            CHECK(csp_scope_shield(b->scope) == b->shield, "a shield that is not");
            break;
        case 4:
            show(b->scope);
            b->shown = true;
            break;
        default:
            CHECK(b->shown || csp_scope_cancelled(b->scope) == b->called, "cancelled by nobody, or not at all");
            break;
    }
}

void do_scope_thing(machine *m) {
    believed scopes[DEEPEST];
    int inside = 0;
    bool shown = false;
    csp_end *sending, *receiving;
    csp_holder *holder = csp_holder_new("in scopes");
    CHECK(holder != NULL && csp_channel_new(0, CSP_OVERFLOW_BLOCK, holder, &sending, &receiving) == CSP_OK,
          "no memory");
    if (pick(m, 8) == 0) {
        csp_holder_cancel(holder);
    }
    CHECK(!csp_scope_inside() && !csp_scope_shielded(), "in a scope, and in none");
    for (int step = 0; step < STEPS; step++) {
        switch (pick(m, 5)) {
            case 0:
            case 1:
                if (inside < DEEPEST) {
                    believed *b = &scopes[inside++];
                    *b = (believed){.shield = pick(m, 4) == 0, .called = pick(m, 8) == 0};
                    b->scope = csp_scope_new(b->called ? 1 : CSP_FOREVER, b->shield);
                    CHECK(b->scope != NULL && csp_scope_enter(b->scope) == CSP_OK, "no scope");
                    CHECK(csp_scope_inside(), "in a scope, and not");
                    CHECK(!b->shield || csp_scope_shielded(), "shielded, and not");
                }
                break;
            case 2:
                if (inside > 0) {
                    change(m, &scopes[pick(m, (uint32_t)inside)]);
                    shown = true;
                }
                break;
            case 3:
                if (inside > 0) {
                    leave(scopes, inside--);
                }
                break;
            default:
                if (!m->alone) {
                    cancel_what_is_shown(m);
                }
                if (inside > 0) {
                    try_to_wait(m, scopes, inside, receiving);
                }
                break;
        }
    }
    while (inside > 0) {
        leave(scopes, inside--);
    }
    if (shown) {
        show(NULL);
    }
    csp_end_free(sending);
    csp_end_free(receiving);
    csp_holder_release(holder);
}
