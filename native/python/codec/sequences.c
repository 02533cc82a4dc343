/* SPDX-License-Identifier: MIT */
#include "codec/sequences.h"
#include "codec/leaves.h"
#include "codec/rows.h"

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* As far as there are leaves, which run nobody's code: the list stays as it is. */
static native_put put_leaves(native_writer *w, PyObject *const *items, Py_ssize_t *index, Py_ssize_t count) {
    native_put result = PUT_DONE;
    Py_ssize_t i = *index;
    while (i < count && result == PUT_DONE && native_put_leaf(w, items[i], &result)) {
        i++;
    }
    *index = i;
    return result;
}

native_put native_put_list(native_writer *w, PyObject *list) {
    uint32_t number;
    Py_ssize_t index = 0, count = PyList_GET_SIZE(list);
    bool shared = native_may_be_shared(w, list);
    if (shared) {
        if (native_remembered(w, list, &number)) {
            return native_put_again(w, number);
        }
        if (!native_remember(w, list, &number)) {
            return PUT_FAILED;
        }
    }
    if (count > 3) {
        native_put packed = native_put_row(w, ((PyListObject *)list)->ob_item, (size_t)count, shared ? REMEMBERED : 0);
        if (packed != PUT_ELSE) {
            return packed;
        }
    }
    native_put result = native_put_counted(w, ITEM_LIST | (shared ? REMEMBERED : 0), (size_t)count);
    if (result == PUT_DONE) {
        result = put_leaves(w, ((PyListObject *)list)->ob_item, &index, count);
    }
    if (result != PUT_DONE || index == count) {
        return result;
    }
    native_put_frame *f = native_push(w, FRAME_LIST, list);
    if (f == NULL) {
        return PUT_FAILED;
    }
    f->index = index;
    f->count = count;
    return PUT_OPENED;
}

native_put native_next_of_list(native_writer *w, native_put_frame *f) {
    if (PyList_GET_SIZE(f->object) != f->count) {
        PyErr_SetString(PyExc_RuntimeError, "a list changed its size while it was sent");
        w->own_error = true;
        return PUT_FAILED;
    }
    native_put result = put_leaves(w, ((PyListObject *)f->object)->ob_item, &f->index, f->count);
    if (result != PUT_DONE) {
        return result;
    }
    if (f->index == f->count) {
        native_pop(w);
        return PUT_DONE;
    }
    return w->put(w, PyList_GET_ITEM(f->object, f->index++));
}

native_put native_put_tuple_from(native_writer *w, PyObject *tuple, Py_ssize_t start) {
    Py_ssize_t index = start, count = PyTuple_GET_SIZE(tuple);
    native_put result = native_put_counted(w, ITEM_TUPLE, (size_t)(count - start));
    if (result == PUT_DONE) {
        result = put_leaves(w, ((PyTupleObject *)tuple)->ob_item, &index, count);
    }
    if (result != PUT_DONE || index == count) {
        return result;
    }
    native_put_frame *f = native_push(w, FRAME_TUPLE, tuple);
    if (f == NULL) {
        return PUT_FAILED;
    }
    f->index = index;
    f->count = count;
    return PUT_OPENED;
}

native_put native_put_tuple(native_writer *w, PyObject *tuple) {
    uint32_t number;
    if (PyTuple_GET_SIZE(tuple) == 0 || !native_may_be_shared(w, tuple)) {
        return native_put_tuple_from(w, tuple, 0);
    }
    if (native_remembered(w, tuple, &number)) {
        return native_put_again(w, number);
    }
    size_t begin = (size_t)(w->next - w->begin);
    native_put result = native_put_tuple_from(w, tuple, 0);
    if (result == PUT_OPENED) {
        native_put_frame *f = &w->frames[w->depth - 1];
        f->begin = begin;
        f->remembered = true;
    } else if (result == PUT_DONE) {
        w->begin[begin] |= REMEMBERED;
        result = native_remember(w, tuple, &number) ? PUT_DONE : PUT_FAILED;
    }
    return result;
}

native_put native_complete(native_writer *w, native_put_frame *f, int again) {
    uint32_t number;
    if (!f->remembered) {
        return PUT_DONE;
    }
    if (!native_remembered(w, f->object, &number)) {
        w->begin[f->begin] |= REMEMBERED;
        return native_remember(w, f->object, &number) ? PUT_DONE : PUT_FAILED;
    }
    unsigned char *p = native_room(w, 4);
    if (p == NULL) {
        return PUT_FAILED;
    }
    w->begin[f->begin] = (unsigned char)again;
    memcpy(p, &number, 4);
    w->next = p + 4;
    return PUT_DONE;
}

native_put native_next_of_tuple(native_writer *w, native_put_frame *f) {
    native_put result = put_leaves(w, ((PyTupleObject *)f->object)->ob_item, &f->index, f->count);
    if (result != PUT_DONE) {
        return result;
    }
    if (f->index == f->count) {
        result = native_complete(w, f, ITEM_TUPLE_AGAIN);
        if (result == PUT_DONE) {
            native_pop(w);
        }
        return result;
    }
    return w->put(w, PyTuple_GET_ITEM(f->object, f->index++));
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

native_get native_open_list(native_reader *r, bool remembered) {
    size_t count, index = 0;
    if (!native_get_count(r, &count)) {
        return GET_FAILED;
    }
    PyObject *list = PyList_New(r->plain ? (Py_ssize_t)count : 0);
    if (list == NULL || (remembered && !native_keep_again(r, list))) {
        Py_XDECREF(list);
        return GET_FAILED;
    }
    while (index < count) {
        native_get result = native_get_leaf(r);
        if (result == GET_OPENED) {
            break;
        }
        if (result == GOT && r->plain) {
            PyList_SET_ITEM(list, (Py_ssize_t)index, r->value);
        } else if (result == GOT) {
            int failed = PyList_Append(list, r->value);
            Py_DECREF(r->value);
            result = failed ? GET_FAILED : GOT;
        }
        if (result == GET_FAILED) {
            Py_DECREF(list);
            return GET_FAILED;
        }
        index++;
    }
    if (index == count) {
        return native_got(r, list);
    }
    native_get_frame *f = native_open(r, OPEN_LIST, list);
    if (f == NULL) {
        return GET_FAILED;
    }
    f->index = index;
    f->count = count;
    native_owe(r, f);
    return GET_OPENED;
}

native_get native_deliver_to_list(native_reader *r, native_get_frame *f) {
    if (r->plain) {
        PyList_SET_ITEM(f->object, (Py_ssize_t)f->index, r->value);
    } else {
        int failed = PyList_Append(f->object, r->value); /* whoever has got at the list may have changed it */
        Py_DECREF(r->value);
        if (failed) {
            return GET_FAILED;
        }
    }
    if (native_waits(r, f)) {
        return GET_OPENED;
    }
    return native_got(r, native_leave(r).object);
}

native_get native_close(native_reader *r, PyObject *object) {
    native_get_frame f = native_leave(r);
    if (object == NULL) {
        return GET_FAILED;
    }
    if (f.again) {
        uint32_t number;
        Py_DECREF(object);
        if (!native_available(r, 4)) {
            return GET_FAILED;
        }
        memcpy(&number, r->next, 4);
        r->next += 4;
        return number < r->again_used ? native_got(r, Py_NewRef(r->again[number]))
                                      : native_malformed("it refers to what is not there");
    }
    if (f.remembered && !native_keep_again(r, object)) {
        Py_DECREF(object);
        return GET_FAILED;
    }
    return native_got(r, object);
}

/* A tuple with empty places. Where code of others may run, nobody finds it through the collector; where none runs, none collects. */
static PyObject *empty_tuple(const native_reader *r, size_t count) {
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    if (tuple != NULL && count > 0 && !r->plain) {
        PyObject_GC_UnTrack(tuple);
    }
    return tuple;
}

native_get native_open_tuple(native_reader *r, bool remembered, bool again, PyObject *first) {
    size_t count, index = 0;
    bool counted = native_get_count(r, &count);
    count += first != NULL;
    PyObject *tuple = counted ? empty_tuple(r, count) : NULL;
    if (tuple == NULL) {
        Py_XDECREF(first);
        return GET_FAILED;
    }
    if (first != NULL) {
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)index++, first);
    }
    while (index < count) {
        native_get result = native_get_leaf(r);
        if (result == GET_OPENED) {
            break;
        }
        if (result == GET_FAILED) {
            Py_DECREF(tuple);
            return GET_FAILED;
        }
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)index++, r->value);
    }
    if (index == count && !again) {
        if (count > 0 && !r->plain) {
            PyObject_GC_Track(tuple);
        }
        if (remembered && !native_keep_again(r, tuple)) {
            Py_DECREF(tuple);
            return GET_FAILED;
        }
        return native_got(r, tuple);
    }
    if (index == count) {
        Py_DECREF(tuple);
        return native_malformed("a part of itself is missing");
    }
    native_get_frame *f = native_open(r, OPEN_TUPLE, tuple);
    if (f == NULL) {
        return GET_FAILED;
    }
    f->index = index;
    f->count = count;
    f->remembered = remembered;
    f->again = again;
    native_owe(r, f);
    return GET_OPENED;
}

native_get native_deliver_to_tuple(native_reader *r, native_get_frame *f) {
    PyTuple_SET_ITEM(f->object, (Py_ssize_t)f->index, r->value);
    if (native_waits(r, f)) {
        return GET_OPENED;
    }
    if (!r->plain) {
        PyObject_GC_Track(f->object);
    }
    return native_close(r, f->object);
}

native_get_frame *native_open_record(native_reader *r, size_t count) {
    PyObject *parts = native_available(r, count) ? empty_tuple(r, count) : NULL;
    native_get_frame *f = parts != NULL ? native_open(r, OPEN_RECORD, parts) : NULL;
    if (f != NULL) {
        f->count = count;
        if (count > 0) {
            native_owe(r, f);
        }
    }
    return f;
}

native_get native_deliver_to_record(native_reader *r, native_get_frame *f) {
    PyTuple_SET_ITEM(f->object, (Py_ssize_t)f->index, r->value);
    if (native_waits(r, f)) {
        return GET_OPENED;
    }
    if (!r->plain) {
        PyObject_GC_Track(f->object);
    }
    return native_finish_record(r, f);
}

native_get native_finish_record(native_reader *r, native_get_frame *f) {
    PyObject *made = f->finish(r, f);
    f = &r->frames[r->depth - 1];
    Py_CLEAR(f->extra);
    Py_DECREF(f->object);
    return native_close(r, made);
}
