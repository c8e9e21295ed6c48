/* world - one run: what the seed decides, the course of things, the end.
 *
 *   busy      clients and faults, for plan.busy_ns
 *   calm      no more faults; the server is started if it is down, queues are opened
 *   draining  workers only, until no job is unfinished
 *   audit
 *
 * SPDX-License-Identifier: MIT */
#include "sim/world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "rio/sim.h"
#include "sim/client.h"
#include "sim/kernel.h"
#include "sim/seams.h"

const char *const world_queues[WORLD_QUEUES_MAX] = {"alpha", "beta", "gamma"};
const char world_dir[] = "/ringq-sim", world_redis_url[] = "unix:/ringq-sim/redis",
           world_server_url[] = "unix:/ringq-sim/ringqd";

/* More than any TTR, delay and backoff together. */
static const int64_t drain_ns = 120 * RIO_SEC;

/* ---- chance ---- */

static uint64_t draw_below(struct world *w, uint64_t n)
{
    uint64_t number = 0;

    if (w->script.len == 0)
        return rq_rand_below(&w->rand, n);
    for (uint64_t span = 1; span < n && w->script.len > 0; span *= 256) {
        number = number * 256 + w->script.ptr[0];
        w->script = rq_slice(w->script.ptr + 1, w->script.len - 1);
    }
    return number % n;
}

bool world_one_in(struct world *w, unsigned n)
{
    return draw_below(w, n) == 0;
}

int64_t world_between(struct world *w, int64_t min, int64_t max)
{
    return min + (int64_t)draw_below(w, (uint64_t)(max - min) + 1);
}

void world_trace(const struct world *w, const char *format, ...)
{
    va_list args;

    if (!w->trace)
        return;
    printf("%12.6f ", (double)rio_now() / RIO_SEC);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void make_plan(struct world *w)
{
    struct plan *p = &w->plan;

    /* Every other seed: bodies that stand apart, a quarter of them or nearly all. */
    p->big_over = w->seed % 2 != 0 ? 0 : w->seed % 4 == 0 ? 12 : 24;
    p->is_focused = world_one_in(w, 2);
    p->is_wild = w->has_script || w->seed % 4 == 0;
    p->clients = (size_t)world_between(w, 2, WORLD_CLIENTS_MAX);
    p->queues = (size_t)world_between(w, 1, p->is_focused ? 2 : WORLD_QUEUES_MAX);
    p->jobs = (size_t)world_between(w, p->is_focused ? 5 : 30, p->is_focused ? 25 : 90);
    p->crashes = (unsigned)world_between(w, 0, 4);
    p->restarts = (unsigned)world_between(w, 0, 3);
    p->busy_ns = world_between(w, 2, 12) * RIO_SEC;
    p->grouplimit = (size_t)world_between(w, 1, 2);
    p->requeues = world_one_in(w, 3);
    p->keeps = world_one_in(w, 3);
}

/* ---- time ---- */

bool world_stay_busy(const struct world *w, int64_t ns)
{
    int64_t end = rio_now() + ns;

    while (w->has_script && w->script.len > 0 && rio_now() < end)
        RIO_IGNORE(await(rio_sleep(10 * RIO_MS)));
    if (!w->has_script)
        RIO_IGNORE(await(rio_sleep(ns)));
    return !w->has_script || w->script.len > 0;
}

/* ---- the end ---- */

uint64_t world_unfinished(const struct world *w)
{
    if (!w->server.is_serving)
        return 0;
    const struct core *core = broker_core(w->server.broker);
    uint64_t sum = 0;

    for (size_t i = 0; i < WORLD_QUEUES_MAX; i++) {
        const struct queue *q = core_find_queue(core, rq_slice_str(world_queues[i]));
        struct queue_view v = {.unfinished = 0};

        if (q != NULL)
            queue_view(q, 0, &v);
        sum += v.unfinished;
    }
    return sum;
}

/* Asks until the server has obeyed: it may still be starting. */
RIO_AWAITS static int insist(struct call *call, const char *command)
{
    for (int64_t end = rio_now() + drain_ns; rio_now() < end;) {
        if (call->stream == NULL)
            RIO_IGNORE(await(call_open(call)));
        enum outcome outcome =
            call->stream == NULL ? NOT_KNOWN : await(call_ask(call, "%s", command));
        if (outcome == YES)
            return 0;
        RIO_IGNORE(await(rio_sleep(10 * RIO_MS)));
    }
    history_anomaly(&call->world->history, "STUCK", NULL, "%s is not obeyed", command);
    return 0;
}

/* Opens what clients have left closed. */
RIO_AWAITS static int open_all(struct call *call)
{
    char command[32];

    RIO_IGNORE(await(insist(call, "PING")));
    RIO_IGNORE(await(insist(call, "UNDRAIN")));
    for (size_t i = 0; i < call->world->plan.queues; i++) {
        snprintf(command, sizeof command, "RESUME %s", world_queues[i]);
        RIO_IGNORE(await(insist(call, command)));
    }
    return 0;
}

/* Once nothing is left, JOIN must be answered. */
RIO_AWAITS static int wait_for_the_end(struct world *w)
{
    struct call call;
    bool is_empty = false;

    call_init(&call, w);
    RIO_IGNORE(await(call_open(&call)));
    RIO_IGNORE(await(open_all(&call)));
    for (int64_t end = rio_now() + drain_ns; !is_empty && rio_now() < end;) {
        RIO_IGNORE(await(rio_sleep(20 * RIO_MS)));
        is_empty = w->server.is_serving && world_unfinished(w) == 0;
    }
    if (!is_empty)
        history_anomaly(&w->history, "STUCK", NULL, "%llu jobs are left",
                        (unsigned long long)world_unfinished(w));
    else if (await(call_ask(&call, "JOIN alpha,beta,gamma BLOCK 100")) != YES ||
             call.reply->type == RQ_REPLY_NULL)
        history_anomaly(&w->history, "STUCK_JOIN", NULL, "nothing is unfinished");
    RIO_IGNORE(await(call_close(&call)));
    return 0;
}

RIO_AWAITS static int play(struct world *w, struct client *clients)
{
    rio_task *tasks[WORLD_CLIENTS_MAX], *wild = NULL;

    faults_start(w);
    for (size_t i = 0; i < w->plan.clients; i++) {
        clients[i] = (struct client){.world = w, .index = i};
        tasks[i] = rio_create_task(client_main, &clients[i]);
    }
    if (w->plan.is_wild)
        wild = rio_create_task(client_wild_main, w);
    rq_ignore(await(world_stay_busy(w, w->plan.busy_ns)));
    RIO_IGNORE(await(faults_end(w)));
    if (wild != NULL)
        RIO_IGNORE(await(rio_join_unref(wild)));
    world_trace(w, "calm");
    rq_ignore(await(world_stay_busy(w, RIO_SEC)));
    w->is_draining = true;
    RIO_IGNORE(await(wait_for_the_end(w)));
    w->is_over = true;
    for (size_t i = 0; i < w->plan.clients; i++)
        RIO_IGNORE(await(rio_join_unref(tasks[i])));
    return 0;
}

static long world_main(void *arg)
{
    struct world *w = arg;
    struct client *clients = calloc(WORLD_CLIENTS_MAX, sizeof *clients);

    if (clients == NULL)
        return -ENOMEM;
    long rc = await(sim_redis_start(&w->redis, w, world_redis_url));
    if (rc == 0)
        rc = await(server_start(&w->server, w));
    if (rc == 0) {
        RIO_IGNORE(await(play(w, clients)));
        server_check(&w->server);
        history_audit(&w->history, broker_core(w->server.broker));
        RIO_IGNORE(await(server_crash(&w->server)));
    }
    RIO_IGNORE(await(sim_redis_stop(&w->redis)));
    free(clients);
    return rc;
}

/* ---- a run ---- */

static void on_step(uint64_t step, void *arg)
{
    const struct world *w = arg;

    (void)step;
    server_check(&w->server);
}

static int run(struct world *w, struct verdict *out)
{
    rq_rand_seed(&w->rand, w->seed);
    seams_seed(w->seed);
    make_plan(w);
    w->faults.shots = w->plan.is_focused ? 4 : 0;
    w->faults.ambushes = w->plan.is_focused ? 2 : 0;
    w->faults.ambushes += w->plan.keeps ? 2 : 0;
    kernel_start();
    rio_runner *r = rio_sim_runner(&(rio_sim_opts){.seed = w->seed,
                                                   .short_one_in = 8,
                                                   .short_above = 64,
                                                   .on_step = on_step,
                                                   .on_step_arg = w});
    long rc = r == NULL ? -errno : rio_runner_run(r, world_main, w);
    if (r != NULL) {
        const rio_loop *l = rio_runner_get_loop(r);

        out->hash = rio_sim_hash(l);
        out->steps = rio_sim_steps(l);
        rio_runner_free(r);
    }
    size_t descriptors_left = kernel_stop();
    ASSERT(descriptors_left == 0);
    out->commands = w->commands;
    out->anomalies = w->history.anomalies;
    memcpy(out->first, w->history.first, sizeof out->first);
    history_fini(&w->history);
    free(w);
    return (int)rc;
}

static struct world *new_world(uint64_t seed, bool trace)
{
    struct world *w = calloc(1, sizeof *w);

    if (w == NULL)
        return NULL;
    w->seed = seed;
    w->trace = w->history.trace = trace;
    return w;
}

int seed_run(uint64_t seed, bool trace, struct verdict *out)
{
    struct world *w = new_world(seed, trace);

    return w == NULL ? -ENOMEM : run(w, out);
}

int session_run(struct rq_slice script, bool trace, struct verdict *out)
{
    struct world *w = new_world(1, trace);

    if (w == NULL)
        return -ENOMEM;
    w->script = script;
    w->has_script = true;
    return run(w, out);
}
