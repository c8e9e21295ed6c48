/* kernel_paths - the paths that listeners are bound to, and how a connection is made.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/assert.h"
#include "sim/kernel.h"
#include "sim/kernel_calls.h"

enum { PATHS_MAX = 8, DEVICE = 77 };

/* A socket's name stays when the socket has gone, until it is unlinked. */
static struct path {
    char name[KFILE_PATH];
    struct kfile *bound; /* NULL: nobody listens any more */
    ino_t number;
} paths[PATHS_MAX];

static ino_t numbers;

static struct path *find_path(const char *name)
{
    for (size_t i = 0; i < PATHS_MAX; i++)
        if (paths[i].name[0] != '\0' && strcmp(paths[i].name, name) == 0)
            return &paths[i];
    return NULL;
}

static struct path *free_path(void)
{
    for (size_t i = 0; i < PATHS_MAX; i++)
        if (paths[i].name[0] == '\0')
            return &paths[i];
    return NULL;
}

static int stat_path(const struct path *p, struct stat *st)
{
    memset(st, 0, sizeof *st);
    st->st_mode = S_IFSOCK | 0600;
    st->st_dev = DEVICE;
    st->st_ino = p->number;
    return 0;
}

int __wrap_stat(const char *name, struct stat *st)
{
    const struct path *p = find_path(name);

    return p == NULL ? __real_stat(name, st) : stat_path(p, st);
}

int __wrap_lstat(const char *name, struct stat *st)
{
    const struct path *p = find_path(name);

    return p == NULL ? __real_lstat(name, st) : stat_path(p, st);
}

int __wrap_stat64(const char *name, struct stat *st)
{
    return __wrap_stat(name, st);
}

int __wrap_lstat64(const char *name, struct stat *st)
{
    return __wrap_lstat(name, st);
}

int __wrap_unlink(const char *name)
{
    struct path *p = find_path(name);

    if (p == NULL)
        return __real_unlink(name);
    p->name[0] = '\0';
    p->bound = NULL;
    return 0;
}

/* ---- making connections ---- */

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t len)
{
    const char *name = ((const struct sockaddr_un *)(const void *)address)->sun_path;
    struct kfile *f = kfile_of(fd);

    if (f == NULL)
        return __real_bind(fd, address, len);
    if (find_path(name) != NULL)
        return kernel_fail(EADDRINUSE);
    struct path *p = free_path();
    ASSERT(p != NULL && strlen(name) < KFILE_PATH);
    memcpy(p->name, name, strlen(name) + 1);
    p->bound = f;
    p->number = ++numbers;
    return 0;
}

int __wrap_listen(int fd, int backlog)
{
    struct kfile *f = kfile_of(fd);

    if (f == NULL)
        return __real_listen(fd, backlog);
    f->is_listening = true;
    f->backlog = (size_t)backlog;
    return 0;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    const char *name = ((const struct sockaddr_un *)(const void *)address)->sun_path;
    struct kfile *f = kfile_of(fd), *listener;

    if (f == NULL)
        return __real_connect(fd, address, len);
    const struct path *p = find_path(name);
    if (p == NULL)
        return kernel_fail(ENOENT);
    listener = p->bound;
    if (listener == NULL || !listener->is_listening)
        return kernel_fail(ECONNREFUSED);
    if (listener->waiting_count > listener->backlog)
        return kernel_fail(EAGAIN);
    struct kfile *embryo = kfile_make(KFILE_SOCKET);
    if (embryo == NULL)
        return kernel_fail(ENOMEM);
    embryo->peer = f;
    f->peer = embryo;
    rq_list_push_back(&listener->waiting, &embryo->waiting);
    listener->waiting_count++;
    kfile_tell(listener);
    kfile_tell(f);
    return 0;
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    struct kfile *f = kfile_of(fd);

    if (f == NULL)
        return __real_accept4(fd, address, len, flags);
    if (rq_list_empty(&f->waiting))
        return kernel_fail(EAGAIN);
    struct kfile *embryo = RQ_LIST_ENTRY(f->waiting.next, struct kfile, waiting);
    int rc = kfile_number(embryo);
    if (rc < 0)
        return kernel_fail(-rc);
    rq_list_remove(&embryo->waiting);
    f->waiting_count--;
    if (address != NULL && *len >= sizeof(sa_family_t)) {
        address->sa_family = AF_UNIX;
        *len = sizeof(sa_family_t);
    }
    return rc;
}

/* ---- the end ---- */

void kernel_unbind(const struct kfile *f)
{
    for (size_t i = 0; i < PATHS_MAX; i++)
        if (paths[i].bound == f)
            paths[i].bound = NULL;
}

void kernel_forget_paths(void)
{
    memset(paths, 0, sizeof paths);
    numbers = 0;
}
