/* ready - the ready jobs of a queue, by (PRI, id); ORDER LIFO turns the id round.
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

static bool is_lifo(const struct queue *q)
{
    return q->gate != NULL && q->gate->settings.order == RECORD_LIFO;
}

static bool is_older(const struct job *a, const struct job *b)
{
    const uint64_t ea = a->kind->key.epoch, eb = b->kind->key.epoch;

    return ea != eb ? ea < eb : a->number < b->number;
}

bool ready_goes_before(const struct job *a, const struct job *b)
{
    const struct job_kind_key *ka = &a->kind->key, *kb = &b->kind->key;

    if (ka->policy.pri != kb->policy.pri)
        return ka->policy.pri < kb->policy.pri;
    return is_lifo(ka->queue) ? is_older(b, a) : is_older(a, b);
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
        oldest = job_ready_ns(of_link(q->ready.next));
    if (node != NULL && job_ready_ns(of_node(node)) < oldest)
        oldest = job_ready_ns(of_node(node));
    return oldest;
}

/* All of them, in no order. */
static void take_all(struct queue *q, struct rq_list *out)
{
    struct rq_heap_node *node;
    struct rq_list *link;

    while ((node = rq_heap_min(&q->late)) != NULL) {
        struct job *job = of_node(node);

        rq_heap_remove(&q->late, node);
        job->is_late = false;
        rq_list_init(&job->at.link);
        rq_list_push_back(out, &job->at.link);
    }
    while ((link = rq_list_pop_front(&q->ready)) != NULL)
        rq_list_push_back(out, link);
}

int ready_set_order(struct queue *q, uint8_t order)
{
    struct rq_list all, *link;

    if (q->gate->settings.order == order)
        return 0;
    int rc = rq_heap_reserve(&q->late, (size_t)q->count[JOB_READY]);
    if (rc < 0)
        return rc;
    rq_list_init(&all);
    take_all(q, &all);
    q->gate->settings.order = order;
    while ((link = rq_list_pop_front(&all)) != NULL)
        ready_push(q, of_link(link));
    return 0;
}
