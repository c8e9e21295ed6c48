/* watch.c - WATCH: STATS again and again, until the connection closes.
 *
 * The figures of a moment that nobody has read yet are not followed by others: a slow
 * peer misses some, and costs nothing.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/stats.h"

struct watch {
    struct reply_stream stream;
    struct reply *reply;
    const struct api_server *server;
    int64_t every_ns, next_ns;
    rio_handle timer;
    size_t queue_len; /* 0: the server */
    char queue[RQ_NAME_MAX];
};

static long on_timer(void *arg);

static int arm(struct watch *w)
{
    int64_t now = rio_now();

    while (w->next_ns <= now)
        w->next_ns += w->every_ns;
    w->timer = rio_call_at(w->next_ns, on_timer, w);
    return w->timer == 0 ? -ENOMEM : 0;
}

static void tell(struct watch *w)
{
    struct rq_resp_writer out = reply_writer(w->reply);

    stats_write(w->server, rq_slice(w->queue, w->queue_len), &out);
    reply_resolve(w->reply, &out);
}

static long on_timer(void *arg)
{
    struct watch *w = arg;
    int rc = arm(w);

    if (!w->reply->resolved)
        tell(w);
    return rc; /* without a timer the stream stands still: it is reported */
}

static void stop(struct reply_stream *stream)
{
    struct watch *w = RQ_CONTAINER_OF(stream, struct watch, stream);

    rio_handle_cancel(w->timer);
    free(w);
}

void api_watch(struct api_client *c, const struct rq_cmd *cmd, struct reply *r)
{
    struct rq_complaint why;
    struct rq_watch watch;
    struct watch *w;

    if (rq_watch_parse(cmd, &watch, &why) < 0) {
        reply_complain(r, &why);
        return;
    }
    w = calloc(1, sizeof *w);
    if (w == NULL) {
        reply_refuse(r, -ENOMEM);
        return;
    }
    *w = (struct watch){.stream.stop = stop,
                        .reply = r,
                        .server = c->server,
                        .every_ns = watch.every_ms * RIO_MS,
                        .next_ns = rio_now(),
                        .queue_len = watch.queue.len};
    if (watch.queue.len > 0)
        memcpy(w->queue, watch.queue.ptr, watch.queue.len);
    if (arm(w) < 0) {
        free(w);
        reply_refuse(r, -ENOMEM);
        return;
    }
    r->stream = &w->stream;
    tell(w);
}
