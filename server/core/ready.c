/* ready - the ready jobs of a queue, by (PRI, id); ORDER LIFO turns the id round. Those
 * of a group stand in the group, in the same order (group.c).
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
 * at both.)
 *
 * SPDX-License-Identifier: MIT */
#include "core/ready.h"

#include "base/assert.h"
#include "core/group.h"
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

static bool late_less(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    const struct job *x = RQ_CONTAINER_OF(a, const struct job, at.late);
    const struct job *y = RQ_CONTAINER_OF(b, const struct job, at.late);

    return ready_goes_before(x, y);
}

void ready_init(struct ready *r)
{
    rq_list_init(&r->list);
    rq_heap_init(&r->late, late_less);
}

void ready_fini(struct ready *r)
{
    rq_heap_fini(&r->late);
}

static struct ready *of_kind(struct job_kind *kind)
{
    struct group *g = kind->key.group;

    return g == NULL ? &kind->key.queue->ready : &g->ready;
}

struct ready *ready_of(struct queue *q, const struct job *job)
{
    ASSERT(job_queue(job) == q);
    return of_kind(job->kind);
}

static bool comes_late(const struct ready *r, const struct job *job)
{
    return !rq_list_empty(&r->list) && ready_goes_before(job, of_link(r->list.prev));
}

int ready_reserve(struct queue *q, const struct job *job)
{
    struct ready *r = ready_of(q, job);

    return comes_late(r, job) ? rq_heap_reserve(&r->late, 1) : 0;
}

int ready_reserve_any(struct job_kind *kind)
{
    return rq_heap_reserve(&of_kind(kind)->late, 1);
}

/* A group that has several leased jobs is met several times: it does no harm. */
int ready_reserve_leased(struct queue *q)
{
    int rc = rq_heap_reserve(&q->ready.late, (size_t)q->count[JOB_LEASED]);

    RQ_LIST_EACH(link, &q->leased)
    {
        struct group *g = of_link(link)->kind->key.group;

        if (rc == 0 && g != NULL)
            rc = rq_heap_reserve(&g->ready.late, (size_t)g->leased);
    }
    return rc;
}

static void push(struct ready *r, struct job *job)
{
    job->is_late = comes_late(r, job);
    if (!job->is_late) {
        rq_list_push_back(&r->list, &job->at.link);
        return;
    }
    job->at.late.place = 0;
    int rc = rq_heap_push(&r->late, &job->at.late);
    ASSERT(rc == 0); /* reserved */
}

static void settle_group(const struct job *job)
{
    if (job->kind->key.group != NULL)
        group_settle(job->kind->key.group);
}

void ready_push(struct queue *q, struct job *job)
{
    push(ready_of(q, job), job);
    settle_group(job);
}

void ready_remove(struct queue *q, struct job *job)
{
    ASSERT(job->state == JOB_READY);
    if (job->is_late)
        rq_heap_remove(&ready_of(q, job)->late, &job->at.late);
    else
        rq_list_remove(&job->at.link);
    job->is_late = false;
    settle_group(job);
}

struct job *ready_first_of(const struct ready *r)
{
    struct rq_heap_node *node = rq_heap_min(&r->late);

    if (rq_list_empty(&r->list))
        return node == NULL ? NULL : of_node(node);
    struct job *first = of_link(r->list.next);
    return node != NULL && ready_goes_before(of_node(node), first) ? of_node(node)
                                                                   : first;
}

struct job *ready_first(const struct queue *q)
{
    struct job *rest = ready_first_of(&q->ready);

    if (q->groups == NULL)
        return rest;
    const struct group *g = group_next(q, rest);

    return g == NULL ? rest : ready_first_of(&g->ready);
}

struct job *ready_any(const struct queue *q)
{
    struct job *first = ready_first(q);
    const struct group *g = first == NULL ? group_oldest(q) : NULL;

    return g == NULL ? first : ready_first_of(&g->ready);
}

int64_t ready_oldest_of(const struct ready *r)
{
    struct rq_heap_node *node = rq_heap_min(&r->late);
    int64_t oldest = INT64_MAX;

    if (!rq_list_empty(&r->list))
        oldest = job_ready_ns(of_link(r->list.next));
    if (node != NULL && job_ready_ns(of_node(node)) < oldest)
        oldest = job_ready_ns(of_node(node));
    return oldest;
}

int64_t ready_oldest_ns(const struct queue *q)
{
    const struct group *g = group_oldest(q);
    int64_t oldest = ready_oldest_of(&q->ready);

    return g != NULL && g->oldest_ns < oldest ? g->oldest_ns : oldest;
}

/* ---- another order ---- */

/* Room in the heap for all of them. */
static int reserve_all(struct ready *r)
{
    size_t count = 0;

    RQ_LIST_EACH(link, &r->list)
    {
        count++;
    }
    return rq_heap_reserve(&r->late, count);
}

/* All of them, in no order. */
static void take_all(struct ready *r, struct rq_list *out)
{
    struct rq_heap_node *node;
    struct rq_list *link;

    while ((node = rq_heap_min(&r->late)) != NULL) {
        struct job *job = of_node(node);

        rq_heap_remove(&r->late, node);
        job->is_late = false;
        rq_list_init(&job->at.link);
        rq_list_push_back(out, &job->at.link);
    }
    while ((link = rq_list_pop_front(&r->list)) != NULL)
        rq_list_push_back(out, link);
}

static int reserve_order(struct queue *q)
{
    size_t cursor = 0;
    struct group *g;
    int rc = reserve_all(&q->ready);

    while (rc == 0 && (g = groups_each(q, &cursor)) != NULL)
        rc = reserve_all(&g->ready);
    return rc;
}

int ready_set_order(struct queue *q, uint8_t order)
{
    struct rq_list all, *link;
    size_t cursor = 0;
    struct group *g;

    if (q->gate->settings.order == order)
        return 0;
    int rc = reserve_order(q);
    if (rc < 0)
        return rc;
    rq_list_init(&all);
    take_all(&q->ready, &all);
    while ((g = groups_each(q, &cursor)) != NULL)
        take_all(&g->ready, &all);
    q->gate->settings.order = order;
    while ((link = rq_list_pop_front(&all)) != NULL)
        ready_push(q, of_link(link));
    return 0;
}
