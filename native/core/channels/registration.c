/* SPDX-License-Identifier: MIT
 *
 * Reusable alternatives from the channel's side: who waits is met, who does not is told for later. */
#include "channels/registration.h"

#include "channels/end.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

static registration *registration_of(csp_node *node) { return CSP_CONTAINER(node, registration, of_channel); }

/* Claim the alternative, which may have been armed or not. */
static bool claim(csp_alternative *alternative, uint32_t code, csp_wakes *wakes) {
    bool must_wake = false;
    if (!csp__claim(alternative->waiter, code, &must_wake)) {
        return false;
    }
    if (must_wake) {
        if (wakes->count == CSP_WAKES) {
            csp__wakes_flush(wakes);
        }
        wakes->waiters[wakes->count++] = alternative->waiter;
    }
    return true;
}

/* Who was served goes behind the others, so that of those who wait here again and again none is passed over for ever. Its
 * registrations keep their order: it may prefer the first. */
static void go_last(csp_channel *channel, const csp_alternative *served) {
    const csp_node *last = channel->registered.previous;
    for (csp_node *node = channel->registered.next, *next; node != NULL; node = next) {
        next = node != last ? node->next : NULL;
        if (registration_of(node)->alternative == served) {
            csp__list_remove(node);
            csp__list_append(&channel->registered, node);
        }
    }
}

bool csp__offer_to_registered(csp_channel *channel, csp_message *message, const csp_waiter *self, csp_wakes *wakes) {
    for (csp_node *node = channel->registered.next; node != &channel->registered; node = node->next) {
        registration *r = registration_of(node);
        csp_waiter *waiter = r->alternative->waiter;
        /* Armed: then its owner has read the slot that an earlier offer filled, and will not look again unless we win. */
        if (!r->on || atomic_load_explicit(&r->end->closed, memory_order_relaxed) ||
            atomic_load_explicit(&waiter->thread, memory_order_relaxed) == self || !csp__is_armed(waiter)) {
            continue;
        }
        r->slot = *message;
        r->outcome = CSP_OK;
        if (claim(r->alternative, CSP_WON + r->index, wakes)) {
            message->kind = 0;
            go_last(channel, r->alternative);
            return true;
        }
    }
    return false;
}

void csp__list_registration(registration *r) {
    csp_alternative *alternative = r->alternative;
    csp__lock(&alternative->lock);
    csp__list_append(&alternative->ready, &r->of_ready);
    csp__unlock(&alternative->lock);
}

void csp__notify_registered(csp_channel *channel, const csp_end *only, csp_wakes *wakes) {
    for (csp_node *node = channel->registered.next; node != &channel->registered; node = node->next) {
        registration *r = registration_of(node);
        if (only != NULL && r->end != only) {
            continue;
        }
        if (!r->listed) {
            r->listed = true;
            csp__list_registration(r);
        }
        /* It arms, and then looks at its list once more: it sees the entry, or we see it armed. */
        if (r->on) {
            claim(r->alternative, CSP_NOTIFIED, wakes);
        }
    }
}

uint32_t csp__registered_waiting(csp_channel *channel, void (*visit)(csp_waiter *, csp_end *, void *), void *context) {
    uint32_t waiting = 0;
    for (csp_node *node = channel->registered.next; node != &channel->registered; node = node->next) {
        registration *r = registration_of(node);
        if (r->on && csp__is_armed(r->alternative->waiter)) {
            waiting++;
            if (visit != NULL) {
                visit(r->alternative->waiter, r->end, context);
            }
        }
    }
    return waiting;
}

/* ---- interrupting --------------------------------------------------------------------------------------------- */

bool csp__alternative_interrupted(csp_alternative *alternative) {
    csp__lock(&alternative->lock);
    bool interrupted = alternative->interrupted;
    alternative->interrupted = false;
    csp__unlock(&alternative->lock);
    return interrupted;
}

void csp__alternative_waits(csp_alternative *alternative, csp_waiter *waiter) {
    bool unused;
    csp__lock(&alternative->lock);
    alternative->selecting = waiter;
    if (waiter != NULL && alternative->interrupted) {
        csp__claim(waiter, CSP_NOTIFIED, &unused);
    }
    csp__unlock(&alternative->lock);
}

void csp_alternative_interrupt(csp_alternative *alternative) {
    csp_waiter *waiters[2] = {alternative->waiter, NULL};
    bool must_wake[2] = {false, false};
    csp__lock(&alternative->lock);
    alternative->interrupted = true;
    waiters[1] = alternative->selecting;
    for (int i = 0; i < 2; i++) {
        if (waiters[i] == NULL || !csp__claim(waiters[i], CSP_NOTIFIED, &must_wake[i])) {
            must_wake[i] = false;
        }
    }
    csp__unlock(&alternative->lock);
    for (int i = 0; i < 2; i++) {
        if (must_wake[i]) {
            csp__wake(waiters[i]);
        }
    }
}
