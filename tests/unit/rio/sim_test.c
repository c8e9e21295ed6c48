/* sim_test.c - the simulated backend: its clock, its order, whose buffers are whose.
 *
 * These tests make simulations of their own, with options, whatever the environment
 * asks for; sim_faults_test.c has those of faults.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"

#define SIM_TEST(name)                                                          \
    static long name##_body(void *unused);                                      \
    static void name(void **state)                                              \
    {                                                                           \
        const rio_sim_opts opts = {.seed = 1};                                  \
                                                                                \
        (void)state;                                                            \
        assert_int_equal(loop_test_run_sim(&opts, name##_body, NULL, NULL), 0); \
    }                                                                           \
    static long name##_body(void *unused __attribute__((unused)))

static int64_t real_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * RIO_SEC + ts.tv_nsec;
}

/* ---- time ---- */

static long naps(void *arg)
{
    return await(rio_sleep(*(int64_t *)arg));
}

SIM_TEST(time_is_exact_and_takes_none)
{
    int64_t naptimes[] = {2 * RIO_SEC, RIO_SEC, 3 * RIO_SEC};
    int64_t start = rio_now(), real = real_now();

    EXPECT_EQ(await(RIO_GATHER_ARRAY(naps, naptimes)), 0);
    EXPECT_EQ(rio_now() - start, 3 * RIO_SEC);
    EXPECT_EQ(await(rio_sleep(365 * 24 * 3600 * RIO_SEC)), 0);
    EXPECT(real_now() - real < RIO_SEC);
    return 0;
}

SIM_TEST(a_limit_strikes_at_its_time)
{
    rio_future *never = rio_future_new();
    int64_t start = rio_now();

    EXPECT_EQ(await(rio_wait_for(never, RIO_SEC)), -ETIMEDOUT);
    EXPECT_EQ(rio_now() - start, RIO_SEC);
    rio_unref(never);
    return 0;
}

SIM_TEST(a_program_that_polls_the_clock_gets_on)
{
    int64_t end = rio_now() + 50 * RIO_MS;

    while (rio_now() < end)
        EXPECT_EQ(await(rio_yield()), 0);
    end = rio_now() + 50 * RIO_MS;
    while (rio_now() < end)
        continue;
    return 0;
}

/* A connect on loopback is under way for no longer than its call. */
SIM_TEST(what_is_there_is_seen_before_time_jumps)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;
    int ln = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int64_t start = rio_now();
    rio_timeout limit = {0};
    long rc;

    EXPECT_EQ(bind(ln, (struct sockaddr *)&sa, len), 0);
    EXPECT_EQ(listen(ln, 1), 0);
    EXPECT_EQ(getsockname(ln, (struct sockaddr *)&sa, &len), 0);
    EXPECT_EQ(rio_timeout_enter(&limit, 10 * RIO_SEC), 0);
    rc = await(rio_connect(fd, (struct sockaddr *)&sa, len));
    EXPECT_EQ(rio_timeout_exit(&limit, rc), 0);
    EXPECT(rio_now() - start < RIO_SEC);
    close(fd);
    close(ln);
    return 0;
}

static long blocks(void *unused)
{
    (void)unused;
    return nanosleep(&(struct timespec){.tv_nsec = 20 * RIO_MS}, NULL);
}

SIM_TEST(time_is_real_while_a_thread_works)
{
    int64_t start = rio_now(), passed;
    rio_timeout limit = {0};
    long rc;

    EXPECT_EQ(rio_timeout_enter(&limit, 60 * RIO_SEC), 0);
    rc = await(rio_to_thread(blocks, NULL));
    EXPECT_EQ(rio_timeout_exit(&limit, rc), 0); /* not "after a minute" */
    passed = rio_now() - start;
    EXPECT(passed >= 15 * RIO_MS && passed < 60 * RIO_SEC);
    return 0;
}

/* ---- order ---- */

enum { PAIRS = 8, ROUNDS = 4 };

/* Sends and receives on its own pair of sockets, and writes down when. */
struct player {
    int fd[2];
    char name, *trail;
    size_t *at;
};

static long plays(void *arg)
{
    struct player *p = arg;
    char byte = 0;

    for (int i = 0; i < ROUNDS; i++) {
        if (await(rio_sendall(p->fd[0], &p->name, 1)) != 1 ||
            await(rio_recv(p->fd[1], &byte, 1, 0)) != 1 || byte != p->name)
            return -EIO;
        p->trail[(*p->at)++] = byte;
    }
    return 0;
}

static long play(void *trail)
{
    struct player p[PAIRS];
    size_t at = 0;

    for (int i = 0; i < PAIRS; i++) {
        p[i] = (struct player){.name = (char)('a' + i), .trail = trail, .at = &at};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p[i].fd), 0);
    }
    EXPECT_EQ(await(RIO_GATHER_ARRAY(plays, p)), 0);
    for (int i = 0; i < PAIRS; i++) {
        close(p[i].fd[0]);
        close(p[i].fd[1]);
    }
    return 0;
}

static void equal_seeds_run_alike_and_others_do_not(void **state)
{
    char first[PAIRS * ROUNDS + 1] = "", again[sizeof first], other[sizeof first];
    uint64_t hash, same, different;
    rio_sim_opts opts = {.seed = 42};

    (void)state;
    memset(again, 0, sizeof again);
    memset(other, 0, sizeof other);
    assert_int_equal(loop_test_run_sim(&opts, play, first, &hash), 0);
    assert_int_equal(loop_test_run_sim(&opts, play, again, &same), 0);
    opts.seed = 43;
    assert_int_equal(loop_test_run_sim(&opts, play, other, &different), 0);
    assert_string_equal(first, again);
    assert_int_equal(hash, same);
    assert_string_not_equal(first, other);
    assert_int_not_equal(hash, different);
}

static long tells_seed(void *unused)
{
    rio_loop *l = rio_get_running_loop();
    uint64_t a = 0, b = 0;

    (void)unused;
    rio_random(&a, sizeof a);
    rio_random(&b, sizeof b);
    EXPECT(a != b);
    EXPECT_EQ(rio_sim_steps(l), 0);
    return (long)(rio_sim_seed(l) ^ (a & INT32_MAX) << 8);
}

static void chance_is_lent_from_the_seed(void **state)
{
    rio_sim_opts opts = {.seed = 7};
    long first = loop_test_run_sim(&opts, tells_seed, NULL, NULL);

    (void)state;
    assert_int_equal(loop_test_run_sim(&opts, tells_seed, NULL, NULL), first);
    assert_int_equal(first & 255, 7);
    opts.seed = 8;
    assert_int_not_equal(loop_test_run_sim(&opts, tells_seed, NULL, NULL) >> 8,
                         first >> 8);
}

static long is_not_simulated(void *unused)
{
    rio_loop *l = rio_get_running_loop();

    (void)unused;
    EXPECT_EQ(rio_sim_seed(l) + rio_sim_steps(l) + rio_sim_hash(l), 0);
    EXPECT_EQ(rio_sim_seed(NULL), 0);
    return 0;
}

static void a_real_loop_has_no_seed(void **state)
{
    rio_runner *r = rio_runner_new(RIO_IO_EPOLL);

    (void)state;
    assert_int_equal(rio_runner_run(r, is_not_simulated, NULL), 0);
    rio_runner_free(r);
}

/* ---- streams, cut short ---- */

enum { TEXT = 20000 };

static void fill(char *text, size_t n, unsigned salt)
{
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(i * 31 + salt + i / 251);
}

struct writer {
    rio_stream *s;
    const char *text;
};

static long writes(void *arg)
{
    const struct writer *w = arg;

    for (size_t at = 0; at < TEXT; at += 1000) {
        RIO_TRY(rio_stream_write(w->s, w->text + at, 1000));
        RIO_TRY(await(rio_stream_drain(w->s)));
    }
    return rio_stream_write_eof(w->s);
}

static long pair_of_streams(rio_stream *s[2])
{
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -errno;
    RIO_TRY(rio_stream_from_fd(fd[0], &s[0]));
    RIO_TRY(rio_stream_from_fd(fd[1], &s[1]));
    return 0;
}

RIO_AWAITS static int end_stream(rio_stream *s)
{
    int rc = rio_stream_close(s);

    if (rc == 0)
        rc = await(rio_stream_wait_closed(s));
    rio_stream_free(s);
    return rc;
}

static long copies_a_text(void *steps)
{
    char *text = malloc(TEXT), *got = calloc(1, TEXT);
    struct writer w = {.text = text};
    rio_stream *s[2];
    rio_task *t;

    EXPECT(text != NULL && got != NULL);
    fill(text, TEXT, 7);
    EXPECT_EQ(pair_of_streams(s), 0);
    w.s = s[0];
    t = rio_create_task(writes, &w);
    EXPECT_EQ(await(rio_stream_readexactly(s[1], got, TEXT, NULL)), TEXT);
    EXPECT_EQ(await(rio_stream_read(s[1], got, 0)), 0);
    EXPECT(memcmp(text, got, TEXT) == 0);
    EXPECT_EQ(await(rio_join_unref(t)), 0);
    EXPECT_EQ(await(end_stream(s[0])), 0);
    EXPECT_EQ(await(end_stream(s[1])), 0);
    *(uint64_t *)steps += rio_sim_steps(rio_get_running_loop());
    free(text);
    free(got);
    return 0;
}

/* Returns  how many completions that took */
static uint64_t copy(uint64_t seed, uint32_t short_one_in)
{
    const rio_sim_opts opts = {.seed = seed, .short_one_in = short_one_in};
    uint64_t steps = 0;

    assert_int_equal(loop_test_run_sim(&opts, copies_a_text, &steps, NULL), 0);
    return steps;
}

static void streams_put_short_moves_together(void **state)
{
    uint64_t whole = 0, pieces = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        whole += copy(seed, 0);
        pieces += copy(seed, 1);
    }
    assert_true(pieces > 2 * whole);
}

/* ---- whose buffers these are ---- */

struct transfer {
    int fd;
    char *bytes;
    size_t n;
    ssize_t rc;
};

static long sends_it(void *arg)
{
    struct transfer *t = arg;

    t->rc = await(rio_sendall(t->fd, t->bytes, t->n));
    return 0;
}

static long receives_it(void *arg)
{
    struct transfer *t = arg;

    t->rc = await(rio_recv(t->fd, t->bytes, t->n, 0));
    return t->rc == -ECANCELED ? -ECANCELED : 0;
}

/* Sends, and changes what is being sent. */
static long spoils_its_bytes(void *unused)
{
    char bytes[] = "mine, then yours";
    struct transfer t = {.bytes = bytes, .n = sizeof bytes};
    rio_task *task;
    int fd[2];

    (void)unused;
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    t.fd = fd[0];
    task = rio_create_task(sends_it, &t);
    RIO_TRY(await(rio_yield()));
    bytes[0] = 'M';
    return await(rio_join_unref(task));
}

static void bytes_that_change_in_flight_are_an_assertion(void **state)
{
    const struct sigaction dfl = {.sa_handler = SIG_DFL};
    char text[512];
    int out[2], status = 0;
    ssize_t n;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(out), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        rio_runner *r = rio_sim_runner(&(rio_sim_opts){.seed = 5});

        (void)sigaction(SIGABRT, &dfl, NULL);
        (void)dup2(out[1], STDERR_FILENO);
        _exit(rio_runner_run(r, spoils_its_bytes, NULL) != 0);
    }
    close(out[1]);
    n = read(out[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "seed 5, step 1"));
}

SIM_TEST(a_receive_buffer_holds_garbage_until_bytes_come)
{
    char bytes[] = "what stood here";
    struct transfer t = {.bytes = bytes, .n = sizeof bytes};
    rio_task *task;
    int fd[2];

    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    t.fd = fd[0];
    task = rio_create_task(receives_it, &t);
    EXPECT_EQ(await(loop_test_settle()), 0);
    EXPECT(memchr(bytes, 'w', sizeof bytes) == NULL);
    EXPECT_EQ(await(rio_sendall(fd[1], "WHAT", 4)), 4);
    EXPECT_EQ(await(rio_join_unref(task)), 0);
    EXPECT_EQ(t.rc, 4);
    EXPECT(memcmp(bytes, "WHAT stood here", sizeof bytes) == 0);
    close(fd[0]);
    close(fd[1]);
    return 0;
}

/* ---- files, steps, options ---- */

SIM_TEST(files_are_files)
{
    char path[] = "/tmp/rio-sim-XXXXXX", back[8] = "";
    struct statx st;
    int fd = mkstemp(path);

    EXPECT(fd >= 0);
    EXPECT_EQ(await(rio_pwrite(fd, "content", 7, 0)), 7);
    EXPECT_EQ(await(rio_fsync(fd)), 0);
    EXPECT_EQ(await(rio_pread(fd, back, 4, 3)), 4);
    EXPECT(strcmp(back, "tent") == 0);
    EXPECT_EQ(await(rio_statx(AT_FDCWD, path, 0, STATX_SIZE, &st)), 0);
    EXPECT_EQ(st.stx_size, 7);
    EXPECT_EQ(await(rio_unlinkat(AT_FDCWD, path, 0)), 0);
    EXPECT_EQ(await(rio_openat(AT_FDCWD, path, O_RDONLY, 0)), -ENOENT);
    return await(rio_close(fd));
}

static void crash_at(uint64_t step, void *arg)
{
    if (step == *(uint64_t *)arg)
        _exit(33);
}

static void a_program_can_crash_at_each_step(void **state)
{
    (void)state;
    for (uint64_t step = 1; step <= 64; step += 9) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
            char trail[PAIRS * ROUNDS + 1];
            const rio_sim_opts opts = {.on_step = crash_at, .on_step_arg = &step};

            (void)rio_runner_run(rio_sim_runner(&opts), play, trail);
            _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 33);
    }
}

static void assert_refused(rio_sim_opts opts)
{
    errno = 0;
    assert_null(rio_sim_runner(&opts));
    assert_int_equal(errno, EINVAL);
}

static void senseless_options_are_refused(void **state)
{
    rio_sim_fault f = {.kind = (rio_sim_kind)99};

    (void)state;
    assert_refused((rio_sim_opts){.latency_min = -1});
    assert_refused((rio_sim_opts){.latency_min = 2, .latency_max = 1});
    assert_refused((rio_sim_opts){.latency_max = RIO_FOREVER});
    assert_refused((rio_sim_opts){.faults = &f, .fault_count = 1});
    f = (rio_sim_fault){.kind = RIO_SIM_DELAY, .delay = -1};
    assert_refused((rio_sim_opts){.faults = &f, .fault_count = 1});
    f.delay = RIO_FOREVER;
    assert_refused((rio_sim_opts){.faults = &f, .fault_count = 1});
    f = (rio_sim_fault){.kind = RIO_SIM_DELAY, .op = (rio_sim_op)(RIO_SIM_MKDIR + 1)};
    assert_refused((rio_sim_opts){.faults = &f, .fault_count = 1});
    f = (rio_sim_fault){.kind = RIO_SIM_FAIL};
    assert_refused((rio_sim_opts){.faults = &f, .fault_count = 1});
    f.error = -4096;
    assert_refused((rio_sim_opts){.faults = &f, .fault_count = 1});
    errno = 0;
    assert_null(rio_runner_new(RIO_IO_SIM | RIO_IO_EPOLL));
    assert_int_equal(errno, EINVAL);
}

static long answers_nothing(void *arg)
{
    return await(rio_sleep(*(int64_t *)arg));
}

static void the_seed_comes_from_the_environment(void **state)
{
    const char *text = getenv("RIO_SIM_SEED");
    rio_runner *r = rio_runner_new(RIO_IO_SIM);
    int64_t nap = RIO_MS;

    (void)state;
    assert_int_equal(rio_sim_seed(rio_runner_get_loop(r)),
                     text == NULL ? 1 : strtoull(text, NULL, 10));
    assert_int_equal(rio_runner_run(r, answers_nothing, &nap), 0);
    rio_runner_free(r);
}

TEST_MAIN(cmocka_unit_test(time_is_exact_and_takes_none),
          cmocka_unit_test(a_limit_strikes_at_its_time),
          cmocka_unit_test(a_program_that_polls_the_clock_gets_on),
          cmocka_unit_test(what_is_there_is_seen_before_time_jumps),
          cmocka_unit_test(time_is_real_while_a_thread_works),
          cmocka_unit_test(equal_seeds_run_alike_and_others_do_not),
          cmocka_unit_test(chance_is_lent_from_the_seed),
          cmocka_unit_test(a_real_loop_has_no_seed),
          cmocka_unit_test(streams_put_short_moves_together),
          cmocka_unit_test(bytes_that_change_in_flight_are_an_assertion),
          cmocka_unit_test(a_receive_buffer_holds_garbage_until_bytes_come),
          cmocka_unit_test(files_are_files),
          cmocka_unit_test(a_program_can_crash_at_each_step),
          cmocka_unit_test(senseless_options_are_refused),
          cmocka_unit_test(the_seed_comes_from_the_environment))
