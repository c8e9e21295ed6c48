/* items.h - what lies in a queue: equal-sized items and the order they leave in.
 *
 *     FIFO, LIFO   a ring; the oldest at `head`, the newest behind it
 *     priority     a binary heap by (cmp, number of arrival), so equals stay in order
 *
 * cap is a power of two, or 0; a slot of the heap ends with the arrival number, and one
 * more slot behind the last serves as the hand that holds an item on its way.
 * SPDX-License-Identifier: MIT */
#ifndef RIO_ITEMS_H
#define RIO_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rio__items {
    unsigned char *slots;
    size_t item_bytes, slot_bytes;
    size_t head, count, cap;
    int (*cmp)(const void *, const void *); /* NULL: a ring */
    bool newest_first;
    uint64_t arrivals;
};

/* Fills in the sizes, the rest is zero.  Errors  -EINVAL item_bytes 0 or absurd */
int rio__items_init(struct rio__items *q, size_t item_bytes,
                    int (*cmp)(const void *, const void *));
void rio__items_fini(struct rio__items *q);
/* Errors  -ENOMEM */
int rio__items_push(struct rio__items *q, const void *item);
/* Takes the first one out; there must be one. */
void rio__items_pop(struct rio__items *q, void *item);
void rio__items_clear(struct rio__items *q);

#endif
