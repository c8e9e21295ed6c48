/* resp-ping - a protocol is a few lines over a stream: PING to a server that speaks
 * RESP, as Redis does.
 *
 *     resp-ping [HOST PORT]      without them it asks a responder of its own
 *
 * asyncio: aioredis, open_connection().
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rio/examples/demo.h"

/* A server that knows one command: a PING of three lines, an array of one word. */
static long responder(rio_stream *s, void *arg)
{
    char line[64];
    ssize_t n;

    (void)arg;
    while ((n = await(rio_stream_readline(s, line, sizeof line))) > 0)
        if (strcmp(line, "PING\r\n") == 0)
            RIO_TRY(rio_stream_write(s, "+PONG\r\n", 7));
    return n;
}

RIO_AWAITS static long ping(rio_stream *s)
{
    static const char command[] = "*1\r\n$4\r\nPING\r\n";
    char answer[64];
    ssize_t n;

    RIO_TRY(rio_stream_write(s, command, sizeof command - 1));
    n = await(rio_stream_readuntil(s, "\r\n", 2, answer, sizeof answer));
    if (n < 3)
        return n < 0 ? n : -EBADMSG;
    say("%.*s", (int)n - 3, answer + 1); /* without the '+' and the line's end */
    return 0;
}

RIO_AWAITS static long ping_at(const char *host, const char *port)
{
    rio_stream *s;
    long rc;

    RIO_TRY(await(rio_open_connection(host, port, &s)));
    rc = await(ping(s));
    (void)rio_stream_close(s);
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    return rc;
}

static long body(void *arg)
{
    char address[64];
    rio_server *server;
    long rc;

    (void)arg;
    if (demo_arg(1, NULL) != NULL)
        return await(ping_at(demo_arg(0, NULL), demo_arg(1, NULL)));
    (void)snprintf(address, sizeof address, "unix:/tmp/resp-ping-%d", (int)getpid());
    RIO_TRY(await(rio_start_server(responder, NULL, address, NULL, &server)));
    rc = await(ping_at(address, NULL));
    rio_server_close(server);
    RIO_IGNORE(await(rio_server_wait_closed(server)));
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
