/* proxy - a proxy that can lose commands or replies and cut connections.
 * SPDX-License-Identifier: MIT */
#include "support/proxy.h"

#include <stdio.h>

struct direction {
    rio_stream *from, *to;
    const bool *keeps;
    size_t *count; /* NULL: not counted */
};

static long pass(void *arg)
{
    struct direction *d = arg;
    const void *bytes;

    for (;;) {
        size_t len = rio_stream_peek(d->from, &bytes);

        if (len > 0) {
            if (d->count != NULL)
                *d->count += len;
            if (!*d->keeps && rio_stream_write(d->to, bytes, len) < 0)
                break;
            rio_stream_consume(d->from, len);
        }
        ssize_t n = await(rio_stream_fill(d->from));
        if (n <= 0)
            break;
    }
    rio_stream_abort(d->to);
    rio_stream_abort(d->from);
    return 0;
}

RIO_AWAITS static long serve(struct proxy *p, rio_stream *client, rio_stream *server)
{
    struct direction there = {client, server, &p->keeps_commands, &p->commands};
    struct direction back = {server, client, &p->keeps_replies, NULL};
    struct direction *both[] = {&there, &back};
    rio_task *tasks[2];

    for (int i = 0; i < 2; i++)
        tasks[i] = rio_create_task(pass, both[i]);
    for (int i = 0; i < 2; i++)
        RIO_IGNORE(await(rio_join_unref(tasks[i])));
    return 0;
}

static long on_client(rio_stream *client, void *arg)
{
    struct proxy *p = arg;
    size_t place = p->clients++ % PROXY_CLIENTS_MAX;
    rio_stream *server;

    int rc = await(rio_open_connection(p->target, "", &server));
    if (rc < 0)
        return rc;
    p->open[place] = client;
    RIO_IGNORE(await(serve(p, client, server)));
    p->open[place] = NULL;
    RIO_IGNORE(await(rio_stream_wait_closed(server)));
    rio_stream_free(server);
    return 0;
}

int proxy_start(struct proxy *p, const char *dir, const char *target)
{
    *p = (struct proxy){.target = target};
    snprintf(p->url, sizeof p->url, "unix:%s/proxy", dir);
    return await(rio_start_server(on_client, p, p->url, "", &p->server));
}

void proxy_cut(struct proxy *p)
{
    for (size_t i = 0; i < PROXY_CLIENTS_MAX; i++)
        if (p->open[i] != NULL)
            rio_stream_abort(p->open[i]);
}

int proxy_stop(struct proxy *p)
{
    rio_server_close(p->server);
    proxy_cut(p);
    return await(rio_server_wait_closed(p->server));
}
