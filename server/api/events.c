/* events.c - EVENTS: what becomes of jobs, as it happens.
 *
 * Events gather until the peer has taken the last ones.  A peer that is too slow loses
 * some, and is told how many.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/map.h"
#include "base/err.h"
#include "broker/listener.h"
#include "core/limits.h"

struct events {
    struct reply_stream stream;
    struct listener listener;
    struct reply *reply;
    struct rq_buf gathered; /* whole maps */
    uint64_t lost;
    char queue[RQ_NAME_MAX];
};

static void write_event(struct map *m, const void *arg)
{
    const struct broker_event *event = arg;
    const struct job_view *job = event->job;
    char id[RQ_ID_TEXT_MAX];

    map_text(m, "event", event->what);
    map_str(m, "id", rq_slice(id, rq_id_format(job->id.epoch, job->id.number, id)));
    map_str(m, "queue", job->queue);
    map_u64(m, "attempt", job->attempts);
    map_u64(m, "at", (uint64_t)event->wall_ms);
    if (job->error.len > 0)
        map_str(m, "error", job->error);
}

static void write_lost(struct map *m, const void *arg)
{
    map_text(m, "event", "lost");
    map_u64(m, "count", *(const uint64_t *)arg);
}

/* Appends a map, or nothing.  Returns  was there room? */
static bool gather(struct events *e, map_fields *fields, const void *arg)
{
    struct rq_resp_writer w = {
        .out = &e->gathered, .protocol = e->reply->protocol, .rc = 0};
    size_t before = e->gathered.len;

    map_write(&w, fields, arg);
    if (w.rc < 0)
        rq_buf_truncate(&e->gathered, before);
    return w.rc == 0;
}

/* Hands on what has gathered, if the last of it was taken. */
static void hand_on(struct events *e)
{
    struct rq_resp_writer w;

    if (e->reply->resolved)
        return;
    if (e->lost > 0 && gather(e, write_lost, &e->lost))
        e->lost = 0;
    if (e->gathered.len == 0)
        return;
    w = reply_writer(e->reply);
    w.rc = rq_buf_append_slice(w.out, rq_buf_slice(&e->gathered));
    rq_buf_clear(&e->gathered);
    reply_resolve(e->reply, &w);
}

static void on_event(struct listener *l, const struct broker_event *event)
{
    struct events *e = RQ_CONTAINER_OF(l, struct events, listener);

    if (e->lost > 0 || !gather(e, write_event, event))
        e->lost++;
    hand_on(e);
}

static struct events *events_of(struct reply_stream *stream)
{
    return RQ_CONTAINER_OF(stream, struct events, stream);
}

static void again(struct reply_stream *stream)
{
    hand_on(events_of(stream));
}

static void stop(struct reply_stream *stream)
{
    struct events *e = events_of(stream);

    listener_remove(&e->listener);
    rq_buf_fini(&e->gathered);
    free(e);
}

void api_events(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_slice queue = cmd->argc > 1 ? cmd->argv[1] : RQ_LIT("");
    struct events *e;

    if (cmd->argc > 2 || (cmd->argc == 2 && !rq_name_is_valid(queue))) {
        reply_error(r, RQ_E_BADARG, "say EVENTS, or EVENTS and the name of a queue");
        return;
    }
    e = calloc(1, sizeof *e);
    if (e == NULL) {
        reply_refuse(r, -ENOMEM);
        return;
    }
    e->stream = (struct reply_stream){.stop = stop, .again = again};
    e->reply = r;
    rq_buf_init(&e->gathered, LIMIT_EVENTS_BYTES);
    if (queue.len > 0)
        memcpy(e->queue, queue.ptr, queue.len);
    e->listener =
        (struct listener){.heard = on_event, .queue = rq_slice(e->queue, queue.len)};
    listener_add(c->server->broker, &e->listener);
    r->stream = &e->stream;
    reply_ok(r); /* from here on nothing is missed */
}
