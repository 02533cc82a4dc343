/* SPDX-License-Identifier: MIT
 *
 * A stream that is being written: its bytes, what is remembered, and the containers that are open.
 *
 * Invariants
 *  - No container is written by recursion: each that is open is a put_frame, so nothing is too deep for the C stack.
 *  - What is in the memory is kept alive by it: no other object gets its address while the stream is written.
 *  - `full` is set before code of others runs: until then what has one reference was found through it, and is nowhere else.
 *    Code of others may hand it on, so from then on all containers are remembered; a stream that has left one out is begun
 *    anew (PUT_RESTART), which nobody sees, as nobody's code has run. */
#ifndef CSP_NATIVE_WRITER_H
#define CSP_NATIVE_WRITER_H

#include <string.h>

#include "codec/format.h"
#include "native.h"

typedef enum {
    PUT_DONE,
    PUT_OPENED, /* a frame */
    PUT_ELSE,   /* nothing is written: this way does not do */
    PUT_FAILED,
    PUT_RESTART,
} native_put;

typedef enum {
    FRAME_LIST,
    FRAME_TUPLE,
    FRAME_DICT,
    FRAME_SET,
    FRAME_FIELDS,
    FRAME_NAMEDTUPLE,
    FRAME_REDUCED,
} native_frame_kind;

typedef struct {
    PyObject *object; /* ours, as are the others */
    PyObject *source; /* where the items come from, if that is not the object: an iterator, a dict, a tuple of parts */
    PyObject *pending; /* a dict's value whose key is being written; or a key, for the path */
    Py_ssize_t index, count;
    Py_ssize_t position; /* for PyDict_Next */
    size_t begin;        /* where its item stands */
    unsigned char kind, phase, flags;
    bool remembered, hashed;
    const void *record;
} native_put_frame;

typedef struct {
    PyObject *object;
    uint32_t number;
} native_memory_entry;

typedef struct {
    PyObject *text;
    uint32_t number;
} native_text_entry;

enum { FIRST_BYTES = 512, FIRST_FRAMES = 12, FIRST_MEMORY = 8, TEXT_PLACES = 64, FIRST_ATTACHED = 8 };

/* One of them. */
typedef struct {
    csp_end *end;
    csp_packed *packed;
} native_attachment;

typedef struct native_writer native_writer;
struct native_writer {
    native_state *state;
    unsigned char *begin, *next, *limit;
    native_put_frame *frames;
    uint32_t depth, frames_room;
    uint32_t numbers, shapes;
    native_memory_entry *memory; /* NULL until something is remembered */
    uint32_t memory_used, memory_room;
    uint64_t texts_taken; /* a bit for each place of `texts`; what is in the others is nothing */
    uint64_t id;
    bool full, left_out, runs_code, own_error;
    uint32_t hashed, hashed_from; /* frames below which all is hashed, and where the first of them is */
    PyObject *culprit;            /* ours; what could not be written */
    PyObject *override;           /* borrowed; a reducer of the caller's, or NULL */
    /* Write what a frame comes to. Only for the functions that go on with a frame: what opens one returns first. */
    native_put (*put)(native_writer *w, PyObject *object);
    /* Attachments: clones, ours until the payload has them; or, if `handles` is not NULL, the handles themselves. */
    native_attachment *attached;
    uint32_t attached_used, attached_room;
    PyObject *handles;
    native_attachment first_attached[FIRST_ATTACHED];
    native_text_entry texts[TEXT_PLACES];
    native_memory_entry first_memory[FIRST_MEMORY];
    native_put_frame first_frames[FIRST_FRAMES];
    unsigned char first_bytes[FIRST_BYTES];
};

void native_writer_begin(native_writer *w, native_state *state, native_put (*put)(native_writer *w, PyObject *object));
/* Forget all that was written, and write again with everything remembered. */
void native_writer_restart(native_writer *w);
void native_writer_end(native_writer *w);
bool native_writer_grow(native_writer *w, size_t wanted);
/* Open a container; NULL with an exception. The frame keeps the object. */
native_put_frame *native_push(native_writer *w, native_frame_kind kind, PyObject *object);
void native_pop(native_writer *w);
/* Number what stands at `object` from now on. */
bool native_remember(native_writer *w, PyObject *object, uint32_t *number);
bool native_remembered(const native_writer *w, PyObject *object, uint32_t *number);
/* Code of others is about to run; or what has one reference may be met again all the same. False: begin anew. */
static inline bool native_may_run_code(native_writer *w) {
    bool ready = w->full || !w->left_out;
    w->full = true;
    return ready;
}

/* Room for so many bytes more; NULL with an exception. Move w->next behind what is written. */
static inline unsigned char *native_room(native_writer *w, size_t wanted) {
    if (__builtin_expect((size_t)(w->limit - w->next) < wanted, 0) && !native_writer_grow(w, wanted)) {
        return NULL;
    }
    return w->next;
}

static inline native_put native_put_tag(native_writer *w, int tag) {
    unsigned char *p = native_room(w, 1);
    if (p == NULL) {
        return PUT_FAILED;
    }
    *p = (unsigned char)tag;
    w->next = p + 1;
    return PUT_DONE;
}

/* A count: one byte, or 255 and eight. */
static inline unsigned char *native_put_count(unsigned char *p, size_t count) {
    if (count < 255) {
        *p = (unsigned char)count;
        return p + 1;
    }
    uint64_t wide = count;
    *p = 255;
    memcpy(p + 1, &wide, 8);
    return p + 9;
}

static inline native_put native_put_counted(native_writer *w, int tag, size_t count) {
    unsigned char *p = native_room(w, 10);
    if (p == NULL) {
        return PUT_FAILED;
    }
    *p = (unsigned char)tag;
    w->next = native_put_count(p + 1, count);
    return PUT_DONE;
}

/* A tag, a count, and so many bytes. */
static inline native_put native_put_run(native_writer *w, int tag, const void *data, size_t size) {
    unsigned char *p = native_room(w, 10 + size);
    if (p == NULL) {
        return PUT_FAILED;
    }
    *p = (unsigned char)tag;
    p = native_put_count(p + 1, size);
    memcpy(p, data, size);
    w->next = p + size;
    return PUT_DONE;
}

static inline native_put native_put_again(native_writer *w, uint32_t number) {
    unsigned char *p = native_room(w, 5);
    if (p == NULL) {
        return PUT_FAILED;
    }
    if (number < 256) {
        p[0] = ITEM_AGAIN8;
        p[1] = (unsigned char)number;
        w->next = p + 2;
    } else {
        p[0] = ITEM_AGAIN32;
        memcpy(p + 1, &number, 4);
        w->next = p + 5;
    }
    return PUT_DONE;
}

/* Whether another way may lead to the same object; if not, that it was left out of the memory is noted. */
static inline bool native_may_be_shared(native_writer *w, PyObject *object) {
    if (Py_REFCNT(object) > 1 || w->full) {
        return true;
    }
    w->left_out = true;
    return false;
}

#endif
