/* cancel_storm.c - thousands of tasks read while they are cancelled at random.
 *
 *     cancel_storm [--seconds N] [--tasks N] [--io uring|epoll|sim] [--seed N]
 *
 * Every byte says which connection it belongs to and where it stands there, so one that
 * is lost, doubled or in the wrong place is seen as soon as the next one is read.  A
 * reader goes on after each cancellation; what a cancelled read had already got counts.
 * In the end all that was sent must have been read, and the loop must have nothing left
 * of it: no task, operation, timer, reference, descriptor, nor a buffer of the ring.
 *
 * One task reads one end of a socket pair; its data is written into the other end,
 * whose own reader does not mind.  So N tasks take N descriptors.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "rio/loop.h"

enum {
    SECONDS = 2,
    TASKS = 500,
    TASKS_MAX = 100000,
    SPARE_DESCRIPTORS = 64,
    READ_MAX = 300,  /* bytes a read asks for */
    SEND_MAX = 800,  /* bytes a send offers */
    INPUT_MAX = 512, /* of a stream: more than that pauses its receive */
    STEPS_MAX = 400, /* sends and cancels between two suspensions of the feeder */
    SETTLE_MAX = 5000,
};
#define LIMIT_MAX (2 * RIO_MS)
#define PAUSE_MAX (RIO_MS)

/* How an end is read. */
enum kind { RECV, RECV_WITH_LIMIT, STREAM_READ, STREAM_EXACTLY, KINDS };

struct end {
    size_t index;
    enum kind kind;
    int fd;
    rio_stream *stream; /* NULL: the descriptor is ours */
    rio_task *task;
    uint64_t sent, got; /* bytes */
    bool finished;      /* it has seen the end of its data */
};

struct storm {
    struct end *ends; /* 2 i and 2 i + 1 are a pair */
    size_t count;
    int64_t duration;
    uint64_t chance;
    uint64_t reads, bytes, requests, told, limits;
    bool over;         /* from now on the readers have all the time they want */
    char failure[160]; /* the first one; empty: none */
};

static struct storm storm;

/* ---- chance, content ---- */

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t draw(uint64_t below)
{
    storm.chance += UINT64_C(0x9e3779b97f4a7c15);
    return mix(storm.chance) % below;
}

static unsigned char byte_at(const struct end *e, uint64_t at)
{
    return (unsigned char)mix((uint64_t)e->index << 40 ^ at);
}

static void fail(const struct end *e, const char *what, long long value)
{
    if (storm.failure[0] == '\0')
        (void)snprintf(storm.failure, sizeof storm.failure,
                       "connection %zu (kind %d), byte %llu: %s (%lld)", e->index,
                       (int)e->kind, (unsigned long long)e->got, what, value);
}

/* ---- readers ---- */

static void check(struct end *e, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != byte_at(e, e->got + i)) {
            fail(e, "a byte is lost, doubled or misplaced", (long long)i);
            return;
        }
    e->got += n;
    storm.bytes += n;
    storm.reads++;
}

RIO_AWAITS static long receive(struct end *e, size_t want)
{
    unsigned char buf[READ_MAX];
    long rc = await(rio_recv(e->fd, buf, want, 0));

    if (rc > 0)
        check(e, buf, (size_t)rc);
    return rc;
}

RIO_AWAITS static long receive_with_limit(struct end *e, size_t want)
{
    rio_timeout limit;

    rio_timeout_enter(&limit, storm.over ? RIO_FOREVER : (int64_t)draw(LIMIT_MAX));
    long rc = await(receive(e, want));
    return rio_timeout_exit(&limit, rc);
}

RIO_AWAITS static long read_stream(struct end *e, size_t want)
{
    unsigned char buf[READ_MAX];
    long rc = await(rio_stream_read(e->stream, buf, want));

    if (rc > 0)
        check(e, buf, (size_t)rc);
    return rc;
}

/* Cancelled half-way, it says how far it came. */
RIO_AWAITS static long read_exactly(struct end *e, size_t want)
{
    unsigned char buf[READ_MAX];
    size_t got = 0;
    long rc = await(rio_stream_readexactly(e->stream, buf, want, &got));

    check(e, buf, got);
    return rc == -ENODATA ? 0 : rc;
}

RIO_AWAITS static long read_some(struct end *e)
{
    size_t want = 1 + (size_t)draw(READ_MAX);

    switch (e->kind) {
    case RECV:
        return await(receive(e, want));
    case RECV_WITH_LIMIT:
        return await(receive_with_limit(e, want));
    case STREAM_READ:
        return await(read_stream(e, want));
    default:
        return await(read_exactly(e, want));
    }
}

static long reads(void *arg)
{
    struct end *e = arg;

    for (;;) {
        long rc = await(read_some(e));

        if (rc == 0) {
            e->finished = true;
            return 0;
        }
        if (rc == -ECANCELED) {
            storm.told++;
            while (rio_task_uncancel(rio_current_task()) > 0)
                continue;
        } else if (rc == -ETIMEDOUT) {
            storm.limits++;
        } else if (rc < 0) {
            fail(e, "a read failed", rc);
            return rc;
        }
    }
}

/* ---- the feeder ---- */

static void feed(struct end *e)
{
    unsigned char buf[SEND_MAX];
    size_t n = 1 + (size_t)draw(SEND_MAX);
    const struct end *peer = &storm.ends[e->index ^ 1];
    ssize_t rc;

    for (size_t i = 0; i < n; i++)
        buf[i] = byte_at(e, e->sent + i);
    rc = send(peer->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (rc > 0)
        e->sent += (uint64_t)rc;
    else if (errno != EAGAIN)
        fail(e, "send failed", errno);
}

static void cancel(struct end *e)
{
    storm.requests++;
    (void)rio_task_cancel(e->task);
}

/* Half of the time both happen to one end at once: then data and cancel race. */
static void step(void)
{
    struct end *e = &storm.ends[draw(storm.count)];

    switch (draw(4)) {
    case 0:
        feed(e);
        break;
    case 1:
        cancel(e);
        break;
    case 2:
        feed(e);
        cancel(e);
        break;
    default:
        cancel(e);
        feed(e);
        break;
    }
}

RIO_AWAITS static long rage(int64_t duration)
{
    int64_t end = rio_now() + duration;
    size_t steps = storm.count < STEPS_MAX ? storm.count : STEPS_MAX;

    while (rio_now() < end && storm.failure[0] == '\0') {
        for (size_t i = 0; i < steps; i++)
            step();
        if (draw(4) > 0) /* simulated time stands still while it yields */
            RIO_TRY(await(rio_sleep((int64_t)draw(PAUSE_MAX))));
        else
            RIO_TRY(await(rio_yield()));
    }
    return 0;
}

/* ---- before and after ---- */

RIO_AWAITS static long open_pair(size_t i)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return -errno;
    for (size_t k = i; k < i + 2; k++) {
        struct end *e = &storm.ends[k];

        *e = (struct end){
            .index = k, .kind = (enum kind)(k / 2 % KINDS), .fd = fds[k - i]};
        if (e->kind >= STREAM_READ) {
            RIO_TRY(rio_stream_from_fd(e->fd, &e->stream));
            rio_stream_set_limits(e->stream, INPUT_MAX, INPUT_MAX);
        }
        e->task = rio_create_task(reads, e);
        if (e->task == NULL)
            return -errno;
    }
    return 0;
}

/* A cancel may still hit a reader that has seen the end: that costs it its result. */
RIO_AWAITS static long finish(struct end *e)
{
    long rc = await(rio_join_unref(e->task));

    if (rc < 0 && rc != -ECANCELED)
        fail(e, "the reader failed", rc);
    if (!e->finished || e->got != e->sent)
        fail(e, "not all was read; sent:", (long long)e->sent);
    return 0;
}

RIO_AWAITS static long close_end(struct end *e)
{
    if (e->stream == NULL)
        return close(e->fd) < 0 ? -errno : 0;
    RIO_TRY(rio_stream_close(e->stream));
    RIO_TRY(await(rio_stream_wait_closed(e->stream)));
    rio_stream_free(e->stream);
    return 0;
}

static bool is_same(const rio_stats *a, const rio_stats *b)
{
    return a->tasks == b->tasks && a->timers == b->timers && a->ops == b->ops &&
           a->waiters == b->waiters && a->handles == b->handles;
}

/* What was cancelled last may take some turns to end. */
RIO_AWAITS static long settle(const rio_stats *before)
{
    rio_stats now;

    for (int i = 0; i < SETTLE_MAX; i++) {
        rio_loop_stats(rio_get_running_loop(), &now);
        if (is_same(&now, before))
            return 0;
        RIO_TRY(await(rio_sleep(RIO_MS)));
    }
    (void)snprintf(storm.failure, sizeof storm.failure,
                   "left over: %zu tasks, %zu timers, %zu operations, %zu waiters, "
                   "%zu handles",
                   now.tasks, now.timers, now.ops, now.waiters, now.handles);
    return 0;
}

RIO_AWAITS static long weather(void)
{
    for (size_t i = 0; i < storm.count; i += 2)
        RIO_TRY(await(open_pair(i)));
    RIO_TRY(await(rio_yield())); /* now every reader has begun */
    RIO_TRY(await(rage(storm.duration)));
    storm.over = true;
    for (size_t i = 0; i < storm.count; i++)
        (void)shutdown(storm.ends[i].fd, SHUT_WR);
    for (size_t i = 0; i < storm.count; i++)
        RIO_TRY(await(finish(&storm.ends[i])));
    for (size_t i = 0; i < storm.count; i++)
        RIO_TRY(await(close_end(&storm.ends[i])));
    return 0;
}

static long storms(void *unused)
{
    rio_loop *l = rio_get_running_loop();
    rio_stats before;
    long free_buffers;

    (void)unused;
    rio_loop_stats(l, &before);
    RIO_TRY(await(weather()));
    RIO_TRY(await(settle(&before)));
    free_buffers = l->io->buffers == NULL ? -ENOTSUP : l->io->buffers(l->io);
    if (free_buffers >= 0 && free_buffers != RIO__RING_BUFFERS)
        (void)snprintf(storm.failure, sizeof storm.failure,
                       "%ld of %d buffers are back in the ring", free_buffers,
                       RIO__RING_BUFFERS);
    (void)printf("cancel_storm: %s, %zu tasks: %llu reads of %llu bytes, "
                 "%llu requests to cancel, %llu told, %llu time limits\n",
                 before.io, storm.count, (unsigned long long)storm.reads,
                 (unsigned long long)storm.bytes, (unsigned long long)storm.requests,
                 (unsigned long long)storm.told, (unsigned long long)storm.limits);
    if (free_buffers >= 0)
        (void)printf("cancel_storm: %ld of %d buffers are in the ring\n", free_buffers,
                     RIO__RING_BUFFERS);
    return 0;
}

/* ---- the program ---- */

static size_t count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;

    if (d == NULL)
        return 0;
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n;
}

/* Returns  how many of the wanted tasks there are descriptors for */
static size_t fit(size_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return wanted;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (wanted + SPARE_DESCRIPTORS <= limit.rlim_cur)
        return wanted;
    wanted = (size_t)limit.rlim_cur - SPARE_DESCRIPTORS;
    wanted -= wanted % 2;
    (void)printf("cancel_storm: only %zu tasks: the limit of descriptors is %zu\n",
                 wanted, (size_t)limit.rlim_cur);
    return wanted;
}

static long run(unsigned io, size_t tasks)
{
    size_t open_before = count_descriptors();
    rio_runner *r;
    long rc;

    storm.count = fit(tasks + tasks % 2);
    storm.ends = calloc(storm.count, sizeof *storm.ends);
    r = storm.ends == NULL ? NULL : rio_runner_new(io);
    if (r == NULL)
        return -ENOMEM;
    rc = rio_runner_run(r, storms, NULL);
    rio_runner_free(r);
    free(storm.ends);
    if (rc == 0 && storm.failure[0] == '\0' && count_descriptors() != open_before)
        (void)snprintf(storm.failure, sizeof storm.failure,
                       "descriptors are left open");
    return rc;
}

static bool choose_io(const char *word, unsigned *io)
{
    if (strcmp(word, "uring") == 0)
        *io = RIO_IO_URING;
    else if (strcmp(word, "epoll") == 0)
        *io = RIO_IO_EPOLL;
    else if (strcmp(word, "sim") == 0)
        *io = RIO_IO_SIM;
    else
        return false;
    return true;
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: cancel_storm [--seconds N] [--tasks N] "
                          "[--io uring|epoll|sim] [--seed N]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"seconds", required_argument, NULL, 's'},
        {"tasks", required_argument, NULL, 't'},
        {"io", required_argument, NULL, 'i'},
        {"seed", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    uint64_t seconds = SECONDS, tasks = TASKS, seed = (uint64_t)rio_now();
    unsigned io = 0;
    int c;
    long rc;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        struct rq_slice word = rq_slice_str(optarg == NULL ? "" : optarg);

        if ((c == 's' && rq_num_u64(word, 1, 86400, &seconds) == 0) ||
            (c == 't' && rq_num_u64(word, 2, TASKS_MAX, &tasks) == 0) ||
            (c == 'r' && rq_num_u64(word, 0, UINT64_MAX, &seed) == 0) ||
            (c == 'i' && choose_io(optarg, &io)))
            continue;
        return usage();
    }
    storm.duration = (int64_t)seconds * RIO_SEC;
    storm.chance = seed;
    rc = run(io, (size_t)tasks);
    if (rc == 0 && storm.failure[0] == '\0')
        return 0;
    (void)fprintf(stderr, "cancel_storm: FAILED with --seed %llu: %s (%ld)\n",
                  (unsigned long long)seed, storm.failure, rc);
    return 1;
}
