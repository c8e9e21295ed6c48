/* held.c - see held.h.
 * SPDX-License-Identifier: MIT */
#include "api/held.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

struct held {
    struct broker_put put;
    size_t bytes;
    struct rq_slice bodies[]; /* and the bytes behind them */
};

static size_t bytes_of(const struct broker_put *put)
{
    size_t sum = sizeof(struct held) + put->count * sizeof(struct rq_slice) +
                 put->job.queue.len + put->job.attrs.len;

    for (size_t i = 0; i < put->count; i++)
        sum += put->bodies[i].len;
    return sum;
}

/* Copies `s` to *at, which moves on. */
static struct rq_slice copy(struct rq_slice s, uint8_t **at)
{
    uint8_t *start = *at;

    if (s.len > 0)
        memcpy(start, s.ptr, s.len);
    *at += s.len;
    return rq_slice(start, s.len);
}

const struct broker_put *held_keep(struct reply *r, const struct broker_put *put)
{
    size_t bytes = bytes_of(put);
    struct held *h = NULL;

    if (bytes <= LIMIT_HELD_BYTES - r->pool->held_bytes)
        h = malloc(bytes);
    if (h == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)&h->bodies[put->count];
    h->put = *put;
    h->bytes = bytes;
    h->put.job.queue = copy(put->job.queue, &at);
    h->put.job.attrs = copy(put->job.attrs, &at);
    for (size_t i = 0; i < put->count; i++)
        h->bodies[i] = copy(put->bodies[i], &at);
    h->put.bodies = h->bodies;
    r->held = h;
    r->pool->held_bytes += bytes;
    return &h->put;
}

void held_drop(struct reply *r)
{
    if (r->held == NULL)
        return;
    r->pool->held_bytes -= r->held->bytes;
    free(r->held);
    r->held = NULL;
}
