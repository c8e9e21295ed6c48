/* listen.c - a TCP socket that listens on a numeric address.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rio-http/server.h"

enum { MAX_PORT = 65535, BACKLOG = 1024 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Returns  the length of the address.  Errors  -EINVAL */
static int parse(const char *host, unsigned port, union address *out)
{
    *out = (union address){0};
    if (port > MAX_PORT)
        return -EINVAL;
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons((uint16_t)port);
        return sizeof out->v4;
    }
    if (inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)port);
        return sizeof out->v6;
    }
    return -EINVAL;
}

int rio__http_listen(const char *host, unsigned port)
{
    union address address;
    int fd, on = 1, size = parse(host == NULL ? "127.0.0.1" : host, port, &address);

    if (size < 0)
        return size;
    fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, &address.any, (socklen_t)size) < 0 || listen(fd, BACKLOG) < 0) {
        int err = errno;

        (void)close(fd);
        return -err;
    }
    return fd;
}
