/* io_host.c - which backend a loop gets, and what all of them share: clock and chance.
 *
 * io_uring is refused where a seccomp filter (the default of many containers), a sysctl
 * or the kernel's age forbids it.  That is the machine's business, so epoll takes over
 * and the program can ask for the reason.  No memory is an error: it would hit epoll as
 * well, and a server that is slow for ever because of one bad moment helps nobody.
 * SPDX-License-Identifier: MIT */
#include "rio/io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/assert.h"
#include "rio/loop.h"

static const struct refusal {
    int err;
    const char *name, *cause;
} refusals[] = {
    {EPERM, "EPERM", "seccomp?"},
    {ENOSYS, "ENOSYS", "seccomp, or a kernel without it?"},
    {EINVAL, "EINVAL", "Linux before 6.1?"},
    {EOPNOTSUPP, "EOPNOTSUPP", "Linux before 6.1?"},
};

static const struct refusal *find_refusal(int err)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i].err == err)
            return &refusals[i];
    return NULL;
}

/* kernel.io_uring_disabled: 1 for processes without a certain group, 2 for all. */
static bool is_disabled(void)
{
    FILE *f = fopen("/proc/sys/kernel/io_uring_disabled", "re");
    int c;

    if (f == NULL)
        return false; /* before Linux 6.6 */
    c = fgetc(f);
    (void)fclose(f);
    return c == '1' || c == '2';
}

static void explain(struct rio_loop *loop, const char *what, const struct refusal *r)
{
    const char *cause = r->cause;

    if (r->err == EPERM && is_disabled())
        cause = "sysctl kernel.io_uring_disabled";
    (void)snprintf(loop->io_reason, sizeof loop->io_reason, "%s: %s; %s", what, r->name,
                   cause);
}

struct rio_backend *rio__io_new(struct rio_loop *loop, unsigned flags,
                                const struct rio_sim_opts *sim)
{
    struct rio_backend *b;
    const struct refusal *why;
    const char *what;
    int err;

    if (flags & RIO_IO_SIM)
        return rio__sim_new(loop, sim);
    if (flags & RIO_IO_EPOLL)
        return rio__epoll_new(loop);
    b = rio__uring_new(loop, &what);
    if (b != NULL)
        return b;
    err = errno;
    why = find_refusal(err);
    if (why != NULL && !(flags & RIO_IO_URING)) {
        explain(loop, what, why);
        return rio__epoll_new(loop);
    }
    (void)fprintf(stderr, "rio: %s: %s\n", what, strerror(err));
    errno = err;
    return NULL;
}

int64_t rio__io_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * RIO_SEC + ts.tv_nsec;
}

void rio__io_random(void *out, size_t n)
{
    char *at = out;

    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);

        ASSERT(got > 0 || errno == EINTR);
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
}
