/* kernel.h - the kernel of the simulated world, as far as the world asks it: unix
 * stream sockets, epoll, eventfd, and the store's one file.
 *
 * The calls are linked in the place of the C library's (--wrap), so librio and the
 * server run as they are.  Most of what a seed cost was system calls; and what is in
 * memory is the same on each machine.  Descriptors of the real kernel go on to it.
 *
 *   kernel.c         descriptors
 *   kernel_paths.c   listeners and connections
 *   kernel_socket.c  what goes through a connection
 *   kernel_watch.c   epoll and eventfd
 *   kernel_disk.c    whole files
 *
 * SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

/* Before each run: nothing is stored, no path is taken. */
void kernel_start(void);
/* Behind each run.  Returns  how many descriptors were left open; they are closed now
 */
size_t kernel_stop(void);

/* ---- between the parts ---- */

enum { KFILE_PATH = 108 };

enum kfile_kind { KFILE_SOCKET, KFILE_EPOLL, KFILE_EVENT };

/* What stands behind a descriptor. */
struct kfile {
    enum kfile_kind kind;
    int status_flags;
    /* How an epoll watches it. */
    struct kfile *epoll; /* NULL: none does */
    struct rq_list news; /* in the epoll's list, when something may have happened */
    uint32_t events;
    uint64_t tag;
    /* A socket. */
    struct kfile *peer;
    struct rq_list
        waiting; /* a listener: whom nobody has accepted yet; else in there */
    size_t waiting_count, backlog;
    bool is_listening, in_is_over, out_is_over, was_full;
    int error;
    uint8_t *bytes; /* received, and not yet read */
    size_t start, len, cap;
    uint64_t count; /* an event's */
};

/* Returns  NULL: the real kernel's, or closed */
struct kfile *kfile_of(int fd);
/* Errors  -1 and errno */
int kfile_open(enum kfile_kind kind);
/* One that has no descriptor yet.  Returns  NULL: no memory */
struct kfile *kfile_make(enum kfile_kind kind);
/* Gives it a descriptor, which owns it.  Errors  -EMFILE */
int kfile_number(struct kfile *f);
/* What holds just now, as epoll says it. */
uint32_t kfile_mask(const struct kfile *f);
/* Something has happened to it. */
void kfile_tell(struct kfile *f);
void kfile_unwatch(struct kfile *f);

/* A call's end.  Returns  -1, and errno is set */
int kernel_fail(int error);
/* It has gone; its path stays. */
void kernel_unbind(const struct kfile *f);
void kernel_forget_paths(void);
void kernel_forget_files(void);

#endif
