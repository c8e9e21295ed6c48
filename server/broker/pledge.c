/* pledge.c - a ring of pledges; see pledge.h.
 * SPDX-License-Identifier: MIT */
#include "broker/pledge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { FIRST_CAP = 256 };

void pledges_init(struct pledges *p)
{
    memset(p, 0, sizeof *p);
}

void pledges_fini(struct pledges *p)
{
    free(p->ring);
    pledges_init(p);
}

static struct pledge *at(const struct pledges *p, size_t position)
{
    return &p->ring[position & (p->cap - 1)];
}

int pledges_grow(struct pledges *p, size_t n)
{
    size_t used = p->tail - p->head;
    size_t cap = p->cap > 0 ? p->cap : FIRST_CAP;

    while (cap - used < n)
        cap *= 2;

    struct pledge *ring = calloc(cap, sizeof *ring);
    if (ring == NULL)
        return -ENOMEM;
    for (size_t i = p->head; i != p->tail; i++)
        ring[i & (cap - 1)] = *at(p, i);
    free(p->ring);
    p->ring = ring;
    p->cap = cap;
    return 0;
}

void pledges_add(struct pledges *p, const struct pledge *pledge)
{
    ASSERT(p->tail - p->head < p->cap);
    ASSERT(p->tail == p->head || at(p, p->tail - 1)->seq <= pledge->seq);
    *at(p, p->tail) = *pledge;
    p->tail++;
}

void pledges_drop_first(struct pledges *p)
{
    ASSERT(p->head != p->tail);
    if (p->unexpired == p->head)
        p->unexpired++;
    p->head++;
}

struct pledge *pledges_last(struct pledges *p)
{
    return p->head == p->tail ? NULL : at(p, p->tail - 1);
}

void pledges_drop_last(struct pledges *p)
{
    ASSERT(p->head != p->tail);
    p->tail--;
    if (p->unexpired > p->tail)
        p->unexpired = p->tail;
}

struct pledge *pledges_unexpired(struct pledges *p)
{
    return p->unexpired == p->tail ? NULL : at(p, p->unexpired);
}

void pledges_expire_one(struct pledges *p)
{
    ASSERT(p->unexpired != p->tail);
    p->unexpired++;
}

struct pledge *pledges_at(struct pledges *p, size_t position)
{
    ASSERT(position - p->head <= p->tail - p->head || position == p->tail);
    return position == p->tail ? NULL : at(p, position);
}
