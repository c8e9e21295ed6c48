/* ready_check - the ready jobs of a queue, its groups and their turns, recounted.
 * SPDX-License-Identifier: MIT */
#include "base/assert.h"
#include "core/group.h"
#include "core/kind.h"
#include "core/ready.h"
#include "core/state.h"

static void check_ready(const struct queue *q, const struct group *g,
                        const struct job *job, bool is_late)
{
    ASSERT(job->state == JOB_READY && job->is_late == is_late);
    ASSERT(job_queue(job) == q && job->kind->key.group == g);
}

/* The ready jobs of a group, or those without one.  Returns  how many. */
static size_t count_ready(const struct queue *q, const struct group *g,
                          const struct ready *r)
{
    const struct job *previous = NULL;
    size_t count = r->late.count;

    RQ_LIST_EACH(link, &r->list)
    {
        const struct job *job = RQ_LIST_ENTRY(link, struct job, at.link);

        check_ready(q, g, job, false);
        ASSERT(link->next->prev == link);
        ASSERT(previous == NULL || ready_goes_before(previous, job));
        previous = job;
        count++;
    }
    for (size_t i = 0; i < r->late.count; i++)
        check_ready(q, g, RQ_CONTAINER_OF(r->late.nodes[i], struct job, at.late), true);
    return count;
}

static size_t count_away(const struct ready *r)
{
    size_t n = 0;

    RQ_LIST_EACH(link, &r->list)
    {
        n += RQ_LIST_ENTRY(link, const struct job, at.link)->is_away;
    }
    for (size_t i = 0; i < r->late.count; i++)
        n += RQ_CONTAINER_OF(r->late.nodes[i], const struct job, at.late)->is_away;
    return n;
}

static size_t count_leased(const struct queue *q, const struct group *g)
{
    size_t n = 0;

    RQ_LIST_EACH(link, &q->leased)
    {
        n += RQ_LIST_ENTRY(link, const struct job, at.link)->kind->key.group == g;
    }
    return n;
}

/* It stands where its ready jobs and its leases want it.  Returns  its ready jobs. */
static size_t check_group(const struct core *core, const struct queue *q,
                          const struct group *g)
{
    const struct job *first = ready_first_of(&g->ready);

    ASSERT(g->queue == q && g->refs > 0 && g->turn <= core->turn);
    ASSERT(line_has(&g->by_age) == (first != NULL));
    ASSERT(line_has(&g->by_turn) == (first != NULL && !group_is_full(g)));
    ASSERT(first == NULL || (first->kind->key.policy.pri == g->pri &&
                             ready_oldest_of(&g->ready) == g->oldest_ns));
    ASSERT(g->leased == 0 || g->leased == count_leased(q, g));
    ASSERT(g->recent == NULL || g->recent->key.group == g);
    return count_ready(q, g, &g->ready);
}

/* Every ready job stands in its own group, every leased one counts there. */
void ready_check(const struct core *core, const struct queue *q)
{
    size_t ready = count_ready(q, NULL, &q->ready), cursor = 0, count = 0;
    size_t leased = count_leased(q, NULL), turns = 0, ages = 0;
    size_t away = count_away(&q->ready);
    const struct group *g;

    while ((g = groups_each(q, &cursor)) != NULL) {
        ready += check_group(core, q, g);
        leased += g->leased;
        away += count_away(&g->ready);
        turns += line_has(&g->by_turn);
        ages += line_has(&g->by_age);
        count++;
    }
    ASSERT(ready == q->count[JOB_READY] && leased == q->count[JOB_LEASED]);
    ASSERT(away == q->away_ready);
    ASSERT((q->groups != NULL) == (count > 0));
    if (q->groups == NULL)
        return;
    ASSERT(line_check(&q->groups->turns) == turns);
    ASSERT(line_check(&q->groups->ages) == ages);
    ASSERT(q->groups->turns.late.cap >= count && q->groups->ages.late.cap >= count);
}

/* Groups live by their kinds. */
void kinds_check(const struct core *core)
{
    size_t refs = 0, groups = 0, cursor = 0;
    const struct job_kind *kind;

    while ((kind = rq_map_next(&core->kinds, &cursor)) != NULL)
        refs += kind->key.group != NULL;
    RQ_LIST_EACH(link, &core->all_queues)
    {
        const struct queue *q = RQ_LIST_ENTRY(link, const struct queue, all);
        const struct group *g;

        cursor = 0;
        while ((g = groups_each(q, &cursor)) != NULL)
            groups += g->refs;
    }
    ASSERT(refs == groups);
}
