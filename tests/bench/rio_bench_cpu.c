/* rio_bench_cpu.c - what the processor alone does: switches, tasks, queues, timers.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>

#include "rio/sanitize.h"
#include "rio/switch.h"
#include "rio_bench.h"

/* ---- a context to another, without tasks ---- */

enum { SWITCHES = 1000000, STACK_BYTES = 256 << 10 };

struct side {
    struct rio__context context;
    struct rio__fiber fiber;
    struct side *other;
    long left;
};

/* Both sides switch from this one place, as all tasks do: by it the processor predicts
 * where a switch returns to. */
__attribute__((noinline)) static void hop(struct side *s)
{
    while (s->left-- > 0) {
        rio__fiber_leave(&s->fiber, &s->other->fiber, false);
        (void)rio__switch(&s->context, &s->other->context, s->other);
        rio__fiber_enter(&s->fiber);
    }
}

static void other_side(void *arg)
{
    struct side *s = arg;

    rio__fiber_enter_first(&s->fiber, &s->other->fiber);
    hop(s);
}

static long switches(struct bench_body *body)
{
    char *stack = aligned_alloc(64, STACK_BYTES);
    struct side here, there;

    if (stack == NULL)
        return -1;
    here = (struct side){.other = &there, .left = body->count / 2};
    there = (struct side){.other = &here, .left = LONG_MAX};
    rio__switch_make(&there.context, stack + STACK_BYTES, STACK_BYTES, other_side);
    rio__fiber_init(&here.fiber, NULL, 0);
    rio__fiber_init(&there.fiber, stack, STACK_BYTES);
    int64_t start = rio_now();
    hop(&here);
    body->took = rio_now() - start;
    rio__fiber_fini(&there.fiber);
    free(stack);
    return 0;
}

/* On the thread's own stack: a task's switches are announced by the runtime. */
double bench_switch(const struct bench_opts *o)
{
    struct bench_body body = {.count = SWITCHES / o->divisor};
    long rc = switches(&body);

    return rc < 0 ? (double)rc : (double)body.took / (double)body.count;
}

/* ---- yield ---- */

enum { YIELDS = 1000000, YIELDERS = 256 };

static long yields(void *arg)
{
    for (long n = (long)arg; n > 0; n--)
        RIO_TRY(await(rio_yield()));
    return 0;
}

static long all_yield(struct bench_body *body)
{
    rio_group g;

    rio_group_enter(&g);
    for (int i = 0; i < YIELDERS; i++)
        if (rio_group_spawn(&g, yields, (void *)(body->count / YIELDERS)) == NULL)
            break;
    long rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

double bench_yield(const struct bench_opts *o)
{
    return bench_time(o, (struct bench_body){.fn = all_yield, .count = YIELDS});
}

/* ---- spawn and join ---- */

enum { SPAWNS = 300000, FLOCK = 1000 };

static long nothing(void *arg)
{
    (void)arg;
    return 0;
}

static long spawns(struct bench_body *body)
{
    for (long i = 0; i < body->count; i++)
        RIO_TRY(await(rio_join_unref(rio_create_task(nothing, NULL))));
    return 0;
}

double bench_spawn_join(const struct bench_opts *o)
{
    return bench_time(o, (struct bench_body){.fn = spawns, .count = SPAWNS});
}

static long flocks(struct bench_body *body)
{
    for (long left = body->count; left > 0; left -= FLOCK) {
        rio_group g;

        rio_group_enter(&g);
        for (int i = 0; i < FLOCK; i++)
            if (rio_group_spawn(&g, nothing, NULL) == NULL)
                break;
        long rc = await(rio_group_exit(&g, 0));
        rio_group_destroy(&g);
        if (rc < 0)
            return rc;
    }
    return 0;
}

double bench_group(const struct bench_opts *o)
{
    return bench_time(o, (struct bench_body){.fn = flocks, .count = SPAWNS});
}

/* ---- queues ---- */

enum { ITEMS = 500000, ROOM = 64 };

struct pair {
    rio_queue *there, *back;
};

static long echoes(void *arg)
{
    struct pair *p = arg;
    long item;

    for (;;) {
        if (await(rio_queue_get(p->there, &item)) < 0)
            return 0;
        RIO_TRY(await(rio_queue_put(p->back, &item)));
    }
}

RIO_AWAITS static long there_and_back(const struct pair *p, long count)
{
    for (long i = 0; i < count / 2; i++) {
        long item = i;

        RIO_TRY(await(rio_queue_put(p->there, &item)));
        RIO_TRY(await(rio_queue_get(p->back, &item)));
        if (item != i)
            return -1;
    }
    return 0;
}

static long hand_offs(struct bench_body *body)
{
    struct pair p = {rio_queue_new(sizeof(long), 0), rio_queue_new(sizeof(long), 0)};
    rio_task *t = rio_create_task(echoes, &p);
    long rc = await(there_and_back(&p, body->count));

    rio_queue_shutdown(p.there, false);
    RIO_TRY(await(rio_join_unref(t)));
    rio_queue_free(p.there);
    rio_queue_free(p.back);
    return rc;
}

double bench_queue_handoff(const struct bench_opts *o)
{
    return bench_time(o, (struct bench_body){.fn = hand_offs, .count = ITEMS});
}

struct producer {
    rio_queue *q;
    long count;
};

static long produces(void *arg)
{
    struct producer *p = arg;

    for (long i = 0; i < p->count; i++)
        RIO_TRY(await(rio_queue_put(p->q, &i)));
    return 0;
}

static long buffered(struct bench_body *body)
{
    struct producer p = {rio_queue_new(sizeof(long), ROOM), body->count};
    rio_task *t = rio_create_task(produces, &p);

    for (long i = 0; i < body->count; i++) {
        long item;

        RIO_TRY(await(rio_queue_get(p.q, &item)));
        if (item != i)
            return -1;
    }
    RIO_TRY(await(rio_join_unref(t)));
    rio_queue_free(p.q);
    return 0;
}

double bench_queue_buffered(const struct bench_opts *o)
{
    return bench_time(o, (struct bench_body){.fn = buffered, .count = ITEMS});
}

/* ---- timers ---- */

enum { LIMITS = 500000, TIMERS = 200000, TIMER_FLOCK = 1000 };

static long limits(struct bench_body *body)
{
    for (long i = 0; i < body->count; i++) {
        rio_timeout t;

        rio_timeout_enter(&t, RIO_SEC);
        RIO_TRY(rio_timeout_exit(&t, 0));
    }
    return 0;
}

double bench_timeout(const struct bench_opts *o)
{
    return bench_time(o, (struct bench_body){.fn = limits, .count = LIMITS});
}

static long counts_down(void *arg)
{
    --*(long *)arg;
    return 0;
}

/* A thousand at a time, all due by the end of the turn. */
static long timers(struct bench_body *body)
{
    for (long left = body->count; left > 0; left -= TIMER_FLOCK) {
        long waiting = TIMER_FLOCK;
        int64_t now = rio_now();

        for (long i = 0; i < TIMER_FLOCK; i++)
            if (rio_call_at(now - (i * 7919) % TIMER_FLOCK, counts_down, &waiting) == 0)
                return -1;
        while (waiting > 0)
            RIO_TRY(await(rio_yield()));
    }
    return 0;
}

double bench_timer_fire(const struct bench_opts *o)
{
    return bench_time(o, (struct bench_body){.fn = timers, .count = TIMERS});
}
