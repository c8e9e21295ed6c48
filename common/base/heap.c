/* heap - 4-ary min-heap of intrusive nodes.
 *
 * Four children a node: half the levels of a binary heap, and the children stand
 * side by side.  In 0-based indices the parent of i is (i - 1) / 4 and its first
 * child is 4 i + 1; a node stores its index + 1, so that 0 can mean "in no heap".
 *
 * Invariant: nodes[i]->place == i + 1, and no node is less than its parent.
 * SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"

enum { ARITY = 4, FIRST_CAP = 16 };

void rq_heap_init(struct rq_heap *h, rq_heap_less *less)
{
    *h = (struct rq_heap){.less = less};
}

void rq_heap_fini(struct rq_heap *h)
{
    free(h->nodes);
    rq_heap_init(h, h->less);
}

int rq_heap_reserve(struct rq_heap *h, size_t n)
{
    size_t cap = h->cap < FIRST_CAP ? FIRST_CAP : h->cap;

    if (n <= h->cap - h->count)
        return 0;
    /* A place is 32 bits wide. */
    if (n > UINT32_MAX - 1 - h->count)
        return -ENOMEM;
    while (cap - h->count < n)
        cap *= 2;

    struct rq_heap_node **nodes = reallocarray(h->nodes, cap, sizeof *nodes);
    if (nodes == NULL)
        return -ENOMEM;
    h->nodes = nodes;
    h->cap = cap;
    return 0;
}

static void set(struct rq_heap *h, size_t i, struct rq_heap_node *node)
{
    h->nodes[i] = node;
    node->place = (uint32_t)(i + 1);
}

/* Moves the hole at `i` up to where `node` belongs, and fills it. */
static void sift_up(struct rq_heap *h, size_t i, struct rq_heap_node *node)
{
    while (i > 0) {
        size_t parent = (i - 1) / ARITY;

        if (!h->less(node, h->nodes[parent]))
            break;
        set(h, i, h->nodes[parent]);
        i = parent;
    }
    set(h, i, node);
}

static size_t least_child(const struct rq_heap *h, size_t first)
{
    size_t end = h->count - first < ARITY ? h->count : first + ARITY;
    size_t least = first;

    for (size_t i = first + 1; i < end; i++)
        if (h->less(h->nodes[i], h->nodes[least]))
            least = i;
    return least;
}

/* Moves the hole at `i` down to where `node` belongs, and fills it. */
static void sift_down(struct rq_heap *h, size_t i, struct rq_heap_node *node)
{
    for (;;) {
        size_t first = i * ARITY + 1;

        if (first >= h->count)
            break;
        size_t least = least_child(h, first);
        if (!h->less(h->nodes[least], node))
            break;
        set(h, i, h->nodes[least]);
        i = least;
    }
    set(h, i, node);
}

int rq_heap_push(struct rq_heap *h, struct rq_heap_node *node)
{
    int rc = rq_heap_reserve(h, 1);

    if (rc < 0)
        return rc;
    ASSERT(node->place == 0);
    h->count++;
    sift_up(h, h->count - 1, node);
    return 0;
}

struct rq_heap_node *rq_heap_min(const struct rq_heap *h)
{
    return h->count == 0 ? NULL : h->nodes[0];
}

struct rq_heap_node *rq_heap_pop(struct rq_heap *h)
{
    struct rq_heap_node *min = rq_heap_min(h);

    if (min != NULL)
        rq_heap_remove(h, min);
    return min;
}

/* Puts `node` where its key wants it, starting from the hole at `i`. */
static void settle(struct rq_heap *h, size_t i, struct rq_heap_node *node)
{
    if (i > 0 && h->less(node, h->nodes[(i - 1) / ARITY]))
        sift_up(h, i, node);
    else
        sift_down(h, i, node);
}

void rq_heap_remove(struct rq_heap *h, struct rq_heap_node *node)
{
    if (node->place == 0)
        return;

    size_t hole = node->place - 1;
    ASSERT(hole < h->count && h->nodes[hole] == node);
    struct rq_heap_node *last = h->nodes[--h->count];

    node->place = 0;
    if (last != node)
        settle(h, hole, last);
}

void rq_heap_swap(struct rq_heap *h, struct rq_heap_node *node,
                  struct rq_heap_node *heir)
{
    ASSERT(node->place != 0 && h->nodes[node->place - 1] == node);
    set(h, node->place - 1, heir);
    node->place = 0;
}

void rq_heap_update(struct rq_heap *h, struct rq_heap_node *node)
{
    ASSERT(node->place != 0 && node->place <= h->count);
    settle(h, node->place - 1, node);
}
