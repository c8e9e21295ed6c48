/* service.c - broker, store and clients put together; how the service starts and stops.
 *
 * Stopping is: no new clients, no more commands, every reply that is owed, one last
 * commit. SPDX-License-Identifier: MIT */
#include "service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rand.h"
#include "net/conn.h"

enum {
    EXIT_REDIS_GONE = 69,
    EXIT_INTERNAL = 70,
    EXIT_REFUSED = 78,
    GOODBYE_S =
        10, /* for clients to read what they are owed, and for the last commit */
};

struct running {
    struct service *service;
    struct broker *broker;
    struct api_server api;
    struct conns conns;
    rio_server *servers[CONFIG_LISTEN_MAX];
    rio_task *main; /* runs service_main() */
    rio_event stop; /* somebody wants the end; `status` says how it looks */
    bool is_ready;
    int status;
};

static void stop_with(struct running *run, int status)
{
    if (rio_event_is_set(&run->stop))
        return;
    run->status = status;
    rio_event_set(&run->stop);
}

/* main() tells the person at the terminal. */
static void refuse(struct service *s, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s", why);
}

/* ---- events ---- */

static void write_port_file(const struct service *s)
{
    char text[16];

    for (size_t i = 0; i < s->socket_count && s->config->port_file != NULL; i++) {
        if (s->sockets[i].port == 0)
            continue;
        int len = snprintf(text, sizeof text, "%u\n", s->sockets[i].port);
        int rc =
            rq_file_write_atomic(s->config->port_file, rq_slice(text, (size_t)len));
        if (rc < 0)
            LOG_ERROR("event=port_file_failed path=\"%s\" error=\"%s\"",
                      s->config->port_file, rq_err_text(rc));
        return;
    }
}

/* io_uring is the rule; that it is missed is worth knowing. */
static void log_io(void)
{
    rio_stats stats;

    rio_loop_stats(rio_get_running_loop(), &stats);
    if (stats.io_reason[0] != '\0')
        LOG_WARN("event=io io=%s why=\"%s\"", stats.io, stats.io_reason);
    else
        LOG_INFO("event=io io=%s", stats.io);
}

static void on_serving(void *arg)
{
    struct running *run = arg;
    struct store_stats stats;

    run->is_ready = true;
    broker_store_stats(run->broker, &stats);
    LOG_INFO("event=ready durability=%s epoch=%llu replayed=%llu redis=%s",
             store_level_name(stats.level), (unsigned long long)stats.epoch,
             (unsigned long long)stats.replayed_records, stats.redis_version);
    write_port_file(run->service);
    if (run->service->ready != NULL)
        run->service->ready(run->service, &stats);
}

static void on_stopped(void *arg, const char *why)
{
    struct running *run = arg;
    bool fenced = broker_state(run->broker) == BROKER_FENCED;

    if (!run->is_ready) { /* nobody has been served: say so at once */
        refuse(run->service, why);
        stop_with(run, EXIT_REFUSED);
        return;
    }
    if (fenced)
        LOG_ERROR(
            "event=fenced action=\"every command gets MOVED; look for the reason, "
            "then start ringqd again\"");
    else
        LOG_ERROR(
            "event=halted action=\"every command gets STORE; look for the reason, "
            "then start ringqd again\"");
}

/* The second one is impatience: whatever the stopping waits for is given up. */
static long on_signal(void *arg)
{
    struct running *run = arg;

    if (rio_event_is_set(&run->stop)) {
        LOG_WARN("event=stopping_now why=\"asked to by a second signal\"");
        rio_task_cancel(run->main);
        return 0;
    }
    LOG_INFO("event=stopping why=\"asked to by a signal\"");
    stop_with(run, 0);
    return 0;
}

/* The keeper has restarted Redis once; the second death is for people to look at. */
static long watch_child(void *arg)
{
    struct running *run = arg;
    struct child *child = run->service->child;

    int rc = await(rio_poll_fd(child_fd(child), 1 /* POLLIN */));
    if (rc < 0)
        return rc;
    LOG_ERROR("event=redis_gone action=\"ending; jobs are in its files, start ringqd "
              "again\" last_words=\"%s\"",
              child_last_words(child));
    stop_with(run, EXIT_REDIS_GONE);
    return 0;
}

/* ---- start ---- */

static int start_store(struct running *run, rio_group *group)
{
    const struct service *s = run->service;
    const struct store_config config = {
        .url = s->child != NULL ? child_url(s->child) : s->config->redis,
        .state_dir = s->config->data_dir,
        .address = s->address,
        .wanted = s->config->durability,
        .copies = (unsigned)s->config->replicas,
        .copies_wait_ns = (int64_t)s->config->replica_wait_ms * RIO_MS,
        .redis_timeout_ns = (int64_t)s->config->redis_timeout_ms * RIO_MS,
        .is_private = s->child != NULL,
        .log_spare = s->config->log_spare,
        .sets_bad_aside = s->config->sets_bad_aside,
    };
    char why[200] = "";

    int rc = broker_start(run->broker, &config, group, why);
    if (rc < 0)
        refuse(run->service, why[0] != '\0' ? why : rq_err_text(rc));
    return rc;
}

static int start_servers(struct running *run)
{
    struct service *s = run->service;

    for (size_t i = 0; i < s->socket_count; i++) {
        int fd = s->sockets[i].fd;

        s->sockets[i].fd = -1; /* consumed, also on failure */
        int rc = rio_start_server_fd(conn_main, &run->conns, fd, &run->servers[i]);
        if (rc < 0) {
            snprintf(s->why, sizeof s->why, "cannot serve %.100s: %s",
                     s->sockets[i].address, rq_err_text(rc));
            return rc;
        }
        LOG_INFO("event=listening address=%s port=%u", s->sockets[i].address,
                 s->sockets[i].port);
    }
    return 0;
}

static int start_signals(struct running *run)
{
    int rc = rio_add_signal_handler(SIGTERM, on_signal, run);

    return rc < 0 ? rc : rio_add_signal_handler(SIGINT, on_signal, run);
}

static int start(struct running *run, rio_group *group)
{
    int rc = start_signals(run);

    if (rc == 0)
        rc = start_store(run, group);
    if (rc == 0)
        rc = start_servers(run);
    if (rc == 0 && run->service->child != NULL &&
        rio_group_spawn(group, watch_child, run) == NULL)
        rc = -ENOMEM;
    return rc;
}

/* ---- stop ---- */

RIO_AWAITS static long wait_for_clients(struct running *run)
{
    long rc = 0;

    for (size_t i = 0; rc == 0 && i < CONFIG_LISTEN_MAX; i++)
        if (run->servers[i] != NULL)
            rc = await(rio_server_wait_closed(run->servers[i]));
    return rc;
}

RIO_AWAITS static long stop_clients(struct running *run)
{
    rio_timeout limit;

    for (size_t i = 0; i < CONFIG_LISTEN_MAX; i++)
        if (run->servers[i] != NULL)
            rio_server_close(run->servers[i]);
    conns_stop(&run->conns);
    rio_timeout_enter(&limit, GOODBYE_S * RIO_SEC);
    long rc = await(wait_for_clients(run));
    rc = rio_timeout_exit(&limit, rc);
    if (rc < 0) {
        LOG_WARN("event=clients_cut why=\"%s\"",
                 rc == -ETIMEDOUT ? "they did not read their replies in time"
                                  : "nobody waits for them");
        for (size_t i = 0; i < CONFIG_LISTEN_MAX; i++)
            if (run->servers[i] != NULL)
                rio_server_abort_clients(run->servers[i]);
        rc = await(wait_for_clients(run)); /* aborted streams end at once */
    }
    return rc;
}

RIO_AWAITS static long last_commit(struct running *run)
{
    rio_timeout limit;

    if (broker_state(run->broker) != BROKER_SERVING)
        return 0;
    rio_timeout_enter(&limit, GOODBYE_S * RIO_SEC);
    long rc = await(broker_flush(run->broker));
    rc = rio_timeout_exit(&limit, rc);
    if (rc < 0)
        LOG_ERROR("event=last_commit_failed error=\"%s\" "
                  "meaning=\"what was not answered may be lost\"",
                  rq_err_text(rc));
    return rc;
}

/* ---- the whole ---- */

static bool init_parts(struct running *run)
{
    const struct config *config = run->service->config;
    const struct broker_events events = {run, on_serving, on_stopped};
    struct broker_config settings = {.store_wait_ns =
                                         (int64_t)config->store_wait_ms * RIO_MS,
                                     .body_memory = config->body_memory,
                                     .holds_without_store = config->holds_without_store,
                                     .zone_find = zoneinfo_find,
                                     .zone_arg = run->service->zones};

    rq_rand_system(&settings.seed, sizeof settings.seed);
    run->broker = broker_new(&settings, &events);
    run->api = (struct api_server){.broker = run->broker,
                                   .connections_max = config->max_connections,
                                   .body_max = config->max_body,
                                   .frame_max = config->max_body + (16 << 20),
                                   .started_ns = rio_now(),
                                   .version = run->service->version};
    reply_pool_init(&run->api.pool);
    run->conns.server = &run->api;
    rq_list_init(&run->conns.live);
    return run->broker != NULL;
}

long service_main(void *arg)
{
    struct running *run = calloc(1, sizeof *run);
    rio_group group;

    if (run == NULL)
        return EXIT_INTERNAL;
    run->service = arg;
    run->main = rio_current_task();
    if (!init_parts(run)) {
        free(run);
        return EXIT_INTERNAL;
    }
    log_io();
    rio_group_enter(&group);
    long rc = start(run, &group);
    if (rc == 0)
        rc = await(rio_event_wait(&run->stop));
    long status = rc == 0 ? run->status : EXIT_REFUSED;

    rq_ignore(await(stop_clients(run))); /* both have logged what went wrong, */
    rq_ignore(await(last_commit(run)));  /* and the end comes all the same */
    rq_ignore(rio_remove_signal_handler(SIGTERM));
    rq_ignore(rio_remove_signal_handler(SIGINT));
    rio_group_cancel(&group);
    rc = await(rio_group_exit(&group, 0));
    if (rc < 0 && rc != -ECANCELED) {
        LOG_ERROR("event=failed error=\"%s\"", rq_err_text(rc));
        status = status != 0 ? status : EXIT_INTERNAL;
    }
    rio_group_destroy(&group);
    broker_free(run->broker);
    reply_pool_fini(&run->api.pool);
    if (run->service->config->port_file != NULL)
        unlink(run->service->config->port_file);
    free(run);
    return status;
}
