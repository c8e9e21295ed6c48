/* resolve.c - host and port to socket addresses, by getaddrinfo; see resolve.h.
 *
 * A lookup in a thread cannot be called back, and may take many seconds.  Whoever gives
 * up does not wait for it: the lookup has a block of its own, which is freed when the
 * thread has told the loop of its end.
 * SPDX-License-Identifier: MIT */
#include "rio/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "rio/executor.h"

/* A task that waits for a lookup; on its stack. */
struct asker {
    struct rio__wait wait;
    struct lookup *lookup; /* NULL: given up */
    bool ended;
};

struct lookup {
    struct rio__work work;
    struct rio__remote remote;
    rio_executor *executor;
    struct asker *asker; /* NULL: nobody wants it any more */
    struct addrinfo hints, *result;
    int rc;
    const char *port; /* behind the host */
    char host[];
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

/* ---- in a thread ---- */

static void free_lookup(struct lookup *l)
{
    if (l->result != NULL)
        freeaddrinfo(l->result);
    free(l);
}

/* In the thread.  When it has told the loop the lookup may be gone. */
static void run_lookup(struct rio__work *w)
{
    struct lookup *l = RQ_CONTAINER_OF(w, struct lookup, work);

    l->rc = errno_of(getaddrinfo(l->host, l->port, &l->hints, &l->result));
    rq_ignore(rio__loop_remote(l->executor->loop, &l->remote)); /* it waits for us */
}

/* In the loop. */
static void lookup_ended(struct rio__remote *r)
{
    struct lookup *l = RQ_CONTAINER_OF(r, struct lookup, remote);
    struct asker *a = l->asker;

    rio__executor_done(l->executor);
    if (a == NULL) {
        free_lookup(l);
        return;
    }
    a->ended = true;
    rio__task_wake(a->wait.task);
}

static void give_up(struct rio__wait *wait)
{
    struct asker *a = RQ_CONTAINER_OF(wait, struct asker, wait);
    struct lookup *l = a->lookup;

    if (a->ended)
        return;
    a->lookup = NULL;
    l->asker = NULL;
    if (rio__executor_withdraw(l->executor, &l->work))
        free_lookup(l);
    wait->cancelled = true;
    rio__task_wake(wait->task);
}

static struct lookup *new_lookup(const char *host, const char *port,
                                 const struct addrinfo *hints)
{
    size_t host_size = strlen(host) + 1, port_size = strlen(port) + 1;
    struct lookup *l = calloc(1, sizeof *l + host_size + port_size);

    if (l == NULL)
        return NULL;
    memcpy(l->host, host, host_size);
    memcpy(l->host + host_size, port, port_size);
    l->port = l->host + host_size;
    l->hints = *hints;
    l->work.run = run_lookup;
    l->remote.run = lookup_ended;
    rq_list_init(&l->work.link);
    return l;
}

RIO_AWAITS static int look_up_in_thread(const char *host, const char *port,
                                        const struct addrinfo *hints,
                                        struct addrinfo **out)
{
    struct rio__task *t = rio__task_self();
    struct asker a = {.wait = {.task = t, .cancel = give_up, .what = "resolver"}};
    struct lookup *l;
    int rc;

    if (rio__cancel_take(t))
        return -ECANCELED;
    l = new_lookup(host, port, hints);
    if (l == NULL)
        return -ENOMEM;
    a.lookup = l;
    l->asker = &a;
    l->executor = rio__executor_default(t->f.loop);
    rc = l->executor == NULL ? -ENOMEM : rio__executor_submit(l->executor, &l->work);
    if (rc < 0) {
        free_lookup(l);
        return rc;
    }
    RIO_IGNORE(await(rio__task_park_raw(&a.wait)));
    if (!a.ended) {
        rio__cancel_delivered(t);
        return -ECANCELED;
    }
    rc = l->rc;
    if (rc == 0) {
        *out = l->result;
        l->result = NULL;
    }
    free_lookup(l);
    return rc;
}

/* ---- of the runtime ---- */

int rio__resolve(const char *host, const char *port, bool passive,
                 struct addrinfo **out)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
                                         (passive ? AI_PASSIVE : 0)};
    uint64_t number;
    int rc;

    if (port == NULL || (host == NULL && !passive))
        return -EINVAL;
    /* getaddrinfo would cut 99999 to sixteen bits. */
    if (rq_num_u64(rq_slice_str(port), 0, UINT16_MAX, &number) < 0)
        return -EINVAL;
    rc = errno_of(getaddrinfo(host, port, &hints, out)); /* a number needs no thread */
    if (rc != -ENOENT || host == NULL)
        return rc;
    hints.ai_flags &= ~AI_NUMERICHOST;
    return await(look_up_in_thread(host, port, &hints, out));
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
