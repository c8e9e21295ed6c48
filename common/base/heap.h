/* heap.h - 4-ary min-heap of intrusive nodes; a node knows its place, so any node
 * can be removed in O(log n).  Equal keys come out in the order they went in only
 * if the comparison says so.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct rq_heap_node {
    uint32_t place; /* 1-based index in the heap; 0: in no heap */
};

typedef bool rq_heap_less(const struct rq_heap_node *a, const struct rq_heap_node *b);

struct rq_heap {
    struct rq_heap_node **nodes;
    size_t count, cap;
    rq_heap_less *less;
};

void rq_heap_init(struct rq_heap *h, rq_heap_less *less);
void rq_heap_fini(struct rq_heap *h); /* frees the array, not the nodes */
/* Makes sure that `n` more pushes cannot fail.  Errors  -ENOMEM. */
RQ_MUST_CHECK int rq_heap_reserve(struct rq_heap *h, size_t n);
/* Errors  -ENOMEM (never after a sufficient reserve).  Owns  keeps `node`. */
RQ_MUST_CHECK int rq_heap_push(struct rq_heap *h, struct rq_heap_node *node);
struct rq_heap_node *rq_heap_min(const struct rq_heap *h); /* NULL when empty */
struct rq_heap_node *rq_heap_pop(struct rq_heap *h);       /* NULL when empty */
/* Takes `node` out; does nothing when it is in no heap. */
void rq_heap_remove(struct rq_heap *h, struct rq_heap_node *node);
/* `heir`, whose key is the same, takes the place of `node`, which must be in the heap.
 */
void rq_heap_swap(struct rq_heap *h, struct rq_heap_node *node,
                  struct rq_heap_node *heir);
/* Puts `node` right after its key has changed. */
void rq_heap_update(struct rq_heap *h, struct rq_heap_node *node);

#endif
