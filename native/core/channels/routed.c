/* SPDX-License-Identifier: MIT
 *
 * Routed replies: the answer is sent into a channel, with a tag, and never waits. */
#include "channels/channel.h"
#include "channels/end.h"
#include "channels/reply.h"
#include "platform/list.h"
#include "waiting/calling.h"

typedef struct {
    csp_reply reply;
    csp_end *target; /* ours; NULL when closed */
    uint64_t tag;
} routed_reply;

static routed_reply *routed_of(csp_reply *reply) { return CSP_CONTAINER(reply, routed_reply, reply); }

static bool deliver(csp_reply *reply, csp_message *message, uint64_t flags) {
    const routed_reply *routed = routed_of(reply);
    message->tag = routed->tag | flags;
    if (csp_send(routed->target, message, CSP_POLL, NULL) != CSP_OK) {
        csp_message_drop(message);
        return false;
    }
    return true;
}

/* The channel of the answers may end now, whoever else keeps the reply. */
static void close_target(csp_reply *reply) {
    csp_end *target = routed_of(reply)->target;
    routed_of(reply)->target = NULL;
    if (target != NULL) {
        csp_end_free(target);
    }
}

/* Nobody receives there any more: who asked has ended. */
static bool wanted(csp_reply *reply) { return !csp__is_over(routed_of(reply)->target->channel, CSP_RECEIVING); }

static const csp_reply_sink sink = {.deliver = deliver, .close = close_target, .wanted = wanted};

csp_reply *csp_reply_new_routed(csp_end *target, uint64_t tag) {
    csp_end *mine = csp_end_clone(target, NULL);
    if (mine == NULL) {
        return NULL;
    }
    csp_reply *reply = csp__reply_alloc(sizeof(routed_reply), 1, &sink);
    if (reply == NULL) {
        csp_end_free(mine);
        return NULL;
    }
    routed_of(reply)->target = mine;
    routed_of(reply)->tag = tag;
    csp__envelope_begin(&reply->envelope);
    return reply;
}
