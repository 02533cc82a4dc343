/* SPDX-License-Identifier: MIT */
#include "codec/reader.h"

void native_reader_begin(native_reader *r, native_state *state, const unsigned char *bytes, size_t size, bool plain) {
    r->state = state;
    r->next = bytes;
    r->end = bytes + size;
    r->plain = plain;
    r->owed = 0;
    r->value = NULL;
    r->frames = r->first_frames;
    r->frames_room = FIRST_GET_FRAMES;
    r->depth = 0;
    r->again = r->first_again;
    r->again_room = FIRST_AGAIN;
    r->again_used = 0;
    r->shapes = NULL;
    r->hashed = r->hashed_from = 0;
    r->payload = NULL;
    r->handles = NULL;
}

void native_reader_end(native_reader *r) {
    while (r->depth > 0) {
        native_get_frame f = native_leave(r);
        Py_XDECREF(f.key);
        Py_XDECREF(f.extra);
        Py_XDECREF(f.object);
    }
    for (uint32_t i = 0; i < r->again_used; i++) {
        Py_DECREF(r->again[i]);
    }
    if (r->again != r->first_again) {
        PyMem_RawFree(r->again);
    }
    if (r->frames != r->first_frames) {
        PyMem_RawFree(r->frames);
    }
    Py_XDECREF(r->shapes);
}

native_get native_malformed(const char *what) {
    /* By name: it is raised where something is broken, and nobody else needs it. */
    PyObject *errors = PyImport_ImportModule("csp.errors");
    PyObject *type = errors != NULL ? PyObject_GetAttrString(errors, "MalformedMessage") : NULL;
    if (type != NULL) {
        PyErr_Format(type, "a message cannot be read: %s", what);
    }
    Py_XDECREF(type);
    Py_XDECREF(errors);
    return GET_FAILED;
}

native_get_frame *native_open(native_reader *r, native_open_kind kind, PyObject *object) {
    /* A little deeper than what is written: here and there a leaf takes a frame that it did not take there. */
    bool deep = r->depth >= DEEPEST + 8 || (r->hashed > 0 && r->depth - r->hashed_from >= DEEPEST_HASHED + 8);
    if (!deep && r->depth == r->frames_room) {
        size_t size = sizeof *r->frames * r->frames_room;
        native_get_frame *larger =
            r->frames == r->first_frames ? PyMem_RawMalloc(size * 2) : PyMem_RawRealloc(r->frames, size * 2);
        if (larger != NULL) {
            if (r->frames == r->first_frames) {
                memcpy(larger, r->frames, size);
            }
            r->frames = larger;
            r->frames_room *= 2;
        }
    }
    if (deep || r->depth == r->frames_room) {
        Py_XDECREF(object);
        if (deep) {
            native_malformed("it is too deep");
        } else {
            PyErr_NoMemory();
        }
        return NULL;
    }
    native_get_frame *f = &r->frames[r->depth++];
    f->object = object;
    f->key = f->extra = NULL;
    f->index = f->count = 0;
    f->finish = NULL;
    f->plan = NULL;
    f->kind = (unsigned char)kind;
    f->phase = f->flags = 0;
    f->remembered = f->hashed = f->again = false;
    return f;
}

native_get_frame native_leave(native_reader *r) {
    native_get_frame f = r->frames[--r->depth];
    if (f.hashed) {
        r->hashed--;
    }
    return f;
}

bool native_keep_again_slow(native_reader *r, PyObject *object) {
    if (r->again_used == UINT32_MAX / 2) {
        native_malformed("it remembers too much");
        return false;
    }
    size_t size = sizeof(PyObject *) * r->again_room;
    PyObject **larger = r->again == r->first_again ? PyMem_RawMalloc(size * 2) : PyMem_RawRealloc(r->again, size * 2);
    if (larger == NULL) {
        PyErr_NoMemory();
        return false;
    }
    if (r->again == r->first_again) {
        memcpy(larger, r->again, size);
    }
    r->again = larger;
    r->again_room *= 2;
    r->again[r->again_used++] = Py_NewRef(object);
    return true;
}
