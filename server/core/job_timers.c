/* job_timers - when jobs are due.
 *
 * Nearly every lease ends before its time, and leases of equal TTR run out in the order
 * in which they began.  So a lease goes to the end of a line, which costs the same
 * however many there are: the line of all TTRs within the same power of two.  One that
 * runs out before the last of its line stands in the heap instead, and so do delays and
 * TTLs.  What is due first is the least of the firsts.
 * SPDX-License-Identifier: MIT */
#include "core/job_timers.h"

#include "base/assert.h"
#include "core/timer.h"

static struct timer *of_link(const struct rq_list *link)
{
    return &RQ_CONTAINER_OF(link, struct job_extra, in_line)->timer;
}

void job_timers_init(struct core *core)
{
    struct job_timers *all = &core->job_timers;

    rq_heap_init(&all->heap, timer_less);
    for (size_t i = 0; i < JOB_TIMER_LINES; i++)
        rq_list_init(&all->lines[i]);
}

void job_timers_fini(struct core *core)
{
    rq_heap_fini(&core->job_timers.heap);
}

int job_timers_reserve(struct core *core)
{
    struct rq_heap *heap = &core->job_timers.heap;

    return rq_heap_reserve(heap, core->extra_count + 1 - heap->count);
}

struct timer *job_timers_first(const struct core *core)
{
    const struct job_timers *all = &core->job_timers;
    struct rq_heap_node *node = rq_heap_min(&all->heap);
    struct timer *first =
        node == NULL ? NULL : RQ_CONTAINER_OF(node, struct timer, node);

    for (size_t i = 0; i < JOB_TIMER_LINES; i++) {
        if (rq_list_empty(&all->lines[i]))
            continue;
        struct timer *t = of_link(all->lines[i].next);
        if (first == NULL || timer_less(&t->node, &first->node))
            first = t;
    }
    return first;
}

void job_timer_arm(struct core *core, struct job_extra *x, int64_t at_ns)
{
    rq_list_remove(&x->in_line);
    timer_arm(core, &core->job_timers.heap, &x->timer, at_ns);
}

static struct rq_list *line_of(struct core *core, uint32_t ttr_ms)
{
    return &core->job_timers.lines[31 - __builtin_clz(ttr_ms | 1)];
}

void job_timer_arm_lease(struct core *core, struct job_extra *x, uint32_t ttr_ms)
{
    struct rq_list *line = line_of(core, ttr_ms);

    job_timer_stop(core, x);
    if (!rq_list_empty(line) && of_link(line->prev)->at_ns > x->timer.at_ns) {
        job_timer_arm(core, x, x->timer.at_ns);
        return;
    }
    x->timer.order = ++core->timer_order;
    rq_list_push_back(line, &x->in_line);
}

void job_timer_stop(struct core *core, struct job_extra *x)
{
    rq_list_remove(&x->in_line);
    timer_stop(&core->job_timers.heap, &x->timer);
}

bool job_timer_is_armed(const struct job_extra *x)
{
    return !rq_list_empty(&x->in_line) || x->timer.node.place != 0;
}

size_t job_timers_check(const struct core *core)
{
    const struct job_timers *all = &core->job_timers;
    size_t count = all->heap.count;

    ASSERT(core->extra_count <= all->heap.cap || core->extra_count == 0);
    for (size_t i = 0; i < JOB_TIMER_LINES; i++) {
        const struct timer *last = NULL;

        RQ_LIST_EACH(link, &all->lines[i])
        {
            const struct timer *t = of_link(link);

            ASSERT(t->node.place == 0);
            ASSERT(last == NULL || timer_less(&last->node, &t->node));
            last = t;
            count++;
        }
    }
    return count;
}
