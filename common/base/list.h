/* list.h - intrusive, circular, doubly linked list.  A head and a free link point
 * at themselves, so removing twice is harmless.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct rq_list {
    struct rq_list *next, *prev;
};

#define RQ_LIST_INIT(name) \
    {                      \
        &(name), &(name)   \
    }
#define RQ_LIST_ENTRY(link, type, member) RQ_CONTAINER_OF(link, type, member)
/* `it` may not be removed inside the body; RQ_LIST_EACH_SAFE allows it. */
#define RQ_LIST_EACH(it, head) \
    for (struct rq_list *it = (head)->next; it != (head); it = it->next)
#define RQ_LIST_EACH_SAFE(it, head)                                              \
    for (struct rq_list *it = (head)->next, *it##_next = it->next; it != (head); \
         it = it##_next, it##_next = it->next)

static inline void rq_list_init(struct rq_list *l)
{
    l->next = l->prev = l;
}

static inline bool rq_list_empty(const struct rq_list *l)
{
    return l->next == l;
}

/* Links `item` behind `at`. */
static inline void rq_list_insert_after(struct rq_list *at, struct rq_list *item)
{
    item->prev = at;
    item->next = at->next;
    at->next->prev = item;
    at->next = item;
}

static inline void rq_list_push_back(struct rq_list *head, struct rq_list *item)
{
    rq_list_insert_after(head->prev, item);
}

static inline void rq_list_push_front(struct rq_list *head, struct rq_list *item)
{
    rq_list_insert_after(head, item);
}

static inline void rq_list_remove(struct rq_list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    rq_list_init(item);
}

/* `heir` takes the place of `item`, which is free then. */
static inline void rq_list_swap(struct rq_list *item, struct rq_list *heir)
{
    rq_list_insert_after(item, heir);
    rq_list_remove(item);
}

/* The first link, taken off; NULL when empty. */
static inline struct rq_list *rq_list_pop_front(struct rq_list *head)
{
    struct rq_list *first = head->next;

    if (first == head)
        return NULL;
    rq_list_remove(first);
    return first;
}

#endif
