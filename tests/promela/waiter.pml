/* SPDX-License-Identifier: MIT
 *
 * The claim word, and sleeping on it: waiter.h, wait.c, thread.c, park.h. One record per thread; one step of the model is one
 * access to a word that threads share without a lock. An identifier in capitals after #ifdef is a mutation: see
 * `verify`. */

#define SEQUENCE(state) ((state) & 240)
#define CODE(state) ((state) & 15)
#define NEXT_SEQUENCE 16

/* Codes, as in waiter.h; CSP_SIGNALLED takes the same way as TIMEDOUT. */
#define IDLE 0
#define ARMED 1
#define PARKED 2
#define TIMEDOUT 4
#define STOPPED 5
#define WON 8 /* + index of the winning case */

#define CLAIMABLE(state) (CODE(state) == ARMED || CODE(state) == PARKED)

/* How long an operation waits. */
#define FOREVER 0
#define LIMITED 1 /* the deadline may come at any time */
#define POLL 2

#define NOBODY 15 /* `me` of a thread that never waits */

byte word[THREADS];      /* csp_waiter.state; the futex word */
byte holder[THREADS];    /* csp_waiter.holder */
bool cancelled[2];       /* csp_holder.cancelled */
bool sleeping[THREADS];  /* in the kernel, until somebody unparks it */

/* What the C does not store, and the properties need. */
bool under_way[THREADS]; /* the operation has begun and has not returned: its cases and slots may be touched */
byte claims[THREADS];    /* of the operation under way */
byte owed[THREADS];      /* claims that found the owner parked, less the wakes after them */
byte running;            /* threads that have not ended */

#define LOCALS                                                                                                         \
    byte k, n, seen, wakes, status, code, moving;                                                                      \
    bool claimed, must_wake, late

/* One compare-exchange of word[w] from `seen`. Property: an operation is claimed at most once. */
inline exchange(w, to) {
    atomic {
        if
#ifdef CLAIM_WITHOUT_COMPARING
        :: true ->
#else
        :: word[w] == seen ->
#endif
            assert(claims[w] == 0);
            claims[w]++;
            must_wake = (CODE(word[w]) == PARKED);
            owed[w] = owed[w] + (must_wake && w != me -> 1 : 0);
#ifdef WAKE_WHO_IS_AWAKE
            must_wake = !must_wake;
#endif
            word[w] = SEQUENCE(seen) | (to);
            claimed = true
#ifndef CLAIM_WITHOUT_COMPARING
        :: else ->
            seen = word[w];
            claimed = false
#endif
        fi
    }
}

/* csp__claim */
inline claim(w, to) {
    seen = word[w];
    do
    :: !CLAIMABLE(seen) ->
        claimed = false;
        break
    :: else ->
        exchange(w, to);
        if
        :: claimed -> break
        :: else
        fi
    od
}

/* csp__unpark. Only the address is used, so the owner may be anywhere by now. */
inline unpark(w) {
    d_step {
        sleeping[w] = false;
        owed[w] = (owed[w] > 0 -> owed[w] - 1 : 0)
    }
}

/* csp__wakes_flush: `wakes` is a set of waiters. */
inline flush() {
#ifdef FORGET_THE_WAKES
    wakes = 0;
#endif
    n = 0;
    do
    :: wakes == 0 -> break
    :: wakes != 0 && !((wakes >> n) & 1) -> n++
    :: wakes != 0 && ((wakes >> n) & 1) ->
        unpark(n);
        wakes = wakes - (1 << n)
    od;
    n = 0
}

/* csp__arm. The holder is written first: who finds this sequence finds this holder, or a later one. */
inline arm(h) {
    assert(!CLAIMABLE(word[me]) && !under_way[me]);
    holder[me] = h;
    d_step {
        under_way[me] = true;
        claims[me] = 0;
#ifdef SAME_SEQUENCE
        word[me] = SEQUENCE(word[me]) | ARMED
#else
        word[me] = (SEQUENCE(word[me]) + NEXT_SEQUENCE) | ARMED
#endif
    }
}

/* claim_own: a code, or what somebody else claimed first. */
inline claim_own(to) {
#ifdef GIVE_UP_WITHOUT_CLAIMING
    code = to;
#else
    claim(me, to);
    code = (claimed -> to : CODE(word[me]));
#endif
}

/* csp__park: the kernel compares and falls asleep in one step. A return for no reason is a choice made on entry: the
 * owner then looks again at any later time, so this is every spurious wake there can be, and hides no lost one. */
inline park(limit) {
    late = false;
    if
    :: atomic {
#ifdef SLEEP_WITHOUT_COMPARING
        true ->
#else
        word[me] == seen ->
#endif
            sleeping[me] = true
       };
        if
        :: !sleeping[me]
        :: limit == LIMITED -> atomic { sleeping[me] = false; late = true }
        fi
    :: true /* EAGAIN, a signal, a slice, or for no reason */
    fi
}

/* csp__wait, with sleep_until_claimed. Spinning is a look at the word that may be left out; so it is. */
inline wait(limit) {
    if
#ifndef NO_LOOK_AT_THE_FLAG
    :: cancelled[holder[me]] -> claim_own(STOPPED)
#endif
    :: else ->
        seen = word[me];
        if
        :: CODE(seen) == ARMED ->
            atomic {
                if
#ifdef PARK_WITHOUT_COMPARING
                :: true -> word[me] = SEQUENCE(seen) | PARKED; claimed = true
#else
                :: word[me] == seen -> word[me] = SEQUENCE(seen) | PARKED; claimed = true
                :: else -> seen = word[me]; claimed = false
#endif
                fi
            };
            seen = (claimed -> SEQUENCE(seen) | PARKED : seen)
        :: else
        fi;
        code = CODE(seen);
        do
        :: code == PARKED ->
            park(limit);
            code = CODE(word[me]);
            if
            :: code == PARKED && late -> claim_own(TIMEDOUT)
#ifdef RETURN_WHEN_WOKEN
            :: code == PARKED && !late -> claim_own(TIMEDOUT)
#endif
            :: else
            fi
        :: else -> break
        od
    fi;
    late = false;
    /* Properties: what the owner saw is final, and it was stopped only if that was asked of this operation's holder. */
    assert(code == CODE(word[me]) && claims[me] == 1);
    assert(code == TIMEDOUT || code == STOPPED || code >= WON);
    assert(code != STOPPED || cancelled[holder[me]]);
    assert(code != TIMEDOUT || limit == LIMITED)
}

/* csp_holder_cancel */
inline cancel(h) {
    cancelled[h] = true;
    k = 0;
    do
    :: k < THREADS ->
        seen = word[k];
        do
        :: holder[k] == h && CLAIMABLE(seen) ->
#ifdef CANCEL_ANY_SEQUENCE
            claim(k, STOPPED);
#else
            exchange(k, STOPPED);
#endif
            if
            :: claimed && must_wake -> unpark(k); break
            :: claimed && !must_wake -> break
            :: else
            fi
        :: else -> break
        od;
        k++
    :: else -> break
    od
}
