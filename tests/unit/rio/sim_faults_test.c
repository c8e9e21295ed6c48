/* sim_faults_test.c - what goes wrong in the simulated backend, by script; and storms
 * over many seeds in which nothing may be lost.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/rand.h"
#include "support/rio_test.h"
#include "support/test.h"

/* Runs `body` in a simulation with one fault. */
static void with_fault(rio_fn *body, rio_sim_fault fault)
{
    const rio_sim_opts opts = {.seed = 3, .faults = &fault, .fault_count = 1};

    assert_int_equal(loop_test_run_sim(&opts, body, NULL, NULL), 0);
}

static void fails(rio_fn *body, rio_sim_op op, uint64_t nth, int error)
{
    with_fault(body, (rio_sim_fault){
                         .kind = RIO_SIM_FAIL, .op = op, .nth = nth, .error = error});
}

static bool pair(int fd[2])
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0;
}

RIO_AWAITS static int end_stream(rio_stream *s)
{
    int rc = rio_stream_close(s);

    if (rc == 0)
        rc = await(rio_stream_wait_closed(s));
    rio_stream_free(s);
    return rc;
}

/* ---- operations that fail ---- */

static long is_reset(void *unused)
{
    rio_stream *a, *b;
    char byte;
    int fd[2];

    (void)unused;
    EXPECT(pair(fd));
    EXPECT_EQ(rio_stream_from_fd(fd[0], &a), 0);
    EXPECT_EQ(rio_stream_write(a, "x", 1), 0);
    EXPECT_EQ(await(rio_sleep(RIO_SEC)), 0); /* its receive is the first */
    EXPECT_EQ(rio_stream_from_fd(fd[1], &b), 0);
    EXPECT_EQ(await(rio_stream_read(b, &byte, 1)), -ECONNRESET);
    EXPECT_EQ(await(rio_stream_read(a, &byte, 1)), 0); /* the peer sees it, too */
    EXPECT_EQ(await(end_stream(a)), 0);
    RIO_IGNORE(await(end_stream(b)));
    return 0;
}

static void a_reset_reaches_both_ends(void **state)
{
    (void)state;
    fails(is_reset, RIO_SIM_RECV, 2, -ECONNRESET);
}

static long says_hello(rio_stream *s, void *unused)
{
    (void)unused;
    return rio_stream_write(s, "hello", 5);
}

/* Serves under a path of its own. */
RIO_AWAITS static long serve(char *dir, char address[64], rio_server **out)
{
    EXPECT(mkdtemp(dir) != NULL);
    (void)snprintf(address, 64, "unix:%s/s", dir);
    return await(rio_start_server(says_hello, NULL, address, NULL, out));
}

RIO_AWAITS static long stop_serving(rio_server *server, const char *dir)
{
    rio_server_close(server);
    EXPECT_EQ(await(rio_server_wait_closed(server)), 0);
    return rmdir(dir);
}

RIO_AWAITS static long visit(const char *address)
{
    char text[5];
    rio_stream *s;

    RIO_TRY(await(rio_open_connection(address, NULL, &s)));
    EXPECT_EQ(await(rio_stream_readexactly(s, text, 5, NULL)), 5);
    return await(end_stream(s));
}

static long is_refused_first(void *unused)
{
    char dir[] = "/tmp/rio-sim-XXXXXX", address[64];
    rio_server *server;

    (void)unused;
    EXPECT_EQ(await(serve(dir, address, &server)), 0);
    EXPECT_EQ(await(visit(address)), -ECONNREFUSED);
    EXPECT_EQ(await(visit(address)), 0);
    return await(stop_serving(server, dir));
}

static void a_connection_is_refused(void **state)
{
    (void)state;
    fails(is_refused_first, RIO_SIM_CONNECT, 1, -ECONNREFUSED);
}

static long waits_for_descriptors(void *unused)
{
    char dir[] = "/tmp/rio-sim-XXXXXX", address[64];
    int64_t start = rio_now(), took;
    rio_server *server;

    (void)unused;
    EXPECT_EQ(await(serve(dir, address, &server)), 0);
    EXPECT_EQ(await(visit(address)), 0);
    took = rio_now() - start;
    EXPECT(took >= 100 * RIO_MS && took < 110 * RIO_MS); /* the server's pause */
    EXPECT_EQ(await(visit(address)), 0);
    return await(stop_serving(server, dir));
}

static void a_server_without_descriptors_pauses(void **state)
{
    (void)state;
    fails(waits_for_descriptors, RIO_SIM_ACCEPT, 1, -EMFILE);
}

static long serves_twice(void *unused)
{
    char dir[] = "/tmp/rio-sim-XXXXXX", address[64];
    rio_server *server;

    (void)unused;
    EXPECT_EQ(await(serve(dir, address, &server)), 0);
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(await(visit(address)), 0);
    return await(stop_serving(server, dir));
}

static void shots_that_end_are_armed_anew(void **state)
{
    (void)state;
    with_fault(serves_twice,
               (rio_sim_fault){.kind = RIO_SIM_SHOT_END, .op = RIO_SIM_ANY});
    fails(serves_twice, RIO_SIM_RECV, 1, -ENOBUFS);
}

struct file_case {
    rio_sim_op op;
    int error;
};

RIO_AWAITS static int use_a_file(const char *path)
{
    int fd = await(rio_openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600)), rc;
    char back[4];

    if (fd < 0)
        return fd;
    rc = (int)await(rio_pwrite(fd, "text", 4, 0));
    if (rc >= 0)
        rc = await(rio_fsync(fd));
    if (rc >= 0)
        rc = (int)await(rio_pread(fd, back, 4, 0));
    RIO_IGNORE(await(rio_close(fd)));
    return rc;
}

static long uses_a_file(void *arg)
{
    const struct file_case *c = arg;
    char dir[] = "/tmp/rio-sim-XXXXXX", path[64];

    EXPECT(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/f", dir);
    EXPECT_EQ(await(use_a_file(path)), c->error);
    EXPECT_EQ(await(use_a_file(path)), 4); /* the second time it works */
    EXPECT_EQ(unlink(path), 0);
    return rmdir(dir);
}

static void files_fail_as_told(void **state)
{
    static struct file_case cases[] = {
        {RIO_SIM_OPEN, -ENOMEM}, {RIO_SIM_OPEN, -EMFILE}, {RIO_SIM_WRITE, -ENOSPC},
        {RIO_SIM_FSYNC, -EIO},   {RIO_SIM_READ, -EIO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const rio_sim_fault f = {
            .kind = RIO_SIM_FAIL, .op = cases[i].op, .nth = 1, .error = cases[i].error};
        const rio_sim_opts opts = {.seed = i + 1, .faults = &f, .fault_count = 1};

        assert_int_equal(loop_test_run_sim(&opts, uses_a_file, &cases[i], NULL), 0);
    }
}

/* ---- short, slow ---- */

static long receives_short(void *unused)
{
    char back[4];
    int fd[2];

    (void)unused;
    EXPECT(pair(fd));
    EXPECT_EQ(await(rio_sendall(fd[0], "text", 4)), 4);
    EXPECT_EQ(await(rio_recv(fd[1], back, 4, 0)), 1);
    EXPECT_EQ(await(rio_recv(fd[1], back, 3, MSG_WAITALL)), 3); /* after one byte */
    EXPECT(memcmp(back, "ext", 3) == 0);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

static void a_short_move_is_one_byte(void **state)
{
    (void)state;
    with_fault(receives_short,
               (rio_sim_fault){.kind = RIO_SIM_SHORT, .op = RIO_SIM_RECV});
}

static long syncs_slowly(void *unused)
{
    char path[] = "/tmp/rio-sim-XXXXXX";
    int64_t start = rio_now();
    int fd = mkstemp(path);

    (void)unused;
    EXPECT(fd >= 0 && unlink(path) == 0);
    EXPECT_EQ(await(rio_fsync(fd)), 0);
    EXPECT(rio_now() - start >= 7 * RIO_SEC);
    return await(rio_close(fd));
}

static void a_disk_can_be_slow(void **state)
{
    (void)state;
    with_fault(syncs_slowly, (rio_sim_fault){.kind = RIO_SIM_DELAY,
                                             .op = RIO_SIM_FSYNC,
                                             .delay = 7 * RIO_SEC});
}

/* ---- cancellations ---- */

struct reader {
    int fd;
    char bytes[8];
    ssize_t rc;
    long after; /* what the next suspension said */
};

static long reads(void *arg)
{
    struct reader *r = arg;

    r->rc = await(rio_recv(r->fd, r->bytes, sizeof r->bytes, 0));
    r->after = await(rio_yield());
    return r->rc == -ECANCELED ? r->rc : r->after;
}

static long cancels_a_reader(void *unused)
{
    struct reader r = {0};
    int64_t start = rio_now();
    rio_task *t;
    int fd[2];

    (void)unused;
    EXPECT(pair(fd));
    r.fd = fd[0];
    t = rio_create_task(reads, &r);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_task_cancel(t); /* it takes an hour; bytes come before */
    EXPECT_EQ(await(rio_sendall(fd[1], "bytes", 5)), 5);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(r.rc, 5);
    EXPECT_EQ(r.after, -ECANCELED); /* it was not forgotten */
    t = rio_create_task(reads, &r);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(r.rc, -ECANCELED);
    EXPECT(rio_now() - start >= 3600 * RIO_SEC);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

static void a_late_cancel_loses_to_the_result(void **state)
{
    (void)state;
    with_fault(cancels_a_reader, (rio_sim_fault){.kind = RIO_SIM_CANCEL_LATE,
                                                 .op = RIO_SIM_RECV,
                                                 .delay = 3600 * RIO_SEC});
}

static long closes_a_stream(void *unused)
{
    int64_t start = rio_now(), took;
    rio_stream *s;
    int fd[2];

    (void)unused;
    EXPECT(pair(fd));
    EXPECT_EQ(rio_stream_from_fd(fd[0], &s), 0);
    EXPECT_EQ(await(loop_test_settle()), 0);
    rio_stream_abort(s);
    EXPECT_EQ(await(end_stream(s)), 0);
    took = rio_now() - start;
    EXPECT(took < 6 * RIO_SEC); /* it asks again after five seconds */
    close(fd[1]);
    return 0;
}

static void a_stream_asks_again_when_its_cancel_is_lost(void **state)
{
    (void)state;
    with_fault(
        closes_a_stream,
        (rio_sim_fault){.kind = RIO_SIM_CANCEL_LOST, .op = RIO_SIM_RECV, .nth = 1});
}

/* ---- storms ---- */

enum { LINES = 4, STORM_BYTES = 400 };

/* One end counts up; the other one is cancelled all the time. */
struct line {
    int fd[2];
    struct rq_rand chance;
    unsigned char next; /* byte that is to come */
    unsigned got;
    bool wrong;
};

static long counts_up(void *arg)
{
    struct line *l = arg;

    for (unsigned i = 0; i < STORM_BYTES;) {
        unsigned char bytes[16];
        size_t n = 0;

        for (; n < sizeof bytes && i < STORM_BYTES; n++)
            bytes[n] = (unsigned char)i++;
        RIO_TRY(await(rio_sendall(l->fd[0], bytes, n)));
        RIO_TRY(await(rio_sleep((int64_t)rq_rand_below(&l->chance, 300) * RIO_US)));
    }
    return 0;
}

static long takes_some(void *arg)
{
    struct line *l = arg;
    unsigned char bytes[24];
    ssize_t n = await(rio_recv(l->fd[1], bytes, sizeof bytes, 0));

    for (ssize_t i = 0; i < n; i++)
        l->wrong |= bytes[i] != l->next++;
    if (n > 0)
        l->got += (unsigned)n;
    return n < 0 ? n : 0;
}

static long takes_all(void *arg)
{
    struct line *l = arg;

    while (l->got < STORM_BYTES && !l->wrong) {
        rio_task *t = rio_create_task(takes_some, l);
        int64_t patience = (int64_t)rq_rand_below(&l->chance, 200) * RIO_US;
        long rc;

        if (t == NULL)
            return -ENOMEM;
        rc = await(rio_sleep(patience));
        rio_task_cancel(t);
        RIO_IGNORE(await(rio_join_unref(t)));
        RIO_TRY(rc);
    }
    return l->wrong ? -EIO : 0;
}

static long storms(void *seed)
{
    struct line lines[LINES];
    rio_group g;
    long rc;

    EXPECT_EQ(rio_group_enter(&g), 0);
    for (int i = 0; i < LINES; i++) {
        lines[i] = (struct line){.got = 0};
        rq_rand_seed(&lines[i].chance, *(uint64_t *)seed * LINES + (unsigned)i);
        if (!pair(lines[i].fd))
            return -errno;
        rio_group_spawn(&g, counts_up, &lines[i]);
        rio_group_spawn(&g, takes_all, &lines[i]);
    }
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    for (int i = 0; i < LINES; i++) {
        close(lines[i].fd[0]);
        close(lines[i].fd[1]);
    }
    return rc;
}

static void a_storm_of_cancels_loses_no_byte(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        const rio_sim_fault faults[] = {
            {.kind = RIO_SIM_CANCEL_LATE,
             .op = RIO_SIM_RECV,
             .one_in = 3,
             .delay = RIO_MS},
            {.kind = RIO_SIM_DELAY, .op = RIO_SIM_SEND, .one_in = 5, .delay = RIO_MS},
        };
        const rio_sim_opts opts = {
            .seed = seed, .short_one_in = 2, .faults = faults, .fault_count = 2};

        assert_int_equal(loop_test_run_sim(&opts, storms, (void *)&seed, NULL), 0);
    }
}

/* That its clients are cut off is the script's doing. */
static long echoes(rio_stream *s, void *unused)
{
    char text[64];
    ssize_t n;

    (void)unused;
    while ((n = await(rio_stream_read(s, text, sizeof text))) > 0)
        if (rio_stream_write(s, text, (size_t)n) < 0)
            break;
    return 0;
}

static long asks(void *address)
{
    char text[8];
    rio_stream *s;
    long rc = await(rio_open_connection(address, NULL, &s));

    if (rc < 0)
        return rc;
    rc = rio_stream_write(s, "a word\n", 7);
    if (rc == 0)
        rc = await(rio_stream_readexactly(s, text, 7, NULL));
    if (rc == 7 && memcmp(text, "a word\n", 7) != 0)
        rc = -EIO;
    RIO_IGNORE(await(end_stream(s)));
    return rc;
}

static long echo_all(void *address)
{
    rio_task *t[3];
    rio_server *server;
    long rc[3];

    EXPECT_EQ(await(rio_start_server(echoes, NULL, address, NULL, &server)), 0);
    for (int i = 0; i < 3; i++)
        t[i] = rio_create_task(asks, address);
    for (int i = 0; i < 3; i++)
        rc[i] = await(rio_join_unref(t[i]));
    rio_server_close(server);
    EXPECT_EQ(await(rio_server_wait_closed(server)), 0);
    for (int i = 0; i < 3; i++) /* a word, or one of the script's errors */
        EXPECT(rc[i] == 7 || rc[i] == -ECONNRESET || rc[i] == -ECONNREFUSED ||
               rc[i] == -EPIPE || rc[i] == -ENODATA || rc[i] == -ENOMEM);
    return 0;
}

/* loop_test_run_sim() fails when anything is left behind. */
static void a_thousand_seeds_leave_nothing_behind(void **state)
{
    static const rio_sim_fault faults[] = {
        {.kind = RIO_SIM_FAIL, .op = RIO_SIM_RECV, .one_in = 20, .error = -ECONNRESET},
        {.kind = RIO_SIM_FAIL, .op = RIO_SIM_RECV, .one_in = 20, .error = -ENOBUFS},
        {.kind = RIO_SIM_FAIL, .op = RIO_SIM_SEND, .one_in = 20, .error = -EPIPE},
        {.kind = RIO_SIM_FAIL,
         .op = RIO_SIM_CONNECT,
         .one_in = 20,
         .error = -ECONNREFUSED},
        {.kind = RIO_SIM_FAIL, .op = RIO_SIM_ACCEPT, .one_in = 20, .error = -EMFILE},
        {.kind = RIO_SIM_FAIL, .op = RIO_SIM_ANY, .one_in = 50, .error = -ENOMEM},
        {.kind = RIO_SIM_SHOT_END, .op = RIO_SIM_ANY, .one_in = 4},
        {.kind = RIO_SIM_DELAY, .op = RIO_SIM_ANY, .one_in = 10, .delay = RIO_SEC},
        {.kind = RIO_SIM_CANCEL_LATE,
         .op = RIO_SIM_ANY,
         .one_in = 3,
         .delay = 10 * RIO_SEC},
        {.kind = RIO_SIM_CANCEL_LOST, .op = RIO_SIM_RECV, .one_in = 6},
    };
    char dir[] = "/tmp/rio-sim-XXXXXX", address[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(address, sizeof address, "unix:%s/s", dir);
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        const rio_sim_opts opts = {.seed = seed,
                                   .short_one_in = 4,
                                   .faults = faults,
                                   .fault_count = sizeof faults / sizeof faults[0]};
        long rc = loop_test_run_sim(&opts, echo_all, address, NULL);

        if (rc != 0)
            print_error("seed %d\n", (int)seed);
        assert_int_equal(rc, 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

TEST_MAIN(cmocka_unit_test(a_reset_reaches_both_ends),
          cmocka_unit_test(a_connection_is_refused),
          cmocka_unit_test(a_server_without_descriptors_pauses),
          cmocka_unit_test(shots_that_end_are_armed_anew),
          cmocka_unit_test(files_fail_as_told),
          cmocka_unit_test(a_short_move_is_one_byte),
          cmocka_unit_test(a_disk_can_be_slow),
          cmocka_unit_test(a_late_cancel_loses_to_the_result),
          cmocka_unit_test(a_stream_asks_again_when_its_cancel_is_lost),
          cmocka_unit_test(a_storm_of_cancels_loses_no_byte),
          cmocka_unit_test(a_thousand_seeds_leave_nothing_behind))
