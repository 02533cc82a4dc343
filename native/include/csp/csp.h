/* SPDX-License-Identifier: MIT
 *
 * The whole C surface of the csp core: channels, alternatives, replies and what they carry.
 *
 * The core knows no Python. Every call here may be made from any thread of the process, also from one that never
 * saw an interpreter, unless it says otherwise.
 *
 * Time       Every instant is int64 nanoseconds of the monotonic clock (csp_now). Every blocking call takes one
 *            absolute deadline, CSP_POLL (never wait) or CSP_FOREVER.
 * Ownership  A message is moved: after CSP_OK from a send the caller's csp_message is empty, after any other status it
 *            is unchanged and still the caller's. A received message is the caller's to keep or to drop.
 * Errors     Calls return a csp_status; none sets errno.
 * Locks      The core's locks are leaf locks. No callback is ever made under one, but for that of csp_loop_new.
 */
#ifndef CSP_H
#define CSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define CSP_API
#elif defined(CSP_BUILDING_CORE)
#define CSP_API __attribute__((visibility("default")))
#else
#define CSP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define CSP_VERSION_MAJOR 0
#define CSP_VERSION_MINOR 1

/* ---- status ------------------------------------------------------------------------------------------------- */

/* name, value, text. The Python error classes follow from this list; a test walks it. */
#define CSP_STATUSES(X)                                                         \
    X(OK, 0, "done")                                                            \
    X(WOULD_BLOCK, 1, "the operation would have to wait")                       \
    X(TIMEOUT, 2, "the deadline passed")                                        \
    X(END_OF_CHANNEL, 3, "every sender is gone and nothing is left to receive") \
    X(BROKEN, 4, "every receiver is gone")                                      \
    X(CLOSED_END, 5, "this end was closed by its own holder")                   \
    X(CANCELLED, 6, "the holder was told to stop")                              \
    X(INTERRUPTED, 7, "the waiting thread was interrupted")                     \
    X(NO_MEMORY, 8, "out of memory")                                            \
    X(INVALID, 9, "an argument is out of its range")                            \
    X(STALE, 10, "the handle's object is gone")                                 \
    X(OVERFLOW, 11, "the buffer is full and its policy is to refuse")           \
    X(ABANDONED, 12, "who held this ended without releasing it")                \
    X(FAILED, 13, "the receiver failed while it held the sender")               \
    X(SCOPE_CANCELLED, 14, "a scope around the operation was cancelled")

typedef enum csp_status {
#define CSP_STATUS_ENUM(name, value, text) CSP_##name = value,
    CSP_STATUSES(CSP_STATUS_ENUM)
#undef CSP_STATUS_ENUM
} csp_status;

/* The status's name ("TIMEOUT") and its text. Never NULL; an unknown value gives "UNKNOWN". */
CSP_API const char *csp_status_name(csp_status status);
CSP_API const char *csp_status_text(csp_status status);

/* ---- time --------------------------------------------------------------------------------------------------- */

#define CSP_POLL INT64_C(0)
#define CSP_FOREVER INT64_MAX

/* Nanoseconds of the monotonic clock, always > 0. */
CSP_API int64_t csp_now(void);
/* The instant `nanoseconds` from now; saturates at CSP_FOREVER; a value <= 0 gives CSP_POLL. */
CSP_API int64_t csp_deadline_after(int64_t nanoseconds);
/* Nanoseconds since 1970, for time stamps. Moves with csp_now where that was held or moved. */
CSP_API int64_t csp_wall_now(void);

/* The clock of the whole process, for tests and schedulers: all limits, timers and time stamps of the library go by
 * it. While it is held it stands still, and time passes only through csp_clock_move. That moves it forward, held or
 * not, and wakes everybody whose time is up. When released it runs on from where it stood. It never goes back, so a
 * program that has moved it is ahead of the system's monotonic clock from then on. Any thread, any time; none of them
 * blocks. */
CSP_API void csp_clock_hold(void);
CSP_API void csp_clock_move(int64_t nanoseconds);
CSP_API void csp_clock_release(void);

/* ---- opaque types ------------------------------------------------------------------------------------------- */

typedef struct csp_channel csp_channel; /* where messages are handed over; lives while an end does */
typedef struct csp_end csp_end;         /* one holder's handle on one direction of one channel */
typedef struct csp_holder csp_holder;   /* who holds ends: an interpreter, a guest in one, or a native program */
typedef struct csp_payload csp_payload; /* refcounted bytes that no interpreter owns */
typedef struct csp_packed csp_packed;   /* a message that is kept unopened, to be opened any number of times */
typedef struct csp_reply csp_reply;     /* a one-shot place for the answer to a call */

/* ---- messages ----------------------------------------------------------------------------------------------- */

/* A kind with this bit set owns one reference to `as.payload`. All other bits are the codec's. Kind 0 is "empty". */
#define CSP_KIND_PAYLOAD UINT32_C(0x80000000)
#define CSP_INLINE_BYTES 16

typedef struct csp_message {
    uint32_t kind;
    uint32_t size; /* bytes used of as.bytes, or the codec's */
    uint64_t tag;  /* carried along untouched: a reply's token and outcome */
    union {
        int64_t integer;
        double real;
        unsigned char bytes[CSP_INLINE_BYTES];
        csp_payload *payload;
    } as;
} csp_message;

/* Release what the message owns: its payload, and with the last reference the ends and replies attached to it. The
 * message is empty afterwards. Dropping an empty message is a no-op. May close ends, so never call it under a lock. */
CSP_API void csp_message_drop(csp_message *message);

/* A payload of `size` bytes (uninitialised) with room for `attachments` ends or replies; one reference, the caller's.
 * NULL when out of memory. */
CSP_API csp_payload *csp_payload_new(size_t size, uint32_t attachments);
CSP_API csp_payload *csp_payload_retain(csp_payload *payload);
CSP_API void csp_payload_release(csp_payload *payload);
CSP_API unsigned char *csp_payload_bytes(csp_payload *payload);
CSP_API size_t csp_payload_size(const csp_payload *payload);
/* The number of payloads alive in the process. */
CSP_API int64_t csp_payloads_alive(void);

/* Put an end, or the answering right of a reply, into place `index` of the payload, which owns it from then on. If
 * nobody takes it out, dropping the payload closes the end, or breaks the reply (its caller learns that the call never
 * ran). An attached end belongs to no holder: it is in transit. If the receiving ends of up to 64 channels are all in
 * transit in each other's buffers, these channels end when the last handle outside is closed: nobody could receive
 * from them. */
CSP_API void csp_payload_attach_end(csp_payload *payload, uint32_t index, csp_end *end);
CSP_API void csp_payload_attach_reply(csp_payload *payload, uint32_t index, csp_reply *reply);
/* Take an attachment out, to be held by `holder`. Everybody who has the payload can do so once. While others have it,
 * too (csp_payload_retain), each gets another handle and the attachment stays; the last one takes it out. A reply is
 * there only once: the first takes it. NULL: nothing of that sort is there, or it was taken before. */
CSP_API csp_end *csp_payload_take_end(csp_payload *payload, uint32_t index, csp_holder *holder);
CSP_API csp_reply *csp_payload_take_reply(csp_payload *payload, uint32_t index, csp_holder *holder);

/* A message that can be opened any number of times, held by `holder`, or (NULL) by nobody. Moves the message, which
 * may hold ends, but no reply. The ends stay open as long as one of its copies lives, or until the holder is cut off.
 * NULL when out of memory: the message is unchanged. */
CSP_API csp_packed *csp_packed_new(csp_message *message, csp_holder *holder);
/* Another packed message with the same payload. NULL when out of memory, or when its holder was cut off. */
CSP_API csp_packed *csp_packed_clone(csp_packed *packed, csp_holder *holder);
/* A copy of the message, to be opened and dropped. False: its holder was cut off. From any thread. */
CSP_API bool csp_packed_message(csp_packed *packed, csp_message *message);
CSP_API void csp_packed_free(csp_packed *packed);
/* As for ends: a packed message travels unopened. */
CSP_API void csp_payload_attach_packed(csp_payload *payload, uint32_t index, csp_packed *packed);
CSP_API csp_packed *csp_payload_take_packed(csp_payload *payload, uint32_t index, csp_holder *holder);

/* ---- holders ------------------------------------------------------------------------------------------------ */

/* A holder with a name for reports (copied, cut at 63 bytes). One reference, the caller's. NULL when out of memory. */
CSP_API csp_holder *csp_holder_new(const char *name);
CSP_API csp_holder *csp_holder_retain(csp_holder *holder);
CSP_API void csp_holder_release(csp_holder *holder);
CSP_API uint64_t csp_holder_id(const csp_holder *holder);
/* The holder's name; valid while the holder is. It can be renamed once (false after that), when its use is known. */
CSP_API const char *csp_holder_name(const csp_holder *holder);
CSP_API bool csp_holder_rename(csp_holder *holder, const char *name);
/* Ask the holder to stop. Every operation that waits now returns CSP_CANCELLED, and so does every later one that would
 * have to wait, or that is a poll and finds nothing: a loop that polls must hear it, too. An operation that had
 * already won is not undone. csp_holder_resume takes the request back. */
CSP_API void csp_holder_cancel(csp_holder *holder);
CSP_API void csp_holder_resume(csp_holder *holder);
CSP_API bool csp_holder_cancelled(const csp_holder *holder);
/* Cut the holder off: cancel it for good, close every end it holds and break every reply it owes. Its handles stay
 * valid memory until their owners free them. Used when an interpreter ended, or has to be given up. */
CSP_API void csp_holder_fence(csp_holder *holder);

/* ---- cancellation scopes ------------------------------------------------------------------------------------- */

/* A part of what one thread does, which can be cancelled as a whole. The thread enters the scope and leaves it, once;
 * scopes nest. Any thread may cancel it, now or by a deadline. From then on every operation of that thread that may
 * wait returns CSP_SCOPE_CANCELLED: the one that waits now, unless a peer carried it out first; and every later one,
 * before it does anything, even if it need not wait. A poll, and a select with a skip guard, return it only if they
 * find nothing. Three things are not hindered: a barrier whose last party comes, a reply that is there, and the way
 * back to a condition's lock. Unlike csp_holder_cancel, a cancel ends with its scope, and is about one thread alone. A
 * shielded scope does not hear the scopes around it. */
typedef struct csp_scope csp_scope;

/* A scope nobody is in. One reference, the caller's. NULL when out of memory. */
CSP_API csp_scope *csp_scope_new(int64_t deadline, bool shield);
CSP_API csp_scope *csp_scope_retain(csp_scope *scope);
CSP_API void csp_scope_release(csp_scope *scope);
/* The calling thread enters the scope, and keeps it alive while it is inside. OK, NO_MEMORY, or INVALID: it has been
 * entered before. */
CSP_API csp_status csp_scope_enter(csp_scope *scope);
/* And leaves it. *caught: whether a CSP_SCOPE_CANCELLED on its way out ends here, because this scope is cancelled and
 * no scope around it that it hears. INVALID: nobody is in it. Or another thread is, or the caller is in a scope inside
 * it: in these two cases it is left all the same. */
CSP_API csp_status csp_scope_leave(csp_scope *scope, bool *caught);
/* From any thread, at any time, any number of times. A scope may be cancelled before it is entered; after it was left,
 * nobody hears it. A deadline that has passed stays passed. One that is moved counts for a wait that is under way. */
CSP_API void csp_scope_cancel(csp_scope *scope);
CSP_API void csp_scope_set_deadline(csp_scope *scope, int64_t deadline);
CSP_API void csp_scope_set_shield(csp_scope *scope, bool on);
CSP_API int64_t csp_scope_deadline(const csp_scope *scope);
CSP_API bool csp_scope_shield(const csp_scope *scope);
/* Whether the calling thread is in a scope. If it is, it may have to wait in csp instead of elsewhere, to hear it. */
CSP_API bool csp_scope_inside(void);
/* Whether one of the scopes that the calling thread is in is shielded. */
CSP_API bool csp_scope_shielded(void);
/* Whether it was cancelled, or its deadline has passed before it was left. */
CSP_API bool csp_scope_cancelled(csp_scope *scope);

/* ---- channels ----------------------------------------------------------------------------------------------- */

#define CSP_UNBOUNDED UINT32_MAX

typedef enum csp_overflow {
    CSP_OVERFLOW_BLOCK = 0,  /* a full buffer makes senders wait */
    CSP_OVERFLOW_OLDEST = 1, /* the oldest buffered message is dropped, and counted */
    CSP_OVERFLOW_NEWEST = 2, /* the new message is dropped, and counted; the send reports CSP_OK */
    CSP_OVERFLOW_REFUSE = 3, /* the send fails with CSP_OVERFLOW */
} csp_overflow;

typedef enum csp_direction { CSP_SENDING = 0, CSP_RECEIVING = 1 } csp_direction;

/* A new channel with one sending and one receiving end, both held by `holder`. Capacity 0 is a rendezvous: a send is
 * over when a receiver has taken the message. Capacity n blocks when n messages wait. The overflow policies need a
 * capacity of at least 1. CSP_OK, CSP_INVALID or CSP_NO_MEMORY. */
CSP_API csp_status csp_channel_new(uint32_t capacity, csp_overflow overflow, csp_holder *holder, csp_end **sending,
                                   csp_end **receiving);

/* Another handle on the same direction. NULL when out of memory, or when `end` is closed. */
CSP_API csp_end *csp_end_clone(csp_end *end, csp_holder *holder);
/* Close in good order; idempotent. Operations that wait through this very handle return CSP_CLOSED_END. When it was
 * the last of its direction: receivers first drain the buffer and then get CSP_END_OF_CHANNEL; senders get CSP_BROKEN
 * at once, each with its message, and what was buffered is dropped and counted as undelivered. */
CSP_API void csp_end_close(csp_end *end);
/* Close if need be, and free the handle. No operation may be using it. */
CSP_API void csp_end_free(csp_end *end);
CSP_API bool csp_end_is_closed(const csp_end *end);
CSP_API csp_direction csp_end_direction(const csp_end *end);
CSP_API csp_holder *csp_end_holder(const csp_end *end);

/* Abort the end's channel: both directions end now, what is buffered is dropped and counted as undelivered, every
 * waiter is released (receivers with CSP_END_OF_CHANNEL, senders with CSP_BROKEN; one that an extended receive holds
 * with CSP_FAILED, because its message was received). `cause` (may be NULL) is moved into the channel and can be read
 * with csp_end_cause. Only the first abort counts; a later cause is dropped. Of a broadcast: the channels of all
 * subscribers are aborted, and it takes no more. INVALID, and nothing happens: for any other synchronisation object,
 * and for a cause with ends or replies in it: the channel would keep them open for as long as it lives, and itself, if
 * one is its own. */
CSP_API csp_status csp_end_abort(csp_end *end, csp_message *cause);
/* A copy of the cause of the channel's abort (a payload gets one more reference). False if there is none. */
CSP_API bool csp_end_cause(csp_end *end, csp_message *cause);

/* Why a blocking call must go through the caller's own runtime on its way to sleep. Every field may be NULL/0. */
typedef struct csp_hooks {
    /* Called once before the thread sleeps (or spins, with spin_detached), and once after. Never under a lock. */
    void (*detach)(void *context);
    void (*attach)(void *context);
    /* Called while detached, when a signal arrived or slice_ns passed. Nonzero: give up with CSP_INTERRUPTED. */
    int (*interrupted)(void *context);
    void *context;
    int64_t slice_ns; /* look at `interrupted` at least this often; 0: only when a signal arrives */
    /* Whether to detach before spinning too, because others share what `detach` releases. Asked only when a wait
     * begins. */
    bool (*spin_detached)(void *context);
    bool alone;         /* no other thread uses the holder, nor will while this one waits; see csp_barrier_wait */
    csp_holder *holder; /* who waits; NULL: the holder of the (first) end. Lives until the operation is over */
} csp_hooks;

/* Send or receive one message. `hooks` may be NULL.
 * send: CSP_OK, WOULD_BLOCK (deadline CSP_POLL), TIMEOUT, BROKEN, CLOSED_END, CANCELLED, INTERRUPTED, OVERFLOW,
 *       NO_MEMORY, FAILED (by csp_recv_extended; *message is then its answer, or empty if it ended without one).
 * recv: CSP_OK, WOULD_BLOCK, TIMEOUT, END_OF_CHANNEL, CLOSED_END, CANCELLED, INTERRUPTED.
 * A deadline in the past still takes or hands over what is ready. */
CSP_API csp_status csp_send(csp_end *end, csp_message *message, int64_t deadline, const csp_hooks *hooks);
CSP_API csp_status csp_recv(csp_end *end, csp_message *message, int64_t deadline, const csp_hooks *hooks);
/* An extended rendezvous: as csp_recv, but the sender is held until *reply is completed or broken. After
 * csp_reply_complete its send returns CSP_OK, or with CSP_REPLY_FAILED, CSP_FAILED and this answer. After
 * csp_reply_break, or when the receiving holder ends, it returns CSP_FAILED without an answer. *reply is NULL unless
 * the status is CSP_OK. For a message put back by csp_unreceive it is NULL, or its answer goes nowhere. The sender's
 * deadline counts until the message was taken. A sender that is stopped or interrupted while it is held returns
 * CANCELLED or INTERRUPTED with an empty message. A sender that cannot wait (CSP_POLL) does not meet an extended
 * receive. INVALID for buffered channels. */
CSP_API csp_status csp_recv_extended(csp_end *end, csp_message *message, csp_reply **reply, int64_t deadline,
                                     const csp_hooks *hooks);
/* Batches: like single operations one after the other, but with one lock and one wake for as many as fit at once.
 * send_many sends all messages and waits where it must. *done says how many were sent, from the front, even if it
 * fails: the rest are still the caller's. recv_many waits for the first message, then takes up to `count` without
 * waiting for more; *done > 0 with CSP_OK. */
CSP_API csp_status csp_send_many(csp_end *end, csp_message *messages, size_t count, size_t *done, int64_t deadline,
                                 const csp_hooks *hooks);
CSP_API csp_status csp_recv_many(csp_end *end, csp_message *messages, size_t count, size_t *done, int64_t deadline,
                                 const csp_hooks *hooks);
/* Post a message: send it without waiting, and without a thread that waits. If it cannot be sent at once, it queues
 * with the channel's senders until a receiver takes it, the channel or the end's holder is over, or it is withdrawn.
 * If nobody takes it, it is dropped, and an answer that it asks for is broken. CSP_OK with *posting NULL: it was sent.
 * CSP_OK with a posting, which must be released some time: it was posted. An extended receive takes it and holds
 * nobody. BROKEN, CLOSED_END, OVERFLOW, NO_MEMORY, INVALID (a receiving end): the message is still the caller's.
 * `deadline` is only for the wait graph. */
typedef struct csp_posting csp_posting;
CSP_API csp_status csp_post(csp_end *end, csp_message *message, int64_t deadline, csp_posting **posting);
/* Take it back, if nobody has taken it yet: true, and the message was dropped. From any thread. */
CSP_API bool csp_posting_withdraw(csp_posting *posting);
CSP_API void csp_posting_release(csp_posting *posting);
/* Undo a receive whose value could not be used (its receiver was interrupted in the same instant). The message goes
 * straight to a waiting receiver, or to the front, before everything buffered. It takes no place of the buffer there,
 * but if the buffer is full, CSP_OVERFLOW_OLDEST drops it first, as the oldest. It is dropped and counted as
 * undelivered if the channel is over, or when out of memory. On a synchronisation object, with the message of a
 * csp_recv that returned OK or ABANDONED: nothing was acquired, and somebody else will be told. */
CSP_API void csp_unreceive(csp_end *receiving, csp_message *message);
/* Move up to `most` messages that are there now, those of waiting senders included, into another channel, unopened and
 * in order. *moved counts them. A message that does not go stays where it was, in front. OK: `most` were moved. Other
 * statuses say why no more were: WOULD_BLOCK (no more are there, or the other channel is full, even if its policy
 * would drop), END_OF_CHANNEL, BROKEN (the other channel's receivers are gone), CLOSED_END (one of the two),
 * NO_MEMORY. INVALID, and nothing happens: both ends are of one channel, or one is a synchronisation object. Never
 * waits. An extended receive that waits on the other channel gets nothing from this. */
CSP_API csp_status csp_forward(csp_end *receiving, csp_end *sending, uint32_t most, uint32_t *moved);

/* ---- alternatives ------------------------------------------------------------------------------------------- */

typedef enum csp_guard_kind {
    CSP_GUARD_RECV = 0,
    CSP_GUARD_SEND = 1,
    CSP_GUARD_TIMER = 2, /* ready at `deadline` */
    CSP_GUARD_SKIP = 3,  /* always ready, but chosen only when no other guard is (fair), or in its place (priority) */
    CSP_GUARD_OFF = 4,   /* its precondition is false: never chosen */
} csp_guard_kind;

/* `status` is told for the chosen guard: OK; END_OF_CHANNEL, BROKEN, CLOSED_END, OVERFLOW, ABANDONED; and FAILED,
 * CANCELLED or INTERRUPTED of a send that an extended receive held. */
typedef struct csp_guard {
    csp_guard_kind kind;
    csp_status status;    /* out */
    csp_end *end;         /* recv, send */
    csp_message *message; /* recv: where the value goes; send: what is offered (moved out if chosen) */
    int64_t deadline;     /* timer */
    void *internal[8];    /* the core's, during the call */
} csp_guard;

#define CSP_SELECT_FAIR 0     /* any of the ready guards, each as likely as the others */
#define CSP_SELECT_PRIORITY 1 /* the first ready guard in the order given, judged in one instant */
/* The first ready guard from number `flags >> 8` on; after the last one it goes on from 0. A caller that begins behind
 * the guard chosen last passes no guard over twice while it stays ready. */
#define CSP_SELECT_ROTATE 2
#define CSP_GUARDS_MAX 65000

/* Wait until one guard is ready, carry it out, and set *chosen. One instant decides, so with some guard always ready a
 * CSP_POLL never reports WOULD_BLOCK. A guard whose channel is over is ready, with its status. Both ends of one
 * channel may be offered; they never pair with each other. The same channel may stand in several guards. CSP_OK (see
 * guards[*chosen].status), WOULD_BLOCK, TIMEOUT, CANCELLED, INTERRUPTED, INVALID (no guard that could ever be ready
 * and deadline CSP_FOREVER, or too many guards). */
CSP_API csp_status csp_select(csp_guard *guards, uint32_t count, int flags, int64_t deadline, const csp_hooks *hooks,
                              uint32_t *chosen);

/* A reusable alternative of receiving ends and timers. Its ends are watched from csp_alternative_add to
 * csp_alternative_remove, so that one select costs the same whatever their number. Guards are numbered from 0 in the
 * order in which they are added; the lowest number that was removed is used again, without new memory. Only one thread
 * at a time may use it, except for csp_alternative_interrupt. Anybody may close the ends meanwhile. */
typedef struct csp_alternative csp_alternative;
/* NULL when out of memory. `holder` (may be NULL) is who waits. */
CSP_API csp_alternative *csp_alternative_new(csp_holder *holder);
CSP_API void csp_alternative_free(csp_alternative *alternative);
/* Watch a receiving end, a lock, semaphore, event or broadcast (it is kept in memory, not open). OK, NO_MEMORY, or
 * INVALID: none of these, or CSP_GUARDS_MAX guards are in use. */
CSP_API csp_status csp_alternative_add(csp_alternative *alternative, csp_end *end, uint32_t *index);
CSP_API csp_status csp_alternative_add_timer(csp_alternative *alternative, uint32_t *index);
CSP_API void csp_alternative_set_timer(csp_alternative *alternative, uint32_t index, int64_t deadline);
CSP_API void csp_alternative_remove(csp_alternative *alternative, uint32_t index);
/* The guard's precondition; true at first. While it is false the guard is never chosen. */
CSP_API void csp_alternative_enable(csp_alternative *alternative, uint32_t index, bool on);
/* As csp_select: one of its guards, with *outcome as csp_guard.status. Fair is by rotation: no guard is chosen twice
 * while another stays ready all the time. OK, WOULD_BLOCK, TIMEOUT, CANCELLED, INTERRUPTED. With nothing to wait for
 * it waits for the deadline. Receivers that wait in csp_recv or csp_select go before alternatives. */
CSP_API csp_status csp_alternative_select(csp_alternative *alternative, int flags, int64_t deadline,
                                          const csp_hooks *hooks, csp_message *message, uint32_t *index,
                                          csp_status *outcome);
/* csp_select over these guards instead of the alternative's own, but csp_alternative_interrupt ends it, too. */
CSP_API csp_status csp_alternative_select_among(csp_alternative *alternative, csp_guard *guards, uint32_t count,
                                                int flags, int64_t deadline, const csp_hooks *hooks, uint32_t *chosen);
/* From any thread: the select that is under way returns INTERRUPTED, unless it has chosen already. If it has, or if
 * none is under way, the next one does. So whoever changes the guards can make the select return and begin again. */
CSP_API void csp_alternative_interrupt(csp_alternative *alternative);

/* ---- synchronisation ---------------------------------------------------------------------------------------- */

typedef enum csp_sync_kind {
    CSP_SYNC_NONE = 0,      /* an end of a channel */
    CSP_SYNC_LOCK = 1,      /* `value` 1: free, 0: taken */
    CSP_SYNC_RLOCK = 2,     /* the thread that has it may take it again */
    CSP_SYNC_SEMAPHORE = 3, /* `value` units at first, never more than `limit` */
    CSP_SYNC_EVENT = 4,     /* `value` 1: set */
    CSP_SYNC_CONDITION = 5, /* to be used with a lock */
    CSP_SYNC_BARRIER = 6,   /* for `limit` parties */
    CSP_SYNC_COUNTER = 7,   /* an atomic integer, `value` at first */
    CSP_SYNC_BROADCAST = 8, /* made by csp_broadcast_new: to acquire it is to have the turn to send */
} csp_sync_kind;

/* A synchronisation object is reached through a handle like a receiving end: cloned, attached to messages, closed and
 * freed by the same calls. csp_recv on it acquires (lock, semaphore) or waits (event: until it is set; condition: for
 * the next notification, without a lock), first come first served, and so may a receive guard; the message is without
 * content. A lock or units that a holder has when its handle is closed are free again, and one taker, the next, gets
 * CSP_ABANDONED instead (and does not hold it). OK, INVALID (kind, value or limit) or NO_MEMORY. */
CSP_API csp_status csp_sync_new(csp_sync_kind kind, int64_t value, int64_t limit, csp_holder *holder,
                                csp_end **handle);
CSP_API csp_sync_kind csp_end_sync(const csp_end *end);
/* Give back a lock (count 1) or units; never waits. INVALID: more than are out, or another thread's recursive lock. */
CSP_API csp_status csp_sync_release(csp_end *handle, int64_t count);
/* Set the event, which releases all who wait, or clear it. */
CSP_API csp_status csp_event_put(csp_end *event, bool set);
/* Give up the lock whole, wait for a notification, take the lock again. OK, TIMEOUT, CANCELLED, INTERRUPTED, ABANDONED
 * (by the lock's last holder), CLOSED_END, INVALID (the lock is not held). After CANCELLED, INTERRUPTED and ABANDONED
 * the lock may not be held; even then one csp_sync_release by this thread is no mistake. If the one notified leaves
 * with an error, the notification passes on to the next that waits. */
CSP_API csp_status csp_condition_wait(csp_end *condition, csp_end *lock, int64_t deadline, const csp_hooks *hooks);
/* Release up to `count` who wait now; gives how many. */
CSP_API int64_t csp_condition_notify(csp_end *condition, int64_t count);
/* Wait until `limit` parties wait. *index: how many came before. A party that leaves earlier (TIMEOUT, CANCELLED,
 * INTERRUPTED) breaks the barrier: the others get BROKEN, and so does everybody until a reset. The barrier also breaks
 * when a holder that was told to stop, or fenced, closes its handle; and when every handle left is of a holder whose
 * only thread (csp_hooks.alone) waits already. These two are ABANDONED. */
CSP_API csp_status csp_barrier_wait(csp_end *barrier, int64_t deadline, const csp_hooks *hooks, int64_t *index);
/* Break it for good, or (false) make it whole again; who waits gets BROKEN either way. */
CSP_API csp_status csp_barrier_put(csp_end *barrier, bool broken);
/* One atomic step each, in one order for all threads. Add wraps, and returns the sum; exchange returns the value
 * before. For a handle on something else: 0, or false. */
CSP_API int64_t csp_counter_add(csp_end *counter, int64_t amount);
CSP_API int64_t csp_counter_exchange(csp_end *counter, int64_t value);
CSP_API bool csp_counter_compare_exchange(csp_end *counter, int64_t *expected, int64_t value);

typedef struct csp_sync_state {
    csp_sync_kind kind;
    int64_t value; /* lock, semaphore: free units; rlock: depth; event: 1: set; barrier: how many wait; counter */
    int64_t limit;
    uint32_t waiting;
    bool broken;        /* barrier */
    char abandoner[64]; /* the name of the last holder that ended while it held this; "" if none did */
} csp_sync_state;
CSP_API void csp_sync_read(csp_end *handle, csp_sync_state *out);

/* ---- broadcast ---------------------------------------------------------------------------------------------- */

/* A broadcast: every subscriber gets every message that was sent after it subscribed, in one order for all. A
 * subscriber is the receiving end of a channel of its own, with its own capacity and overflow policy; it subscribes no
 * more when it is closed. The handle is cloned, attached to messages, closed, aborted and freed like an end; with the
 * last one subscribers drain their channels and then get CSP_END_OF_CHANNEL. With `keep` a new subscriber begins with
 * the latest message (a watch is that, with capacity 1 and CSP_OVERFLOW_OLDEST). OK or NO_MEMORY. */
CSP_API csp_status csp_broadcast_new(bool keep, csp_holder *holder, csp_end **handle);
/* As csp_channel_new, for one subscriber. OK, INVALID, CLOSED_END, BROKEN (it was aborted), NO_MEMORY. */
CSP_API csp_status csp_broadcast_subscribe(csp_end *handle, uint32_t capacity, csp_overflow overflow,
                                           csp_holder *holder, csp_end **receiving);
/* Send to every subscriber, first to those that need no wait; waits for the others. *reached counts who got it (or
 * whose policy drops); where the policy refuses it, it counts as dropped in the statistics of that subscriber's
 * channel. OK moves the message. TIMEOUT, WOULD_BLOCK, CANCELLED, INTERRUPTED, NO_MEMORY, CLOSED_END (this handle,
 * perhaps while it waited), BROKEN (an abort): the message is still the caller's, and those who have not been reached
 * do not get it. INVALID: the message holds a reply, which is there once; or, with `keep`, anything that it would keep
 * open: ends, replies. */
CSP_API csp_status csp_broadcast_send(csp_end *handle, csp_message *message, int64_t deadline, const csp_hooks *hooks,
                                      uint32_t *reached);
/* A copy of the latest message, if `keep`; false when there is none. How many subscribers there are, without those
 * whose receiving ends are closed. Both may be asked of a closed handle. */
CSP_API bool csp_broadcast_latest(csp_end *handle, csp_message *message);
CSP_API uint32_t csp_broadcast_subscribers(csp_end *handle);

/* ---- replies ------------------------------------------------------------------------------------------------ */

/* A place for one answer. Two rights belong to it: asking (wait, abandon) and answering (complete, break). Attach the
 * answering right to the payload that carries the call. NULL when out of memory. */
CSP_API csp_reply *csp_reply_new(void);
/* The same, but the answer is sent as a message with this tag into the channel of `target` (a sending end, borrowed
 * until the reply is completed; unbounded, so that completing never waits). There is no asking right. */
CSP_API csp_reply *csp_reply_new_routed(csp_end *target, uint64_t tag);
/* An asking right of such a reply all the same, as long as it is not attached: only to give the call up
 * (csp_reply_abandon), not to wait for the answer. */
CSP_API csp_reply *csp_reply_asking(csp_reply *reply);

/* What a call brings with it beside its message. It stands in the reply; so the codec knows nothing of it, and whoever
 * has the answering right can read it without opening the message. */
typedef struct csp_envelope {
    int64_t deadline;    /* until when somebody waits for the answer; CSP_FOREVER: no limit. A cast has none. */
    int64_t stood_still; /* for how long limits had stood still by then, where somebody debugs; else 0 */
    uint64_t call_id;    /* no other call of this process has it; 0: this is no call */
    uint64_t trace[2];   /* the upper and the lower half of W3C's trace-id: the same in all calls that one led to */
    int32_t priority;    /* more is more urgent; 0 by default. Carried, and for nothing yet */
    uint32_t flags;      /* csp_call_flags, or 0 */
} csp_envelope;

typedef enum csp_call_flags {
    CSP_CALL_CAST = 1,     /* nobody waits for the answer, from the beginning */
    CSP_CALL_DROPPABLE = 2 /* it need not be carried out when nobody waits for it any more */
} csp_call_flags;

/* csp_reply_new and its kin fill one in: a new call_id, the trace of the call that the thread is carrying out or else
 * a new one, no deadline, priority 0, no flags. To be changed before the reply is attached, and read by who has the
 * asking or the answering right, as long as it is his. */
CSP_API const csp_envelope *csp_reply_envelope(const csp_reply *reply);
CSP_API void csp_reply_set_envelope(csp_reply *reply, const csp_envelope *envelope);
/* For who has the answering right: whether somebody still waits for the answer. False: he gave up, or ended (and for a
 * cast, always). It may be false in the next instant; once false, it stays so. */
CSP_API bool csp_reply_wanted(csp_reply *reply);

/* The calling thread begins to carry out a call. Until csp_handling_end the calls that it makes belong to it, and have
 * its trace. Both arguments must stay where they are until then. It nests. NULL: this belongs to no call. */
typedef struct csp_handling {
    const csp_envelope *envelope;
    struct csp_handling *outer;
} csp_handling;
CSP_API void csp_handling_begin(csp_handling *handling, const csp_envelope *envelope);
CSP_API void csp_handling_end(csp_handling *handling);
/* Of the call that the calling thread is carrying out; NULL: none. */
CSP_API const csp_envelope *csp_handled(void);

/* The tag of a completed reply's message: how it ended. The codec owns the bits below. */
#define CSP_REPLY_BROKEN (UINT64_C(1) << 63)    /* the answering side is gone */
#define CSP_REPLY_MAYBE_RAN (UINT64_C(1) << 62) /* ... after it had taken the call */
#define CSP_REPLY_FAILED (UINT64_C(1) << 61)    /* the codec's: the answer is an error */

/* Wait for the answer; CSP_OK fills *answer (look at its tag for CSP_REPLY_BROKEN). Other statuses: WOULD_BLOCK,
 * TIMEOUT, CANCELLED, INTERRUPTED. `waiting` is who waits (for the wait graph and cancellation). */
CSP_API csp_status csp_reply_wait(csp_reply *reply, csp_holder *waiting, csp_message *answer, int64_t deadline,
                                  const csp_hooks *hooks);
/* Give the asking right back. An answer that comes later, or had come and was not taken, is dropped. */
CSP_API void csp_reply_abandon(csp_reply *reply);
/* Answer; consumes the answering right and moves *answer. `flags` is 0 or CSP_REPLY_FAILED. True if somebody can still
 * receive it; false if the caller had given up (the answer is dropped). */
CSP_API bool csp_reply_complete(csp_reply *reply, csp_message *answer, uint64_t flags);
/* Consume the answering right without an answer. */
CSP_API void csp_reply_break(csp_reply *reply, bool maybe_ran);

/* ---- operations without a thread ----------------------------------------------------------------------------- */

/* For event loops and tasks. An operation that has to wait queues like a thread, and with the threads, but no thread
 * waits. When it has ended, it is put on its loop's list. Each call here returns at once.
 *
 * An operation is a record that is used again and again, for one operation at a time. Only one thread at a time may
 * use it, or call csp_loop_next of its loop. Until it is finished it uses what it was given: ends, guards and what
 * they point to, a reply's asking right. An end may be closed meanwhile, as always. Scopes belong to threads, and are
 * not heard here. */
typedef struct csp_loop csp_loop;
typedef struct csp_operation csp_operation;

/* A list of operations that have ended. Whoever puts the first one on an empty list calls `notify`: in any thread,
 * perhaps under a lock of the core. So it writes to an eventfd, or the like, and calls nothing of csp.h. `closed` (may
 * be NULL) is called once, when nobody will notify any more: after csp_loop_free, when the last operation is freed and
 * the last notify has returned. Then the eventfd may be closed. NULL when out of memory. */
CSP_API csp_loop *csp_loop_new(void (*notify)(void *context), void (*closed)(void *context), void *context);
/* The next operation that has ended, in the order in which they ended; finish it. NULL: there is none. After a notify,
 * first clear the eventfd, then call this until NULL: only after that will the next operation notify again. */
CSP_API csp_operation *csp_loop_next(csp_loop *loop);
/* Nobody will look any more. Operations that are not freed yet can still be finished, cancelled and freed. */
CSP_API void csp_loop_free(csp_loop *loop);

/* A record for operations of `holder`, who waits; NULL: the holder of the end, or of the first guard's end. `context`
 * is the caller's. NULL when out of memory. */
CSP_API csp_operation *csp_operation_new(csp_loop *loop, csp_holder *holder, void *context);
CSP_API void *csp_operation_context(const csp_operation *operation);
/* Cancels or undoes what is under way: a received message goes back as by csp_unreceive; an answer, and a message that
 * was not sent, are dropped. A message that was sent stays sent. */
CSP_API void csp_operation_free(csp_operation *operation);

/* Begin. WOULD_BLOCK: it is under way, and a message to be sent is the operation's. Else it is over, as by csp_send,
 * csp_recv, csp_select or csp_reply_wait. INVALID also: one is under way already; CSP_POLL, which has no use here; a
 * recursive lock, which belongs to a thread. A deadline is its owner's to keep, see csp_operation_expire. The guards,
 * and what they point to, stay where they are until it is finished. A sender may be held by an extended receive. */
CSP_API csp_status csp_begin_send(csp_operation *operation, csp_end *end, csp_message *message, int64_t deadline);
CSP_API csp_status csp_begin_recv(csp_operation *operation, csp_end *end, csp_message *message, int64_t deadline);
CSP_API csp_status csp_begin_select(csp_operation *operation, csp_guard *guards, uint32_t count, int flags,
                                    int64_t deadline, uint32_t *chosen);
CSP_API csp_status csp_begin_wait(csp_operation *operation, csp_reply *reply, int64_t deadline, csp_message *answer);

/* How it ended, once: as csp_send, csp_recv, csp_select (*chosen; NULL for all others) or csp_reply_wait; INTERRUPTED:
 * by csp_operation_cancel. *message is what was received, the answer, what was not sent, or what the receiver of a
 * held send said; else empty. WOULD_BLOCK: it is under way. INVALID: nothing is. */
CSP_API csp_status csp_operation_finish(csp_operation *operation, csp_message *message, uint32_t *chosen);
/* True: it is called off and did nothing; finish it. False: too late, it has ended, or nothing is under way. Then
 * csp_operation_finish has the outcome, and a message in it can be kept, or given back by csp_unreceive. */
CSP_API bool csp_operation_cancel(csp_operation *operation);
/* When the owner should call csp_operation_expire: at the deadline, or at the first timer of a select; else
 * CSP_FOREVER. Expire ends an operation that is under way after that instant. True: it has ended; finish it (TIMEOUT,
 * or a timer is chosen). */
CSP_API int64_t csp_operation_deadline(const csp_operation *operation);
CSP_API bool csp_operation_expire(csp_operation *operation);

/* ---- seen from outside -------------------------------------------------------------------------------------- */

typedef struct csp_statistics {
    uint64_t id; /* generation and slot; never used again for another channel */
    uint32_t capacity;
    csp_overflow overflow;
    uint32_t length;            /* messages that wait in the buffer now */
    uint32_t waiting_senders;   /* parked or spinning in send or in a select that offers a send, now */
    uint32_t waiting_receivers; /* likewise for receive */
    uint32_t peak_senders, peak_receivers;
    uint32_t sending_ends, receiving_ends; /* open handles, those in transit included */
    uint64_t sent, received, dropped, undelivered;
    uint64_t parks, wakes, spins_hit, spins_missed;
    bool aborted;
} csp_statistics;

CSP_API void csp_end_statistics(csp_end *end, csp_statistics *out);
/* csp_statistics.length alone, read without the channel's lock: costs next to nothing. */
CSP_API uint32_t csp_end_length(const csp_end *end);
/* The channel's id, see csp_statistics.id. */
CSP_API uint64_t csp_end_channel(const csp_end *end);
/* Statistics by id: CSP_OK, or CSP_STALE when that channel is gone. */
CSP_API csp_status csp_channel_statistics(uint64_t id, csp_statistics *out);

/* The wait graph: who waits for what, and who holds the ends that could wake them. */
typedef struct csp_edge {
    enum { CSP_EDGE_WAITS = 0, CSP_EDGE_HOLDS = 1, CSP_EDGE_ASKS = 2 } kind;
    uint64_t holder;         /* id; 0: in transit */
    uint64_t thread;         /* waits, asks: the waiting thread's id in the core; 0: it is posted, or an operation */
    uint64_t channel;        /* waits, holds */
    uint64_t asked;          /* asks: the holder that owes the answer, 0 if it is still in a mailbox */
    csp_direction direction; /* waits, holds */
    uint32_t count;          /* holds: how many handles */
    int64_t deadline;        /* waits, asks */
    char name[64];           /* the holder's name */
    int64_t since;           /* waits, asks: since when the thread sleeps; 0: it does not yet */
    uint64_t wait;           /* waits, asks: another number in the thread's next wait */
    csp_sync_kind sync;      /* waits: what the channel is; CSP_SYNC_NONE: a channel */
} csp_edge;
/* Call `visit` for every edge, under no lock. Each channel is read in one instant, different ones in different
 * instants. CSP_OK or CSP_NO_MEMORY. */
CSP_API csp_status csp_graph_visit(void (*visit)(const csp_edge *edge, void *context), void *context);

typedef struct csp_totals {
    int64_t channels, ends, holders, payloads, replies, threads; /* alive now */
    int64_t running;                                             /* threads of the core that do not wait in it */
    int64_t cpus;                                                /* CPUs this process may use */
} csp_totals;
CSP_API void csp_totals_read(csp_totals *out);

/* The scheduler gate. When set, it is told everything that one thread does to another, so that a scheduler can decide
 * which thread goes next, and can repeat the same order. When off, it costs a load and a branch.
 *
 * The gate is told of each operation before it looks at anything (BEFORE), and when it is over, done or not (DONE).
 * Both calls come on the thread that does it, under no lock of csp, and may take their time: to hold a thread, do not
 * return. An operation that has to wait has a WAIT inside. Its BEFORE says that the thread sleeps from now on, and
 * must return at once. Its DONE says that the sleep is over, and may take its time. A WAKE comes from the thread that
 * ends another's sleep; `thread` is that other one. It must return at once. It is followed by that thread's WAIT,
 * DONE; or by another BEFORE, if the thread only looked again how long it may sleep. An EXPIRE says that nobody woke
 * the thread: its time is up. While a gate is set nobody spins.
 *
 * The caller may hold a lock of its own runtime, such as a GIL. A gate that holds a thread must let go of that lock.
 * An operation that was under way when the gate was set is told of from its next step on. `gate` and what it points to
 * must outlive every operation. */
typedef enum csp_gate_operation {
    CSP_GATE_SEND = 0, /* also to post, to give a message back, and to release */
    CSP_GATE_RECV = 1, /* also to acquire */
    CSP_GATE_SELECT = 2,
    CSP_GATE_ASK = 3, /* to wait for a reply */
    CSP_GATE_CLOSE = 4,
    CSP_GATE_ABORT = 5,
    CSP_GATE_ANSWER = 6,    /* a reply is completed, or broken */
    CSP_GATE_CANCEL = 7,    /* a holder is told to stop, or may go on */
    CSP_GATE_FENCE = 8,     /* a holder is cut off */
    CSP_GATE_CALL_OFF = 9,  /* a scope is cancelled, or changed */
    CSP_GATE_WITHDRAW = 10, /* a posting, or an operation that no thread waits in, is taken back */
    CSP_GATE_SPAWN = 11,    /* a thread is started ... */
    CSP_GATE_RUN = 12,      /* ... and begins; BEFORE alone, on itself */
    CSP_GATE_EXIT = 13,     /* a thread that has waited for something ends; BEFORE alone */
    CSP_GATE_WAIT = 14,
    CSP_GATE_WAKE = 15,   /* BEFORE alone */
    CSP_GATE_EXPIRE = 16, /* BEFORE alone */
} csp_gate_operation;
typedef enum csp_gate_phase { CSP_GATE_BEFORE = 0, CSP_GATE_DONE = 1 } csp_gate_phase;
typedef struct csp_gate_event {
    csp_gate_operation operation;
    csp_gate_phase phase;
    uint64_t thread;  /* its number; 0: it has waited for nothing yet, or is no thread */
    uint64_t holder;  /* 0: none, or unknown; of a WAKE always */
    uint64_t channel; /* 0: none, or several */
    int64_t deadline; /* WAIT, BEFORE: until when, by csp_now; otherwise CSP_FOREVER */
} csp_gate_event;
typedef struct csp_gate {
    void (*pass)(const csp_gate_event *event, void *context);
    void *context;
} csp_gate;
CSP_API void csp_gate_set(const csp_gate *gate);
/* Begin all random choices of the core anew from this number: which of several ready guards a fair select takes. The
 * threads draw from sequences of their own, given out in the order in which each chooses first: with a gate that lets
 * one go at a time, the same number gives the same choices. */
CSP_API void csp_seed(uint64_t number);

/* ---- threads ------------------------------------------------------------------------------------------------ */

typedef enum csp_thread_kind {
    CSP_THREAD_OF_USER = 0, /* runs code of the program: the signal mask is the caller's, as for any thread */
    CSP_THREAD_OURS = 1,    /* runs none: blocks what comes from outside, never what a crash of its own raises */
} csp_thread_kind;
/* Start a detached thread with a name (copied). False when the system gives none. */
CSP_API bool csp_thread_start(void *(*function)(void *), void *argument, const char *name, csp_thread_kind kind);
/* Give the calling thread that name, as top -H, py-spy and gdb show it. UTF-8; Linux keeps 15 bytes, and of a longer
 * name the end is kept, which tells the children of one supervisor apart. */
CSP_API void csp_thread_name(const char *name);

/* ---- waiting policy ----------------------------------------------------------------------------------------- */

/* How long a wait may spin before it sleeps (ns; 0 never spins; default a few microseconds). A wait spins only while
 * no more threads run than CPUs are allowed, and only where spinning has paid on that channel. */
CSP_API void csp_spin_limit(int64_t nanoseconds);
/* Placement: the calling thread allows that it is moved. Such threads may be moved to one CPU while they wait for each
 * other more than they work, and are let go when they work: see native/core/waiting/placement.h. A thread whose CPUs
 * somebody else has chosen is never moved. Returns the thread's number in the core; 0 when out of memory. */
CSP_API uint64_t csp_thread_may_settle(void);
/* The calling thread is let go now, if it was moved, and not moved again before it has shown anew that it only talks.
 * Call this before anything that shows others its CPUs: starting threads or programs, asking for its CPUs or choosing
 * them. fork and csp_thread_start do it themselves. */
CSP_API void csp_thread_leave(void);
/* The thread of that number is let go and never moved again. From any thread. */
CSP_API void csp_thread_stays(uint64_t thread);
/* Off: nobody is moved, and threads that were are let go. On by default. */
CSP_API void csp_placement(bool on);
/* Tell how many CPUs may be used; 0 asks the system again (affinity mask). */
CSP_API void csp_cpus_allowed(int64_t cpus);

#ifdef __cplusplus
}
#endif
#endif
