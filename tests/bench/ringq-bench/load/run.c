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

long load_unreachable(struct load *l, long rc)
{
    l->is_unreachable = true;
    return load_fail(l, rc, "cannot connect", RQ_LIT(""));
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
            return load_unreachable(c->load, rc);
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

/* The plan's processes are what is noted down about them. */
static struct load_process *processes(struct load *l)
{
    return ((struct load_plan *)(uintptr_t)l->plan)->processes;
}

static void begin_measuring(struct load *l)
{
    struct load_process *all = processes(l);

    for (size_t i = 0; i < l->plan->process_count; i++)
        all[i].begin_s = process_cpu_s(all[i].pid);
    l->own_cpu_s = -own_cpu_s();
    l->begin_ns = rio_now();
    l->is_measuring = true;
}

static void end_measuring(struct load *l)
{
    struct load_process *all = processes(l);

    l->is_measuring = false;
    l->took_ns = rio_now() - l->begin_ns;
    l->own_cpu_s += own_cpu_s();
    for (size_t i = 0; i < l->plan->process_count; i++)
        all[i].cpu_s = process_cpu_s(all[i].pid) - all[i].begin_s;
    l->is_over = true;
}

static long measure(void *arg)
{
    struct load *l = arg;

    RIO_TRY(await(rio_sleep(l->plan->warm_ns)));
    begin_measuring(l);
    RIO_TRY(await(rio_sleep(l->plan->measure_ns)));
    end_measuring(l);
    return 0;
}

static int spawn_work(rio_group *g, struct crew *c)
{
    const struct load_plan *p = c->load->plan;

    if (p->mode == LOAD_WAKE)
        return rio_group_spawn(g, wake_one, c) == NULL ? -1 : 0;
    for (unsigned i = 0; i < c->count; i++) {
        bool is_paced = p->mode == LOAD_LATENCY && i < p->producers;
        if (rio_group_spawn(g, is_paced ? listen_only : play, c->lanes[i]) == NULL)
            return -1;
    }
    if (p->mode == LOAD_LATENCY && rio_group_spawn(g, pace_all, c) == NULL)
        return -1;
    return 0;
}

RIO_AWAITS static long work(struct crew *c)
{
    rio_task *clock;
    rio_group g;
    long rc = 0;

    rio_group_enter(&g);
    if (spawn_work(&g, c) < 0 ||
        (clock = rio_group_spawn(&g, measure, c->load)) == NULL)
        rc = -ENOMEM;
    while (rc == 0 && !c->load->is_over)
        rc = await(rio_sleep(10 * RIO_MS));
    rio_group_cancel(&g);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return c->load->is_over && c->load->took_ns > 0 ? 0 : rc;
}

/* Jobs that are there before it begins; in mode fill, that is all. */
RIO_AWAITS static long prepare(struct crew *c)
{
    struct load *l = c->load;
    struct load_process *all = processes(l);

    if (l->plan->prefill == 0)
        return 0;
    for (size_t i = 0; i < l->plan->process_count; i++)
        all[i].empty_bytes = process_bytes(all[i].pid);
    if (l->plan->mode == LOAD_FILL)
        begin_measuring(l);
    RIO_TRY(await(fill(l, c->lanes, c->count)));
    if (l->plan->mode == LOAD_FILL)
        end_measuring(l);
    for (size_t i = 0; i < l->plan->process_count; i++)
        all[i].filled_bytes = process_bytes(all[i].pid);
    return 0;
}

RIO_AWAITS static long play_all(struct crew *c)
{
    RIO_TRY(await(open_all(c)));
    RIO_TRY(await(prepare(c)));
    return c->load->plan->mode == LOAD_FILL ? 0 : await(work(c));
}

RIO_AWAITS long load_run(struct load *l)
{
    struct crew c;
    long rc = crew_make(&c, l);

    if (rc == 0)
        rc = l->plan->mode == LOAD_RECOVERY ? await(recover(l)) : await(play_all(&c));
    if (rc < 0 && l->why[0] == '\0')
        (void)snprintf(l->why, sizeof l->why, "%s", rq_err_text(rc));
    crew_free(&c);
    return rc;
}
