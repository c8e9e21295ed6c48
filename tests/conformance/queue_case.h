/* queue_case.h - cases that hold for all three kinds of queue: each is run with each.
 * SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_QUEUE_CASE_H
#define CONFORMANCE_QUEUE_CASE_H

#include "case.h"

enum queue_kind { FIFO, LIFO, PRIORITY, KINDS };

/* The kind of the running case. */
static enum queue_kind kind;

static inline int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

/* A queue of ints, of that kind. */
static inline rio_queue *ints(size_t maxsize)
{
    if (kind == LIFO)
        return rio_lifo_queue_new(sizeof(int), maxsize);
    if (kind == PRIORITY)
        return rio_priority_queue_new(sizeof(int), maxsize, by_value);
    return rio_queue_new(sizeof(int), maxsize);
}

/* clang-format off */
#define QUEUE_CASE(name) \
    static long name##_body(void *unused); \
    static void name(void **state) \
    { \
        (void)state; \
        for (kind = FIFO; kind < KINDS; kind++) \
            assert_int_equal(loop_test_run(name##_body, NULL), 0); \
        kind = FIFO; \
    } \
    static long name##_body(void *unused __attribute__((unused)))
/* clang-format on */

#endif
