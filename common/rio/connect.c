/* connect.c - rio_open_connection: a stream to a host with one address or several.
 *
 * The addresses are tried one after the other, or raced (RFC 8305): each attempt is a
 * task, which starts when the one before has failed or has had its time.  The first one
 * that connects cancels the others, and all have ended before the call returns.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "rio/resolve.h"
#include "rio/task.h"

enum { ATTEMPTS_MAX = 16 }; /* addresses beyond that are not raced */

/* Returns  the connected descriptor */
RIO_AWAITS static int connect_to(int family, const struct sockaddr *sa, socklen_t len)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc;

    if (fd < 0)
        return -errno;
    rc = await(rio_connect(fd, sa, len));
    if (rc == 0)
        return fd;
    (void)close(fd);
    return rc;
}

RIO_AWAITS static int connect_in_turn(const struct addrinfo *list)
{
    int rc = -ENOENT;

    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        rc = await(connect_to(a->ai_family, a->ai_addr, a->ai_addrlen));
        if (rc >= 0 || rc == -ECANCELED)
            break;
    }
    return rc;
}

/* ---- the race ---- */

struct attempt {
    struct race *race;
    const struct addrinfo *to;
    struct attempt *before; /* NULL: the first one */
    rio_event failed;
};

struct race {
    int64_t delay;
    rio_group group;
    int fd;  /* of the winner, or -1 */
    int err; /* of the last one that has failed */
    size_t count;
    struct attempt attempts[ATTEMPTS_MAX];
};

/* Returns  0 when it is this one's turn */
RIO_AWAITS static long wait_turn(struct attempt *a)
{
    rio_timeout limit;
    long rc;

    if (a->before == NULL)
        return 0;
    RIO_TRY(rio_timeout_enter(&limit, a->race->delay));
    rc = await(rio_event_wait(&a->before->failed));
    rc = rio_timeout_exit(&limit, rc);
    return rc == -ETIMEDOUT ? 0 : rc;
}

static long run_attempt(void *arg)
{
    struct attempt *a = arg;
    struct race *r = a->race;
    long rc = await(wait_turn(a));

    if (rc == 0)
        rc = await(connect_to(a->to->ai_family, a->to->ai_addr, a->to->ai_addrlen));
    if (rc >= 0 && r->fd >= 0) {
        (void)close((int)rc); /* two at once */
    } else if (rc >= 0) {
        r->fd = (int)rc;
        rio_group_cancel(&r->group);
    } else if (rc != -ECANCELED) {
        r->err = (int)rc;
        rio_event_set(&a->failed);
    }
    return 0;
}

/* As getaddrinfo has sorted them, but each second one of another family than the first,
 * as long as there are such. */
static void line_up(struct race *r, const struct addrinfo *list)
{
    const struct addrinfo *first = list, *other = list;

    while (r->count < ATTEMPTS_MAX) {
        bool odd = r->count % 2 == 1;
        struct attempt *a = &r->attempts[r->count];

        while (first != NULL && first->ai_family != list->ai_family)
            first = first->ai_next;
        while (other != NULL && other->ai_family == list->ai_family)
            other = other->ai_next;
        if (first == NULL && other == NULL)
            return;
        *a = (struct attempt){.race = r, .before = r->count == 0 ? NULL : a - 1};
        if (first == NULL || (odd && other != NULL)) {
            a->to = other;
            other = other->ai_next;
        } else {
            a->to = first;
            first = first->ai_next;
        }
        r->count++;
    }
}

RIO_AWAITS static int connect_racing(const struct addrinfo *list, int64_t delay)
{
    struct race r = {.delay = delay, .fd = -1, .err = -ENOENT};
    long rc = rio_group_enter(&r.group);

    if (rc < 0)
        return (int)rc;
    line_up(&r, list);
    for (size_t i = 0; i < r.count && rc == 0; i++)
        if (rio_group_spawn(&r.group, run_attempt, &r.attempts[i]) == NULL)
            rc = -errno;
    rc = await(rio_group_exit(&r.group, rc));
    rio_group_destroy(&r.group);
    if (rc == 0)
        return r.fd >= 0 ? r.fd : r.err;
    if (r.fd >= 0)
        (void)close(r.fd);
    return (int)rc;
}

/* ---- the public face ---- */

RIO_AWAITS static int connect_inet(const char *host, const char *port, int64_t delay)
{
    struct addrinfo *list = NULL;
    int rc = await(rio__resolve(host, port, false, &list));

    if (rc < 0)
        return rc;
    if (delay > 0 && list->ai_next != NULL)
        rc = await(connect_racing(list, delay));
    else
        rc = await(connect_in_turn(list));
    freeaddrinfo(list);
    return rc;
}

int rio_open_connection_ex(const char *host, const char *port,
                           const rio_connect_opts *o, rio_stream **out)
{
    const char *path = rio__unix_path(host);
    struct sockaddr_un sun;
    int rc;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (o != NULL && o->attempt_delay < 0)
        return -EINVAL;
    if (path == NULL) {
        rc = await(connect_inet(host, port, o == NULL ? 0 : o->attempt_delay));
    } else {
        rc = rio__unix_address(path, &sun);
        if (rc == 0)
            rc = await(connect_to(AF_UNIX, (struct sockaddr *)&sun, sizeof sun));
    }
    return rc < 0 ? rc : rio_stream_from_fd(rc, out);
}

int rio_open_connection(const char *host, const char *port, rio_stream **out)
{
    return await(rio_open_connection_ex(host, port, NULL, out));
}
