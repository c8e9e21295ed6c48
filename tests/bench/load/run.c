/* run - opens the connections, fills the queue, warms up, measures.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "load/load.h"

struct crew {
    struct load *load;
    struct lane **lanes;
    rio_stream **idle;
    unsigned count, idle_count;
};

long load_fail(struct load *l, long rc, const char *what, struct rq_slice reply)
{
    if (rc == -ECANCELED || l->is_over || l->why[0] != '\0')
        return rc;
    if (reply.len > 0)
        (void)snprintf(l->why, sizeof l->why, "%s: %.*s", what,
                       (int)(reply.len < 200 ? reply.len : 200),
                       (const char *)reply.ptr);
    else
        (void)snprintf(l->why, sizeof l->why, "%s: %s", what, rq_err_text(rc));
    return rc;
}

static double own_cpu_s(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- connections ---- */

static int crew_make(struct crew *c, struct load *l)
{
    const struct load_plan *p = l->plan;

    *c = (struct crew){.load = l};
    c->count = p->mode == LOAD_WAKE ? 2 : p->conns;
    c->lanes = calloc(c->count, sizeof(struct lane *));
    c->idle = calloc(p->idle + 1, sizeof(rio_stream *));
    return c->lanes == NULL || c->idle == NULL ? -ENOMEM : 0;
}

static void crew_free(struct crew *c)
{
    for (unsigned i = 0; c->lanes != NULL && i < c->count; i++)
        lane_free(c->lanes[i]);
    for (unsigned i = 0; i < c->idle_count; i++) {
        rio_stream_abort(c->idle[i]);
        rio_stream_free(c->idle[i]);
    }
    free(c->lanes);
    free(c->idle);
}

RIO_AWAITS static long open_all(struct crew *c)
{
    const struct load_plan *p = c->load->plan;

    for (; c->idle_count < p->idle; c->idle_count++) {
        long rc = await(rio_open_connection(p->host, p->port, &c->idle[c->idle_count]));
        if (rc < 0)
            return load_fail(c->load, rc, "cannot connect", RQ_LIT(""));
    }
    for (unsigned i = 0; i < c->count; i++)
        RIO_TRY(await(lane_open(c->load, i, &c->lanes[i])));
    return 0;
}

/* ---- who works ---- */

static long play(void *arg)
{
    return await(lane_play(arg));
}

static long listen_only(void *arg)
{
    return await(lane_listen(arg));
}

static long pace_all(void *arg)
{
    struct crew *c = arg;

    return await(pace(c->load, c->lanes));
}

static long wake_one(void *arg)
{
    struct crew *c = arg;

    return await(wake(c->load, c->lanes[0], c->lanes[1]));
}

static long measure(void *arg)
{
    struct crew *c = arg;
    struct load *l = c->load;
    struct load_plan *p = (struct load_plan *)(uintptr_t)l->plan;

    RIO_TRY(await(rio_sleep(p->warm_ns)));
    for (size_t i = 0; i < p->process_count; i++)
        p->processes[i].begin_s = cpu_seconds(p->processes[i].pid);
    l->own_cpu_s = -own_cpu_s();
    l->begin_ns = rio_now();
    l->is_measuring = true;
    RIO_TRY(await(rio_sleep(p->measure_ns)));
    l->is_measuring = false;
    l->took_ns = rio_now() - l->begin_ns;
    l->own_cpu_s += own_cpu_s();
    for (size_t i = 0; i < p->process_count; i++)
        p->processes[i].cpu_s =
            cpu_seconds(p->processes[i].pid) - p->processes[i].begin_s;
    l->is_over = true;
    return 0;
}

static int spawn_work(rio_group *g, struct crew *c)
{
    const enum load_mode mode = c->load->plan->mode;

    if (mode == LOAD_WAKE)
        return rio_group_spawn(g, wake_one, c) == NULL ? -1 : 0;
    for (unsigned i = 0; i < c->count; i++)
        if (rio_group_spawn(g, mode == LOAD_PACED ? listen_only : play, c->lanes[i]) ==
            NULL)
            return -1;
    if (mode == LOAD_PACED && rio_group_spawn(g, pace_all, c) == NULL)
        return -1;
    return 0;
}

RIO_AWAITS static long work(struct crew *c)
{
    rio_task *clock;
    rio_group g;
    long rc = 0;

    rio_group_enter(&g);
    if (spawn_work(&g, c) < 0 || (clock = rio_group_spawn(&g, measure, c)) == NULL)
        rc = -ENOMEM;
    while (rc == 0 && !c->load->is_over)
        rc = await(rio_sleep(10 * RIO_MS));
    rio_group_cancel(&g);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return c->load->is_over && c->load->took_ns > 0 ? 0 : rc;
}

RIO_AWAITS static long fill(struct crew *c)
{
    const struct load_plan *p = c->load->plan;

    return p->prefill == 0 ? 0 : await(lane_fill(c->lanes[0], p->prefill));
}

RIO_AWAITS long load_run(struct load *l)
{
    struct crew c;
    long rc = crew_make(&c, l);

    if (rc == 0)
        rc = await(open_all(&c));
    if (rc == 0)
        rc = await(fill(&c));
    if (rc == 0)
        rc = await(work(&c));
    if (rc < 0 && l->why[0] == '\0')
        (void)snprintf(l->why, sizeof l->why, "%s", rq_err_text(rc));
    crew_free(&c);
    return rc;
}
