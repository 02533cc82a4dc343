/* SPDX-License-Identifier: MIT
 *
 * The machine that carries out a fuzzed input as a program over csp.h.
 *
 * It has a few places each for holders, ends, messages, replies and alternatives. A byte names an operation, and the
 * bytes after it name places and arguments; a byte that fits nothing does nothing. So every input is a program, and none
 * breaks a rule that csp.h lays down for its callers: what the fuzzer finds is the core's.
 *
 * One rule is the machine's own. Channels whose buffers hold each other's last receiving ends keep each other alive for
 * ever, as no reference count could know better. A receiving end therefore travels only through channels that were made
 * before its own; and what a channel was aborted with holds sending ends of later ones only, and no broadcast: that has
 * sending ends itself.
 */
#ifndef CSP_FUZZ_MACHINE_H
#define CSP_FUZZ_MACHINE_H

#include <stddef.h>

#include "engagement.h"

enum { HOLDERS = 3, ENDS = 16, MESSAGES = 6, REPLIES = 4, ALTERNATIVES = 2, PLACES = 6, ATTACHMENTS = 3 };
#define NO_RANK UINT32_MAX

typedef struct {
    csp_message message;
    belief *from; /* received from there and still as it was: the receive may be undone */
    bool fresh;   /* nobody else has a reference to the payload: ends may be attached */
} held_message;

/* In front of every payload's bytes; written only while the payload is fresh. */
typedef struct {
    uint32_t places, filled;
    bool once;                 /* a reply was attached */
    uint32_t lowest_receiving; /* of the ranks of what was ever attached */
} payload;

typedef struct {
    csp_reply *reply;
    bool answered;
} asked_reply;

typedef struct {
    csp_reply *reply;
    uint64_t held;   /* the tag of what its sender sent, which waits for this; 0: no such sender is known */
    uint64_t holder; /* id of who owes it; 0: nobody that is known */
    bool cut;        /* ... and who was cut off since: the reply is broken */
} owed_reply;

typedef struct {
    csp_end *end; /* the alternative keeps it in memory */
    bool used, on;
    int64_t deadline; /* of a timer; 0: none */
} watched;

typedef struct {
    csp_alternative *alternative;
    csp_holder *holder;
    watched places[PLACES];
} chooser;

typedef struct machine {
    const uint8_t *at, *stop;
    int thread;
    bool alone;
    uint32_t numbered; /* messages sent or tried to */
    uint32_t condition_waits;
    uint32_t random; /* only for what no status may depend on */
    csp_holder *holders[HOLDERS];
    csp_end *ends[ENDS];
    held_message messages[MESSAGES];
    asked_reply asked[REPLIES];
    owed_reply owed[REPLIES];
    chooser choosers[ALTERNATIVES];
    memory last;
} machine;

/* A machine with holders, one of them (if not NULL) shared with other machines. */
void machine_begin(machine *m, int thread, bool alone, csp_holder *shared, const uint8_t *data, size_t size);
void machine_run(machine *m);
/* Free everything that it has. */
void machine_end(machine *m);

/* ---- for the operations ---------------------------------------------------------------------------------------- */

/* The next byte; 0 at the end of the input. */
uint8_t next_byte(machine *m);
uint32_t pick(machine *m, uint32_t below);
csp_holder *pick_holder(machine *m);
/* Alone: CSP_POLL or an instant long ago. Else also some microseconds ahead. */
int64_t pick_deadline(machine *m);

/* The first place, from a picked one on, with an end that fits; NULL if there is none. */
typedef enum { ANY_END, TO_SEND, TO_RECEIVE, TO_RECEIVE_OR_SYNC, OF_CHANNEL, SYNC_ONLY } which_end;
csp_end **pick_end(machine *m, which_end which);
/* A synchronisation object, if possible of this kind. */
csp_end **pick_sync(machine *m, csp_sync_kind kind);
/* A place with a message, or NULL. */
held_message *pick_message(machine *m);
asked_reply *pick_asked(machine *m);
owed_reply *pick_owed(machine *m);

/* Keep what the machine got; where all places are taken, something makes room. */
void keep_end(machine *m, csp_end *end);
void keep_message(machine *m, csp_message *message, belief *from, bool fresh);
void keep_owed(machine *m, csp_reply *reply, uint64_t held, const csp_holder *holder);
/* Give the right to answer up. */
void break_owed(owed_reply *owed, bool maybe_ran);
void drop_held(held_message *held);

/* NULL: the message owns no payload. */
payload *payload_of(const csp_message *message);
/* Whether the machine's own rule lets the message into that channel. */
bool may_carry(const csp_message *message, const belief *into);

/* Another message may be sent: give it its tag. */
bool may_number(const machine *m, uint32_t count);
void number(machine *m, csp_message *message);
/* After a send of a message that was as `before`: whether it went. What the receiver said is left in *message. */
bool offered(belief *b, const csp_message *before, csp_message *message, csp_status status);

/* Check a status against what was predicted for an operation that may not wait. */
csp_status if_waiting(csp_status predicted, int64_t deadline, const csp_holder *holder);
/* For waits that only others can end: gives up after a while. Per thread. */
const csp_hooks *pick_hooks(machine *m);

void do_channel_thing(machine *m, uint32_t what);
void do_message_thing(machine *m, uint32_t what);
void do_transfer(machine *m, uint32_t what);
void do_select(machine *m);
void do_alternative_thing(machine *m, uint32_t what);
void do_sync_thing(machine *m, uint32_t what);
void do_broadcast_thing(machine *m, uint32_t what);
void do_extended_receive(machine *m);
void do_reply_thing(machine *m, uint32_t what);
void do_outside_thing(machine *m, uint32_t what);
void do_scope_thing(machine *m);
void do_operation_thing(machine *m);
/* Every operation passes the scheduler gate, and dawdles there. */
void outside_gate(void);
/* What do_outside_thing changed of the process is as at first. */
void outside_restore(void);
/* How many `what` each of them knows. */
enum {
    CHANNEL_THINGS = 9,
    MESSAGE_THINGS = 6,
    TRANSFERS = 7,
    ALTERNATIVE_THINGS = 6,
    SYNC_THINGS = 10,
    BROADCAST_THINGS = 6,
    REPLY_THINGS = 8,
    OUTSIDE_THINGS = 6,
};

#endif
