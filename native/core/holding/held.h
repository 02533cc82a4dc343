/* SPDX-License-Identifier: MIT
 *
 * What a holder has, and a message can carry: ends, replies, and whatever else is to end with its holder. Each embeds a
 * csp_held and has one table of functions; so holders, fences and messages know none of them.
 *
 * Invariants
 *  - It is with one holder, or in transit inside a message, or with nobody; only who has it may give it on.
 *  - `of_holder` is linked while its holder has it and was not cut off; guarded by the holder's lock. Who it is with is each
 *    kind's own to write down: an end's holder is guarded by its channel's lock, because the wait graph reads it there. */
#ifndef CSP_HELD_H
#define CSP_HELD_H

#include "csp/csp.h"
#include "platform/list.h"

typedef struct csp_held csp_held;

/* In which order a fence takes them away. Whoever hears that a call of his is lost must find the mailbox closed already. */
typedef enum { CSP_CUT_OFF_FIRST, CSP_CUT_OFF_LAST, CSP_CUT_OFF_TURNS } csp_cut_off_turn;

typedef struct csp_held_kind {
    csp_cut_off_turn turn;
    /* To a holder, or (NULL) in transit. A holder that was cut off gets nothing: it is cut off, too. */
    void (*give)(csp_held *held, csp_holder *holder);
    /* Its holder was cut off: others are told, and it is of no use any more. It still belongs to whoever has it. */
    void (*cut_off)(csp_held *held);
    /* The message that it was in is dropped, and so is it. */
    void (*drop)(csp_held *held);
    /* Another one for a holder, when a message is opened that others can open, too; it stays in there itself. Under no lock. NULL:
     * there is none to be had. A kind without this function is there once: whoever opens first takes it. */
    csp_held *(*clone)(csp_held *held, csp_holder *holder);
    /* Whether a message with it may be kept by a channel itself, where nobody drops it: it keeps nothing open. NULL: never. */
    bool (*keeps_nothing_open)(csp_held *held);
    /* Somebody has let go of the message that it is in, and others have not: it may be that nobody can reach it any more. Under no
     * lock. NULL: that is nothing to it. */
    void (*forsaken)(csp_held *held);
    /* For a fence at work: it may be dropped meanwhile, and must stay in memory. Retain is called under the holder's lock. */
    void (*retain)(csp_held *held);
    void (*release)(csp_held *held);
} csp_held_kind;

struct csp_held {
    const csp_held_kind *kind;
    csp_node of_holder;
};

static inline void csp__held_init(csp_held *held, const csp_held_kind *kind) {
    held->kind = kind;
    csp__list_init(&held->of_holder);
}

#endif
