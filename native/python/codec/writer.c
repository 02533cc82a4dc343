/* SPDX-License-Identifier: MIT */
#include "codec/writer.h"

static uint64_t address_hash(const void *object) {
    return ((uint64_t)(uintptr_t)object >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 32;
}

void native_writer_begin(native_writer *w, native_state *state,
                         native_put (*put)(native_writer *w, PyObject *object)) {
    w->state = state;
    w->put = put;
    w->begin = w->next = w->first_bytes;
    w->limit = w->begin + FIRST_BYTES;
    w->frames = w->first_frames;
    w->frames_room = FIRST_FRAMES;
    w->depth = w->numbers = w->shapes = 0;
    w->memory = NULL;
    w->memory_used = w->memory_room = 0;
    w->texts_taken = 0;
    w->id = 0;
    w->full = w->left_out = w->runs_code = w->own_error = false;
    w->hashed = w->hashed_from = 0;
    w->culprit = w->override = w->handles = NULL;
    w->attached = w->first_attached;
    w->attached_room = FIRST_ATTACHED;
    w->attached_used = 0;
    *w->next++ = STREAM_VERSION;
}

static void forget(native_writer *w) {
    while (w->depth > 0) {
        native_pop(w);
    }
    for (uint32_t i = 0; i < w->memory_room; i++) {
        Py_CLEAR(w->memory[i].object);
    }
    w->memory_used = 0;
    for (; w->texts_taken != 0; w->texts_taken &= w->texts_taken - 1) {
        Py_DECREF(w->texts[__builtin_ctzll(w->texts_taken)].text);
    }
    for (uint32_t i = 0; i < w->attached_used; i++) {
        if (w->attached[i].end != NULL) {
            csp_end_free(w->attached[i].end);
        }
        if (w->attached[i].packed != NULL) {
            csp_packed_free(w->attached[i].packed);
        }
    }
    w->attached_used = 0;
    Py_CLEAR(w->culprit);
}

void native_writer_restart(native_writer *w) {
    forget(w);
    if (w->handles != NULL) {
        (void)PyList_SetSlice(w->handles, 0, PyList_GET_SIZE(w->handles), NULL);
    }
    w->next = w->begin + 1;
    w->numbers = w->shapes = 0;
    w->id = 0;
    w->left_out = w->runs_code = false;
    w->hashed = 0;
    w->full = true;
}

void native_writer_end(native_writer *w) {
    forget(w);
    if (w->begin != w->first_bytes) {
        PyMem_RawFree(w->begin);
    }
    if (w->frames != w->first_frames) {
        PyMem_RawFree(w->frames);
    }
    if (w->memory != NULL && w->memory != w->first_memory) {
        PyMem_RawFree(w->memory);
    }
    if (w->attached != w->first_attached) {
        PyMem_RawFree(w->attached);
    }
}

bool native_writer_grow(native_writer *w, size_t wanted) {
    size_t used = (size_t)(w->next - w->begin), room = (size_t)(w->limit - w->begin) * 2;
    if (wanted > (size_t)PY_SSIZE_T_MAX / 2 - used) {
        PyErr_NoMemory();
        return false;
    }
    if (room < used + wanted) {
        room = used + wanted + 64; /* one long run: what follows it is short as a rule */
    }
    unsigned char *larger = w->begin == w->first_bytes ? PyMem_RawMalloc(room) : PyMem_RawRealloc(w->begin, room);
    if (larger == NULL) {
        PyErr_NoMemory();
        return false;
    }
    if (w->begin == w->first_bytes) {
        memcpy(larger, w->begin, used);
    }
    w->begin = larger;
    w->next = larger + used;
    w->limit = larger + room;
    return true;
}

native_put_frame *native_push(native_writer *w, native_frame_kind kind, PyObject *object) {
    if (w->depth >= DEEPEST || (w->hashed > 0 && w->depth - w->hashed_from >= DEEPEST_HASHED)) {
        PyErr_Format(PyExc_RecursionError, "more than %d levels deep%s", w->hashed > 0 ? DEEPEST_HASHED : DEEPEST,
                     w->hashed > 0 ? " inside a key or an item of a set" : "");
        return NULL;
    }
    if (w->depth == w->frames_room) {
        size_t size = sizeof *w->frames * w->frames_room;
        native_put_frame *larger =
            w->frames == w->first_frames ? PyMem_RawMalloc(size * 2) : PyMem_RawRealloc(w->frames, size * 2);
        if (larger == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        if (w->frames == w->first_frames) {
            memcpy(larger, w->frames, size);
        }
        w->frames = larger;
        w->frames_room *= 2;
    }
    native_put_frame *f = &w->frames[w->depth++];
    f->object = Py_NewRef(object);
    f->source = f->pending = f->names = NULL;
    f->index = f->count = f->position = 0;
    f->begin = (size_t)(w->next - w->begin);
    f->kind = (unsigned char)kind;
    f->phase = f->flags = 0;
    f->remembered = f->hashed = false;
    return f;
}

/* What falls here may run code, which may write messages of its own, but not into this stream. */
void native_pop(native_writer *w) {
    native_put_frame f = w->frames[--w->depth];
    if (f.hashed) {
        w->hashed--;
    }
    Py_XDECREF(f.pending);
    Py_XDECREF(f.source);
    Py_XDECREF(f.names);
    Py_DECREF(f.object);
}

static uint32_t place_of(const native_writer *w, PyObject *object) {
    uint32_t mask = w->memory_room - 1, place = (uint32_t)address_hash(object) & mask;
    while (w->memory[place].object != NULL && w->memory[place].object != object) {
        place = (place + 1) & mask;
    }
    return place;
}

bool native_remembered(const native_writer *w, PyObject *object, uint32_t *number) {
    if (w->memory_used == 0) {
        return false;
    }
    uint32_t place = place_of(w, object);
    *number = w->memory[place].number;
    return w->memory[place].object != NULL;
}

static bool grow_memory(native_writer *w) {
    uint32_t room = w->memory_room * 4;
    native_memory_entry *old = w->memory, *larger = PyMem_RawCalloc(room, sizeof *larger);
    if (larger == NULL) {
        PyErr_NoMemory();
        return false;
    }
    uint32_t old_room = w->memory_room;
    w->memory = larger;
    w->memory_room = room;
    for (uint32_t i = 0; i < old_room; i++) {
        if (old[i].object != NULL) {
            w->memory[place_of(w, old[i].object)] = old[i];
        }
    }
    if (old != w->first_memory) {
        PyMem_RawFree(old);
    }
    return true;
}

bool native_remember(native_writer *w, PyObject *object, uint32_t *number) {
    if (w->memory == NULL) {
        w->memory = w->first_memory;
        w->memory_room = FIRST_MEMORY;
        memset(w->first_memory, 0, sizeof w->first_memory);
    }
    if (w->memory_used * 3 >= w->memory_room * 2 && !grow_memory(w)) {
        return false;
    }
    if (w->numbers == UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "a message has too many parts");
        return false;
    }
    uint32_t place = place_of(w, object);
    *number = w->numbers++;
    w->memory[place] = (native_memory_entry){Py_NewRef(object), *number};
    w->memory_used++;
    return true;
}
