/* SPDX-License-Identifier: MIT
 *
 * Receive, and give it back: csp_unreceive. send.c. */

#include "single.pml"

proctype undoer(byte me, c, h, limit) {
    LOCALS;
    byte message;
    operate(c, RECEIVING, message, h, limit);
    if
    :: status == OK ->
        lock(c);
        do
        :: message != 0 && !over[SIDE(c, RECEIVING)] && len(queue[SIDE(c, RECEIVING)]) > 0 ->
            atomic { first_other(c, RECEIVING); slot[k] = message };
            win(c, RECEIVING, OK);
            message = (claimed -> 0 : message)
        :: else -> break
        od;
        atomic {
            if
            :: message != 0 && over[SIDE(c, RECEIVING)] -> drop(c, message)
            :: message != 0 && !over[SIDE(c, RECEIVING)] ->
                assert(returned[c] == 0);
                returned[c] = message;
                message = 0
            :: else
            fi;
            k = 0
        };
        unlock(c);
        flush()
    :: else
    fi;
    running--
}
