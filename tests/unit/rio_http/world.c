/* world.c - see world.h.
 * SPDX-License-Identifier: MIT */
#include "unit/rio_http/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

static uint64_t number(const rio_http_exchange *x, const char *name)
{
    const char *text = rio_http_query(x, name);
    uint64_t n = 0;

    if (text == NULL || rq_num_u64(rq_slice_str(text), 0, UINT32_MAX, &n) < 0)
        return 0;
    return n;
}

static long hello(rio_http_exchange *x, void *arg)
{
    (void)arg;
    return rio_http_reply_text(x, 200, "hello");
}

static long put_hello(rio_http_exchange *x, void *arg)
{
    (void)arg;
    return rio_http_reply(x, 201, NULL, NULL, 0);
}

static long echo(rio_http_exchange *x, void *arg)
{
    size_t size;
    const char *body = rio_http_body(x, &size);

    (void)arg;
    return rio_http_reply(x, 200, rio_http_header(x, "Content-Type"), body, size);
}

static long slow(rio_http_exchange *x, void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep((int64_t)number(x, "ms") * RIO_MS)));
    return rio_http_reply_text(x, 200, "slow");
}

static long gate(rio_http_exchange *x, void *arg)
{
    struct world *w = arg;
    long rc;

    w->in_flight++;
    rc = await(rio_event_wait(&w->gate));
    w->in_flight--;
    w->ended++;
    return rc < 0 ? rc : rio_http_reply_text(x, 200, "open");
}

static long big(rio_http_exchange *x, void *arg)
{
    size_t n = (size_t)number(x, "n");
    char *bytes = malloc(n + 1);
    int rc;

    (void)arg;
    if (bytes == NULL)
        return -ENOMEM;
    memset(bytes, 'x', n);
    rc = rio_http_reply(x, 200, "application/octet-stream", bytes, n);
    free(bytes);
    return rc;
}

static long fail(rio_http_exchange *x, void *arg)
{
    (void)x, (void)arg;
    return rio_error(-EIO, "the disk is on fire");
}

static long nothing(rio_http_exchange *x, void *arg)
{
    (void)x, (void)arg;
    return 0;
}

static long files(rio_http_exchange *x, void *arg)
{
    (void)arg;
    return rio_http_reply_text(x, 200, rio_http_path(x));
}

static long moved(rio_http_exchange *x, void *arg)
{
    int rc = rio_http_reply(x, 302, NULL, NULL, 0);

    (void)arg;
    return rc < 0 ? rc : rio_http_reply_header(x, "Location", "/hello");
}

static long header(rio_http_exchange *x, void *arg)
{
    const char *asked = rio_http_header(x, "x-asked");
    int rc = rio_http_reply_text(x, 200, "");

    (void)arg;
    return rc < 0 ? rc : rio_http_reply_header(x, "X-Answer", asked ? asked : "none");
}

static long note_error(rio_loop *l, const char *what, long err, void *arg)
{
    struct world *w = arg;

    (void)l, (void)what, (void)err;
    w->reports++;
    return 0;
}

const char *world_url(struct world *w, const char *path)
{
    (void)snprintf(w->url, sizeof w->url, "%s%s", w->base, path);
    return w->url;
}

RIO_AWAITS static long close_all(struct world *w, long rc)
{
    int closed = await(rio_http_session_close(w->session));

    if (rc >= 0)
        rc = closed;
    closed = await(rio_http_server_close(w->server));
    rio_set_exception_handler(NULL, NULL);
    return rc >= 0 ? closed : rc;
}

long world_run(world_fn *fn)
{
    struct world w = {0};
    const rio_http_route routes[] = {
        {"GET", "/hello", hello, NULL},   {"PUT", "/hello", put_hello, NULL},
        {"POST", "/echo", echo, NULL},    {"GET", "/slow", slow, NULL},
        {"GET", "/gate", gate, &w},       {"GET", "/big", big, NULL},
        {"GET", "/fail", fail, NULL},     {"GET", "/nothing", nothing, NULL},
        {"GET", "/files/*", files, NULL}, {"GET", "/moved", moved, NULL},
        {"GET", "/header", header, NULL},
    };
    const rio_http_server_opts opts = {.max_body = WORLD_MAX_BODY};
    int rc = rio_http_server_start(routes, sizeof routes / sizeof routes[0], &opts,
                                   &w.server);

    if (rc < 0)
        return rc;
    rio_set_exception_handler(note_error, &w);
    (void)snprintf(w.base, sizeof w.base, "http://127.0.0.1:%u",
                   rio_http_server_port(w.server));
    w.session = rio_http_session_new(NULL);
    if (w.session == NULL) {
        rc = -errno;
        return await(close_all(&w, rc));
    }
    return await(close_all(&w, await(fn(&w))));
}
