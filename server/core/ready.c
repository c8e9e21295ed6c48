/* ready - the ready jobs of a queue, by (PRI, id).
 *
 * Almost always a job that becomes ready comes behind all others: it goes to the end of
 * a list, which therefore is in order.  One that comes before the end of the list (it
 * returned, or was delayed, or its PRI is better) goes into a heap instead.  The next
 * job is the smaller of the list's first and the heap's first.
 *
 * When X enters the heap, the last of the list, L, comes behind X and has been ready
 * for longer.  L leaves the list only after X has left the heap.  So while there is an
 * X there is an older job in the list; and the list, filled at its end only, has its
 * oldest job in front.  (A hand-over that was undone keeps its old time: hence the look
 * at both.) SPDX-License-Identifier: MIT */
#include "core/ready.h"

#include "base/assert.h"
#include "core/state.h"

static struct job *of_link(struct rq_list *link)
{
    return RQ_LIST_ENTRY(link, struct job, at.link);
}

static struct job *of_node(struct rq_heap_node *node)
{
    return RQ_CONTAINER_OF(node, struct job, at.late);
}

bool ready_goes_before(const struct job *a, const struct job *b)
{
    const struct job_kind_key *ka = &a->kind->key, *kb = &b->kind->key;

    if (ka->policy.pri != kb->policy.pri)
        return ka->policy.pri < kb->policy.pri;
    if (ka->epoch != kb->epoch)
        return ka->epoch < kb->epoch;
    return a->number < b->number;
}

bool ready_late_less(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    const struct job *x = RQ_CONTAINER_OF(a, const struct job, at.late);
    const struct job *y = RQ_CONTAINER_OF(b, const struct job, at.late);

    return ready_goes_before(x, y);
}

static bool comes_late(const struct queue *q, const struct job *job)
{
    return !rq_list_empty(&q->ready) && ready_goes_before(job, of_link(q->ready.prev));
}

int ready_reserve(struct queue *q, const struct job *job)
{
    return comes_late(q, job) ? rq_heap_reserve(&q->late, 1) : 0;
}

void ready_push(struct queue *q, struct job *job)
{
    job->is_late = comes_late(q, job);
    if (!job->is_late) {
        rq_list_push_back(&q->ready, &job->at.link);
        return;
    }
    job->at.late.place = 0;
    int rc = rq_heap_push(&q->late, &job->at.late);
    ASSERT(rc == 0); /* reserved */
}

struct job *ready_first(const struct queue *q)
{
    struct rq_heap_node *node = rq_heap_min(&q->late);

    if (rq_list_empty(&q->ready))
        return node == NULL ? NULL : of_node(node);
    struct job *first = of_link(q->ready.next);
    return node != NULL && ready_goes_before(of_node(node), first) ? of_node(node)
                                                                   : first;
}

void ready_remove(struct queue *q, struct job *job)
{
    ASSERT(job->state == JOB_READY);
    if (job->is_late)
        rq_heap_remove(&q->late, &job->at.late);
    else
        rq_list_remove(&job->at.link);
    job->is_late = false;
}

int64_t ready_oldest_ns(const struct queue *q)
{
    struct rq_heap_node *node = rq_heap_min(&q->late);
    int64_t oldest = INT64_MAX;

    if (!rq_list_empty(&q->ready))
        oldest = of_link(q->ready.next)->ready_ns;
    if (node != NULL && of_node(node)->ready_ns < oldest)
        oldest = of_node(node)->ready_ns;
    return oldest;
}
