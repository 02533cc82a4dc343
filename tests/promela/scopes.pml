/* SPDX-License-Identifier: MIT
 *
 * Cancellation scopes: scopes.c, scope.c, and what csp__wait does in one. A thread waits in a scope, leaves it, and waits again in
 * none. Others cancel the scope, or move its deadline nearer; peers may claim it as ever. The first wait ends although no
 * peer may come; the second is none of the canceller's business. */
#define THREADS 1
#include "waiter.pml"

#define CALLED_OFF 6
#define FAR FOREVER
#define NEAR LIMITED

bool guarded;       /* csp_scopes.lock */
bool inside;        /* csp_scopes.innermost is the scope */
bool called;        /* csp_scope.called */
bool cancelled_now; /* csp_scopes.cancelled */
byte ends = FAR;    /* csp_scope.deadline, and csp_scopes.deadline: who only reads it may read either */
bool entered;       /* csp_scopes.waiting */
bool second;        /* the wait after the scope has begun */

inline lock_scopes() { atomic { !guarded -> guarded = true } }
inline unlock_scopes() { guarded = false }

/* csp__nudge: not a claim. */
inline nudge(w) {
    claimed = false;
#ifdef NUDGE_WITHOUT_THE_WORD
    claimed = (CODE(word[w]) == PARKED);
    owed[w] = owed[w] + (claimed -> 1 : 0);
#else
    seen = word[w];
    do
    :: CODE(seen) == PARKED ->
        atomic {
            if
            :: word[w] == seen ->
                word[w] = SEQUENCE(seen) | ARMED;
                owed[w]++;
                claimed = true
            :: else -> seen = word[w]
            fi
        };
        if
        :: claimed -> break
        :: else
        fi
    :: else -> break
    od;
#endif
    must_wake = claimed
}

/* settle, under the lock; must_wake is for after it. */
inline settle() {
    must_wake = false;
    cancelled_now = inside && called;
#ifndef CLAIM_AFTER_THE_LOCK
    if
    :: entered && cancelled_now ->
        claim(0, CALLED_OFF);
        must_wake = claimed && must_wake
    :: entered && !cancelled_now && ends == NEAR -> nudge(0)
    :: else
    fi
#endif
}

inline tell() {
    lock_scopes();
    settle();
#ifdef CLAIM_AFTER_THE_LOCK
    wakes = (cancelled_now && entered);
    unlock_scopes();
    if
    :: wakes ->
        claim(0, CALLED_OFF);
        must_wake = claimed && must_wake
    :: else
    fi;
    wakes = 0;
#else
    unlock_scopes();
#endif
    if
    :: must_wake -> unpark(0)
    :: else
    fi
}

/* park_word */
inline park_word() {
    seen = word[me];
    if
    :: CODE(seen) == ARMED ->
        atomic {
            if
            :: word[me] == seen -> word[me] = SEQUENCE(seen) | PARKED; seen = word[me]
            :: else -> seen = word[me]
            fi
        }
    :: else
    fi;
    code = CODE(seen)
}

/* csp__wait in a scope: csp__scopes_wait, sleep_until_claimed, csp__scopes_waited. */
inline wait_in_scope() {
    lock_scopes();
#ifdef ENTER_WITHOUT_LOOKING
    entered = true;
#else
    entered = !cancelled_now;
#endif
    unlock_scopes();
    if
    :: !entered -> claim_own(CALLED_OFF)
    :: else ->
#ifdef READ_THE_DEADLINE_FIRST
        status = ends;
#endif
        park_word();
        do
        :: code == PARKED ->
#ifndef READ_THE_DEADLINE_FIRST
            status = ends;
#endif
            park(status);
            code = CODE(word[me]);
            if
            :: code == ARMED -> park_word()
            :: else
            fi;
            if
            :: code == PARKED && late -> /* csp__scopes_cancelled */
                lock_scopes();
                called = true;
                settle();
                unlock_scopes();
                if /* we are awake: nobody wakes us */
                :: must_wake -> unpark(0)
                :: else
                fi;
                claim_own(CALLED_OFF)
            :: else
            fi
        :: else -> break
        od;
        lock_scopes();
        entered = false;
        unlock_scopes()
    fi;
    late = false;
    assert(code == CODE(word[me]) && claims[me] == 1);
    assert(code == CALLED_OFF || code == WON);
    assert(code != CALLED_OFF || called)
}

proctype thread(byte me) {
    LOCALS;
    lock_scopes();
    inside = true;
    settle();
    unlock_scopes();
    arm(0);
    wait_in_scope();
    under_way[me] = false;
    lock_scopes();
    inside = false;
    settle();
    unlock_scopes();
    arm(0);
    second = true;
    wait(FOREVER);
    under_way[me] = false;
    assert(code == WON);
    running--
}

/* Cancels; or moves the deadline nearer; or both. */
proctype other(byte me; bool cancels, moves) {
    LOCALS;
    if
    :: moves -> ends = NEAR; tell()
    :: else
    fi;
    if
    :: cancels -> called = true; tell()
    :: else
    fi;
    running--
}

/* Who may end the first wait, and who ends the second one. */
proctype peer(byte me; bool late_one) {
    LOCALS;
    if
    :: late_one -> second
    :: !late_one
    fi;
    do
    :: CLAIMABLE(word[0]) ->
        claim(0, WON);
        if
        :: claimed && must_wake -> unpark(0); break
        :: claimed && !must_wake -> break
        :: else
        fi
    :: !late_one -> break
    :: late_one && CODE(word[0]) == WON -> break /* the other one was first, here, too */
    od;
    running--
}

init {
    byte n;
    running = 4;
    atomic {
        run thread(0);
        run peer(NOBODY, false);
        run peer(NOBODY, true);
        if
        :: run other(NOBODY, true, false)
        :: run other(NOBODY, false, true)
        :: run other(NOBODY, true, true)
        fi
    };
    running == 0;
    assert(!sleeping[0] && owed[0] == 0 && !entered && !guarded)
}
