/* io_uring.c - the io_uring backend: one ring, one enter a turn.
 *
 * Submission entries are queued and go out with the one io_uring_enter of the turn,
 * which also waits and runs the kernel's deferred work.  When the queue is full in the
 * middle of a turn it is submitted at once; what still finds no entry waits in the
 * backlog.
 *
 *     user_data = index:32 | generation:24 | tag:8       tag: TAG_OP, TAG_CANCEL,
 * TAG_WAKE
 *
 * Multishot receives draw from one ring of 1024 buffers of 4 KiB; the bytes are copied
 * out inside the completion, and the buffer goes back at once.
 *
 * A cancel may answer ENOENT although its operation lives (a multishot receive that is
 * just being run): it is sent again in the next turn, some times.  If the operation
 * still lives then, `cancelled` is taken back, and whoever wants its end asks again.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rio/loop.h"
#include "rio/task.h"

enum {
    SQ_ENTRIES = 512,
    CQ_ENTRIES = 8192,
    BUFFERS = RIO__RING_BUFFERS, /* a power of two */
    BUFFER_BYTES = 4096,
    BUFFER_GROUP = 1,
    CANCEL_TRIES = 3,
    LEN_MAX = 1 << 30, /* an entry's length has 32 bits */
};

enum { TAG_OP, TAG_CANCEL, TAG_WAKE };

/* Newer than the headers of Debian 12. */
#define FEATURE_NO_IOWAIT (1U << 17)
#define ENTER_NO_IOWAIT (1U << 7)
enum { REGISTER_PBUF_STATUS = 26 };
struct buffer_status {
    uint32_t group, head, reserved[8];
};

static char rings; /* names the memory of all rings; see sanitize.h */

struct uring {
    struct rio_backend base;
    struct rio_loop *loop;
    struct io_uring ring;
    unsigned enter_flags;
    int64_t wait_max; /* ns; 0: none */
    int wake_fd;
    bool wake_armed;
    struct rq_list backlog; /* operations that found the submission queue full */
    struct rq_list cancels; /* operations whose cancel is to be sent (again) */
    struct rq_list dead; /* cancelled in the backlog: they complete in the next turn */
    struct io_uring_buf_ring *buf_ring;
    char *buffers;
};

static struct uring *uring_of(struct rio_backend *b)
{
    return RQ_CONTAINER_OF(b, struct uring, base);
}

static uint64_t user_data(const struct rio_op *op, unsigned tag)
{
    return (uint64_t)op->index << 32 | (uint64_t)op->generation << 8 | tag;
}

/* ---- the one system call ---- */

/* liburing 2.3 can neither wait with NO_IOWAIT nor submit, wait and time out in one
 * call without a timeout entry. Returns  >= 0, or -errno */
static int enter(struct uring *u, unsigned wait_for,
                 const struct __kernel_timespec *limit)
{
    struct io_uring_sq *sq = &u->ring.sq;
    struct io_uring_getevents_arg arg = {.sigmask_sz = _NSIG / 8,
                                         .ts = (uint64_t)(uintptr_t)limit};
    unsigned tail = sq->sqe_tail;
    unsigned count = tail - __atomic_load_n(sq->khead, __ATOMIC_ACQUIRE);

    if (sq->sqe_head != tail) {
        sq->sqe_head = tail;
        __atomic_store_n(sq->ktail, tail, __ATOMIC_RELEASE);
    }
    u->base.enters++;
    return io_uring_enter2((unsigned)u->ring.enter_ring_fd, count, wait_for,
                           u->enter_flags, (void *)&arg, sizeof arg);
}

static struct io_uring_sqe *get_sqe(struct uring *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

    if (sqe != NULL)
        return sqe;
    (void)enter(u, 0, NULL); /* an error shows as a queue that is still full */
    return io_uring_get_sqe(&u->ring);
}

/* ---- submit and cancel ---- */

static unsigned clamp(size_t len)
{
    return len > LEN_MAX ? LEN_MAX : (unsigned)len;
}

static void prepare_file(struct io_uring_sqe *sqe, const struct rio_op *op)
{
    switch ((enum rio_op_kind)op->kind) {
    case RIO_OP_OPENAT:
        io_uring_prep_openat(sqe, op->fd, op->buf, (int)op->arg, (mode_t)op->len);
        break;
    case RIO_OP_READ:
        io_uring_prep_read(sqe, op->fd, op->buf, clamp(op->len), op->off);
        break;
    case RIO_OP_WRITE:
        io_uring_prep_write(sqe, op->fd, op->buf, clamp(op->len), op->off);
        break;
    case RIO_OP_FSYNC:
        io_uring_prep_fsync(sqe, op->fd, 0);
        break;
    case RIO_OP_STATX:
        io_uring_prep_statx(sqe, op->fd, op->buf, (int)op->arg, (unsigned)op->len,
                            op->buf2);
        break;
    case RIO_OP_RENAMEAT:
        io_uring_prep_renameat(sqe, op->fd, op->buf, op->fd2, op->buf2, op->arg);
        break;
    case RIO_OP_UNLINKAT:
        io_uring_prep_unlinkat(sqe, op->fd, op->buf, (int)op->arg);
        break;
    case RIO_OP_MKDIRAT:
        io_uring_prep_mkdirat(sqe, op->fd, op->buf, (mode_t)op->len);
        break;
    default:
        ASSERT(false); /* prepare() sends no others here */
    }
}

static void prepare(struct io_uring_sqe *sqe, const struct rio_op *op)
{
    switch ((enum rio_op_kind)op->kind) {
    case RIO_OP_ACCEPT:
        io_uring_prep_accept(sqe, op->fd, op->addr, op->addr_len, SOCK_CLOEXEC);
        break;
    case RIO_OP_ACCEPTS:
        /* One, and then the next: a multishot accept takes whatever has come, and while
         * connections come as fast as it takes them the kernel does nothing else for
         * us.  (From 6.6.1 until 6.8 it may also name wrong descriptors: liburing
         * #1062.) */
        io_uring_prep_accept(sqe, op->fd, NULL, NULL, SOCK_CLOEXEC);
        break;
    case RIO_OP_CONNECT:
        io_uring_prep_connect(sqe, op->fd, op->addr, (socklen_t)op->len);
        break;
    case RIO_OP_RECV:
        io_uring_prep_recv(sqe, op->fd, op->buf, clamp(op->len), (int)op->arg);
        break;
    case RIO_OP_RECVS:
        io_uring_prep_recv_multishot(sqe, op->fd, NULL, 0, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = BUFFER_GROUP;
        break;
    case RIO_OP_SEND:
        io_uring_prep_send(sqe, op->fd, op->buf, clamp(op->len),
                           MSG_WAITALL | MSG_NOSIGNAL);
        break;
    case RIO_OP_POLL:
        io_uring_prep_poll_add(sqe, op->fd, op->arg);
        break;
    case RIO_OP_CLOSE:
        io_uring_prep_close(sqe, op->fd);
        break;
    case RIO_OP_RECVMSG:
        io_uring_prep_recvmsg(sqe, op->fd, op->buf, op->arg);
        break;
    case RIO_OP_SENDMSG:
        io_uring_prep_sendmsg(sqe, op->fd, op->buf, op->arg);
        break;
    case RIO_OP_OPENAT:
    case RIO_OP_READ:
    case RIO_OP_WRITE:
    case RIO_OP_FSYNC:
    case RIO_OP_STATX:
    case RIO_OP_RENAMEAT:
    case RIO_OP_UNLINKAT:
    case RIO_OP_MKDIRAT:
        prepare_file(sqe, op);
        break;
    }
    sqe->user_data = user_data(op, TAG_OP);
}

static bool try_submit(struct uring *u, struct rio_op *op)
{
    struct io_uring_sqe *sqe = get_sqe(u);

    if (sqe == NULL)
        return false;
    prepare(sqe, op);
    op->queued = false;
    return true;
}

static void submit(struct rio_backend *b, struct rio_op *op)
{
    struct uring *u = uring_of(b);

    if (!rq_list_empty(&u->backlog) || !try_submit(u, op)) {
        op->queued = true;
        rq_list_push_back(&u->backlog, &op->link);
    }
}

static bool try_cancel(struct uring *u, struct rio_op *op)
{
    struct io_uring_sqe *sqe = get_sqe(u);

    if (sqe == NULL)
        return false;
    io_uring_prep_cancel64(sqe, user_data(op, TAG_OP), 0);
    sqe->user_data = user_data(op, TAG_CANCEL);
    return true;
}

static void cancel(struct rio_backend *b, struct rio_op *op)
{
    struct uring *u = uring_of(b);

    op->cancelled = true;
    op->tries = 0;
    if (op->queued) {
        rq_list_remove(&op->link);
        rq_list_push_back(&u->dead, &op->link);
    } else if (!try_cancel(u, op)) {
        rq_list_push_back(&u->cancels, &op->link);
    }
}

/* What the full queue, or an unlucky cancel, has left from earlier turns. */
static void catch_up(struct uring *u)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&u->backlog)) != NULL) {
        if (!try_submit(u, RQ_LIST_ENTRY(link, struct rio_op, link))) {
            rq_list_push_front(&u->backlog, link);
            return;
        }
    }
    while ((link = rq_list_pop_front(&u->cancels)) != NULL) {
        if (!try_cancel(u, RQ_LIST_ENTRY(link, struct rio_op, link))) {
            rq_list_push_front(&u->cancels, link);
            return;
        }
    }
}

/* ---- wake ---- */

static void wake(struct rio_backend *b)
{
    uint64_t one = 1;
    int saved = errno; /* it may be called by a signal handler */
    ssize_t n = write(uring_of(b)->wake_fd, &one, sizeof one);

    (void)n; /* full: it is going to wake anyway */
    errno = saved;
}

static void arm_wake(struct uring *u)
{
    struct io_uring_sqe *sqe;

    if (u->wake_armed)
        return;
    sqe = get_sqe(u);
    if (sqe == NULL)
        return; /* the next turn tries again */
    io_uring_prep_poll_add(sqe, u->wake_fd, POLLIN);
    sqe->user_data = TAG_WAKE;
    u->wake_armed = true;
}

static void on_wake(struct uring *u)
{
    uint64_t count;
    ssize_t n = read(u->wake_fd, &count, sizeof count);

    (void)n; /* -EAGAIN: somebody was faster */
    u->wake_armed = false;
}

/* ---- completions ---- */

static void give_back(struct uring *u, unsigned id)
{
    io_uring_buf_ring_add(u->buf_ring, u->buffers + (size_t)id * BUFFER_BYTES,
                          BUFFER_BYTES, (unsigned short)id, BUFFERS - 1, 0);
    io_uring_buf_ring_advance(u->buf_ring, 1);
}

static void on_cancel(struct uring *u, struct rio_op *op, int res)
{
    if (res != -ENOENT && res != -EALREADY)
        return; /* found: its own completion follows, or has come before */
    if (!op->cancelled || op->tries >= CANCEL_TRIES) {
        op->cancelled = false;
        return;
    }
    op->tries++;
    if (rq_list_empty(&op->link))
        rq_list_push_back(&u->cancels, &op->link);
}

/* What the kernel wrote: into the caller's memory, or into a buffer of the ring. */
static void announce_writes(const struct rio_op *op, int res)
{
    if (res < 0)
        return;
    if (op->kind == RIO_OP_RECV || op->kind == RIO_OP_RECVS || op->kind == RIO_OP_READ)
        rio__kernel_wrote(op->buf, (size_t)res);
    if (op->kind == RIO_OP_ACCEPT && op->addr != NULL && op->addr_len != NULL) {
        rio__kernel_wrote(op->addr_len, sizeof *op->addr_len);
        rio__kernel_wrote(op->addr, *op->addr_len);
    }
}

static void on_op(struct uring *u, struct rio_op *op, const struct io_uring_cqe *cqe)
{
    unsigned flags = cqe->flags & IORING_CQE_F_MORE ? RIO_OP_MORE : 0;

    if (!(flags & RIO_OP_MORE))
        rq_list_remove(&op->link); /* a cancel that need not be sent any more */
    if (cqe->flags & IORING_CQE_F_BUFFER)
        op->buf =
            u->buffers + (size_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT) * BUFFER_BYTES;
    announce_writes(op, cqe->res);
    rio__op_complete(u->loop, op, cqe->res, flags);
}

static void deliver(struct uring *u, const struct io_uring_cqe *cqe)
{
    struct rio_op *op;

    if ((cqe->user_data & 0xFF) == TAG_WAKE) {
        on_wake(u);
        return;
    }
    op = rio__op_find(u->loop, (uint32_t)(cqe->user_data >> 32),
                      (uint32_t)(cqe->user_data >> 8) & 0xFFFFFF);
    if ((cqe->user_data & 0xFF) == TAG_CANCEL) {
        if (op != NULL)
            on_cancel(u, op, cqe->res);
        return;
    }
    ASSERT(op != NULL); /* an operation outlives its last completion */
    on_op(u, op, cqe);
    if (cqe->flags & IORING_CQE_F_BUFFER)
        give_back(u, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}

/* The entry is copied and released first: delivering may enter the kernel. */
static void reap(struct uring *u, unsigned max)
{
    struct rq_list *link;

    while ((link = rq_list_pop_front(&u->dead)) != NULL)
        rio__op_complete(u->loop, RQ_LIST_ENTRY(link, struct rio_op, link), -ECANCELED,
                         0);
    for (; max > 0; max--) {
        struct io_uring_cqe *next, cqe;
        unsigned head;

        next = NULL;
        io_uring_for_each_cqe(&u->ring, head, next) break;
        if (next == NULL)
            return;
        cqe.user_data = next->user_data;
        cqe.res = next->res;
        cqe.flags = next->flags;
        io_uring_cq_advance(&u->ring, 1);
        deliver(u, &cqe);
    }
}

/* ---- the turn ---- */

static bool kernel_has_work(const struct uring *u)
{
    unsigned flags = __atomic_load_n(u->ring.sq.kflags, __ATOMIC_RELAXED);

    return u->ring.sq.sqe_tail != __atomic_load_n(u->ring.sq.khead, __ATOMIC_RELAXED) ||
           (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

static void wait_until(struct uring *u, int64_t until)
{
    struct __kernel_timespec limit;
    const struct __kernel_timespec *limit_or_none = NULL;
    int64_t left;
    unsigned wait_for = 1;

    if (u->wait_max > 0 && until - rio__io_now() > u->wait_max)
        until = rio__io_now() + u->wait_max;
    if (until != INT64_MAX) {
        left = until - rio__io_now();
        if (left <= 0)
            wait_for = 0;
        limit.tv_sec = left / RIO_SEC;
        limit.tv_nsec = left % RIO_SEC;
        limit_or_none = &limit;
    }
    /* Whoever queues something for us and finds us awake does not wake us. */
    atomic_store(&u->loop->asleep, true);
    if (atomic_load(&u->loop->remote_pending))
        wait_for = 0;
    if (wait_for > 0)
        (void)enter(u, 1, limit_or_none); /* EINTR, ETIME, EBUSY: all mean "look" */
    else
        (void)enter(u, 0, NULL);
    atomic_store(&u->loop->asleep, false);
}

static bool has_leftovers(const struct uring *u)
{
    return !u->wake_armed || !rq_list_empty(&u->backlog) ||
           !rq_list_empty(&u->cancels) || !rq_list_empty(&u->dead);
}

static void turn(struct rio_backend *b, int64_t until, unsigned max)
{
    struct uring *u = uring_of(b);

    arm_wake(u);
    if (has_leftovers(u)) {
        catch_up(u);
        until = 0;
    }
    if (io_uring_cq_ready(&u->ring) > 0)
        until = 0;
    if (until > 0)
        wait_until(u, until);
    else if (kernel_has_work(u))
        (void)enter(u, 0, NULL);
    if (io_uring_cq_ready(&u->ring) > 0 || !rq_list_empty(&u->dead))
        reap(u, max);
}

/* ---- clock, chance, sockets ---- */

static int64_t now(struct rio_backend *b)
{
    (void)b;
    return rio__io_now();
}

static void fill_random(struct rio_backend *b, void *out, size_t n)
{
    (void)b;
    rio__io_random(out, n);
}

/* io_uring waits on a blocking socket; on a non-blocking one it answers EAGAIN. */
static int adopt(struct rio_backend *b, int fd)
{
    int flags = fcntl(fd, F_GETFL);

    (void)b;
    if (flags < 0)
        return -errno;
    if ((flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

/* The kernel takes buffers at its own head; we put them back at the tail. */
static long buffers(struct rio_backend *b)
{
    struct uring *u = uring_of(b);
    struct buffer_status status = {.group = BUFFER_GROUP};

    if (syscall(SYS_io_uring_register, u->ring.ring_fd, REGISTER_PBUF_STATUS, &status,
                1) < 0)
        return -errno;
    return (uint16_t)(u->buf_ring->tail - status.head);
}

/* ---- life ---- */

static int make_ring(struct uring *u)
{
    struct io_uring_params p = {
        .cq_entries = CQ_ENTRIES,
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
    };
    int rc = io_uring_queue_init_params(SQ_ENTRIES, &u->ring, &p);

    rio__memory_taken(&rings);
    if (rc < 0)
        return rc;
    u->enter_flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    if (p.features & FEATURE_NO_IOWAIT)
        u->enter_flags |= ENTER_NO_IOWAIT; /* else an idle loop books iowait */
    if (io_uring_register_ring_fd(&u->ring) == 1)
        u->enter_flags |= IORING_ENTER_REGISTERED_RING;
    /* Entry i is always entry i; later versions of liburing do this themselves. */
    if (u->ring.sq.array != NULL)
        for (unsigned i = 0; i < p.sq_entries; i++)
            u->ring.sq.array[i] = i;
    (void)io_uring_ring_dontfork(&u->ring);
    return 0;
}

static void *map(size_t bytes)
{
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static int make_buffers(struct uring *u)
{
    struct io_uring_buf_reg reg = {.ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
    int rc;

    u->buf_ring = map(BUFFERS * sizeof(struct io_uring_buf));
    u->buffers = map((size_t)BUFFERS * BUFFER_BYTES);
    if (u->buf_ring == NULL || u->buffers == NULL)
        return -ENOMEM;
    reg.ring_addr = (uint64_t)(uintptr_t)u->buf_ring;
    rc = io_uring_register_buf_ring(&u->ring, &reg, 0);
    if (rc < 0)
        return rc;
    io_uring_buf_ring_init(u->buf_ring);
    for (unsigned id = 0; id < BUFFERS; id++)
        give_back(u, id);
    return 0;
}

static void uring_free(struct rio_backend *b)
{
    struct uring *u = uring_of(b);

    rio__memory_given_up(&rings);
    if (u->ring.ring_fd >= 0)
        io_uring_queue_exit(&u->ring);
    if (u->buf_ring != NULL)
        (void)munmap(u->buf_ring, BUFFERS * sizeof(struct io_uring_buf));
    if (u->buffers != NULL)
        (void)munmap(u->buffers, (size_t)BUFFERS * BUFFER_BYTES);
    if (u->wake_fd >= 0)
        (void)close(u->wake_fd);
    free(u);
}

static struct rio_backend *refuse(struct uring *u, int err)
{
    uring_free(&u->base);
    errno = err;
    return NULL;
}

struct rio_backend *rio__uring_new(struct rio_loop *loop, const char **out_what)
{
    struct uring *u = calloc(1, sizeof *u);
    int rc;

    *out_what = "memory";
    if (u == NULL)
        return NULL;
    u->base = (struct rio_backend){
        .name = "uring",
        .free = uring_free,
        .submit = submit,
        .cancel = cancel,
        .turn = turn,
        .wake = wake,
        .now = now,
        .random = fill_random,
        .adopt = adopt,
        .buffers = buffers,
    };
    u->loop = loop;
    u->ring.ring_fd = -1;
    u->wait_max = rio__threads_are_stopped_by_waiting() ? RIO_MS : 0;
    rq_list_init(&u->backlog);
    rq_list_init(&u->cancels);
    rq_list_init(&u->dead);
    u->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    *out_what = "eventfd";
    if (u->wake_fd < 0)
        return refuse(u, errno);
    rc = make_ring(u);
    *out_what = "io_uring_setup";
    if (rc < 0) {
        u->ring.ring_fd = -1;
        return refuse(u, -rc);
    }
    rc = make_buffers(u);
    *out_what = "io_uring_register";
    if (rc < 0)
        return refuse(u, -rc);
    return &u->base;
}
