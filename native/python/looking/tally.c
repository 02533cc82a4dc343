/* SPDX-License-Identifier: MIT
 *
 * Tallies: counts that anybody in the process adds to, in any interpreter, without waiting. A tally is a number, which
 * travels like one, and lives as long as the process: it costs eight bytes. */
#include <stdatomic.h>
#include <stdlib.h>

#include "looking/tally.h"
#include "types.h"

enum { PER_CHUNK = 1024, CHUNKS = 4096 };

static _Atomic(_Atomic uint64_t *) chunks[CHUNKS];
static _Atomic uint32_t used;

static _Atomic uint64_t *find(PyObject *object) {
    unsigned long number = PyLong_AsUnsignedLong(object);
    if (number == (unsigned long)-1 && PyErr_Occurred()) {
        return NULL;
    }
    if (number >= atomic_load(&used)) {
        PyErr_Format(PyExc_ValueError, "there is no tally %lu", number);
        return NULL;
    }
    return &atomic_load(&chunks[number / PER_CHUNK])[number % PER_CHUNK];
}

/* tally_new() -> int */
static PyObject *tally_new(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    uint32_t number = atomic_load(&used);
    do {
        if (number == PER_CHUNK * CHUNKS) {
            number = 0; /* who makes millions shares one */
            break;
        }
        _Atomic(_Atomic uint64_t *) *chunk = &chunks[number / PER_CHUNK];
        if (atomic_load(chunk) == NULL) {
            _Atomic uint64_t *made = calloc(PER_CHUNK, sizeof *made), *expected = NULL;
            if (made == NULL) {
                return PyErr_NoMemory();
            }
            if (!atomic_compare_exchange_strong(chunk, &expected, made)) {
                free((void *)made);
            }
        }
    } while (!atomic_compare_exchange_weak(&used, &number, number + 1));
    return PyLong_FromUnsignedLong(number);
}

/* tally_add(tally, amount=1) */
static PyObject *tally_add(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    unsigned long long amount = 1;
    if (count < 1 || count > 2) {
        PyErr_SetString(PyExc_TypeError, "tally_add takes a tally and an amount");
        return NULL;
    }
    _Atomic uint64_t *place = find(args[0]);
    if (place == NULL) {
        return NULL;
    }
    if (count == 2 && (amount = PyLong_AsUnsignedLongLong(args[1])) == (unsigned long long)-1 && PyErr_Occurred()) {
        return NULL;
    }
    atomic_fetch_add_explicit(place, amount, memory_order_relaxed);
    Py_RETURN_NONE;
}

/* tally_read(tally) -> int */
static PyObject *tally_read(PyObject *module, PyObject *tally) {
    (void)module;
    _Atomic uint64_t *place = find(tally);
    return place != NULL ? PyLong_FromUnsignedLongLong(atomic_load(place)) : NULL;
}

PyMethodDef tally_methods[] = {
    {"tally_new", tally_new, METH_NOARGS, "tally_new($module, /)\n--\n\nA new count, 0, as a number for the others."},
    {"tally_add", FASTCALL(tally_add), METH_FASTCALL,
     "tally_add($module, tally, amount=1, /)\n--\n\nAdd to a count, from anywhere in the process."},
    {"tally_read", tally_read, METH_O, "tally_read($module, tally, /)\n--\n\nThe count."},
    {NULL, NULL, 0, NULL},
};
