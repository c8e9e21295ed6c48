/* peek - a page of jobs, in order.
 *
 * Delayed, leased and dead jobs stand in the order in which they came, so a page of
 * them is the smallest `max` of all; ready ones stand in order but for the late ones,
 * in each group for itself.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "base/err.h"
#include "core/group.h"
#include "core/queues.h"
#include "core/ready.h"
#include "core/state.h"

struct page {
    const struct core_peek *peek;
    bool (*less)(const struct job *a, const struct job *b);
    const struct job *after; /* ready jobs: NULL: from the first on */
    const struct job **out;  /* in order */
    size_t count, max;
    bool is_cut; /* there was more work than allowed */
};

static bool may_work(struct page *p, size_t amount)
{
    size_t *work = p->peek->work;

    if (*work >= amount) {
        *work -= amount;
        return true;
    }
    *work = 0;
    p->is_cut = true;
    return false;
}

static bool has_lower_id(const struct job *a, const struct job *b)
{
    const struct job_id x = job_id(a), y = job_id(b);

    return x.epoch != y.epoch ? x.epoch < y.epoch : x.number < y.number;
}

static bool comes_after(const struct page *p, const struct job *job)
{
    const struct job_id after = p->peek->after, id = job_id(job);

    if (after.epoch == 0)
        return true;
    if (p->after != NULL)
        return p->less(p->after, job);
    return id.epoch != after.epoch ? id.epoch > after.epoch : id.number > after.number;
}

static bool is_full_before(const struct page *p, const struct job *job)
{
    return p->count == p->max && !p->less(job, p->out[p->max - 1]);
}

static bool is_wanted(struct page *p, const struct job *job)
{
    if (p->peek->wants == NULL)
        return true;
    bool wanted = p->peek->wants(p->peek->arg, job);
    if (*p->peek->work == 0)
        p->is_cut = true; /* so it may not have been looked at to the end */
    return wanted;
}

/* Insertion into the sorted page, whose last job drops out when it is full.
 * Returns  may there be more? */
static bool consider(struct page *p, const struct job *job)
{
    size_t at, end;

    if (!may_work(p, CORE_PEEK_LOOK))
        return false;
    if (is_full_before(p, job) || !comes_after(p, job) || !is_wanted(p, job))
        return !p->is_cut;
    end = p->count < p->max ? p->count++ : p->max - 1;
    for (at = end; at > 0 && p->less(job, p->out[at - 1]); at--)
        p->out[at] = p->out[at - 1];
    p->out[at] = job;
    return may_work(p, end - at);
}

static void look_through(struct page *p, const struct rq_list *list)
{
    RQ_LIST_EACH(link, list)
    {
        if (!consider(p, RQ_LIST_ENTRY(link, const struct job, at.link)))
            break;
    }
}

/* The list is in order: before `after` there is nothing to see, and behind a job that
 * comes too late there are only others. */
static void look_through_some(struct page *p, const struct ready *r, bool has_after)
{
    const struct rq_list *link = &r->list;

    if (has_after && !p->after->is_late)
        link = &p->after->at.link;
    for (size_t i = 0; i < r->late.count; i++)
        if (!consider(p, RQ_CONTAINER_OF(r->late.nodes[i], const struct job, at.late)))
            return;
    for (link = link->next; link != &r->list; link = link->next) {
        const struct job *job = RQ_LIST_ENTRY(link, const struct job, at.link);

        if (is_full_before(p, job) || !consider(p, job))
            return;
    }
}

static void look_through_ready(struct page *p, const struct queue *q)
{
    const struct group *in = p->after == NULL ? NULL : p->after->kind->key.group, *g;
    size_t cursor = 0;

    look_through_some(p, &q->ready, p->after != NULL && in == NULL);
    while (!p->is_cut && (g = groups_each(q, &cursor)) != NULL)
        if (may_work(p, CORE_PEEK_LOOK))
            look_through_some(p, &g->ready, p->after != NULL && in == g);
}

static int find_after(const struct core *core, const struct queue *q, struct page *p)
{
    if (p->peek->after.epoch == 0)
        return 0;
    p->after = index_get(&core->index, p->peek->after);
    if (p->after == NULL || p->after->state != JOB_READY || job_queue(p->after) != q)
        return RQ_E_NOJOB;
    return 0;
}

long core_peek(const struct core *core, const struct core_peek *peek, size_t max,
               const struct job **out)
{
    const struct queue *q = queue_find(core, peek->queue);
    struct page page = {.peek = peek, .less = has_lower_id, .out = out, .max = max};
    int rc = 0;

    ASSERT(max > 0);
    if (q == NULL)
        return 0;
    switch (peek->state) {
    case JOB_READY:
        page.less = ready_goes_before;
        rc = find_after(core, q, &page);
        if (rc == 0)
            look_through_ready(&page, q);
        break;
    case JOB_DELAYED:
        look_through(&page, &q->delayed);
        break;
    case JOB_LEASED:
        look_through(&page, &q->leased);
        break;
    case JOB_DEAD:
        look_through(&page, &q->dead);
        break;
    case JOB_PENDING:
    case JOB_ENDING:
        ASSERT(false);
    }
    if (rc == 0 && page.is_cut && (peek->wants != NULL || peek->after.epoch != 0))
        rc = RQ_E_LIMIT;
    return rc < 0 ? rc : (long)page.count;
}
