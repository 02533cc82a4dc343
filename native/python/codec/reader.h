/* SPDX-License-Identifier: MIT
 *
 * A stream that is being read. Nothing in it is trusted: every length is compared with what is left before anything is
 * allocated, every number with what there is; a stream that is wrong anywhere is a MalformedMessage.
 *
 * Invariants
 *  - No container is read by recursion: each that is open is a get_frame.
 *  - While code of others may run (`plain` is false) no object that it could reach has an empty place. */
#ifndef CSP_NATIVE_READER_H
#define CSP_NATIVE_READER_H

#include <string.h>

#include "codec/format.h"
#include "native.h"

typedef enum { GOT, GET_OPENED /* a frame */, GET_FAILED } native_get;

typedef enum {
    OPEN_LIST,
    OPEN_TUPLE,
    OPEN_DICT,
    OPEN_SET,
    OPEN_RECORD, /* a tuple of parts, of which `finish` makes the object */
    OPEN_INSTANCE,
    OPEN_REDUCED,
} native_open_kind;

typedef struct native_reader native_reader;
typedef struct native_get_frame native_get_frame;

struct native_get_frame {
    PyObject *object; /* ours, as are the others; NULL where there is none yet */
    PyObject *key, *extra;
    size_t index, count;
    PyObject *(*finish)(native_reader *r, native_get_frame *f); /* of the record */
    const void *plan;
    unsigned char kind, phase, flags;
    bool remembered, hashed, again;
};

enum { FIRST_GET_FRAMES = 12, FIRST_AGAIN = 32 };

struct native_reader {
    native_state *state;
    const unsigned char *next, *end;
    bool plain;
    size_t owed;     /* items that open containers still wait for: so many bytes at least are not of what comes now */
    PyObject *value; /* what was GOT, and is its taker's */
    native_get_frame *frames;
    uint32_t depth, frames_room;
    PyObject **again; /* what was remembered, by number; ours */
    uint32_t again_used, again_room;
    PyObject *shapes; /* a list: see instances.c; or NULL */
    uint32_t hashed, hashed_from;
    /* Where attachments are: in a payload, from which they are taken; or as handles in a sequence. */
    csp_payload *payload;
    PyObject *handles;
    native_get_frame first_frames[FIRST_GET_FRAMES];
    PyObject *first_again[FIRST_AGAIN];
};

void native_reader_begin(native_reader *r, native_state *state, const unsigned char *bytes, size_t size, bool plain);
void native_reader_end(native_reader *r);
/* The stream is wrong: an exception, and GET_FAILED. */
native_get native_malformed(const char *what);
/* Open a container; takes over the object, also on failure (NULL with an exception). `object` may be NULL. */
native_get_frame *native_open(native_reader *r, native_open_kind kind, PyObject *object);
/* Leave the frame, without what it holds: that is the caller's now. */
native_get_frame native_leave(native_reader *r);
bool native_keep_again_slow(native_reader *r, PyObject *object);

static inline bool native_keep_again(native_reader *r, PyObject *object) {
    if (r->again_used == r->again_room) {
        return native_keep_again_slow(r, object);
    }
    r->again[r->again_used++] = Py_NewRef(object);
    return true;
}

static inline size_t native_left(const native_reader *r) { return (size_t)(r->end - r->next); }

static inline bool native_available(const native_reader *r, size_t wanted) {
    if (__builtin_expect(native_left(r) < wanted, 0)) {
        native_malformed("it ends too early");
        return false;
    }
    return true;
}

/* A count of things that take at least one byte each. */
static inline bool native_get_count(native_reader *r, size_t *count) {
    if (!native_available(r, 1)) {
        return false;
    }
    uint64_t wide = *r->next++;
    if (wide == 255) {
        if (!native_available(r, 8)) {
            return false;
        }
        memcpy(&wide, r->next, 8);
        r->next += 8;
    }
    *count = (size_t)wide;
    if (wide > native_left(r) || r->owed > native_left(r) - (size_t)wide) {
        native_malformed("it ends too early");
        return false;
    }
    return true;
}

/* A container that waits for count items is open, or gets one of them. That nothing is allocated for the same bytes twice
 * keeps what a wrong stream can ask for in proportion to its length. */
static inline void native_owe(native_reader *r, const native_get_frame *f) { r->owed += f->count - f->index - 1; }
static inline bool native_waits(native_reader *r, native_get_frame *f) {
    bool more = ++f->index < f->count;
    r->owed -= more;
    return more;
}

static inline native_get native_got(native_reader *r, PyObject *value) {
    r->value = value;
    return value != NULL ? GOT : GET_FAILED;
}

#endif
