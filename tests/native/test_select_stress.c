/* SPDX-License-Identifier: MIT
 *
 * Crowds of selects over the same channels: plain operations beside them, locks in every order, deadlines, cancels. */
#include "harness.h"

enum { FAIR = CSP_SELECT_FAIR, PRIORITY = CSP_SELECT_PRIORITY, CHANNELS = 4 };
static const uint32_t mixed[CHANNELS] = {0, 0, 2, 3}, rendezvous[CHANNELS] = {0};

typedef struct {
    pair p[CHANNELS];
    int64_t each;
} network;

static network make_network(const uint32_t *of_capacities, int64_t each) {
    network n = {.each = each};
    for (int i = 0; i < CHANNELS; i++) {
        n.p[i] = channel(of_capacities[i]);
    }
    return n;
}

static void free_network(network *n) {
    for (int i = 0; i < CHANNELS; i++) {
        csp_statistics s = seen(n->p[i].tx);
        CHECK_INT(s.waiting_senders + s.waiting_receivers, ==, 0);
        CHECK_INT(s.parks, ==, s.wakes);
        CHECK_CONSERVED(n->p[i].tx);
        free_pair(&n->p[i]);
    }
}

/* ---- plain users and selects ----------------------------------------------------------------------------------- */

typedef struct {
    network *n;
    int channel;
    bool sends;
} plain_user;

static void *use_one_channel(void *argument) {
    plain_user *u = argument;
    pair *p = &u->n->p[u->channel];
    for (int64_t i = 0; i < u->n->each; i++) {
        if (u->sends) {
            CHECK_STATUS(put(p->tx, i, CSP_FOREVER), CSP_OK);
        } else {
            CHECK_INT(take(p->rx, CSP_FOREVER), >=, 0);
        }
    }
    return NULL;
}

/* `each` operations on every channel, in whatever order they can be had; a channel that is done is off. */
static void *use_all_channels(void *argument) {
    plain_user *u = argument;
    int64_t left[CHANNELS];
    csp_message messages[CHANNELS];
    csp_guard guards[CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
        left[i] = u->n->each;
        messages[i] = boxed(i);
    }
    for (int64_t n = 0; n < u->n->each * CHANNELS; n++) {
        for (int i = 0; i < CHANNELS; i++) {
            guards[i] = left[i] == 0 ? off()
                        : u->sends   ? on_send(u->n->p[i].tx, &messages[i])
                                     : on_recv(u->n->p[i].rx, &messages[i]);
            if (!u->sends) {
                csp_message_drop(&messages[i]);
            }
        }
        int64_t at = choose(guards, CHANNELS, n % 7 == 0 ? PRIORITY : FAIR, CSP_FOREVER);
        CHECK_INT(at, >=, 0);
        left[at]--;
        if (u->sends) {
            messages[at] = boxed(n);
        }
    }
    for (int i = 0; i < CHANNELS; i++) {
        csp_message_drop(&messages[i]);
    }
    return NULL;
}

CASE(selects_and_plain_users_share_channels,
     "Four channels, each with plain users, all under two selects: every operation finds its peer.") {
    network n = make_network(mixed, scaled(8000));
    plain_user users[2 * CHANNELS + 2];
    pthread_t threads[2 * CHANNELS + 2];
    for (int i = 0; i < 2 * CHANNELS + 2; i++) {
        users[i] = (plain_user){&n, i / 2 % CHANNELS, i % 2 == 0};
        threads[i] = go(i < 2 * CHANNELS ? use_one_channel : use_all_channels, &users[i]);
    }
    for (int i = 0; i < 2 * CHANNELS + 2; i++) {
        finish(threads[i]);
    }
    for (int i = 0; i < CHANNELS; i++) {
        CHECK_INT(seen(n.p[i].tx).sent, ==, 2 * n.each);
        CHECK_INT(seen(n.p[i].tx).received, ==, 2 * n.each);
    }
    free_network(&n);
}

/* ---- any order, any deadline ----------------------------------------------------------------------------------- */

typedef struct {
    network *n;
    uint64_t random;
    int64_t rounds, sent, received, sum;
} wanderer;

/* Selects over both directions of all channels in a new order each time, for a moment each. */
static void *select_in_any_order(void *argument) {
    wanderer *w = argument;
    for (int64_t n = 0; n < w->rounds; n++) {
        enum { GUARDS = 2 * CHANNELS + 1 };
        csp_message in[GUARDS], out = boxed((int64_t)(random_next(&w->random) % 1000));
        csp_guard guards[GUARDS];
        int64_t value;
        memcpy(&value, csp_payload_bytes(out.as.payload), sizeof value);
        for (int i = 0; i < GUARDS; i++) {
            pair *p = &w->n->p[i / 2 % CHANNELS];
            in[i].kind = 0;
            guards[i] = i == GUARDS - 1 ? on_timer(csp_deadline_after((int64_t)(random_next(&w->random) % 60000) + 1))
                        : i % 2 == 0    ? on_send(p->tx, &out)
                                        : on_recv(p->rx, &in[i]);
        }
        csp_message *received = NULL;
        for (int i = GUARDS - 1; i > 0; i--) {
            int other = (int)(random_next(&w->random) % (uint64_t)(i + 1));
            csp_guard swapped = guards[i];
            guards[i] = guards[other];
            guards[other] = swapped;
        }
        int64_t deadline = n % 3 == 0 ? CSP_POLL : n % 3 == 1 ? CSP_FOREVER : csp_deadline_after(20000);
        int64_t at = choose(guards, GUARDS, n % 2 == 0 ? FAIR : PRIORITY, deadline);
        CHECK(at >= 0 || at == NOT(CSP_WOULD_BLOCK) || at == NOT(CSP_TIMEOUT));
        if (at >= 0 && guards[at].kind == CSP_GUARD_RECV) {
            received = guards[at].message;
            w->received++;
        }
        for (int i = 0; i < GUARDS; i++) {
            CHECK((in[i].kind != 0) == (received == &in[i]));
        }
        if (received != NULL) {
            w->sum -= opened(received);
        }
        if (out.kind == 0) {
            CHECK(at >= 0 && guards[at].kind == CSP_GUARD_SEND);
            w->sent++;
            w->sum += value;
        }
        csp_message_drop(&out);
    }
    return NULL;
}

static void wander(const uint32_t *of_capacities, int64_t rounds) {
    network n = make_network(of_capacities, 0);
    wanderer w[6];
    pthread_t threads[6];
    for (int i = 0; i < 6; i++) {
        w[i] = (wanderer){&n, (uint64_t)i * 1234567 + 1, rounds, 0, 0, 0};
        threads[i] = go(select_in_any_order, &w[i]);
    }
    int64_t sent = 0, received = 0, sum = 0, value;
    for (int i = 0; i < 6; i++) {
        finish(threads[i]);
        sent += w[i].sent;
        received += w[i].received;
        sum += w[i].sum;
    }
    for (int i = 0; i < CHANNELS; i++) {
        while ((value = take(n.p[i].rx, CSP_POLL)) >= 0) {
            received++;
            sum -= value;
        }
    }
    CHECK_INT(sent, ==, received);
    CHECK_INT(sum, ==, 0);
    free_network(&n);
}

CASE(channels_in_any_order_never_deadlock,
     "Six threads select over the same channels, each time in another order, and balance.") {
    wander(mixed, scaled(20000));      /* something is nearly always ready */
    wander(rendezvous, scaled(10000)); /* somebody has to wait */
}

/* ---- cancels --------------------------------------------------------------------------------------------------- */

typedef struct {
    csp_end *ends[CHANNELS];
    csp_holder *holder;
    tally *values;
    int64_t count;
} restarter;

static void *send_by_select(void *argument) {
    restarter *r = argument;
    csp_guard guards[CHANNELS];
    for (int64_t n = 0; n < r->count; n++) {
        csp_message message = boxed(n);
        for (int i = 0; i < CHANNELS; i++) {
            guards[i] = on_send(r->ends[i], &message);
        }
        int64_t at;
        while ((at = choose(guards, CHANNELS, FAIR, CSP_FOREVER)) == NOT(CSP_CANCELLED)) {
            CHECK(message.kind != 0);
            csp_holder_resume(r->holder);
        }
        CHECK_INT(at, >=, 0);
        CHECK_INT(message.kind, ==, 0);
    }
    return NULL;
}

static void *receive_by_select(void *argument) {
    restarter *r = argument;
    csp_message messages[CHANNELS];
    csp_guard guards[CHANNELS];
    for (int64_t n = 0; n < r->count;) {
        for (int i = 0; i < CHANNELS; i++) {
            guards[i] = on_recv(r->ends[i], &messages[i]);
        }
        int64_t at = choose(guards, CHANNELS, FAIR, CSP_FOREVER);
        for (int i = 0; i < CHANNELS; i++) {
            CHECK((messages[i].kind != 0) == (i == at));
        }
        if (at >= 0) {
            tally_add(r->values, opened(&messages[at]));
            n++;
        } else {
            CHECK_INT(at, ==, NOT(CSP_CANCELLED));
            csp_holder_resume(r->holder);
        }
    }
    return NULL;
}

CASE(cancelled_selects_lose_and_double_nothing,
     "Selects that are cancelled all the time and try again deliver every value exactly once.") {
    network n = make_network(mixed, 0);
    restarter sender = {.holder = csp_holder_new("sender"), .count = scaled(10000)};
    restarter receiver = {.holder = csp_holder_new("receiver"), .count = sender.count};
    tally values = tally_of(sender.count);
    receiver.values = &values;
    for (int i = 0; i < CHANNELS; i++) {
        sender.ends[i] = csp_end_clone(n.p[i].tx, sender.holder);
        receiver.ends[i] = csp_end_clone(n.p[i].rx, receiver.holder);
    }
    pthread_t sending = go(send_by_select, &sender), receiving = go(receive_by_select, &receiver);
    uint64_t random = 4;
    int64_t received;
    do {
        csp_holder_cancel(random_next(&random) % 2 == 0 ? sender.holder : receiver.holder);
        dawdle(&random, 5000);
        received = 0;
        for (int i = 0; i < CHANNELS; i++) {
            received += (int64_t)seen(n.p[i].rx).received;
        }
    } while (received < sender.count);
    finish(sending);
    finish(receiving);
    tally_check(&values, 1);
    for (int i = 0; i < CHANNELS; i++) {
        csp_end_free(sender.ends[i]);
        csp_end_free(receiver.ends[i]);
    }
    csp_holder_release(sender.holder);
    csp_holder_release(receiver.holder);
    free_network(&n);
}
