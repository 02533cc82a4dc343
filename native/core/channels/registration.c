/* SPDX-License-Identifier: MIT
 *
 * Reusable alternatives from the channel's side: who waits is met, who does not is told for later. */
#include "channels/registration.h"

#include "alternatives/alternative.h"
#include "platform/list.h"
#include "platform/lock.h"
#include "waiting/waiter.h"

static watch *watch_of(csp_node *node) { return CSP_CONTAINER(node, watch, of_channel); }

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
 * watches keep their order: it may prefer the first. */
static void go_last(csp_channel *channel, const csp_alternative *served) {
    const csp_node *last = channel->watchers.previous;
    for (csp_node *node = channel->watchers.next, *next; node != NULL; node = next) {
        next = node != last ? node->next : NULL;
        if (watch_of(node)->alternative == served) {
            csp__list_remove(node);
            csp__list_append(&channel->watchers, node);
        }
    }
}

bool csp__offer_to_watchers(csp_channel *channel, csp_message *message, const csp_waiter *self, csp_wakes *wakes) {
    for (csp_node *node = channel->watchers.next; node != &channel->watchers; node = node->next) {
        watch *w = watch_of(node);
        csp_waiter *waiter = w->alternative->waiter;
        /* Armed: then its owner has read the slot that an earlier offer filled, and will not look again unless we win. */
        if (!w->on || atomic_load_explicit(&w->end->closed, memory_order_relaxed) ||
            atomic_load_explicit(&waiter->thread, memory_order_relaxed) == self || !csp__is_armed(waiter)) {
            continue;
        }
        w->slot = *message;
        w->outcome = CSP_OK;
        if (claim(w->alternative, CSP_WON + w->place, wakes)) {
            message->kind = 0;
            go_last(channel, w->alternative);
            return true;
        }
    }
    return false;
}

void csp__watch_list(watch *w) {
    csp_alternative *alternative = w->alternative;
    csp__lock(&alternative->lock);
    csp__list_append(&alternative->ready, &w->of_ready);
    csp__unlock(&alternative->lock);
}

void csp__notify_watchers(csp_channel *channel, const csp_end *only, csp_wakes *wakes) {
    for (csp_node *node = channel->watchers.next; node != &channel->watchers; node = node->next) {
        watch *w = watch_of(node);
        if (only != NULL && w->end != only) {
            continue;
        }
        if (!w->listed) {
            w->listed = true;
            csp__watch_list(w);
        }
        /* It arms, and then looks at its list once more: it sees the entry, or we see it armed. */
        if (w->on) {
            claim(w->alternative, CSP_NOTIFIED, wakes);
        }
    }
}

uint32_t csp__watchers_waiting(csp_channel *channel, void (*visit)(csp_waiter *, csp_end *, void *), void *context) {
    uint32_t waiting = 0;
    for (csp_node *node = channel->watchers.next; node != &channel->watchers; node = node->next) {
        watch *w = watch_of(node);
        if (w->on && csp__is_armed(w->alternative->waiter)) {
            waiting++;
            if (visit != NULL) {
                visit(w->alternative->waiter, w->end, context);
            }
        }
    }
    return waiting;
}
