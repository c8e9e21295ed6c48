/* group - see group.h.
 *
 * A turn is the number of a delivery; the smallest is the one that was longest ago. Two
 * lines of groups: `turns` holds those that can be served, by (PRI of their first job,
 * turn); `ages` those with a ready job, by its age.  Their keys stand in the groups, so
 * no comparison looks at jobs.
 * SPDX-License-Identifier: MIT */
#include "core/group.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/mutant.h"
#include "core/ready.h"
#include "core/state.h"

/* ---- lines ---- */

static struct group *of_turn(const struct line_place *at)
{
    return RQ_CONTAINER_OF(at, struct group, by_turn);
}

static struct group *of_age(const struct line_place *at)
{
    return RQ_CONTAINER_OF(at, struct group, by_age);
}

static bool has_turn_before(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    const struct group *x = of_turn(line_of_node(a)), *y = of_turn(line_of_node(b));

    return x->pri != y->pri ? x->pri < y->pri : x->turn < y->turn;
}

static bool is_older(const struct rq_heap_node *a, const struct rq_heap_node *b)
{
    return of_age(line_of_node(a))->oldest_ns < of_age(line_of_node(b))->oldest_ns;
}

/* ---- they come and go ---- */

static struct rq_slice key_of(const void *group)
{
    const struct group *g = group;

    return rq_slice(g->key, g->key_len);
}

static int groups_need(struct core *core, struct queue *q)
{
    struct groups *all;

    if (q->groups != NULL)
        return 0;
    all = malloc(sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    *all = (struct groups){.rest_turn = ++core->turn};
    rq_map_init(&all->by_key, key_of);
    line_init(&all->turns, has_turn_before);
    line_init(&all->ages, is_older);
    q->groups = all;
    return 0;
}

static void groups_release(struct queue *q)
{
    struct groups *all = q->groups;

    if (all->by_key.count > 0)
        return;
    rq_map_fini(&all->by_key);
    line_fini(&all->turns);
    line_fini(&all->ages);
    free(all);
    q->groups = NULL;
}

static struct group *group_new(struct core *core, struct queue *q, struct rq_slice key)
{
    struct group *g = calloc(1, sizeof *g + key.len);

    if (g == NULL)
        return NULL;
    g->queue = q;
    g->turn = ++core->turn;
    ready_init(&g->ready);
    line_place_init(&g->by_turn);
    line_place_init(&g->by_age);
    g->key_len = (uint32_t)key.len;
    if (key.len > 0)
        memcpy(g->key, key.ptr, key.len);
    return g;
}

/* Into the map. */
static int add(struct groups *all, struct group *g)
{
    int rc = line_reserve(&all->turns, all->by_key.count + 1);

    if (rc == 0)
        rc = line_reserve(&all->ages, all->by_key.count + 1);
    return rc == 0 ? rq_map_put(&all->by_key, g) : rc;
}

int group_need(struct core *core, struct queue *q, struct rq_slice key,
               struct group **out)
{
    int rc = groups_need(core, q);

    if (rc < 0)
        return rc;
    *out = rq_map_get(&q->groups->by_key, key);
    if (*out != NULL)
        return 0;
    struct group *g = group_new(core, q, key);
    rc = g == NULL ? -ENOMEM : add(q->groups, g);
    if (rc < 0) {
        free(g);
        groups_release(q);
        return rc;
    }
    *out = g;
    return 0;
}

void group_ref(struct group *g)
{
    g->refs++;
}

void group_unref(struct group *g)
{
    ASSERT(g->refs > 0);
    g->refs--;
    group_release(g);
}

void group_release(struct group *g)
{
    struct queue *q = g->queue;

    if (g->refs > 0)
        return;
    line_leave(&q->groups->turns, &g->by_turn);
    line_leave(&q->groups->ages, &g->by_age);
    void *removed = rq_map_remove(&q->groups->by_key, key_of(g));
    ASSERT(removed == g);
    ready_fini(&g->ready);
    free(g);
    groups_release(q);
}

/* ---- who can be served ---- */

bool group_is_full(const struct group *g)
{
    const struct gate *gate = g == NULL ? NULL : g->queue->gate;

    return gate != NULL && gate->settings.grouplimit > 0 &&
           g->leased >= gate->settings.grouplimit && !MUTANT(GROUP_LIMIT_IGNORED);
}

static void settle(struct line *line, struct line_place *at, bool belongs,
                   bool has_new_key)
{
    bool is_there = line_has(at);

    if (is_there && (!belongs || has_new_key))
        line_leave(line, at);
    if (belongs && (!is_there || has_new_key))
        line_enter(line, at);
}

void group_settle(struct group *g)
{
    struct groups *all = g->queue->groups;
    const struct job *first = ready_first_of(&g->ready);
    int64_t oldest_ns = ready_oldest_of(&g->ready);
    uint8_t pri = first == NULL ? g->pri : first->kind->key.policy.pri;
    bool has_new_pri = pri != g->pri, has_new_age = oldest_ns != g->oldest_ns;

    g->pri = pri;
    g->oldest_ns = oldest_ns;
    settle(&all->turns, &g->by_turn, first != NULL && !group_is_full(g), has_new_pri);
    settle(&all->ages, &g->by_age, first != NULL, has_new_age);
}

void group_leased(struct group *g)
{
    g->leased++;
    group_settle(g);
}

void group_unleased(struct group *g)
{
    ASSERT(g->leased > 0);
    g->leased--;
    group_settle(g);
}

/* A group without leases cannot be full, whatever the limit. */
void groups_limit_changed(struct queue *q)
{
    if (q->groups == NULL)
        return;
    RQ_LIST_EACH(link, &q->leased)
    {
        struct group *g = RQ_LIST_ENTRY(link, struct job, at.link)->kind->key.group;

        if (g != NULL)
            group_settle(g);
    }
}

struct group *groups_each(const struct queue *q, size_t *cursor)
{
    return q->groups == NULL ? NULL : rq_map_next(&q->groups->by_key, cursor);
}

/* ---- turns ---- */

static void set_turn(struct groups *all, struct group *g, uint64_t turn)
{
    if (g == NULL) {
        all->rest_turn = turn;
        return;
    }
    g->turn = turn;
    settle(&all->turns, &g->by_turn, line_has(&g->by_turn), true);
}

static uint64_t turn_of(const struct groups *all, const struct group *g)
{
    return g == NULL ? all->rest_turn : g->turn;
}

void group_take_turn(struct core *core, struct job *job)
{
    struct groups *all = job_queue(job)->groups;
    struct group *g = job->kind->key.group;

    job_extra(job)->turn = turn_of(all, g);
    set_turn(all, g, ++core->turn);
}

void group_give_turn_back(struct job *job)
{
    struct groups *all = job_queue(job)->groups;
    struct group *g = job->kind->key.group;
    uint64_t turn = job_extra(job)->turn;

    if (turn != 0 && all != NULL && turn < turn_of(all, g))
        set_turn(all, g, turn);
}

struct group *group_next(const struct queue *q, const struct job *rest)
{
    const struct line_place *at = line_first(&q->groups->turns);

    if (at == NULL)
        return NULL;
    struct group *g = of_turn(at);
    if (rest == NULL)
        return g;
    uint8_t pri = rest->kind->key.policy.pri;
    bool is_first = g->pri != pri ? g->pri < pri : g->turn < q->groups->rest_turn;
    return is_first ? g : NULL;
}

size_t groups_ahead(const struct queue *q, const struct ready **out)
{
    struct line_place *front[GROUPS_AHEAD];
    size_t count =
        q->groups == NULL ? 0 : line_front(&q->groups->turns, front, GROUPS_AHEAD);

    for (size_t i = 0; i < count; i++)
        out[i] = &of_turn(front[i])->ready;
    return count;
}

struct group *group_oldest(const struct queue *q)
{
    const struct line_place *at =
        q->groups == NULL ? NULL : line_first(&q->groups->ages);

    return at == NULL ? NULL : of_age(at);
}
