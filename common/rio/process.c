/* process.c - child processes: spawned in a thread, watched by a pidfd.
 *
 *     running -> ended (reaped, the status is kept)        freed: closed and ended
 *
 * posix_spawn shares the memory until the exec, so that neither ring nor threads are
 * forked.  A pipe is a socket pair: the parent's end is a stream as any other.  Every
 * descriptor of ours is close-on-exec; the child's three are set by dup2.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rio/stream.h"

enum {
    ALL_FLAGS = 127,
    STATUS_LOST = 255, /* somebody else reaped it; asyncio's number */
    OUTPUT_MAX = 1 << 30,
};

struct rio_process {
    struct rio_loop *loop;
    struct rq_list link; /* in loop->processes */
    pid_t pid;
    int pidfd; /* -1 once it has ended */
    int status;
    bool ended, closed;
    size_t waiting; /* tasks inside wait_end() */
    rio_waitq waiters;
    rio_stream *streams[3];
};

/* ---- spawn ---- */

struct spawn {
    char *const *argv;
    int child[3], parent[3]; /* -1: inherited; no pipe */
    bool err_to_out;
    pid_t pid;
};

static void close_all(int fd[3])
{
    for (int i = 0; i < 3; i++) {
        if (fd[i] >= 0)
            (void)close(fd[i]);
        fd[i] = -1;
    }
}

/* Moves a descriptor out of the way of 0, 1 and 2. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int err = errno;

    (void)close(fd);
    return moved < 0 ? -err : moved;
}

static int open_one(struct spawn *s, int i, bool pipe, bool null)
{
    int pair[2];

    if (pipe) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
            return -errno;
        s->parent[i] = pair[0];
    } else if (null) {
        pair[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (pair[1] < 0)
            return -errno;
    } else {
        return 0;
    }
    s->child[i] = move_up(pair[1]);
    return s->child[i] < 0 ? s->child[i] : 0;
}

static int open_ends(struct spawn *s, unsigned flags)
{
    int rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++)
        rc = open_one(s, i, (flags & (unsigned)RIO_PIPE_IN << i) != 0,
                      (flags & (unsigned)RIO_NULL_IN << i) != 0);
    return rc;
}

static int set_up(const struct spawn *s, posix_spawn_file_actions_t *actions,
                  posix_spawnattr_t *attr)
{
    sigset_t none, restored;
    int rc = 0;

    for (int i = 0; i < 3 && rc == 0; i++)
        if (s->child[i] >= 0)
            rc = posix_spawn_file_actions_adddup2(actions, s->child[i], i);
    if (rc == 0 && s->err_to_out)
        rc = posix_spawn_file_actions_adddup2(actions, 1, 2);
    (void)sigemptyset(&none);
    (void)sigemptyset(&restored);
    (void)sigaddset(&restored, SIGPIPE);
    (void)sigaddset(&restored, SIGXFSZ);
    (void)posix_spawnattr_setsigmask(attr, &none);
    (void)posix_spawnattr_setsigdefault(attr, &restored);
    (void)posix_spawnattr_setflags(attr,
                                   POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return rc;
}

static long spawn(void *arg)
{
    struct spawn *s = arg;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&actions);

    if (rc != 0)
        return -rc;
    rc = posix_spawnattr_init(&attr);
    if (rc == 0) {
        rc = set_up(s, &actions, &attr);
        if (rc == 0)
            rc = posix_spawnp(&s->pid, s->argv[0], &actions, &attr, s->argv, environ);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return -rc;
}

/* ---- life ---- */

static void release(rio_process *p)
{
    if (!p->closed || !p->ended || p->waiting > 0)
        return;
    rq_list_remove(&p->link);
    free(p);
}

/* Returns  false: it still runs */
static bool reap(rio_process *p)
{
    siginfo_t info = {0};

    if (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED | WNOHANG) < 0)
        p->status = STATUS_LOST;
    else if (info.si_pid == 0)
        return false;
    else
        p->status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    (void)close(p->pidfd);
    p->pidfd = -1;
    p->ended = true;
    return true;
}

static void on_end(struct rio_op *op, int res, unsigned flags)
{
    rio_process *p = op->owner;

    (void)flags;
    (void)res; /* whatever it says: waitid knows */
    if (!reap(p)) {
        rio__op_again(op);
        return;
    }
    while (rio__waitq_wake(&p->waiters))
        continue;
    release(p);
}

static int watch(rio_process *p)
{
    struct rio_op *op = rio__op_new(p->loop, RIO_OP_POLL, p->pidfd, on_end, p);

    if (op == NULL)
        return -ENOMEM;
    op->arg = POLLIN;
    rio__op_submit(p->loop, op);
    return 0;
}

static void free_streams(rio_process *p)
{
    for (int i = 0; i < 3; i++) {
        rio_stream_free(p->streams[i]);
        p->streams[i] = NULL;
    }
}

/* Makes the handle of a child that runs.  Errors  then the child is gone, too */
static int adopt(rio_process *p, struct spawn *s)
{
    int rc = 0;

    p->pid = s->pid;
    p->pidfd = pidfd_open(s->pid, 0);
    if (p->pidfd < 0)
        rc = -errno;
    for (int i = 0; i < 3 && rc == 0; i++) {
        if (s->parent[i] < 0)
            continue;
        rc = rio_stream_from_fd(s->parent[i], &p->streams[i]);
        s->parent[i] = -1; /* consumed */
    }
    if (rc == 0)
        rc = watch(p);
    if (rc == 0)
        return 0;
    free_streams(p);
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0); /* it is as good as gone */
    if (p->pidfd >= 0)
        (void)close(p->pidfd);
    return rc;
}

static bool is_sound(char *const argv[], unsigned flags)
{
    unsigned both = flags & flags >> 4; /* a pipe and /dev/null */

    return argv != NULL && argv[0] != NULL && (flags & ~(unsigned)ALL_FLAGS) == 0 &&
           (both & 7) == 0 &&
           !((flags & RIO_ERR_TO_OUT) && (flags & (RIO_PIPE_ERR | RIO_NULL_ERR)));
}

RIO_AWAITS static int start(rio_process *p, struct spawn *s, unsigned flags)
{
    long rc = open_ends(s, flags);

    if (rc == 0)
        rc = await(rio_to_thread(spawn, s));
    close_all(s->child);
    if (rc == 0)
        rc = adopt(p, s);
    close_all(s->parent);
    return (int)rc;
}

int rio_create_subprocess_exec(char *const argv[], unsigned flags, rio_process **out)
{
    struct rio__task *t = rio__task_self();
    struct spawn s = {.argv = argv,
                      .child = {-1, -1, -1},
                      .parent = {-1, -1, -1},
                      .err_to_out = (flags & RIO_ERR_TO_OUT) != 0};
    rio_process *p;
    int rc;

    if (t == NULL)
        return -EPERM;
    if (!is_sound(argv, flags))
        return -EINVAL;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    p->loop = t->f.loop;
    rc = await(start(p, &s, flags));
    if (rc < 0) {
        free(p);
        return rc;
    }
    rq_list_push_back(&p->loop->processes, &p->link);
    if (rio__cancel_take(t)) {
        rio_process_close(p); /* nobody would */
        return -ECANCELED;
    }
    *out = p;
    return 0;
}

void rio_process_close(rio_process *p)
{
    if (p == NULL || p->closed)
        return;
    p->closed = true;
    free_streams(p);
    if (!p->ended)
        (void)pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
    release(p); /* or when it is reaped */
}

bool rio__processes_run(const struct rio_loop *l)
{
    RQ_LIST_EACH(link, &l->processes)
    {
        if (!RQ_LIST_ENTRY(link, rio_process, link)->ended)
            return true;
    }
    return false;
}

void rio__processes_close(struct rio_loop *l)
{
    RQ_LIST_EACH_SAFE(link, &l->processes)
    {
        rio_process_close(RQ_LIST_ENTRY(link, rio_process, link));
    }
}

/* ---- use ---- */

rio_stream *rio_process_stream(rio_process *p, int fd)
{
    return fd < 0 || fd > 2 ? NULL : p->streams[fd];
}

int rio_process_send_signal(rio_process *p, int signo)
{
    if (p->ended)
        return -ESRCH;
    return pidfd_send_signal(p->pidfd, signo, NULL, 0) < 0 ? -errno : 0;
}

/* Returns  0, and the status; or -ECANCELED, -EPERM */
RIO_AWAITS static int wait_end(rio_process *p, int *out_status)
{
    struct rio__waiter w;
    int rc = 0;

    p->waiting++;
    if (!p->ended)
        rc = await(rio__waitq_wait(&p->waiters, &w, "process"));
    p->waiting--;
    *out_status = p->status;
    release(p);
    return rc;
}

int rio_process_wait(rio_process *p)
{
    int status, rc = await(wait_end(p, &status));

    return rc < 0 ? rc : status;
}

/* A child that does not want its input is none of our errors. */
static int feed(rio_stream *s, const void *in, size_t n)
{
    int rc = rio_stream_write(s, in, n);

    RIO_IGNORE(rio_stream_close(s)); /* sends what is unsent first */
    return rc == -ENOMEM || rc == -ENOBUFS ? rc : 0;
}

/* Why the input did not go out, unless it was the child's doing. */
static int feed_error(const rio_stream *s)
{
    return !s->lost || s->err == -EPIPE || s->err == -ECONNRESET ? 0 : s->err;
}

int rio_process_communicate(rio_process *p, const void *in, size_t inlen, void **out,
                            size_t *outlen)
{
    rio_stream *input = p->streams[0];
    void *text = NULL;
    ssize_t n = 0;
    int rc = 0, status;

    if (rio__task_self() == NULL)
        return -EPERM;
    if (p->closed || (inlen > 0 && input == NULL))
        return -EINVAL;
    if (p->streams[2] != NULL) /* it may fill up while nobody reads it */
        rio_stream_set_limits(p->streams[2], OUTPUT_MAX, 64 << 10);
    if (input != NULL)
        rc = feed(input, in, inlen);
    if (rc == 0 && p->streams[1] != NULL)
        n = await(rio_stream_readall(p->streams[1], OUTPUT_MAX, &text));
    if (rc == 0 && n < 0)
        rc = (int)n;
    if (rc == 0)
        rc = await(wait_end(p, &status));
    if (rc == 0 && input != NULL)
        rc = feed_error(input);
    if (rc < 0 || out == NULL) {
        free(text);
        return rc;
    }
    *out = text;
    if (outlen != NULL)
        *outlen = (size_t)n;
    return 0;
}
