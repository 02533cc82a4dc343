/* SPDX-License-Identifier: MIT
 *
 * Guests: threads that have a holder of their own in an interpreter that they share.
 *
 * One thread begins a holder. The holder is over when that thread ends it, or ends itself: what was started for it is
 * ended, and what it has is closed, as at the end of an interpreter. Other threads may join and leave it. Those that
 * stay when it is over find it stopped and empty. */
#include <pthread.h>
#include <stdlib.h>

#include "holding/current.h"
#include "interpreters/guests.h"
#include "interpreters/kill.h"
#include "interpreters/started.h"
#include "types.h"

typedef struct guest {
    native_guest seen; /* first */
    uint64_t id;
    /* Of the table, of each of its threads, and of whoever acts on it. This and what follows: under table_mutex. */
    int64_t references;
    long threads;
    bool over;
    struct guest *next;
} guest;

static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;
static guest *all; /* that are not over */

static _Thread_local bool began_here; /* by this thread; else it joined */

/* ---- the table ------------------------------------------------------------------------------------------------ */

static guest *find(uint64_t id, const native_state *joined_in) {
    pthread_mutex_lock(&table_mutex);
    guest *found = all;
    while (found != NULL && (found->id != id || (joined_in != NULL && found->seen.state != joined_in))) {
        found = found->next;
    }
    if (found != NULL) {
        found->references++;
        found->threads += joined_in != NULL;
    }
    pthread_mutex_unlock(&table_mutex);
    return found;
}

static void release(guest *self) {
    pthread_mutex_lock(&table_mutex);
    bool last = --self->references == 0;
    pthread_mutex_unlock(&table_mutex);
    if (last) {
        csp_holder_release(self->seen.holder);
        free(self);
    }
}

/* Take it out of the table. True: the table's reference is now the caller's. False: somebody else took it out. */
static bool take_out(guest *self) {
    pthread_mutex_lock(&table_mutex);
    bool ours = !self->over;
    self->over = true;
    for (guest **place = &all; ours && *place != NULL; place = &(*place)->next) {
        if (*place == self) {
            *place = self->next;
            break;
        }
    }
    pthread_mutex_unlock(&table_mutex);
    return ours;
}

/* ---- beginning and ending ------------------------------------------------------------------------------------- */

/* The caller is detached, or runs on a thread that no interpreter knows any more. */
static void end(guest *self) {
    if (take_out(self)) {
        native_end_started(self->id, false);
        csp_holder_fence(self->seen.holder);
        release(self);
    }
}

/* The calling thread, detached, too, stops being a guest. */
static void leave(guest *self) {
    native_guest_here = NULL;
    if (began_here) {
        began_here = false;
        end(self);
    }
    pthread_mutex_lock(&table_mutex);
    self->threads--;
    pthread_mutex_unlock(&table_mutex);
    release(self);
}

/* A thread may end without end_holder(), for whatever reason. What it has must not stay open. */
static pthread_key_t at_thread_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void thread_ended(void *value) { leave(value); }
static void initialise(void) { pthread_key_create(&at_thread_end, thread_ended); }

static void come(guest *self, bool began) {
    pthread_once(&once, initialise);
    pthread_setspecific(at_thread_end, self);
    began_here = began;
    native_guest_here = &self->seen;
}

void native_guests_end(const native_state *state) {
    for (;;) {
        pthread_mutex_lock(&table_mutex);
        guest *found = all;
        while (found != NULL && found->seen.state != state) {
            found = found->next;
        }
        if (found != NULL) {
            found->seen.state = NULL;
            found->references++;
        }
        pthread_mutex_unlock(&table_mutex);
        if (found == NULL) {
            return;
        }
        end(found);
        release(found);
    }
}

long native_guests_threads(const native_state *state, long count) {
    const guest *mine = (const guest *)native_guest_in(state);
    long guests = 0;
    pthread_mutex_lock(&table_mutex);
    for (const guest *g = all; g != NULL; g = g->next) {
        guests += g->seen.state == state ? g->threads : 0;
    }
    count = mine != NULL ? mine->threads : count - guests;
    pthread_mutex_unlock(&table_mutex);
    return count;
}

/* ---- for the module ------------------------------------------------------------------------------------------- */

static const char *text_of(PyObject *name) {
    if (!PyUnicode_Check(name)) {
        PyErr_Format(PyExc_TypeError, "a name must be a str, not %T", name);
        return NULL;
    }
    return PyUnicode_AsUTF8(name);
}

static bool may_come(void) {
    if (native_guest_here != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this thread has a holder of its own already; end_holder() gives it up");
    }
    return native_guest_here == NULL;
}

static PyObject *begin_holder(PyObject *module, PyObject *name) {
    const char *text = text_of(name);
    if (text == NULL || !may_come()) {
        return NULL;
    }
    guest *self = calloc(1, sizeof *self);
    csp_holder *holder = self != NULL ? csp_holder_new(text) : NULL;
    if (holder == NULL) {
        free(self);
        return PyErr_NoMemory();
    }
    self->seen.holder = holder;
    self->seen.state = state_of_module(module);
    self->id = csp_holder_id(holder);
    self->references = 2;
    self->threads = 1;
    PyObject *id = PyLong_FromUnsignedLongLong(self->id);
    if (id == NULL) {
        csp_holder_release(holder);
        free(self);
        return NULL;
    }
    pthread_mutex_lock(&table_mutex);
    self->next = all;
    all = self;
    pthread_mutex_unlock(&table_mutex);
    come(self, true);
    return id;
}

static guest *find_for(PyObject *id, const native_state *joined_in, bool *failed) {
    unsigned long long wanted = PyLong_AsUnsignedLongLong(id);
    *failed = wanted == (unsigned long long)-1 && PyErr_Occurred() != NULL;
    return *failed ? NULL : find(wanted, joined_in);
}

static PyObject *join_holder(PyObject *module, PyObject *id) {
    if (!may_come()) {
        return NULL;
    }
    bool failed;
    guest *self = find_for(id, state_of_module(module), &failed);
    if (self == NULL) {
        return failed ? NULL : PyBool_FromLong(0);
    }
    come(self, false);
    Py_RETURN_TRUE;
}

static PyObject *end_holder(PyObject *module, PyObject *unused) {
    (void)unused;
    guest *self = (guest *)native_guest_in(state_of_module(module));
    if (self == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this thread has no holder of its own here: begin_holder() gives it one");
        return NULL;
    }
    pthread_setspecific(at_thread_end, NULL);
    Py_BEGIN_ALLOW_THREADS leave(self);
    Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

static PyObject *act(PyObject *id, void (*what)(csp_holder *)) {
    bool failed;
    guest *self = find_for(id, NULL, &failed);
    if (self == NULL) {
        return failed ? NULL : PyBool_FromLong(0);
    }
    what(self->seen.holder);
    release(self);
    Py_RETURN_TRUE;
}

static PyObject *cancel_holder(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, csp_holder_cancel);
}

static PyObject *resume_holder(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, csp_holder_resume);
}

static void cut_off(csp_holder *holder) {
    csp_holder_fence(holder);
    native_kill_started(csp_holder_id(holder)); /* it cannot end them itself any more */
}

static PyObject *fence_holder(PyObject *module, PyObject *id) {
    (void)module;
    return act(id, cut_off);
}

static PyObject *rename_holder(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "rename_holder takes an id and a name");
        return NULL;
    }
    const char *text = text_of(args[1]);
    bool failed;
    guest *self = text != NULL ? find_for(args[0], NULL, &failed) : NULL;
    if (self == NULL) {
        return PyErr_Occurred() ? NULL : PyBool_FromLong(0);
    }
    bool renamed = csp_holder_rename(self->seen.holder, text);
    release(self);
    return PyBool_FromLong(renamed);
}

static PyObject *guest_id(PyObject *module, PyObject *unused) {
    (void)unused;
    const native_guest *guest = native_guest_in(state_of_module(module));
    return guest != NULL ? PyLong_FromUnsignedLongLong(csp_holder_id(guest->holder)) : PyLong_FromLong(0);
}

static PyObject *holders(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    PyObject *ids = PySet_New(NULL);
    uint64_t few[64], *copies = few;
    size_t count = 0, room = sizeof few / sizeof *few;
    for (bool done = false; ids != NULL && !done;) {
        pthread_mutex_lock(&table_mutex); /* copy under it, make objects after it: see interpreter_table.c */
        count = 0;
        for (const guest *g = all; g != NULL; g = g->next) {
            if (count < room) {
                copies[count] = g->id;
            }
            count++;
        }
        pthread_mutex_unlock(&table_mutex);
        done = count <= room;
        if (!done) {
            room = count + count / 2;
            uint64_t *larger = realloc(copies != few ? copies : NULL, room * sizeof *larger);
            if (larger == NULL) {
                Py_CLEAR(ids);
                PyErr_NoMemory();
            } else {
                copies = larger;
            }
        }
    }
    for (size_t i = 0; ids != NULL && i < count; i++) {
        PyObject *id = PyLong_FromUnsignedLongLong(copies[i]);
        if (id == NULL || PySet_Add(ids, id) < 0) {
            Py_CLEAR(ids);
        }
        Py_XDECREF(id);
    }
    if (copies != few) {
        free(copies);
    }
    return ids;
}

PyMethodDef guest_methods[] = {
    {"begin_holder", begin_holder, METH_O,
     "begin_holder(name, /)\n--\n\nGive the calling thread a holder of its own: it is a guest from now on, and what "
     "it "
     "makes, receives and\nwaits for is that one's. Its id. RuntimeError if it has one."},
    {"join_holder", join_holder, METH_O,
     "join_holder(id, /)\n--\n\nShare the holder that another thread of this interpreter has begun. False if that is "
     "over."},
    {"end_holder", end_holder, METH_NOARGS,
     "end_holder()\n--\n\nThe calling thread is no guest any more. If it began the holder: what that started is "
     "ended, "
     "for at most 1.5\nseconds, and what it has is closed. A thread that ends does so by itself."},
    {"cancel_holder", cancel_holder, METH_O,
     "cancel_holder(id, /)\n--\n\nRaise Stopped in every operation of a guest that waits, now and later. False if it "
     "is "
     "over."},
    {"resume_holder", resume_holder, METH_O, "resume_holder(id, /)\n--\n\nTake cancel_holder back."},
    {"fence_holder", fence_holder, METH_O,
     "fence_holder(id, /)\n--\n\nCut a guest off: close all its ends, break all answers it owes, kill what it "
     "started."},
    {"rename_holder", FASTCALL(rename_holder), METH_FASTCALL,
     "rename_holder(id, name, /)\n--\n\nGive a guest its second name, for reports. False if it has one, or is over."},
    {"guest_id", guest_id, METH_NOARGS,
     "guest_id()\n--\n\nThe id of the calling thread's own holder; 0: it has none, and uses its interpreter's."},
    {"guest_ids", holders, METH_NOARGS,
     "guest_ids()\n--\n\nThe ids of all holders of guests that are not over: a set."},
    {NULL, NULL, 0, NULL},
};
