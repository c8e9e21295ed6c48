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
#include <unistd.h>

#include "base/log.h"
#include "rio/sim.h"
#include "sim/client.h"
#include "sim/seams.h"
#include "store/names.h"

const char *const world_queues[WORLD_QUEUES_MAX] = {"alpha", "beta", "gamma"};

enum { CHECK_EVERY = 32 };

/* More than any TTR, delay and backoff together. */
static const int64_t drain_ns = 120 * RIO_SEC;

bool world_one_in(struct world *w, unsigned n)
{
    return rq_rand_below(&w->rand, n) == 0;
}

int64_t world_between(struct world *w, int64_t min, int64_t max)
{
    return min + (int64_t)rq_rand_below(&w->rand, (uint64_t)(max - min) + 1);
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

    p->is_focused = world_one_in(w, 2);
    p->clients = (size_t)world_between(w, 2, WORLD_CLIENTS_MAX);
    p->queues = (size_t)world_between(w, 1, p->is_focused ? 2 : WORLD_QUEUES_MAX);
    p->jobs = (size_t)world_between(w, p->is_focused ? 5 : 30, p->is_focused ? 25 : 90);
    p->crashes = (unsigned)world_between(w, 0, 4);
    p->restarts = (unsigned)world_between(w, 0, 3);
    p->busy_ns = world_between(w, 2, 12) * RIO_SEC;
    p->requeues = world_one_in(w, 3);
    p->keeps = world_one_in(w, 3);
}

/* ---- faults ---- */

RIO_AWAITS static long restart_server(struct world *w)
{
    if (w->is_restarting)
        return 0;
    w->is_restarting = true;
    RIO_IGNORE(await(server_crash(&w->server)));
    RIO_TRY(await(rio_sleep(world_between(w, 0, 200) * RIO_MS)));
    w->is_restarting = false;
    return await(server_start(&w->server, w));
}

void world_shoot(struct world *w)
{
    redis_aim(&w->redis);
    w->tense_until_ns = rio_now() + 150 * RIO_MS;
    if (w->shots > 0 && world_one_in(w, 2))
        rio_event_set(&w->shot);
}

/* Crashes that are aimed at a command in flight. */
static long sniper(void *arg)
{
    struct world *w = arg;

    for (;;) {
        RIO_TRY(await(rio_event_wait(&w->shot)));
        rio_event_clear(&w->shot);
        RIO_TRY(await(rio_sleep(world_between(w, 1, 60) * RIO_MS)));
        if (w->is_calm)
            return 0;
        w->shots--;
        RIO_TRY(await(restart_server(w)));
    }
}

/* Crashes and restarts at random instants of the busy time. */
static long injector(void *arg)
{
    struct world *w = arg;
    unsigned crashes = w->plan.crashes, restarts = w->plan.restarts;

    while (crashes + restarts > 0) {
        int64_t pause = w->plan.busy_ns / (2 * (int64_t)(crashes + restarts));

        RIO_TRY(await(rio_sleep(world_between(w, 0, 2 * pause))));
        if (world_between(w, 1, crashes + restarts) <= crashes) {
            crashes--;
            RIO_TRY(await(restart_server(w)));
        } else {
            restarts--;
            world_trace(w, "redis restarts");
            redis_restart(&w->redis);
        }
    }
    return 0;
}

/* ---- the end ---- */

uint64_t world_unfinished(const struct world *w)
{
    if (!w->server.is_serving)
        return 0;
    const struct core *core = broker_core(w->server.broker);
    struct core_sums sums;

    core_sums(core, &sums);
    return sums.unfinished;
}

/* Asks until the server has obeyed: it may still be starting. */
RIO_AWAITS static int insist(struct call *call, const char *verb, const char *word)
{
    for (int64_t end = rio_now() + drain_ns; rio_now() < end;) {
        if (call->stream == NULL)
            RIO_IGNORE(await(call_open(call)));
        enum outcome outcome = call->stream == NULL
                                   ? NOT_KNOWN
                                   : await(call_ask(call, "%s %s", verb, word));
        if (outcome == YES)
            return 0;
        RIO_IGNORE(await(rio_sleep(10 * RIO_MS)));
    }
    history_anomaly(&call->world->history, "STUCK", NULL, "%s %s is not obeyed", verb,
                    word);
    return 0;
}

/* Opens what a client has left closed.  Then JOIN must be answered. */
RIO_AWAITS static int wait_for_the_end(struct world *w)
{
    struct call call;
    bool is_empty = false;

    call_init(&call, w);
    RIO_IGNORE(await(call_open(&call)));
    for (size_t i = 0; i < w->plan.queues; i++)
        RIO_IGNORE(await(insist(&call, "RESUME", world_queues[i])));
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
    rio_task *tasks[WORLD_CLIENTS_MAX], *faults = rio_create_task(injector, w);
    rio_task *shooter = rio_create_task(sniper, w);

    for (size_t i = 0; i < w->plan.clients; i++) {
        clients[i] = (struct client){.world = w, .index = i};
        tasks[i] = rio_create_task(client_main, &clients[i]);
    }
    RIO_IGNORE(await(rio_sleep(w->plan.busy_ns)));
    RIO_IGNORE(await(rio_join_unref(faults)));
    w->is_calm = true;
    rio_event_set(&w->shot);
    RIO_IGNORE(await(rio_join_unref(shooter)));
    world_trace(w, "calm");
    RIO_IGNORE(await(rio_sleep(RIO_SEC)));
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
    long rc = await(sim_redis_start(&w->redis, w, w->redis_url));
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

    if (step % CHECK_EVERY == 0)
        server_check(&w->server);
}

static int make_places(struct world *w)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(w->dir, sizeof w->dir, "%.32s/ringq-sim-XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(w->dir) == NULL)
        return -errno;
    snprintf(w->redis_url, sizeof w->redis_url, "unix:%s/redis", w->dir);
    snprintf(w->server_url, sizeof w->server_url, "unix:%s/ringqd", w->dir);
    return 0;
}

static void remove_places(const struct world *w)
{
    static const char *const names[] = {NAMES_EPOCH_FILE, "redis", "ringqd"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
        unlink(path);
    }
    rmdir(w->dir);
}

int seed_run(uint64_t seed, bool trace, struct verdict *out)
{
    struct world *w = calloc(1, sizeof *w);

    if (w == NULL)
        return -ENOMEM;
    w->seed = seed;
    w->trace = w->history.trace = trace;
    rq_rand_seed(&w->rand, seed);
    seams_seed(seed);
    make_plan(w);
    w->shots = w->plan.is_focused ? 4 : 0;
    long rc = make_places(w);
    if (rc == 0) {
        rio_runner *r = rio_sim_runner(&(rio_sim_opts){.seed = seed,
                                                       .short_one_in = 8,
                                                       .short_above = 64,
                                                       .on_step = on_step,
                                                       .on_step_arg = w});
        rc = r == NULL ? -errno : rio_runner_run(r, world_main, w);
        if (r != NULL) {
            const rio_loop *l = rio_runner_get_loop(r);

            out->hash = rio_sim_hash(l);
            out->steps = rio_sim_steps(l);
            rio_runner_free(r);
        }
        remove_places(w);
    }
    out->commands = w->commands;
    out->anomalies = w->history.anomalies;
    memcpy(out->first, w->history.first, sizeof out->first);
    history_fini(&w->history);
    free(w);
    return (int)rc;
}
