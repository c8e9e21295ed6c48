/* arrears.c - see arrears.h.
 * SPDX-License-Identifier: MIT */
#include "broker/arrears.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void arrears_init(struct arrears *a)
{
    memset(a, 0, sizeof *a);
}

void arrears_fini(struct arrears *a)
{
    free(a->items);
    arrears_init(a);
}

static int grow(struct arrears *a)
{
    size_t cap = a->cap > 0 ? 2 * a->cap : FIRST_CAP;
    struct arrear *items = reallocarray(a->items, cap, sizeof *items);

    if (items == NULL)
        return -ENOMEM;
    a->items = items;
    a->cap = cap;
    return 0;
}

int arrears_add(struct arrears *a, uint64_t home)
{
    /* Jobs that were put together mostly end together. */
    if (a->count > a->closed && a->items[a->count - 1].home == home) {
        a->items[a->count - 1].count++;
        return 0;
    }
    if (a->count == a->cap) {
        int rc = grow(a);
        if (rc < 0)
            return rc;
    }
    a->items[a->count++] = (struct arrear){home, 1};
    return 0;
}

void arrears_close(struct arrears *a, uint64_t seq)
{
    a->closed = a->count;
    a->seq = seq;
}

void arrears_settle(struct arrears *a, uint64_t seq,
                    void (*forget)(void *arg, uint64_t home), void *arg)
{
    if (a->closed == 0 || seq < a->seq)
        return;
    for (size_t i = 0; i < a->closed; i++)
        for (uint64_t n = a->items[i].count; n > 0; n--)
            forget(arg, a->items[i].home);
    a->count -= a->closed;
    memmove(a->items, a->items + a->closed, a->count * sizeof *a->items);
    a->closed = 0;
}
