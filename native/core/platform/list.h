/* SPDX-License-Identifier: MIT
 *
 * An intrusive doubly linked ring. A list is its own sentinel; a node that is in no list points to itself. Nothing here
 * allocates or locks: a list belongs to whoever's lock guards it. */
#ifndef CSP_LIST_H
#define CSP_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct csp_node {
    struct csp_node *previous, *next;
} csp_node;

#define CSP_CONTAINER(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))

static inline void csp__list_init(csp_node *node) { node->previous = node->next = node; }
static inline bool csp__list_empty(const csp_node *list) { return list->next == list; }

static inline void csp__list_append(csp_node *list, csp_node *node) {
    node->previous = list->previous;
    node->next = list;
    list->previous->next = node;
    list->previous = node;
}

/* Unlinking a node that is in no list is a no-op. */
static inline void csp__list_remove(csp_node *node) {
    node->previous->next = node->next;
    node->next->previous = node->previous;
    csp__list_init(node);
}

#endif
