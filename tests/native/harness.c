/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define DEFAULT_SCALE 0.3
#elif defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define DEFAULT_SCALE 0.5
#else
#define DEFAULT_SCALE 1.0
#endif

csp_holder *me;

static test_case *first_case, **last_case = &first_case;
static char noted[160];
static double scale = DEFAULT_SCALE, slow = 1.0;

/* ---- checks ---------------------------------------------------------------------------------------------------- */

void note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(noted, sizeof noted, format, arguments);
    va_end(arguments);
}

void test_fail(const char *file, int line, const char *format, ...) {
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n%s:%d: %s%s%s%s\n", file, line, text, noted[0] != '\0' ? " [" : "", noted,
            noted[0] != '\0' ? "]" : "");
    _exit(1); /* other threads may wait for ever: nothing can be tidied up */
}

patience be_patient(const char *condition, const char *file, int line) {
    return (patience){csp_deadline_after((int64_t)(20.0 * (slow > 0 ? slow : 1000) * 1e9)), 0, condition, file, line};
}

void wait_a_little(patience *p) {
    if (++p->looks < 200) {
        sched_yield();
        return;
    }
    if (csp_now() > p->until) {
        test_fail(p->file, p->line, "never came true: %s", p->condition);
    }
    nanosleep(&(struct timespec){0, 50000}, NULL); /* leaves the CPU to whoever makes it true */
}

/* ---- running cases --------------------------------------------------------------------------------------------- */

void test_register(test_case *added) {
    *last_case = added;
    last_case = &added->next;
}

static void check_nothing_left(void) {
    csp_totals t;
    csp_totals_read(&t);
    note("after the case");
    CHECK_INT(t.channels, ==, 0);
    CHECK_INT(t.ends, ==, 0);
    CHECK_INT(t.payloads, ==, 0);
    CHECK_INT(t.replies, ==, 0);
    CHECK_INT(t.holders, ==, 0);
    CHECK_INT(t.threads, <=, 1);
}

static void run_here(const test_case *c) {
    if (slow > 0) {
        /* Without a handler: the default action ends the process even if every thread is stuck. */
        alarm((unsigned)(60 * slow));
    }
    me = csp_holder_new(c->name);
    CHECK(me != NULL);
    c->run();
    csp_holder_release(me);
    check_nothing_left();
}

static bool run_in_child(const test_case *c) {
    printf("%-58s ", c->name);
    fflush(NULL);
    int64_t began = csp_now();
    pid_t child = fork();
    if (child == 0) {
        run_here(c);
        exit(0); /* not _exit: the sanitizers have their say at the end */
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    double took = (double)(csp_now() - began) / 1e9;
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        printf("ok  %6.2f s\n", took);
        return true;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        printf("HANGS: %s was not over after %.0f s\n", c->name, took);
    } else if (WIFSIGNALED(status)) {
        printf("DIED of signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        printf("FAILED (exit code %d)\n", WEXITSTATUS(status));
    }
    printf("    %s\n", c->claim);
    return false;
}

static double from_environment(const char *name, double preset) {
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? atof(text) : preset;
}

int main(int argc, char **argv) {
    scale = from_environment("CSP_TEST_SCALE", DEFAULT_SCALE);
    slow = from_environment("CSP_TEST_SLOW", 1.0);
    const char *wanted = argc > 1 ? argv[1] : NULL;
    bool list = wanted != NULL && strcmp(wanted, "--list") == 0;
    int failed = 0, ran = 0;
    for (test_case *c = first_case; c != NULL; c = c->next) {
        if (list) {
            printf("%-58s %s\n", c->name, c->claim);
        } else if (wanted == NULL) {
            ran++;
            failed += !run_in_child(c);
        } else if (strcmp(wanted, c->name) == 0) {
            printf("%s ", c->name);
            fflush(NULL);
            run_here(c);
            printf("ok\n");
            return 0;
        }
    }
    if (!list && ran == 0) {
        fprintf(stderr, "%s: no case %s; --list names them\n", argv[0], wanted != NULL ? wanted : "at all");
        return 2;
    }
    if (failed > 0) {
        printf("%d of %d cases failed\n", failed, ran);
    }
    return failed > 0;
}

int64_t scaled(int64_t rounds) {
    int64_t result = (int64_t)((double)rounds * scale);
    return result > 0 ? result : 1;
}

/* ---- threads --------------------------------------------------------------------------------------------------- */

pthread_t go(void *(*body)(void *), void *argument) {
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, body, argument);
    CHECK_INT(failed, ==, 0);
    return thread;
}

void finish(pthread_t thread) {
    int failed = pthread_join(thread, NULL);
    CHECK_INT(failed, ==, 0);
}

void line_up(start_line *line, int parties) {
    atomic_fetch_add(&line->arrived, 1);
    EVENTUALLY(atomic_load(&line->arrived) >= parties);
}

uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

void dawdle(uint64_t *state, uint64_t most) {
    static _Atomic uint64_t sink;
    for (uint64_t n = random_next(state) % (most + 1); n > 0; n--) {
        atomic_load_explicit(&sink, memory_order_relaxed);
    }
}

/* ---- messages and channels ------------------------------------------------------------------------------------- */

csp_message inlined(int64_t value) { return (csp_message){.kind = 1, .size = sizeof value, .as.integer = value}; }

csp_message boxed(int64_t value) {
    csp_payload *payload = csp_payload_new(sizeof value, 0);
    CHECK(payload != NULL);
    memcpy(csp_payload_bytes(payload), &value, sizeof value);
    return (csp_message){.kind = CSP_KIND_PAYLOAD | 1, .as.payload = payload};
}

int64_t opened(csp_message *message) {
    int64_t value;
    CHECK((message->kind & ~CSP_KIND_PAYLOAD) == 1);
    if ((message->kind & CSP_KIND_PAYLOAD) != 0) {
        memcpy(&value, csp_payload_bytes(message->as.payload), sizeof value);
    } else {
        value = message->as.integer;
    }
    csp_message_drop(message);
    return value;
}

pair channel_of(uint32_t capacity, csp_overflow overflow, csp_holder *holder) {
    pair p;
    CHECK_STATUS(csp_channel_new(capacity, overflow, holder, &p.tx, &p.rx), CSP_OK);
    return p;
}

pair channel(uint32_t capacity) { return channel_of(capacity, CSP_OVERFLOW_BLOCK, me); }

void free_pair(pair *p) {
    csp_end_free(p->tx);
    csp_end_free(p->rx);
}

csp_status put(csp_end *tx, int64_t value, int64_t deadline) {
    csp_message message = boxed(value);
    csp_status status = csp_send(tx, &message, deadline, NULL);
    CHECK((message.kind == 0) == (status == CSP_OK));
    csp_message_drop(&message);
    return status;
}

int64_t take(csp_end *rx, int64_t deadline) {
    csp_message message;
    csp_status status = csp_recv(rx, &message, deadline, NULL);
    CHECK((message.kind != 0) == (status == CSP_OK));
    return status == CSP_OK ? opened(&message) : NOT(status);
}

csp_statistics seen(csp_end *end) {
    csp_statistics statistics;
    csp_end_statistics(end, &statistics);
    return statistics;
}

void check_conserved(csp_end *end, const char *file, int line) {
    csp_statistics s = seen(end);
    if (s.sent != s.received + s.length + s.dropped + s.undelivered) {
        test_fail(file, line,
                  "not conserved: sent %llu, but received %llu + buffered %u + dropped %llu + undelivered %llu",
                  (unsigned long long)s.sent, (unsigned long long)s.received, s.length, (unsigned long long)s.dropped,
                  (unsigned long long)s.undelivered);
    }
}

int64_t choose(csp_guard *guards, size_t count, int flags, int64_t deadline) {
    uint32_t chosen = UINT32_MAX;
    csp_status status = csp_select(guards, (uint32_t)count, flags, deadline, NULL, &chosen);
    if (status != CSP_OK) {
        return NOT(status);
    }
    CHECK_INT(chosen, <, count);
    return chosen;
}

static void *run_choosing(void *argument) {
    choosing *c = argument;
    c->chosen = choose(c->guards, c->count, c->flags, CSP_FOREVER);
    return NULL;
}

void begin_choosing(choosing *c, csp_guard *guards, size_t count, int flags) {
    c->guards = guards;
    c->count = count;
    c->flags = flags;
    c->thread = go(run_choosing, c);
}

int64_t chosen(choosing *c) {
    finish(c->thread);
    return c->chosen;
}

static void *run_pending(void *argument) {
    pending *p = argument;
    p->status = csp_end_direction(p->end) == CSP_SENDING ? csp_send(p->end, &p->message, p->deadline, p->hooks)
                                                         : csp_recv(p->end, &p->message, p->deadline, p->hooks);
    atomic_store(&p->over, true);
    return NULL;
}

void pend(pending *p, csp_end *end, csp_message message, int64_t deadline, const csp_hooks *hooks) {
    p->end = end;
    p->message = message;
    p->deadline = deadline;
    p->hooks = hooks;
    atomic_store(&p->over, false);
    p->thread = go(run_pending, p);
}

void pend_send(pending *p, csp_end *tx, int64_t value, int64_t deadline) {
    uint32_t before = SENDERS_WAITING(tx);
    pend(p, tx, boxed(value), deadline, NULL);
    EVENTUALLY(SENDERS_WAITING(tx) > before || atomic_load(&p->over));
}

void pend_recv(pending *p, csp_end *rx, int64_t deadline) {
    uint32_t before = RECEIVERS_WAITING(rx);
    pend(p, rx, (csp_message){.kind = 0}, deadline, NULL);
    EVENTUALLY(RECEIVERS_WAITING(rx) > before || atomic_load(&p->over));
}

int64_t outcome(pending *p) {
    finish(p->thread);
    if (csp_end_direction(p->end) == CSP_RECEIVING) {
        CHECK((p->message.kind != 0) == (p->status == CSP_OK));
        return p->status == CSP_OK ? opened(&p->message) : NOT(p->status);
    }
    CHECK((p->message.kind == 0) == (p->status == CSP_OK));
    csp_message_drop(&p->message);
    return NOT(p->status);
}

/* ---- replies --------------------------------------------------------------------------------------------------- */

csp_message call_with(csp_reply *reply) {
    csp_message call = {.kind = CSP_KIND_PAYLOAD | 2, .as.payload = csp_payload_new(0, 1)};
    CHECK(call.as.payload != NULL);
    csp_payload_attach_reply(call.as.payload, 0, reply);
    return call;
}

static void count_asking(const csp_edge *edge, void *context) { *(int *)context += edge->kind == CSP_EDGE_ASKS; }

int askers(void) {
    int count = 0;
    CHECK_STATUS(csp_graph_visit(count_asking, &count), CSP_OK);
    return count;
}

static void *run_asking(void *argument) {
    asking *a = argument;
    a->status = csp_reply_wait(a->reply, a->holder, &a->answer, a->deadline, a->hooks);
    return NULL;
}

void ask(asking *a, csp_reply *reply, csp_holder *holder, int64_t deadline, const csp_hooks *hooks) {
    int before = askers();
    a->reply = reply;
    a->holder = holder;
    a->deadline = deadline;
    a->hooks = hooks;
    a->thread = go(run_asking, a);
    EVENTUALLY(askers() > before);
}

/* ---- tallies --------------------------------------------------------------------------------------------------- */

tally tally_of(int64_t size) {
    tally t = {calloc((size_t)size, sizeof *t.counts), size};
    CHECK(t.counts != NULL);
    return t;
}

void tally_add(tally *t, int64_t value) {
    CHECK_INT(value, >=, 0);
    CHECK_INT(value, <, t->size);
    atomic_fetch_add_explicit(&t->counts[value], 1, memory_order_relaxed);
}

void tally_check(tally *t, uint32_t times) {
    for (int64_t value = 0; value < t->size; value++) {
        note("value %lld", (long long)value);
        CHECK_INT(atomic_load_explicit(&t->counts[value], memory_order_relaxed), ==, times);
    }
    note(" ");
    free(t->counts);
}
