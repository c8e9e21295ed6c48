/* kinds - what jobs of one commit have in common.
 * SPDX-License-Identifier: MIT */
#include "store/kinds.h"

void kinds_clear(struct kinds *k)
{
    for (size_t i = 0; i < KINDS_SLOTS; i++)
        k->slots[i].state = KIND_NONE;
}

/* Queues are told apart by how they end: q1, q2. */
static uint8_t slot_of(const struct record *r)
{
    size_t last = r->queue.len == 0 ? 0 : r->queue.ptr[r->queue.len - 1];

    return (uint8_t)((last + r->queue.len + r->policy.pri) % KINDS_SLOTS);
}

static bool is_handled_alike(const struct job_policy *p, const struct job_policy *q)
{
    return p->tries == q->tries && p->ttr_ms == q->ttr_ms && p->backoff == q->backoff &&
           p->backoff_base_ms == q->backoff_base_ms && p->jitter_pct == q->jitter_pct &&
           p->backoff_max_ms == q->backoff_max_ms && p->pri == q->pri;
}

static bool is_of(const struct kind *kind, const struct record *r)
{
    return rq_slice_eq(rq_slice(kind->queue, kind->queue_len), r->queue) &&
           is_handled_alike(&kind->policy, &r->policy);
}

struct kind *kinds_find(struct kinds *k, const struct record *r)
{
    uint8_t slot = slot_of(r);
    struct kind *kind = &k->slots[slot];

    if (kind->state != KIND_NONE && is_of(kind, r))
        return kind;
    if (r->queue.len > RQ_NAME_MAX)
        return NULL;
    kind->state = KIND_NONE;
    kind->slot = slot;
    kind->queue_len = (uint8_t)r->queue.len;
    if (r->queue.len > 0)
        memcpy(kind->queue, r->queue.ptr, r->queue.len);
    kind->policy = r->policy;
    kind->put_wall_ms = r->put_wall_ms;
    return kind;
}
