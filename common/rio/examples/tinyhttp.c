/* tinyhttp.c - see tinyhttp.h.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/tinyhttp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "rio/examples/demo.h"

enum { HEAD = 1024 };

/* Reads a head up to its empty line, and makes it a string.
 * Returns  its length;  -ENODATA the end of the connection */
RIO_AWAITS static long read_head(rio_stream *s, char head[HEAD])
{
    long n = await(rio_stream_readuntil(s, "\r\n\r\n", 4, head, HEAD - 1));

    if (n >= 0)
        head[n] = '\0';
    return n;
}

/* ---- server ---- */

static const struct http_route *find(const struct http_route *routes, const char *path)
{
    for (const struct http_route *r = routes; r->method != NULL; r++) {
        size_t n = strlen(r->path);
        bool folder = n > 1 && r->path[n - 1] == '/';

        if (folder ? strncmp(path, r->path, n) == 0 : strcmp(path, r->path) == 0)
            return r;
    }
    return NULL;
}

/* Returns  the status line's end */
RIO_AWAITS static const char *answer(const struct http_route *routes,
                                     const char *method, const char *path, char *body)
{
    const struct http_route *r = find(routes, path);

    body[0] = '\0';
    if (r == NULL)
        return "404 Not Found";
    if (strcmp(r->method, method) != 0)
        return "405 Method Not Allowed";
    return await(r->fn(path, body)) < 0 ? "500 Internal Server Error" : "200 OK";
}

static long client(rio_stream *s, void *arg)
{
    char head[HEAD], body[HTTP_BODY], method[8], path[128];
    long rc = await(read_head(s, head));

    while (rc >= 0 && sscanf(head, "%7s %127s HTTP/1.", method, path) == 2) {
        const char *status = await(answer(arg, method, path, body));
        int n = snprintf(head, HEAD, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
                         status, strlen(body), body);

        RIO_TRY(rio_stream_write(s, head, (size_t)n));
        RIO_TRY(await(rio_stream_drain(s)));
        rc = await(read_head(s, head));
    }
    return rc == -ENODATA || rc == -ECONNRESET ? 0 : rc;
}

long http_serve(const struct http_route *routes, const char *port, char *url)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    rio_server *server;

    RIO_TRY(await(rio_start_server(client, (void *)(uintptr_t)routes, "127.0.0.1", port,
                                   &server)));
    if (getsockname(rio_server_fd(server), (struct sockaddr *)&at, &len) < 0)
        return -errno;
    (void)snprintf(url, HTTP_URL, "http://127.0.0.1:%d", ntohs(at.sin_port));
    return 0;
}

/* ---- client ---- */

long http_open(struct http_session *s, const char *url)
{
    char host[64], port[8] = "80";

    *s = (struct http_session){0};
    if (sscanf(url, "http://%63[^:/]:%7[0-9]", host, port) < 1)
        return rio_error(-EINVAL, "%s: no address", url);
    return await(rio_open_connection(host, port, &s->stream));
}

long http_close(struct http_session *s, long rc)
{
    int mask = rio_cancel_mask(1);

    (void)rio_stream_close(s->stream);
    RIO_IGNORE(await(rio_stream_wait_closed(s->stream)));
    (void)rio_cancel_mask(mask);
    rio_stream_free(s->stream);
    return rc;
}

RIO_AWAITS static long exchange(rio_stream *s, const char *path, char *body)
{
    char head[HEAD];
    int status, n = snprintf(head, HEAD, "GET %s HTTP/1.1\r\nHost: demo\r\n\r\n", path);
    const char *length;
    size_t size;

    if (n >= HEAD)
        return -EMSGSIZE;
    RIO_TRY(rio_stream_write(s, head, (size_t)n));
    RIO_TRY(await(read_head(s, head)));
    length = strcasestr(head, "\r\nContent-Length:");
    if (length == NULL || sscanf(head, "HTTP/1.%*d %d", &status) != 1 ||
        sscanf(strchr(length, ':'), ": %zu", &size) != 1)
        return rio_error(-EPROTO, "%s: not an answer", path);
    if (size >= HTTP_BODY)
        return -EMSGSIZE;
    RIO_TRY(await(rio_stream_readexactly(s, body, size, NULL)));
    body[size] = '\0';
    return status;
}

long http_get(struct http_session *s, const char *path, char *body)
{
    long rc;

    RIO_WITH_LOCK(&s->turn, &rc)
    {
        rc = await(exchange(s->stream, path, body));
    }
    return rc;
}

long http_fetch(const char *url, char *body)
{
    struct http_session s;
    const char *path = url + strcspn(url, "/");
    long rc;

    if (strncmp(path, "//", 2) == 0)
        path += 2 + strcspn(path + 2, "/");
    RIO_TRY(await(http_open(&s, url)));
    rc = await(http_get(&s, *path == '\0' ? "/" : path, body));
    return await(http_close(&s, rc));
}
