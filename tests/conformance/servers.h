/* servers.h - what the cases of streams and servers share: two streams that talk to
 * each other, and a server on a unix socket in a directory of its own, or on a port.
 * SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_SERVERS_H
#define CONFORMANCE_SERVERS_H

#include <stdlib.h>

#include "sockets.h"

/* A stream on one end of a socket pair, and the bare descriptor at the other. */
static inline long stream_and_fd(rio_stream **out, int *out_fd)
{
    int fd[2];

    EXPECT_EQ(unix_pair(fd), 0);
    *out_fd = fd[1];
    return rio_stream_from_fd(fd[0], out);
}

RIO_AWAITS static inline long close_stream(rio_stream *s)
{
    EXPECT_EQ(rio_stream_close(s), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(s)), 0);
    rio_stream_free(s);
    return 0;
}

RIO_AWAITS static inline long close_both(rio_stream *s, int fd)
{
    EXPECT_EQ(await(close_stream(s)), 0);
    return await(rio_close(fd));
}

/* Text that a task sends after a time. */
struct later {
    int fd;
    const char *text;
    int64_t delay;
};

RIO_AWAITS static inline long send_later(void *arg)
{
    const struct later *l = arg;
    size_t n = strlen(l->text);

    RIO_TRY(await(rio_sleep(l->delay)));
    return await(rio_sendall(l->fd, l->text, n)) == (ssize_t)n ? 0 : -EIO;
}

RIO_AWAITS static inline long send_text(int fd, const char *text)
{
    return await(send_later(&(struct later){fd, text, 0}));
}

/* A directory with room for one socket. */
struct place {
    char dir[32];
    char address[48]; /* "unix:" and the path of the socket */
    const char *path;
};

static inline bool place_make(struct place *p)
{
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/rio-case-XXXXXX");
    if (mkdtemp(p->dir) == NULL)
        return false;
    (void)snprintf(p->address, sizeof p->address, "unix:%s/s", p->dir);
    p->path = p->address + 5;
    return true;
}

static inline bool place_remove(const struct place *p)
{
    return rmdir(p->dir) == 0; /* the socket is gone */
}

struct port {
    char text[8];
};

static inline struct port port_of(const rio_server *s)
{
    struct sockaddr_in sa = {0};
    socklen_t len = sizeof sa;
    struct port p;

    (void)getsockname(rio_server_fd(s), (struct sockaddr *)&sa, &len);
    (void)snprintf(p.text, sizeof p.text, "%u", (unsigned)ntohs(sa.sin_port));
    return p;
}

RIO_AWAITS static inline long close_server(rio_server *s)
{
    rio_server_close(s);
    return await(rio_server_wait_closed(s));
}

/* Connects, says "hello\n" and expects to hear it.  Returns  0, or what went wrong */
RIO_AWAITS static inline long say_hello(const char *host, const char *port)
{
    rio_stream *s;
    char line[16] = "";
    ssize_t n;

    RIO_TRY(await(rio_open_connection(host, port, &s)));
    RIO_IGNORE(rio_stream_write(s, "hello\n", 6));
    n = await(rio_stream_readline(s, line, sizeof line));
    RIO_IGNORE(rio_stream_close(s));
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    if (n < 0)
        return n;
    return strcmp(line, "hello\n") == 0 ? 0 : -ENODATA;
}

#endif
