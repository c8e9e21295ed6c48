/* listener.c - see listener.h.
 * SPDX-License-Identifier: MIT */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/num.h"
#include "base/slice.h"

enum { WHY = 200, BACKLOG = 4096 };

static int fail(char *why, int rc, const char *address, const char *advice)
{
    snprintf(why, WHY, "cannot listen on %.60s: %.120s", address, advice);
    return rc;
}

/* ---- unix sockets ---- */

/* Does anybody answer at the path? */
static bool is_alive(const struct sockaddr_un *sa)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0;

    if (fd >= 0)
        close(fd);
    return alive;
}

static int open_unix(const char *address, const char *path, char *why)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct stat st;

    if (strlen(path) >= sizeof sa.sun_path)
        return fail(why, -ENAMETOOLONG, address,
                    "a socket's path has at most 107 bytes");
    memcpy(sa.sun_path, path, strlen(path) + 1);
    if (lstat(path, &st) == 0) {
        if (!S_ISSOCK(st.st_mode))
            return fail(why, -EEXIST, address, "the file exists and is no socket");
        if (is_alive(&sa))
            return fail(why, -EADDRINUSE, address, "another server listens there");
        if (unlink(path) < 0)
            return fail(why, -errno, address, strerror(errno));
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(why, -errno, address, strerror(errno));
    mode_t mask = umask(0177);
    int rc = bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ? -errno : 0;
    umask(mask);
    if (rc == 0 && listen(fd, BACKLOG) < 0)
        rc = -errno;
    if (rc < 0) {
        close(fd);
        return fail(why, rc, address, strerror(-rc));
    }
    return fd;
}

/* ---- TCP ---- */

struct endpoint {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } sa;
    socklen_t len;
};

static bool is_loopback(const struct endpoint *e)
{
    if (e->sa.any.sa_family == AF_INET)
        return ntohl(e->sa.v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&e->sa.v6.sin6_addr);
}

/* Splits at the last colon; takes the brackets off a v6 host. */
static int parse_endpoint(const char *address, struct endpoint *out)
{
    const char *colon = strrchr(address, ':');
    char host[64];
    uint64_t port;

    memset(out, 0, sizeof *out);
    if (colon == NULL || rq_num_u64(rq_slice_str(colon + 1), 0, 65535, &port) < 0)
        return -EINVAL;
    size_t len = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof host)
        return -EINVAL;
    memcpy(host, address, len);
    host[len] = '\0';
    if (strcmp(host, "localhost") == 0)
        memcpy(host, "127.0.0.1", sizeof "127.0.0.1");

    out->sa.v4 =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    out->len = sizeof out->sa.v4;
    if (inet_pton(AF_INET, host, &out->sa.v4.sin_addr) == 1)
        return 0;
    out->sa.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                       .sin6_port = htons((uint16_t)port)};
    out->len = sizeof out->sa.v6;
    return inet_pton(AF_INET6, host, &out->sa.v6.sin6_addr) == 1 ? 0 : -EINVAL;
}

/* Dead peers are found after 90 s: by keepalive, as a worker may be silent in GET for
 * hours; and, as keepalive is silent itself while bytes are on their way, by the
 * longest time that those may take.  Accepted sockets inherit these options. */
static int set_options(int fd)
{
    const struct {
        int level, option, value;
    } options[] = {
        {SOL_SOCKET, SO_REUSEADDR, 1},          {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_NODELAY, 1},          {IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 10},       {IPPROTO_TCP, TCP_KEEPCNT, 3},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 90000},
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (setsockopt(fd, options[i].level, options[i].option, &options[i].value,
                       sizeof options[i].value) < 0)
            return -errno;
    return 0;
}

static int open_tcp(const char *address, char *why, uint16_t *out_port)
{
    struct endpoint e;

    if (parse_endpoint(address, &e) < 0)
        return fail(why, -EINVAL, address,
                    "say ADDRESS:PORT with a numeric address, or unix:/path");
    if (!is_loopback(&e))
        return fail(
            why, -EACCES, address,
            "connections are not encrypted, so only loopback is allowed; use 127.0.0.1 "
            "or a unix socket, and a tunnel from elsewhere");
    int fd = socket(e.sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(why, -errno, address, strerror(errno));
    int rc = set_options(fd);
    if (rc == 0 && (bind(fd, &e.sa.any, e.len) < 0 || listen(fd, BACKLOG) < 0 ||
                    getsockname(fd, &e.sa.any, &e.len) < 0))
        rc = -errno;
    if (rc < 0) {
        close(fd);
        return fail(why, rc, address,
                    rc == -EADDRINUSE
                        ? "another program has the port; choose one, or 0 for any"
                        : strerror(-rc));
    }
    *out_port =
        ntohs(e.sa.any.sa_family == AF_INET ? e.sa.v4.sin_port : e.sa.v6.sin6_port);
    return fd;
}

int listener_open(const char *address, char *why, uint16_t *out_port)
{
    *out_port = 0;
    if (strncmp(address, "unix:", 5) == 0)
        return open_unix(address, address + 5, why);
    return open_tcp(address, why, out_port);
}
