/* SPDX-License-Identifier: MIT
 *
 * One-shot replies (reply.c): an answer, a fence that breaks the reply, a deadline and a cancelled holder race, and
 * the asker asks again with the same record. An answer that found its asker waiting is taken; the asker gets one
 * answer or none, and a reply that it left touches it no more. */
#define THREADS 1
#include "waiter.pml"

#define REPLIES 2
#define BREAK 9

bool locked[REPLIES], done[REPLIES], abandoned[REPLIES];
bool waiting[REPLIES]; /* csp_reply.waiter: the only asker there is */
byte message[REPLIES];
bool found[REPLIES];   /* the answer found the asker waiting */
byte settled[REPLIES]; /* answers that were put in place */
byte answer[REPLIES];  /* what the asker got */

inline lock(r) { atomic { !locked[r] -> locked[r] = true } }
inline unlock(r) { locked[r] = false }

/* settle */
inline settle(r, with) {
    must_wake = false;
    claimed = false;
    lock(r);
    if
#ifdef ANSWER_TWICE
    :: !abandoned[r] ->
#else
    :: !done[r] && !abandoned[r] ->
#endif
        done[r] = true;
        message[r] = with;
        settled[r]++;
        found[r] = waiting[r];
        if
        :: waiting[r] ->
            waiting[r] = false;
            assert(under_way[0]);
            claim(0, WON);
            must_wake = claimed && must_wake
        :: else
        fi
    :: else
    fi;
    unlock(r);
    if
    :: must_wake -> unpark(0)
    :: else
    fi
}

/* csp_reply_wait and csp_reply_abandon */
inline ask(r, h, limit) {
    lock(r);
    seen = done[r];
    if
    :: !seen -> waiting[r] = true; arm(h)
    :: else
    fi;
    unlock(r);
    status = 1;
    if
    :: !seen ->
        wait(limit);
        if
        :: code != WON ->
            lock(r);
#ifndef LEAVE_THE_REPLY
            waiting[r] = false;
#endif
#ifdef NO_SECOND_LOOK
            status = 0;
#else
            status = done[r];
#endif
            unlock(r)
        :: else
        fi;
        under_way[0] = false
    :: else
    fi;
    if
    :: status == 1 -> answer[r] = message[r]; message[r] = 0
    :: else
    fi;
    lock(r);
    abandoned[r] = true;
    unlock(r)
}

proctype asker() {
    LOCALS;
    byte me = 0;
    ask(0, 0, LIMITED);
    ask(1, 1, FOREVER);
    running--
}

proctype answerer(byte r, with) {
    LOCALS;
    byte me = NOBODY;
    settle(r, with);
    running--
}

proctype canceller(byte h) {
    LOCALS;
    byte me = NOBODY;
    cancel(h);
    running--
}

init {
    running = 5;
    atomic {
        run asker();
        run answerer(0, 1);
        run answerer(0, BREAK);
        run answerer(1, 2);
        run canceller(0)
    };
    running == 0;
    assert(!CLAIMABLE(word[0]) && !sleeping[0] && owed[0] == 0 && !waiting[0] && !waiting[1]);
    assert(settled[0] <= 1 && settled[1] == 1);
    assert(!found[0] || answer[0] != 0);
    /* Taken, or still inside and dropped with the reply. */
    assert((answer[0] != 0) + (message[0] != 0) == settled[0]);
    assert(answer[1] == 2 && message[1] == 0)
}
