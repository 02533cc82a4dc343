/* SPDX-License-Identifier: MIT */
#include "codec/mappings.h"
#include "codec/leaves.h"
#include "codec/sequences.h"

/* Phases: between two pairs; what of a pair is being written or read; what is to be, in f->source. */
enum { PAIRS, KEY, VALUE, KEY_DUE, VALUE_DUE };

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static bool put_leaf_key(native_writer *w, PyObject *key, native_put *result) {
    if (PyUnicode_CheckExact(key)) {
        *result = native_put_key(w, key);
        return true;
    }
    return native_put_leaf(w, key, result);
}

typedef struct {
    PyObject *key, *value; /* borrowed; what was met that is no leaf, or NULL: nothing is left */
    bool at_key;
} pair;

/* Pairs of leaves, which run nobody's code: the dict stays as it is. */
static native_put put_pairs(native_writer *w, PyObject *dict, Py_ssize_t *position, Py_ssize_t *index, pair *met) {
    native_put result = PUT_DONE;
    met->key = NULL;
    while (result == PUT_DONE && PyDict_Next(dict, position, &met->key, &met->value)) {
        ++*index;
        met->at_key = !put_leaf_key(w, met->key, &result);
        if (met->at_key || (result == PUT_DONE && !native_put_leaf(w, met->value, &result))) {
            return result;
        }
        met->key = NULL;
    }
    return result;
}

/* What is met is not written from here: it may hold a dict in its turn, and so on down. */
static void meet(native_put_frame *f, const pair *met) {
    Py_XSETREF(f->source, Py_NewRef(met->at_key ? met->key : met->value));
    Py_XSETREF(f->pending, Py_NewRef(met->at_key ? met->value : met->key));
    f->phase = met->at_key ? KEY_DUE : VALUE_DUE;
}

static native_put put_due(native_writer *w, native_put_frame *f) {
    if (f->phase == KEY_DUE) {
        f->phase = KEY;
        f->hashed = true;
        if (w->hashed++ == 0) {
            w->hashed_from = w->depth;
        }
        return w->put(w, f->source);
    }
    PyObject *value = f->source;
    f->source = NULL;
    f->phase = VALUE;
    native_put result = w->put(w, value);
    Py_DECREF(value);
    return result;
}

static native_put changed_size(native_writer *w, const char *what) {
    PyErr_Format(PyExc_RuntimeError, "a %s changed its size while it was sent", what);
    w->own_error = true;
    return PUT_FAILED;
}

native_put native_put_dict(native_writer *w, PyObject *dict) {
    uint32_t number;
    Py_ssize_t position = 0, index = 0, count = PyDict_GET_SIZE(dict);
    bool shared = native_may_be_shared(w, dict);
    if (shared) {
        if (native_remembered(w, dict, &number)) {
            return native_put_again(w, number);
        }
        if (!native_remember(w, dict, &number)) {
            return PUT_FAILED;
        }
    }
    pair met = {NULL, NULL, false};
    native_put result = native_put_counted(w, ITEM_DICT | (shared ? REMEMBERED : 0), (size_t)count);
    if (result == PUT_DONE) {
        result = put_pairs(w, dict, &position, &index, &met);
    }
    if (result != PUT_DONE || met.key == NULL) {
        return result;
    }
    native_put_frame *f = native_push(w, FRAME_DICT, dict);
    if (f == NULL) {
        return PUT_FAILED;
    }
    f->count = count;
    f->index = index;
    f->position = position;
    meet(f, &met);
    return PUT_OPENED;
}

native_put native_next_of_dict(native_writer *w, native_put_frame *f) {
    if (f->phase == KEY) {
        PyObject *value = f->pending;
        f->pending = f->source; /* the key, for the way to its value */
        f->source = value;
        f->phase = VALUE_DUE;
        f->hashed = false;
        w->hashed--;
    }
    if (f->phase == KEY_DUE || f->phase == VALUE_DUE) {
        return put_due(w, f);
    }
    if (PyDict_GET_SIZE(f->object) != f->count) {
        return changed_size(w, "dict");
    }
    pair met;
    native_put result = put_pairs(w, f->object, &f->position, &f->index, &met);
    if (result != PUT_DONE) {
        return result;
    }
    if (met.key != NULL) {
        if (f->index > f->count) {
            return changed_size(w, "dict");
        }
        meet(f, &met);
        return put_due(w, f);
    }
    if (f->index != f->count) {
        return changed_size(w, "dict");
    }
    native_pop(w);
    return PUT_DONE;
}

static native_put put_items(native_writer *w, PyObject *set, int tag, bool shared) {
    size_t begin = (size_t)(w->next - w->begin);
    Py_ssize_t count = PySet_GET_SIZE(set);
    native_put result = native_put_counted(w, tag, (size_t)count);
    native_put_frame *f = result == PUT_DONE ? native_push(w, FRAME_SET, set) : NULL;
    if (f == NULL) {
        return PUT_FAILED;
    }
    f->begin = begin;
    f->remembered = shared;
    f->count = count;
    f->hashed = true;
    if (w->hashed++ == 0) {
        w->hashed_from = w->depth;
    }
    f->source = PyObject_GetIter(set);
    return f->source != NULL ? PUT_OPENED : PUT_FAILED;
}

native_put native_put_set(native_writer *w, PyObject *set) {
    uint32_t number;
    if (native_remembered(w, set, &number)) {
        return native_put_again(w, number);
    }
    /* Always: a weak reference may lead to it, which no count tells of. */
    return native_remember(w, set, &number) ? put_items(w, set, ITEM_SET | REMEMBERED, false) : PUT_FAILED;
}

native_put native_put_frozenset(native_writer *w, PyObject *set) {
    uint32_t number;
    if (native_remembered(w, set, &number)) {
        return native_put_again(w, number);
    }
    return put_items(w, set, ITEM_FROZENSET, true);
}

native_put native_next_of_set(native_writer *w, native_put_frame *f) {
    PyObject *item;
    native_put result = PUT_DONE;
    while (result == PUT_DONE && (item = PyIter_Next(f->source)) != NULL) {
        f->index++;
        if (native_put_leaf(w, item, &result)) {
            Py_DECREF(item);
        } else {
            Py_XSETREF(f->pending, item);
            return w->put(w, item);
        }
    }
    if (result != PUT_DONE) {
        return result;
    }
    if (PyErr_Occurred() || f->index != f->count) {
        PyErr_Clear();
        return changed_size(w, "set");
    }
    result = native_complete(w, f, ITEM_FROZENSET_AGAIN);
    if (result == PUT_DONE) {
        native_pop(w);
    }
    return result;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool begin_key(native_reader *r, native_get_frame *f) {
    f->phase = KEY;
    f->hashed = true;
    if (r->hashed++ == 0) {
        r->hashed_from = r->depth;
    }
    return true;
}

static void end_key(native_reader *r, native_get_frame *f) {
    f->hashed = false;
    r->hashed--;
}

native_get native_open_dict(native_reader *r, bool remembered) {
    size_t count, index = 0;
    if (!native_get_count(r, &count)) {
        return GET_FAILED;
    }
    PyObject *dict = PyDict_New(), *key = NULL;
    if (dict == NULL || (remembered && !native_keep_again(r, dict))) {
        Py_XDECREF(dict);
        return GET_FAILED;
    }
    native_get result = GOT;
    for (; index < count; index++) {
        result = native_get_leaf(r);
        if (result != GOT) {
            break;
        }
        key = r->value;
        /* Of what was remembered it may be anything, and hash anyhow. */
        if (!PyUnicode_CheckExact(key) && !r->plain) {
            result = GET_OPENED;
            break;
        }
        result = native_get_leaf(r);
        if (result != GOT) {
            break;
        }
        int failed = PyDict_SetItem(dict, key, r->value);
        Py_DECREF(r->value);
        Py_CLEAR(key);
        if (failed) {
            result = GET_FAILED;
            break;
        }
    }
    if (result == GOT) {
        return native_got(r, dict);
    }
    native_get_frame *f = result == GET_OPENED ? native_open(r, OPEN_DICT, dict) : NULL;
    if (f == NULL) {
        Py_XDECREF(key);
        if (result == GET_FAILED) {
            Py_DECREF(dict);
        }
        return GET_FAILED;
    }
    f->index = index;
    f->count = count;
    f->key = key;
    f->phase = VALUE;
    native_owe(r, f);
    if (key == NULL) {
        begin_key(r, f);
    }
    return GET_OPENED;
}

native_get native_deliver_to_dict(native_reader *r, native_get_frame *f) {
    if (f->phase == KEY) {
        end_key(r, f);
        f->key = r->value;
        f->phase = VALUE;
        return GET_OPENED;
    }
    PyObject *key = f->key, *value = r->value;
    f->key = NULL;
    int failed = PyDict_SetItem(f->object, key, value); /* hashes and compares: whoever's code that is */
    Py_DECREF(key);
    Py_DECREF(value);
    if (failed) {
        return GET_FAILED;
    }
    if (!native_waits(r, f)) {
        return native_got(r, native_leave(r).object);
    }
    /* The next key, if it is a leaf, without the way through the loop. */
    native_get result = native_get_leaf(r);
    if (result == GOT) {
        f->key = r->value;
        return GET_OPENED;
    }
    if (result == GET_OPENED) {
        begin_key(r, f);
    }
    return result;
}

static native_get open_items(native_reader *r, PyObject *set, bool remembered, bool again, bool at_once) {
    size_t count;
    if (set == NULL || !native_get_count(r, &count) || (at_once && !native_keep_again(r, set))) {
        Py_XDECREF(set);
        return GET_FAILED;
    }
    native_get_frame *f = native_open(r, OPEN_SET, set);
    if (f == NULL) {
        return GET_FAILED;
    }
    f->count = count;
    f->remembered = remembered;
    f->again = again;
    begin_key(r, f);
    if (count == 0) {
        return native_close(r, f->object);
    }
    native_owe(r, f);
    return GET_OPENED;
}

native_get native_open_set(native_reader *r, bool remembered) {
    return open_items(r, PySet_New(NULL), false, false, remembered);
}

native_get native_open_frozenset(native_reader *r, bool remembered, bool again) {
    return open_items(r, PyFrozenSet_New(NULL), remembered, again, false);
}

/* A frozenset may be added to while nobody else has it. */
native_get native_deliver_to_set(native_reader *r, native_get_frame *f) {
    PyObject *item = r->value;
    int failed = PySet_Add(f->object, item);
    Py_DECREF(item);
    if (failed) {
        return GET_FAILED;
    }
    return native_waits(r, f) ? GET_OPENED : native_close(r, f->object);
}
