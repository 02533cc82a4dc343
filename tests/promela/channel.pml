/* SPDX-License-Identifier: MIT
 *
 * Channels: lock, queues, the hand-over under the lock, closing. channel.c, end.c. */

#include "waiter.pml"

#define SENDING 0
#define RECEIVING 1
#define OTHER(direction) (1 - (direction))
#define SIDE(channel, direction) (2 * (channel) + (direction))

/* csp_status */
#define OK 1
#define WOULD_BLOCK 2
#define END_OF_CHANNEL 3
#define BROKEN 4
#define CLOSED_END 5
#define TIMEOUT 6
#define CANCELLED 7

/* A case is 2 * waiter + index; a single operation has the case with index 0. */
#define CASES (2 * THREADS)
#define WAITER(case) ((case) / 2)
#define INDEX(case) ((case) % 2)

bool locked[CHANNELS];
bool over[2 * CHANNELS];                           /* one end in each direction: closed is over */
chan queue[2 * CHANNELS] = [CASES] of { byte };    /* csp_channel.queue: cases that wait */
byte ring[CHANNELS];                               /* the buffered message, 0 for none; capacity 0 or 1 */
byte returned[CHANNELS];                           /* an undone receive */
byte sent[CHANNELS], undelivered[CHANNELS];        /* the statistics */
bool linked[CASES];
byte slot[CASES], outcome[CASES];

/* The ledger: messages are numbers from 1 on. */
byte accepted[MESSAGES + 1]; /* its sender was told OK */
byte refused[MESSAGES + 1];  /* its sender was told something else, and still has it */
byte received[MESSAGES + 1]; /* receivers that have it */
byte dropped[MESSAGES + 1];  /* it was in a buffer when the last receiving end closed, or came back after that */
byte taken[CHANNELS];        /* received from this channel */

/* Property: nobody but the owner touches a case outside its operation. */
#define TOUCH(case) assert(under_way[WAITER(case)])

/* channel.h's invariants, whenever a lock is given back. */
inline invariant(c) {
    assert(len(queue[SIDE(c, RECEIVING)]) == 0 || (ring[c] == 0 && returned[c] == 0));
    assert(len(queue[SIDE(c, SENDING)]) == 0 || CAPACITY(c) == 0 || ring[c] != 0);
    assert(!over[SIDE(c, RECEIVING)] || (ring[c] == 0 && returned[c] == 0));
    if
    :: over[SIDE(c, SENDING)] || over[SIDE(c, RECEIVING)] ->
        assert(len(queue[SIDE(c, SENDING)]) == 0 && len(queue[SIDE(c, RECEIVING)]) == 0)
    :: else
    fi;
    if /* a match that nobody made */
    :: len(queue[SIDE(c, SENDING)]) > 0 && len(queue[SIDE(c, RECEIVING)]) > 0 ->
        queue[SIDE(c, SENDING)]?<k>;
        queue[SIDE(c, RECEIVING)]?<n>;
        assert(WAITER(k) == WAITER(n))
    :: else
    fi;
    k = 0;
    n = 0
}

/* csp__lock, csp__unlock: held for a few steps, without a way of its own to sleep. */
inline lock(c) { atomic { !locked[c] -> locked[c] = true } }
inline unlock(c) {
    d_step {
        assert(locked[c]);
        invariant(c);
        locked[c] = false
    }
}

inline enqueue(c, d, case, message) {
    atomic {
        assert(locked[c] && !linked[case]);
        slot[case] = message;
        linked[case] = true;
        queue[SIDE(c, d)]!case
    }
}

inline dequeue(c, d, case) {
    atomic {
        assert(locked[c]);
        if
        :: linked[case] ->
            queue[SIDE(c, d)]??eval(case);
            linked[case] = false
        :: else
        fi
    }
}

/* first_other. Property: the caller's own cases are in no queue while it looks, so the first is another's. */
inline first_other(c, d) {
    queue[SIDE(c, d)]?<k>;
    assert(locked[c] && WAITER(k) != me);
    TOUCH(k)
}

/* win, and the body of release_waiters: unlink, then claim, then touch nothing of the case k. */
inline win(c, d, with) {
    atomic {
        TOUCH(k);
#ifndef OUTCOME_AFTER_THE_CLAIM
        outcome[k] = with;
#endif
#ifndef CLAIM_BEFORE_UNLINKING
        dequeue(c, d, k);
#endif
    }
    claim(WAITER(k), WON + INDEX(k));
#ifdef CLAIM_BEFORE_UNLINKING
    atomic { TOUCH(k); dequeue(c, d, k) };
#endif
#ifdef OUTCOME_AFTER_THE_CLAIM
    atomic { TOUCH(k); outcome[k] = with };
#endif
    wakes = (claimed && must_wake -> wakes | (1 << WAITER(k)) : wakes);
#ifdef TRUST_THE_QUEUE
    claimed = true;
#endif
}

/* csp__offer: `message` becomes 0 when it has moved out. */
inline offer(c, message) {
    if
    :: over[SIDE(c, RECEIVING)] -> status = BROKEN
    :: else ->
        status = WOULD_BLOCK;
        do
        :: status == WOULD_BLOCK && len(queue[SIDE(c, RECEIVING)]) > 0 ->
            atomic { first_other(c, RECEIVING); slot[k] = message };
            win(c, RECEIVING, OK);
            if
            :: claimed -> d_step { message = 0; sent[c]++; status = OK }
            :: else
            fi
        :: else -> break
        od;
        if
        :: status == WOULD_BLOCK && CAPACITY(c) > 0 && ring[c] == 0 ->
            d_step { ring[c] = message; message = 0; sent[c]++; status = OK }
        :: else
        fi
    fi;
    k = 0
}

/* csp__take: an undone receive; or the buffered message, whose place goes to the sender that waited longest; or that
 * sender's own message. */
inline take(c, message) {
    status = WOULD_BLOCK;
    message = 0;
    if
    :: returned[c] != 0 -> d_step { message = returned[c]; returned[c] = 0; status = OK }
    :: else ->
        if
        :: ring[c] != 0 -> d_step { message = ring[c]; ring[c] = 0; status = OK }
        :: else
        fi;
        do
#ifdef LEAVE_THE_SENDER
        :: len(queue[SIDE(c, SENDING)]) > 0 && status != OK ->
#else
        :: len(queue[SIDE(c, SENDING)]) > 0 ->
#endif
            atomic { first_other(c, SENDING); moving = slot[k] };
            win(c, SENDING, OK);
            if
            :: claimed && status == OK -> d_step { ring[c] = moving; sent[c]++ }; break
            :: claimed && status != OK -> d_step { message = moving; sent[c]++; status = OK }; break
            :: else
            fi
        :: else -> break
        od;
        status = (status == WOULD_BLOCK && over[SIDE(c, SENDING)] -> END_OF_CHANNEL : status)
    fi;
    moving = 0;
    k = 0
}

/* release_waiters */
inline release(c, d, with) {
    do
    :: len(queue[SIDE(c, d)]) > 0 ->
        atomic { first_other(c, d); true };
        win(c, d, with)
    :: else -> break
    od;
    k = 0
}

/* Under the lock, for ever out of reach: take_buffer, or a message that came back too late. */
inline drop(c, message) {
    dropped[message]++;
    undelivered[c]++;
    message = 0
}

/* csp_end_close */
inline close(c, d) {
    lock(c);
    if
    :: !over[SIDE(c, d)] ->
        over[SIDE(c, d)] = true;
        d_step {
            if
            :: d == RECEIVING && ring[c] != 0 -> drop(c, ring[c])
            :: else
            fi;
            if
            :: d == RECEIVING && returned[c] != 0 -> drop(c, returned[c])
            :: else
            fi
        };
        release(c, d, CLOSED_END);
#ifndef CLOSE_ONLY_OWN_SIDE
        release(c, OTHER(d), (d == SENDING -> END_OF_CHANNEL : BROKEN))
#endif
    :: else
    fi;
    unlock(c);
    flush()
}
