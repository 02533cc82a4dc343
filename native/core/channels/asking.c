/* SPDX-License-Identifier: MIT */
#include "channels/asking.h"

#include "channels/extended.h"
#include "channels/reply.h"
#include "holding/gate.h"
#include "holding/holder.h"
#include "waiting/operation.h"
#include "waiting/stopping.h"
#include "waiting/wait.h"

void csp__operation_asks(csp_operation *operation, csp_reply *reply) {
    operation->asked = reply;
    csp__operation_retain(operation); /* for whoever wakes it */
    if (!csp__reply_join(reply, &operation->waiter, operation->holder, operation->deadline)) {
        operation->answered = true;
        csp__operation_release(operation);
        return;
    }
    csp__operation_is_asking(operation);
    if (csp__holder_stops(operation->holder)) { /* see csp__operation_goes_on */
        csp__operation_claims(operation, CSP_STOPPED);
    }
}

bool csp__operation_asked(csp_operation *operation) {
    if (!operation->answered) {
        csp__operation_asks_no_more(operation);
        operation->answered = csp__reply_leave(operation->asked);
    }
    return operation->answered;
}

/* ---- a send that is held -------------------------------------------------------------------------------------- */

void csp__operation_engages(csp_operation *operation, csp_reply *reply) {
    operation->engaged = true;
    operation->deadline = CSP_FOREVER; /* its own counted until the message was taken */
    csp__engage(reply);
    csp__operation_asks(operation, reply);
}

csp_status csp__operation_let_go(csp_operation *operation, uint32_t code, csp_message *message) {
    csp_message answer = {.kind = 0};
    csp_status status = CSP_OK;
    if (operation->answered) {
        answer = csp__reply_take(operation->asked);
    } else {
        status = csp__unmet(code);
    }
    return csp__engagement_over(operation->asked, status, &answer, message);
}

/* ---- a call --------------------------------------------------------------------------------------------------- */

static bool is_over(csp_operation *operation, uint32_t code) {
    (void)operation, (void)code;
    return true;
}

static bool leave(csp_operation *operation, uint32_t code) {
    (void)code;
    return csp__operation_asked(operation);
}

static csp_status tell(csp_operation *operation, uint32_t code, csp_message *message, uint32_t *chosen) {
    (void)chosen;
    if (!operation->answered) {
        return csp__unmet(code);
    }
    *message = csp__reply_take(operation->asked);
    return CSP_OK;
}

/* It is dropped. */
static void give_back(csp_operation *operation, csp_message *message, uint32_t chosen) {
    (void)operation, (void)message, (void)chosen;
}

static const csp_operation_kind call = {.over = is_over, .leave = leave, .tell = tell, .give_back = give_back};

csp_status csp_begin_wait(csp_operation *operation, csp_reply *reply, int64_t deadline, csp_message *answer) {
    answer->kind = 0;
    if (operation->kind != NULL || deadline == CSP_POLL) {
        return CSP_INVALID;
    }
    CSP_PASS_GATE(CSP_GATE_ASK, operation->own, 0);
    csp__operation_begins(operation, &call, operation->own, deadline);
    csp__operation_asks(operation, reply);
    return csp_operation_finish(operation, answer, NULL);
}
