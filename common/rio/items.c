/* items.c - see items.h.
 * SPDX-License-Identifier: MIT */
#include "rio/items.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

enum { FIRST_CAP = 8, SLOT_ALIGN = 16 };

int rio__items_init(struct rio__items *q, size_t item_bytes,
                    int (*cmp)(const void *, const void *))
{
    if (item_bytes == 0 || item_bytes > SIZE_MAX / 4)
        return -EINVAL;
    *q = (struct rio__items){
        .item_bytes = item_bytes, .slot_bytes = item_bytes, .cmp = cmp};
    if (cmp != NULL)
        q->slot_bytes = (item_bytes + sizeof q->arrivals + SLOT_ALIGN - 1) /
                        SLOT_ALIGN * SLOT_ALIGN;
    return 0;
}

void rio__items_fini(struct rio__items *q)
{
    free(q->slots);
    q->slots = NULL;
}

void rio__items_clear(struct rio__items *q)
{
    q->head = 0;
    q->count = 0;
}

__attribute__((noinline)) static int grow(struct rio__items *q)
{
    size_t cap = q->cap == 0 ? FIRST_CAP : q->cap * 2;
    size_t wrapped;
    unsigned char *slots;

    if (cap > SIZE_MAX / 2 / q->slot_bytes)
        return -ENOMEM;
    slots = realloc(q->slots, (cap + (q->cmp != NULL)) * q->slot_bytes);
    if (slots == NULL)
        return -ENOMEM;
    /* What had wrapped around goes behind what had not. */
    wrapped = q->head + q->count > q->cap ? q->head + q->count - q->cap : 0;
    if (wrapped > 0)
        memcpy(slots + q->cap * q->slot_bytes, slots, wrapped * q->slot_bytes);
    q->slots = slots;
    q->cap = cap;
    return 0;
}

/* What lies in most queues is a pointer: then it is one move, not a call. */
static inline void copy_item(const struct rio__items *q, void *to, const void *from)
{
    if (RQ_LIKELY(q->item_bytes == sizeof(void *)))
        memcpy(to, from, sizeof(void *));
    else
        memcpy(to, from, q->item_bytes);
}

/* ---- the ring ---- */

static unsigned char *ring_slot(const struct rio__items *q, size_t i)
{
    return q->slots + ((q->head + i) & (q->cap - 1)) * q->slot_bytes;
}

static inline void ring_pop(struct rio__items *q, void *item)
{
    q->count--;
    if (q->newest_first) {
        copy_item(q, item, ring_slot(q, q->count));
        return;
    }
    copy_item(q, item, ring_slot(q, 0));
    q->head = (q->head + 1) & (q->cap - 1);
}

/* ---- the heap: out of the ring's way ---- */

static unsigned char *heap_slot(const struct rio__items *q, size_t i)
{
    return q->slots + i * q->slot_bytes;
}

static uint64_t arrival(const struct rio__items *q, const unsigned char *slot)
{
    uint64_t n;

    memcpy(&n, slot + q->slot_bytes - sizeof n, sizeof n);
    return n;
}

static bool before(const struct rio__items *q, const unsigned char *a,
                   const unsigned char *b)
{
    int order = q->cmp(a, b);

    return order != 0 ? order < 0 : arrival(q, a) < arrival(q, b);
}

__attribute__((noinline)) static void heap_push(struct rio__items *q, const void *item)
{
    unsigned char *hand = heap_slot(q, q->cap);
    uint64_t number = q->arrivals++;
    size_t hole = q->count++;

    memcpy(hand, item, q->item_bytes);
    memcpy(hand + q->slot_bytes - sizeof number, &number, sizeof number);
    while (hole > 0 && before(q, hand, heap_slot(q, (hole - 1) / 2))) {
        memcpy(heap_slot(q, hole), heap_slot(q, (hole - 1) / 2), q->slot_bytes);
        hole = (hole - 1) / 2;
    }
    memcpy(heap_slot(q, hole), hand, q->slot_bytes);
}

__attribute__((noinline)) static void heap_pop(struct rio__items *q, void *item)
{
    size_t hole = 0, last = --q->count;
    const unsigned char *hand = heap_slot(q, last);

    memcpy(item, heap_slot(q, 0), q->item_bytes);
    for (size_t child = 1; child < last; child = 2 * hole + 1) {
        if (child + 1 < last && before(q, heap_slot(q, child + 1), heap_slot(q, child)))
            child++;
        if (!before(q, heap_slot(q, child), hand))
            break;
        memcpy(heap_slot(q, hole), heap_slot(q, child), q->slot_bytes);
        hole = child;
    }
    if (hole != last)
        memcpy(heap_slot(q, hole), hand, q->slot_bytes);
}

/* ---- either ---- */

int rio__items_push(struct rio__items *q, const void *item)
{
    if (q->count == q->cap) {
        int rc = grow(q);

        if (rc < 0)
            return rc;
    }
    if (q->cmp != NULL)
        heap_push(q, item);
    else
        copy_item(q, ring_slot(q, q->count++), item);
    return 0;
}

void rio__items_pop(struct rio__items *q, void *item)
{
    if (q->cmp != NULL)
        heap_pop(q, item);
    else
        ring_pop(q, item);
}
