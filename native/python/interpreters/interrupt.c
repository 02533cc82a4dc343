/* SPDX-License-Identifier: MIT
 *
 * How the threads of a killed interpreter get out of waits outside csp.
 *
 * The tracer raises at a thread's next Python event, but a thread that sleeps in the C library has none. A signal
 * alone does not help: outside the main thread CPython resumes an interrupted call without looking at anything (PEP
 * 475). So:
 *
 *  - A system call. A signal interrupts it, and our handler changes its result from EINTR to ECANCELED, an error like
 *    any other: CPython raises OSError, and the tracer takes over. An interrupted call has done nothing, so the
 *    waiting thread loses nothing. The handler changes only the call that was seen from outside (same place, stack and
 *    arguments), and only calls on a list. A futex is not on it: its callers in the C library treat an unknown error
 *    as fatal.
 *  - A lock of Python, a condition (and so a queue.Queue, an Event, a Future), or a SimpleQueue. No Python code runs
 *    in the interpreter any more, so no lock protects anything: all are freed, and the signal makes waiting threads
 *    look again.
 *
 * Everything else is left alone: semaphores of multiprocessing, waits of C libraries on their own locks, computing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "interpreters/interpreter.h"
#include "interpreters/interrupt.h"
#include "interpreters/poison.h"
#include "interpreters/visits.h"
#include "waiting/reach.h"

enum { ROUNDS = 60, FIRST_PAUSE_US = 500, LONGEST_PAUSE_US = 50000, MOST_THREADS = 256 };
/* Locks are freed when a thread sleeps in the same futex for this many rounds. One that waits for a GIL or in csp does
 * not. */
enum { PATIENCE = 3 };

/* ---- what a thread is in -------------------------------------------------------------------------------------- */

typedef struct {
    long number; /* -1: it is in none, or runs */
    unsigned long arguments[6], stack, place;
} system_call;

/* The call that a thread sleeps in, as the kernel tells it: a consistent view, or none. */
static system_call call_of(long thread) {
    system_call call = {.number = -1};
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%ld/syscall", thread);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0) {
        close(file);
    }
    if (length > 0) {
        text[length] = '\0';
        unsigned long *a = call.arguments;
        if (sscanf(text, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx", &call.number, &a[0], &a[1], &a[2],
                   &a[3], &a[4], &a[5], &call.stack, &call.place) != 9) {
            call.number = -1;
        }
    }
    return call;
}

static bool is_same(const system_call *a, const system_call *b) {
    return a->number == b->number && a->stack == b->stack && a->place == b->place &&
           memcmp(a->arguments, b->arguments, sizeof a->arguments) == 0;
}

/* Calls that wait, and whose callers expect any error. */
static bool can_be_cancelled(const system_call *call) {
    static const long known[] = {
        SYS_clock_nanosleep,
        SYS_nanosleep,
        SYS_read,
        SYS_readv,
        SYS_pread64,
        SYS_preadv,
        SYS_write,
        SYS_writev,
        SYS_recvfrom,
        SYS_recvmsg,
        SYS_recvmmsg,
        SYS_sendto,
        SYS_sendmsg,
        SYS_sendmmsg,
        SYS_accept,
        SYS_accept4,
        SYS_connect,
        SYS_ppoll,
        SYS_pselect6,
        SYS_epoll_pwait,
        SYS_wait4,
        SYS_waitid,
        SYS_rt_sigtimedwait,
        SYS_flock,
        SYS_fcntl,
        SYS_openat,
        SYS_splice,
        SYS_sendfile,
        SYS_semtimedop,
        SYS_msgsnd,
        SYS_msgrcv,
        SYS_io_getevents,
#ifdef SYS_epoll_pwait2
        SYS_epoll_pwait2,
#endif
#ifdef SYS_poll /* not on younger machines */
        SYS_poll,
        SYS_select,
        SYS_epoll_wait,
        SYS_open,
        SYS_pause,
#endif
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (call->number == known[i]) {
            return true;
        }
    }
    return false;
}

/* ---- cancelling it -------------------------------------------------------------------------------------------- */

static pthread_mutex_t cancelling = PTHREAD_MUTEX_INITIALIZER;
static system_call wanted; /* guarded by `cancelling`, which is held while the handler reads it */

#define REGISTER(value) ((unsigned long)(value))

/* In the signal handler: if the interrupted call is the wanted one, make it fail, so that it is not resumed. */
static void cancel_call(void *of_thread) {
    ucontext_t *context = of_thread;
    static const long to[] = {-EINTR, -ECANCELED};
#if defined(__x86_64__)
    enum { FIRST = 0 };
    greg_t *result = &context->uc_mcontext.gregs[REG_RAX];
    const greg_t *all = context->uc_mcontext.gregs;
    const unsigned long arguments[6] = {REGISTER(all[REG_RDI]), REGISTER(all[REG_RSI]), REGISTER(all[REG_RDX]),
                                        REGISTER(all[REG_R10]), REGISTER(all[REG_R8]),  REGISTER(all[REG_R9])};
    unsigned long stack = REGISTER(all[REG_RSP]), place = REGISTER(all[REG_RIP]);
#elif defined(__aarch64__)
    enum { FIRST = 1 }; /* the result has taken the place of the first argument */
    unsigned long long *result = &context->uc_mcontext.regs[0];
    const unsigned long long *arguments = context->uc_mcontext.regs;
    unsigned long stack = context->uc_mcontext.sp, place = context->uc_mcontext.pc;
#endif
#if defined(__x86_64__) || defined(__aarch64__)
    bool matches = (long)*result == to[0] && stack == wanted.stack && place == wanted.place;
    for (int i = FIRST; i < 6; i++) {
        matches = matches && arguments[i] == wanted.arguments[i];
    }
    if (matches) {
        memcpy(result, &to[1], sizeof *result);
    }
#else
    (void)context;
    (void)to;
#endif
}

static void cancel(long thread, const system_call *call) {
    pthread_mutex_lock(&cancelling);
    wanted = *call;
    native_reach(thread, cancel_call);
    pthread_mutex_unlock(&cancelling);
}

/* For the signal's own effect: it interrupts the wait, and the thread looks again. */
static void nothing(void *context) { (void)context; }

/* ---- Python's locks ------------------------------------------------------------------------------------------- */

typedef struct {
    PyTypeObject *types[3]; /* lock, RLock, SimpleQueue */
    PyObject **objects;
    size_t count, room;
} found_locks;

static int find_lock(PyObject *object, void *argument) {
    found_locks *found = argument;
    for (int i = 0; i < 3; i++) {
        if (Py_TYPE(object) == found->types[i]) {
            if (found->count == found->room) {
                size_t room = found->room * 2 + 64;
                PyObject **more = realloc(found->objects, room * sizeof *more);
                if (more == NULL) {
                    return 0;
                }
                found->objects = more;
                found->room = room;
            }
            found->objects[found->count++] = Py_NewRef(object);
        }
    }
    return 1;
}

static PyTypeObject *type_there(const char *module_name, const char *name) {
    PyObject *text = PyUnicode_FromString(module_name);
    PyObject *module = text != NULL ? PyImport_GetModule(text) : NULL;
    PyObject *type = module != NULL ? PyObject_GetAttrString(module, name) : NULL;
    if (type != NULL && !PyType_Check(type)) {
        Py_CLEAR(type);
    }
    PyErr_Clear();
    Py_XDECREF(module);
    Py_XDECREF(text);
    return (PyTypeObject *)type;
}

/* Attached, and nobody runs Python code any more. */
static void free_locks(void) {
    found_locks found = {
        .types = {type_there("_thread", "lock"), type_there("_thread", "RLock"), type_there("_queue", "SimpleQueue")}};
    PyUnstable_GC_VisitObjects(find_lock, &found);
    for (size_t i = 0; i < found.count; i++) {
        PyObject *done = Py_TYPE(found.objects[i]) == found.types[2]
                             ? PyObject_CallMethod(found.objects[i], "put", "O", Py_None)
                             : PyObject_CallMethod(found.objects[i], "_at_fork_reinit", NULL);
        PyErr_Clear();
        Py_XDECREF(done);
        Py_DECREF(found.objects[i]);
    }
    free(found.objects);
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(found.types[i]);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

typedef struct {
    long id;
    system_call call;
    int rounds; /* how many it has been in this call for */
} poisoned_thread;

/* Find the threads that will raise at their next event. What is known of them from the round before is kept. False:
 * the interpreter ends, or no such thread is left. */
static bool look_around(interpreter *self, poisoned_thread *threads, int *count, bool with_locks) {
    if (!native_visit_begin(self)) {
        return false;
    }
    PyThreadState *mine = PyThreadState_New(self->state);
    int now = 0;
    if (mine != NULL) {
        PyEval_RestoreThread(mine);
        if (with_locks) {
            free_locks();
        }
        poisoned_thread before[MOST_THREADS];
        memcpy(before, threads, sizeof *before * (size_t)*count);
        for (PyThreadState *t = PyInterpreterState_ThreadHead(self->state); t != NULL && now < MOST_THREADS;
             t = PyThreadState_Next(t)) {
            if (t != mine && native_is_poisoned(t)) {
                poisoned_thread *thread = &threads[now++];
                *thread = (poisoned_thread){.id = (long)t->native_thread_id, .call = {.number = -1}};
                for (int i = 0; i < *count; i++) {
                    if (before[i].id == thread->id) {
                        *thread = before[i];
                    }
                }
            }
        }
        PyThreadState_Clear(mine);
        PyThreadState_DeleteCurrent();
    }
    native_visit_end(self);
    *count = now;
    return now > 0;
}

void native_interpreter_interrupt(interpreter *self) {
    poisoned_thread *threads = calloc(MOST_THREADS, sizeof *threads);
    int count = 0;
    bool locked = false;
    long pause = FIRST_PAUSE_US;
    for (int round = 0; threads != NULL && round < ROUNDS && look_around(self, threads, &count, locked); round++) {
        bool were_freed = locked;
        locked = false;
        for (int i = 0; i < count; i++) {
            system_call call = call_of(threads[i].id);
            threads[i].rounds = is_same(&call, &threads[i].call) ? threads[i].rounds + 1 : 0;
            threads[i].call = call;
            if (can_be_cancelled(&call)) {
                cancel(threads[i].id, &call);
            } else if (call.number == SYS_futex && threads[i].rounds >= PATIENCE) {
                locked = true;
                if (were_freed) {
                    native_reach(threads[i].id, nothing);
                }
            }
        }
        nanosleep(&(struct timespec){0, pause * 1000}, NULL);
        pause = pause * 2 < LONGEST_PAUSE_US ? pause * 2 : LONGEST_PAUSE_US;
    }
    free(threads);
}
