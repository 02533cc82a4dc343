/* SPDX-License-Identifier: MIT
 *
 * The alternative: csp_select with two guards. polling.c, choosing.c, select.c. */

#include "single.pml"

/* csp_guard: channel, direction, message; the rest is csp_select's own. */
#define GUARDS                                                                                                         \
    byte on[2], way[2], mine[2], original[2];                                                                          \
    byte i, j, start, winner, first, second

/* try_locked */
inline try_locked(g) {
    assert(!under_way[me]); /* an operation that runs is in no queue while it claims */
    if
    :: over[SIDE(on[g], way[g])] -> status = CLOSED_END
    :: else ->
        if
        :: way[g] == SENDING -> offer(on[g], mine[g])
        :: else -> take(on[g], mine[g])
        fi
    fi
}

/* look_around. The hints may be wrong both ways: so any guard may be tried and any may be passed over. */
inline look_around() {
    j = 0;
    do
    :: j < 2 && winner == NOBODY ->
        i = (start + j) % 2;
        if
        :: true ->
            lock(on[i]);
            try_locked(i);
            unlock(on[i]);
            winner = (status != WOULD_BLOCK -> i : winner)
        :: true
        fi;
        j++
    :: else -> break
    od
}

inline sort_channels() {
    first = on[0];
    second = on[1];
#ifndef LOCK_IN_THE_ORDER_OF_GUARDS
    if
    :: first > second -> first = on[1]; second = on[0]
    :: else
    fi
#endif
}

/* poll_all_locked, and enqueue_all if it finds nothing. */
inline poll_all_locked(h, limit) {
    sort_channels();
    lock(first);
    if
    :: second != first -> lock(second)
    :: else
    fi;
#ifdef QUEUE_BEFORE_LOOKING
    arm(h);
    enqueue_all();
#endif
    j = 0;
    do
    :: j < 2 && winner == NOBODY ->
        i = (start + j) % 2;
        try_locked(i);
        winner = (status != WOULD_BLOCK -> i : winner);
        j++
    :: else -> break
    od;
    if
    :: winner == NOBODY && limit != POLL ->
        arm(h);
        enqueue_all()
    :: else
    fi;
    if
    :: second != first -> unlock(second)
    :: else
    fi;
    unlock(first);
    flush()
}

inline enqueue_all() {
    enqueue(on[0], way[0], 2 * me, mine[0]);
    enqueue(on[1], way[1], 2 * me + 1, mine[1])
}

/* dequeue_all: every queue but the winner's, which the claimer left for us. */
inline dequeue_all() {
    i = 0;
    do
    :: i < 2 && i != winner ->
#ifndef LEAVE_THE_LOSERS
        lock(on[i]);
        dequeue(on[i], way[i], 2 * me + i);
        unlock(on[i]);
#endif
#ifndef KEEP_WHAT_LOSERS_WROTE
        slot[2 * me + i] = (way[i] == RECEIVING -> 0 : slot[2 * me + i]);
#endif
        i++
    :: i < 2 && i == winner -> i++
    :: else -> break
    od
}

/* csp_select with two guards, and with a deadline or a timer, which end the same way. */
inline alternative(h, limit) {
    winner = NOBODY;
    status = WOULD_BLOCK;
#ifdef FAIR /* without it: CSP_SELECT_PRIORITY */
    if
    :: start = 0
    :: start = 1
    fi;
    look_around();
#endif
    if
    :: winner == NOBODY -> poll_all_locked(h, limit)
    :: else -> flush()
    fi;
    if
    :: winner == NOBODY && limit != POLL ->
        wait(limit);
        winner = (code >= WON -> code - WON : NOBODY);
        dequeue_all();
        /* The messages of receiving guards are their slots: all but the winner's come out empty. */
        i = 0;
        do
        :: i < 2 ->
            mine[i] = (way[i] == RECEIVING -> slot[2 * me + i] : mine[i]);
            i++
        :: else -> break
        od;
        if
        :: winner < 2 ->
            status = outcome[2 * me + winner];
            if
            :: status == OK && way[winner] == SENDING -> mine[winner] = 0
            :: else
            fi
        :: else -> status = GIVEN_UP(code)
        fi;
        d_step {
            under_way[me] = false;
            outcome[2 * me] = 0;
            outcome[2 * me + 1] = 0;
            slot[2 * me] = 0;
            slot[2 * me + 1] = 0
        }
    :: else
    fi;
    code = 0;
    start = 0;
    j = 0
}

/* Property: exactly one branch is taken; the others moved nothing. */
inline keep_account_of_select() {
    i = 0;
    do
    :: i < 2 ->
        if
        :: way[i] == SENDING && i == winner ->
            keep_account_of_send(on[i], mine[i], original[i])
        :: way[i] == SENDING && i != winner ->
            assert(mine[i] == original[i]);
            refused[original[i]]++
        :: way[i] == RECEIVING && i == winner ->
            keep_account_of_recv(on[i], mine[i])
        :: else -> assert(mine[i] == 0)
        fi;
        i++
    :: else -> break
    od;
    i = 0
}

inline guards_are(c0, d0, m0, c1, d1, m1) {
    d_step {
        on[0] = c0;
        way[0] = d0;
        mine[0] = m0;
        original[0] = m0;
        on[1] = c1;
        way[1] = d1;
        mine[1] = m1;
        original[1] = m1
    }
}

/* `turns` alternatives over the same guards, one after the other; more than one if all of them receive. */
proctype selector(byte me, c0, d0, m0, c1, d1, m1, h, limit, turns) {
    LOCALS;
    GUARDS;
    do
    :: turns > 0 ->
        guards_are(c0, d0, m0, c1, d1, m1);
        alternative(h, limit);
        keep_account_of_select();
        turns--
    :: else -> break
    od;
    running--
}
