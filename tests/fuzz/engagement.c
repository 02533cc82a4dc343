/* SPDX-License-Identifier: MIT */
#include "engagement.h"

#include <string.h>

typedef struct {
    _Atomic bool polls, broadcast, undone;
    _Atomic bool was_held, heard;
    _Atomic int held; /* by how many */
    _Atomic verdict said;
    _Atomic bool returned;
    _Atomic csp_status status;
    _Atomic what_became message;
} engagement;

static engagement all[THREADS][CREDIT + 1];

static engagement *of(uint64_t tag) { return &all[tag_thread(tag)][tag_number(tag)]; }

void engagements_begin(void) { memset(all, 0, sizeof all); }

/* Of a broadcast one status stands for all who got it: those whose holder was cut off are not waited for. */
static void check_held(const engagement *e, uint64_t tag) {
    CHECK(!e->returned || e->status != CSP_OK || e->held == 0 || e->undone ||
              (e->broadcast && (was_fenced() || was_aborted())),
          "message %u of thread %d: its sender is held, and has returned", tag_number(tag), tag_thread(tag));
}

/* ---- the sender ------------------------------------------------------------------------------------------------ */

void will_offer(uint64_t tag, bool polls, bool broadcast) {
    of(tag)->polls = polls;
    of(tag)->broadcast = broadcast;
}

void did_offer(uint64_t tag, csp_status status, what_became message) {
    engagement *e = of(tag);
    e->status = status;
    e->message = message;
    e->returned = true;
    check_held(e, tag);
}

/* ---- the receiver ---------------------------------------------------------------------------------------------- */

void does_hold(uint64_t tag) {
    engagement *e = of(tag);
    CHECK(!e->polls || e->undone, "message %u of thread %d: its sender cannot wait, and is held", tag_number(tag),
          tag_thread(tag));
    e->was_held = true;
    e->held++;
    check_held(e, tag);
}

void will_answer(uint64_t tag, verdict what) {
    of(tag)->said = what;
    of(tag)->held--;
}

void did_answer(uint64_t tag, bool heard) { of(tag)->heard = heard; }
void will_undo(uint64_t tag) { of(tag)->undone = true; }

/* ---- when all is over ------------------------------------------------------------------------------------------ */

/* Whether it is what a sender can have been told. One that leaves, as it may at any time, is told nothing. */
static bool agrees(const engagement *e) {
    bool let_go = e->status == CSP_OK, failed = e->status == CSP_FAILED;
    bool cut = was_fenced() || was_aborted(); /* let go by another than the receiver */
    bool left = e->status == CSP_CANCELLED || e->status == CSP_INTERRUPTED, lost = failed && e->message == TAKEN;
    switch (e->said) {
        case HOLDING:
            return false; /* nobody keeps a reply for ever */
        case LETS_GO:
            return e->heard ? let_go || left : left || (lost && cut);
        case FAILS:
            return e->heard ? left || (failed && e->message == SAID) : left || (lost && cut);
        case BREAKS:
            return left || lost;
        case PASSES_ON:
            return let_go || failed || left;
    }
    return false;
}

void engagements_check(void) {
    for (int t = 0; t < THREADS; t++) {
        for (int n = 1; n <= CREDIT; n++) {
            const engagement *e = &all[t][n];
            CHECK(e->held == 0 || e->undone, "message %d of thread %d: its sender was never let go", n, t);
            CHECK(e->status != CSP_FAILED || e->was_held, "message %d of thread %d: its sender failed for nothing", n,
                  t);
            CHECK(!e->was_held || e->undone || e->broadcast || (e->message != LEFT_ALONE && agrees(e)),
                  "message %d of thread %d: its sender was told %s, and its receiver said %d (heard: %d)", n, t,
                  csp_status_name(e->status), (int)e->said, (int)e->heard);
        }
    }
}
