/* server - broker, store, api and net as service.c puts them together, without the
 * orderly end: here every end is a crash.
 *
 * A crash happens at one instant: Redis executes nothing more of what was sent to it,
 * and the clients hear nothing more.  What the old tasks do until they have gone is
 * heard by nobody.
 * SPDX-License-Identifier: MIT */
#include "sim/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/listener.h"
#include "sim/world.h"

enum { BODY_MAX = 1 << 16, CONNECTIONS_MAX = 64, TINY_MEMORY = 64 };

/* For whoever reads a trace. */
static void trace_totals(const struct server *s, const char *what)
{
    const struct core *core = broker_core(s->broker);
    const struct queue *q;
    struct queue_view v;

    world_trace(s->world, "server %s, life %llu", what,
                (unsigned long long)s->generation);
    for (size_t at = 0; (q = core_next_queue(core, &at)) != NULL;) {
        queue_view(q, 0, &v);
        world_trace(s->world,
                    "    %.*s: %llu unfinished, %llu dead; put %llu, done %llu, "
                    "cancelled %llu",
                    (int)v.name.len, (const char *)v.name.ptr,
                    (unsigned long long)v.unfinished, (unsigned long long)v.dead,
                    (unsigned long long)v.totals.put, (unsigned long long)v.totals.done,
                    (unsigned long long)v.totals.cancelled);
    }
}

static void on_serving(void *arg)
{
    struct server *s = arg;

    s->is_serving = true;
    trace_totals(s, "serves");
}

static void on_stopped(void *arg, const char *why)
{
    struct server *s = arg;

    snprintf(s->stopped, sizeof s->stopped, "%s", why);
    history_stopped(&s->world->history, why);
}

static long host(void *arg)
{
    struct server *s = arg;
    const struct store_config config = {.url = world_redis_url,
                                        .state_dir = world_dir,
                                        .address = "sim",
                                        .wanted = STORE_FSYNC,
                                        .redis_timeout_ns = 500 * RIO_MS,
                                        .big_over = s->world->plan.big_over};
    char why[200] = "";
    rio_group group;

    rio_group_enter(&group);
    s->start_rc = broker_start(s->broker, &config, &group, why);
    RIO_IGNORE(await(rio_event_wait(&s->leave)));
    rio_group_cancel(&group);
    RIO_IGNORE(await(rio_group_exit(&group, 0)));
    rio_group_destroy(&group);
    return 0;
}

static int listen_on(struct server *s)
{
    char why[200];
    uint16_t port;
    int fd = listener_open(world_server_url, why, &port);

    if (fd < 0)
        return fd;
    return rio_start_server_fd(conn_main, &s->conns, fd, &s->listener);
}

/* In every third world bodies have to be read again. */
static size_t memory_of(const struct world *w)
{
    return w->seed % 3 == 0 ? TINY_MEMORY : 0;
}

/* In every seventh world nothing is handed out while Redis is away. */
static bool holds_without_store(const struct world *w)
{
    return w->seed % 7 == 3;
}

int server_start(struct server *s, struct world *w)
{
    const struct broker_events events = {s, on_serving, on_stopped};
    const struct broker_config config = {.seed = rq_rand_u64(&w->rand),
                                         .body_memory = memory_of(w),
                                         .holds_without_store = holds_without_store(w),
                                         .store_wait_ns = 2 * RIO_SEC};
    uint64_t generation = s->generation;

    memset(s, 0, sizeof *s);
    s->world = w;
    s->generation = generation + 1;
    s->broker = broker_new(&config, &events);
    if (s->broker == NULL)
        return -ENOMEM;
    s->api = (struct api_server){.broker = s->broker,
                                 .connections_max = CONNECTIONS_MAX,
                                 .body_max = BODY_MAX,
                                 .frame_max = 4 * BODY_MAX,
                                 .started_ns = rio_now(),
                                 .version = "sim"};
    reply_pool_init(&s->api.pool);
    s->conns.server = &s->api;
    rq_list_init(&s->conns.live);
    s->host = rio_create_task(host, s);
    if (s->host == NULL)
        return -ENOMEM;
    return listen_on(s);
}

int server_crash(struct server *s)
{
    trace_totals(s, "crashes");
    redis_cut(&s->world->redis);
    rio_server_close(s->listener);
    rio_server_abort_clients(s->listener);
    rio_event_set(&s->leave);
    history_crashed(&s->world->history);
    s->is_serving = false;
    RIO_IGNORE(await(rio_join_unref(s->host)));
    RIO_IGNORE(await(rio_server_wait_closed(s->listener)));
    broker_free(s->broker);
    s->broker = NULL;
    reply_pool_fini(&s->api.pool);
    return 0;
}

void server_check(const struct server *s)
{
    if (s->broker != NULL && s->is_serving)
        core_check(broker_core(s->broker));
}
