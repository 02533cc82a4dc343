/* SPDX-License-Identifier: MIT
 *
 * Waiting for an answer without a thread: to a call, or of the receiver that holds a send. */
#ifndef CSP_ASKING_H
#define CSP_ASKING_H

#include "waiting/operation.h"

/* The operation has begun, and is not armed: it waits for the answer. Not so: it is over, by the answer or because its holder is
 * told to stop. */
void csp__operation_asks(csp_operation *operation, csp_reply *reply);
/* It waits no more, if it did. True: the answer is there. */
bool csp__operation_asked(csp_operation *operation);

/* A send was met by a receiver that holds it: it goes on by waiting for that reply, whose asking right it has. */
void csp__operation_engages(csp_operation *operation, csp_reply *reply);
/* After csp__operation_asked: how that ended; consumes the asking right. */
csp_status csp__operation_let_go(csp_operation *operation, uint32_t code, csp_message *message);

#endif
