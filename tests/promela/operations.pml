/* SPDX-License-Identifier: MIT
 *
 * Operations without a thread: waiting/operation.c, waiting/loop.c, channels/begin.c. A loop has two records and begins with
 * them again and again; it sleeps until it is told, then empties the list, and in between gives operations up or finds out
 * by looking that they are over. A peer meets what stands in the queue; a holder's cancel stops one: so two wakes of one record may
 * be on their way. Every operation that is
 * over is found, none stands in the list twice, and nobody touches a record that was freed. */
#define THREADS 2 /* records */
#include "waiter.pml"

#define NONE 2
#define CLOSED 3

bool guarded;         /* the channel's lock */
bool linked[2];       /* csp_case.linked */
bool begun[2];        /* csp_operation.kind is not NULL */
bool queued[2];
byte next[2];
byte ready = NONE;    /* csp_loop.ready */
bool told;            /* the eventfd */
byte references[2] = 1;
byte rounds[2];

/* What the C does not store. */
bool listed[2];       /* in `ready`, or taken from there */
byte moved;           /* peers that won, less operations that were told so */
bool over;            /* the loop begins nothing any more */
bool notified;        /* once, ever: for a mutation */

inline touch(w) { assert(references[w] > 0) }
inline release(w) {
    d_step {
        assert(references[w] > 0);
        references[w]--
    }
}
/* put_into_list */
inline wake(w) {
    d_step {
        touch(w);
        owed[w]--
    };
#ifdef LOOK_AND_THEN_TAKE
    late = queued[w];
    queued[w] = true;
#else
    atomic { late = queued[w]; queued[w] = true };
#endif
#ifdef PUSH_ANYWAY
    late = false;
#endif
    if
    :: late -> release(w)
    :: else ->
#ifdef NOTIFY_BEFORE_THE_PUSH
        told = told || ready == NONE;
#endif
        n = ready;
        do
        :: n == CLOSED -> release(w); break
        :: else ->
            next[w] = n;
            atomic {
                if
                :: ready == n ->
                    assert(!listed[w]);
                    listed[w] = true;
                    ready = w;
                    claimed = true
                :: else -> n = ready; claimed = false
                fi
            };
            if
            :: claimed ->
#ifndef NOTIFY_BEFORE_THE_PUSH
                if
#ifdef NOTIFY_ONLY_ONCE
                :: n == NONE && !notified -> notified = true; told = true
#else
                :: n == NONE -> told = true
#endif
                :: else
                fi;
#endif
                break
            :: else
            fi
        od
    fi;
    late = false;
    n = 0
}

inline begin(w) {
#ifndef NOBODYS_REFERENCE
    references[w]++;
#endif
    atomic {
        !guarded ->
        claims[w] = 0;
        word[w] = (SEQUENCE(word[w]) + NEXT_SEQUENCE) | PARKED;
        linked[w] = true;
        begun[w] = true
    }
}

/* csp_operation_finish; and the owner begins anew. */
inline end(w) {
    atomic {
        !guarded ->
        linked[w] = false;
        code = CODE(word[w]);
        assert(begun[w] && code != PARKED && claims[w] == 1);
        begun[w] = false;
        moved = (code == WON -> moved - 1 : moved);
        rounds[w]--
    };
    if
    :: rounds[w] > 0 -> begin(w)
    :: else
    fi
}

/* csp_operation_cancel, or a look; then it is finished, if it is over. */
inline meddle(w) {
    if
    :: begun[w] ->
        if
        :: claim(w, TIMEDOUT);
            if
            :: claimed ->
                owed[w]--; /* our own: nobody wakes it */
#ifndef KEEP_THE_REFERENCE
                release(w)
#endif
            :: else
            fi
        :: true
        fi;
        if
        :: CODE(word[w]) != PARKED -> end(w)
        :: else
        fi
    :: else
    fi
}

/* csp_loop_next until there is none. `status`: the list that was taken. */
inline take_all() {
    do
    :: atomic { status = ready; ready = NONE };
        if
        :: status == NONE -> break
        :: else
        fi;
        do
        :: status == NONE -> break
        :: else ->
            k = status;
#ifndef TAKE_THE_NEXT_LATE
            status = next[k];
#endif
#ifdef READ_THE_WORD_FIRST
            code = CODE(word[k]);
#endif
            d_step { queued[k] = false; listed[k] = false };
#ifdef TAKE_THE_NEXT_LATE
            status = next[k];
#endif
#ifndef READ_THE_WORD_FIRST
            code = CODE(word[k]);
#endif
            claimed = begun[k] && code != PARKED;
            release(k);
            if
            :: claimed -> end(k)
            :: else
            fi
#ifdef TAKE_ONE
            ; if
            :: status != NONE -> ready = status; status = NONE
            :: else
            fi;
            goto taken_one
#endif
        od
    od;
#ifdef TAKE_ONE
taken_one:
    skip
#endif
}

proctype loop(byte me) {
    LOCALS;
    begin(0);
    begin(1);
    do
    :: rounds[0] == 0 && rounds[1] == 0 -> break
    :: told ->
#ifdef CLEAR_AFTERWARDS
        take_all();
        told = false
#else
        told = false;
        take_all()
#endif
    :: rounds[0] > 0 -> meddle(0);
        if
        :: told || (rounds[0] == 0 && rounds[1] == 0) /* and sleeps */
        fi
    :: rounds[1] > 0 -> meddle(1);
        if
        :: told || (rounds[0] == 0 && rounds[1] == 0)
        fi
    od;
    over = true;
    release(0); /* csp_operation_free */
    release(1);
    atomic { status = ready; ready = CLOSED }; /* csp_loop_free */
    do
    :: status == NONE -> break
    :: else ->
        k = status;
        status = next[k];
        d_step { queued[k] = false; listed[k] = false };
        release(k)
    od;
    running--
}

/* csp__win, and csp__wakes_flush after the lock. */
inline meet(w) {
    linked[w] = false;
    claim(w, WON);
    moved = (claimed -> moved + 1 : moved);
    guarded = false;
    if
    :: claimed ->
        assert(must_wake);
        wake(w)
    :: else
    fi
}

proctype peer(byte me) {
    LOCALS;
    do
    :: atomic { !guarded && linked[0] -> guarded = true }; meet(0)
    :: atomic { !guarded && linked[1] -> guarded = true }; meet(1)
    :: over -> break
    od;
    running--
}

/* csp_holder_cancel, which finds it in the holder's list and not in a queue. */
proctype stopper(byte me) {
    LOCALS;
    if
    :: !over ->
        claim(0, STOPPED);
        if
        :: claimed -> wake(0)
        :: else
        fi
    :: true
    fi;
    running--
}

init {
    running = 3;
    atomic {
        rounds[0] = 2;
        rounds[1] = 1;
        run loop(NOBODY);
        run peer(NOBODY);
        run stopper(NOBODY)
    };
    running == 0;
    /* What was moved was told; the records are free, once, and no list has one. */
    assert(moved == 0 && references[0] == 0 && references[1] == 0 && ready == CLOSED);
    assert(!listed[0] && !listed[1] && !linked[0] && !linked[1] && owed[0] == 0 && owed[1] == 0)
}
