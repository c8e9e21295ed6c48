/* fd-leak - a thousand connections, of which every third one fails: scopes give back
 * what they took, on every way out.
 *
 *     fd-leak [CONNECTIONS]
 *
 * asyncio: best practice "async with" for whatever must be closed.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "rio/examples/demo.h"

enum { AT_ONCE = 50 };

static char address[64];
static rio_sem places;

static long greet(rio_stream *s, void *arg)
{
    (void)arg;
    return rio_stream_write(s, "hello\n", 6);
}

/* The body of a connection: whatever it returns, its scope closes the stream. */
RIO_AWAITS static long talk(rio_stream *s, int i)
{
    char line[16];

    if (i % 3 == 0)
        return rio_error(-EPROTO, "no greeting");
    return await(rio_stream_readline(s, line, sizeof line));
}

RIO_AWAITS static long connection(int i)
{
    rio_stream *s;
    long rc;

    RIO_TRY(await(rio_open_connection(address, NULL, &s)));
    rc = await(talk(s, i));
    (void)rio_stream_close(s);
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    return rc;
}

static long client(void *arg)
{
    const int *i = arg;
    long rc;

    RIO_WITH_SEM(&places, &rc)
    {
        rc = await(connection(*i));
    }
    return rc == -EPROTO ? 0 : rc;
}

static int descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

RIO_AWAITS static long clients(int n)
{
    rio_group g;
    long rc;

    RIO_TRY(rio_group_enter(&g));
    for (int i = 0; i < n; i++)
        rio_group_spawn_copy(&g, client, &i, sizeof i);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

static long body(void *arg)
{
    int n = (int)demo_number(0, 1000), before = descriptors();
    rio_server *server;
    long rc;

    (void)arg;
    RIO_TRY(rio_sem_init(&places, AT_ONCE));
    (void)snprintf(address, sizeof address, "unix:/tmp/fd-leak-%d", (int)getpid());
    RIO_TRY(await(rio_start_server(greet, NULL, address, NULL, &server)));
    rc = await(clients(n));
    rio_server_close(server);
    RIO_IGNORE(await(rio_server_wait_closed(server)));
    say("%d connections, %d descriptors more than before", n, descriptors() - before);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
