/* SPDX-License-Identifier: MIT
 *
 * What threads do to channels: send, receive, close, cancel; and what must hold when they all have ended. send.c
 * (operate), end.c, stopping.c. A configuration includes this, or a file that builds on it, and says who runs. */

#include "channel.pml"

/* csp_status of a wait that nobody won. */
#define GIVEN_UP(code) (code == TIMEDOUT -> TIMEOUT : CANCELLED)

/* What a caller does with the result. */
inline keep_account_of_send(c, message, original) {
    atomic {
        assert((status == OK) == (message == 0));
        accepted[original] = accepted[original] + (status == OK -> 1 : 0);
        refused[original] = refused[original] + (status == OK -> 0 : 1)
    }
}

inline keep_account_of_recv(c, message) {
    atomic {
        assert((status == OK) == (message != 0));
        if
        :: status == OK -> received[message]++; taken[c]++; assert(received[message] == 1)
        :: else
        fi;
        message = 0
    }
}

/* try_once, without csp__end_rehold's changes of holder: an operation keeps the one it began with. */
inline try_once(c, d, message, h, limit) {
    lock(c);
    if
    :: over[SIDE(c, d)] -> status = CLOSED_END
    :: else ->
        if
        :: d == SENDING -> offer(c, message)
        :: else -> take(c, message)
        fi;
        if
        :: status == WOULD_BLOCK && limit != POLL ->
#ifdef ARM_AFTER_THE_LOCK
            under_way[me] = true;
            enqueue(c, d, 2 * me, message);
            unlock(c);
            under_way[me] = false;
            arm(h);
            lock(c)
#else
            arm(h);
            enqueue(c, d, 2 * me, message)
#endif
        :: else
        fi
    fi;
    unlock(c);
    flush()
}

/* operate. The extra tries on a buffered channel are tries like the first, and left out. */
inline operate(c, d, message, h, limit) {
    try_once(c, d, message, h, limit);
    if
    :: status == WOULD_BLOCK && limit != POLL ->
        wait(limit);
        if
        :: code >= WON ->
            status = outcome[2 * me];
            message = (status != OK -> message : (d == SENDING -> 0 : slot[2 * me]))
        :: else ->
#ifndef LEAVE_THE_CASE
            lock(c);
            dequeue(c, d, 2 * me);
            unlock(c);
#endif
            status = GIVEN_UP(code)
        fi;
        d_step { under_way[me] = false; outcome[2 * me] = 0; slot[2 * me] = 0 }
    :: else
    fi;
    code = 0
}

proctype sender(byte me, c, message, h, limit) {
    LOCALS;
    byte original = message;
    operate(c, SENDING, message, h, limit);
    keep_account_of_send(c, message, original);
    running--
}

proctype receiver(byte me, c, h, limit) {
    LOCALS;
    byte message;
    operate(c, RECEIVING, message, h, limit);
    keep_account_of_recv(c, message);
    running--
}

/* ---- from outside --------------------------------------------------------------------------------------------- */

proctype closer(byte c, d) {
    LOCALS;
    byte me = NOBODY;
    close(c, d);
    running--
}

proctype canceller(byte h) {
    LOCALS;
    byte me = NOBODY;
    cancel(h);
    running--
}

/* ---- the end -------------------------------------------------------------------------------------------------- */

/* Run all, wait for all, and look at what is left. Whoever never ends leaves an invalid end state: a lost wake-up, or a
 * match that nobody made. */
#define TOGETHER(threads) running = threads; atomic
#define FINALLY running == 0; look_at_the_end()

inline look_at_the_end() {
    d_step {
        n = 0;
        do
        :: n < THREADS ->
            assert(!CLAIMABLE(word[n]) && !sleeping[n] && !under_way[n] && owed[n] == 0);
            assert(!linked[2 * n] && !linked[2 * n + 1]);
            n++
        :: else -> break
        od;
        n = 0;
        do /* what was sent is somewhere, once */
        :: n < CHANNELS ->
            assert(!locked[n] && len(queue[SIDE(n, SENDING)]) == 0 && len(queue[SIDE(n, RECEIVING)]) == 0);
            assert(sent[n] == taken[n] + undelivered[n] + (ring[n] != 0 -> 1 : 0) + (returned[n] != 0 -> 1 : 0));
            dropped[ring[n]]++;     /* what is still to be had; [0] counts for nothing */
            dropped[returned[n]]++;
            n++
        :: else -> break
        od;
        n = 1;
        do /* both sides know the same of every message */
        :: n <= MESSAGES ->
            assert(accepted[n] + refused[n] == 1);
            assert(received[n] + dropped[n] == accepted[n]);
            n++
        :: else -> break
        od
    }
}
