/* resolve.c - see resolve.h; and rio_open_connection, its first user.
 * SPDX-License-Identifier: MIT */
#include "rio/resolve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "rio/task.h"

struct lookup {
    const char *host, *port;
    struct addrinfo hints, *result;
};

/* The one place that translates getaddrinfo's codes. */
static int errno_of(int code)
{
    switch (code) {
    case 0:
        return 0;
    case EAI_SYSTEM:
        return errno != 0 ? -errno : -EIO;
    case EAI_AGAIN:
        return -EAGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
    case EAI_FAIL:
        return -ENOENT;
    default:
        return -EINVAL; /* EAI_SERVICE, EAI_FAMILY, EAI_SOCKTYPE, EAI_BADFLAGS */
    }
}

static long look_up(void *arg)
{
    struct lookup *l = arg;

    return errno_of(getaddrinfo(l->host, l->port, &l->hints, &l->result));
}

int rio__resolve(const char *host, const char *port, bool passive,
                 struct addrinfo **out)
{
    struct lookup l = {
        .host = host,
        .port = port,
        .hints = {.ai_family = AF_UNSPEC,
                  .ai_socktype = SOCK_STREAM,
                  .ai_flags =
                      AI_NUMERICHOST | AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)},
    };
    long rc;

    uint64_t number;

    if (port == NULL || (host == NULL && !passive))
        return -EINVAL;
    /* getaddrinfo would cut 99999 to sixteen bits. */
    if (rq_num_u64(rq_slice_str(port), 0, UINT16_MAX, &number) < 0)
        return -EINVAL;
    rc = look_up(&l); /* a number needs no thread */
    if (rc == -ENOENT) {
        l.hints.ai_flags &= ~AI_NUMERICHOST;
        rc = await(rio_to_thread(look_up, &l));
    }
    if (rc == 0)
        *out = l.result;
    return (int)rc;
}

const char *rio__unix_path(const char *host)
{
    return host != NULL && strncmp(host, "unix:", 5) == 0 ? host + 5 : NULL;
}

int rio__unix_address(const char *path, struct sockaddr_un *out)
{
    size_t len = strlen(path);

    if (len == 0)
        return -EINVAL;
    if (len >= sizeof out->sun_path)
        return -ENAMETOOLONG;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, path, len);
    return 0;
}

/* ---- rio_open_connection ---- */

RIO_AWAITS static int open_one(int family, const struct sockaddr *sa, socklen_t len,
                               rio_stream **out)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc;

    if (fd < 0)
        return -errno;
    rc = await(rio_connect(fd, sa, len));
    if (rc < 0) {
        (void)close(fd);
        return rc;
    }
    return rio_stream_from_fd(fd, out);
}

int rio_open_connection(const char *host, const char *port, rio_stream **out)
{
    const char *path = rio__unix_path(host);
    struct addrinfo *list = NULL;
    struct sockaddr_un sun;
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (path != NULL) {
        rc = rio__unix_address(path, &sun);
        if (rc < 0)
            return rc;
        return await(open_one(AF_UNIX, (struct sockaddr *)&sun, sizeof sun, out));
    }
    rc = await(rio__resolve(host, port, false, &list));
    if (rc < 0)
        return rc;
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        rc = await(open_one(a->ai_family, a->ai_addr, a->ai_addrlen, out));
        if (rc >= 0 || rc == -ECANCELED)
            break;
    }
    freeaddrinfo(list);
    return rc;
}
