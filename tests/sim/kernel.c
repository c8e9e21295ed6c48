/* kernel - descriptors, and the end of what they stand for.
 *
 * As in Linux: what was sent before an end is still read; whoever is left with unread
 * bytes, or was never accepted, gets ECONNRESET.
 * SPDX-License-Identifier: MIT */
#include "sim/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "sim/kernel_calls.h"

enum { FIRST = 512 /* far from those of the real kernel */, FILES_MAX = 256 };

static struct kfile *files[FILES_MAX];

int kernel_fail(int error)
{
    errno = error;
    return -1;
}

/* ---- descriptors ---- */

struct kfile *kfile_of(int fd)
{
    return fd < FIRST || fd >= FIRST + FILES_MAX ? NULL : files[fd - FIRST];
}

struct kfile *kfile_make(enum kfile_kind kind)
{
    struct kfile *f = calloc(1, sizeof *f);

    if (f == NULL)
        return NULL;
    f->kind = kind;
    f->status_flags = O_RDWR;
    rq_list_init(&f->news);
    rq_list_init(&f->waiting);
    return f;
}

int kfile_number(struct kfile *f)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (files[i] == NULL) {
            files[i] = f;
            return FIRST + i;
        }
    return -EMFILE;
}

int kfile_open(enum kfile_kind kind)
{
    struct kfile *f = kfile_make(kind);
    int fd = f == NULL ? -ENOMEM : kfile_number(f);

    if (fd >= 0)
        return fd;
    free(f);
    return kernel_fail(-fd);
}

/* ---- the end of a socket ---- */

/* What the other one sees of it. */
static void bereave(struct kfile *peer, bool is_reset)
{
    peer->peer = NULL;
    peer->in_is_over = peer->out_is_over = true;
    if (is_reset)
        peer->error = ECONNRESET;
    kfile_tell(peer);
}

static void free_file(struct kfile *f)
{
    struct rq_list *link;

    for (size_t i = 0; i < FILES_MAX && f->kind == KFILE_EPOLL; i++)
        if (files[i] != NULL && files[i]->epoll == f)
            kfile_unwatch(files[i]);
    kfile_unwatch(f);
    while (f->is_listening && (link = rq_list_pop_front(&f->waiting)) != NULL) {
        struct kfile *embryo = RQ_LIST_ENTRY(link, struct kfile, waiting);

        embryo->len = 1; /* as if unread */
        free_file(embryo);
    }
    rq_list_remove(&f->waiting);
    if (f->peer != NULL)
        bereave(f->peer, f->len > 0);
    kernel_unbind(f);
    free(f->bytes);
    free(f);
}

int __wrap_close(int fd)
{
    struct kfile *f = kfile_of(fd);

    if (f == NULL)
        return __real_close(fd);
    files[fd - FIRST] = NULL;
    free_file(f);
    return 0;
}

int __wrap_socket(int family, int type, int protocol)
{
    if (family != AF_UNIX)
        return __real_socket(family, type, protocol);
    return kfile_open(KFILE_SOCKET);
}

/* ---- life ---- */

void kernel_start(void)
{
    size_t left = kernel_stop();

    ASSERT(left == 0);
}

size_t kernel_stop(void)
{
    size_t left = 0;

    for (int i = 0; i < FILES_MAX; i++)
        if (files[i] != NULL) {
            left++;
            rq_ignore(__wrap_close(FIRST + i));
        }
    kernel_forget_paths();
    kernel_forget_files();
    return left;
}
