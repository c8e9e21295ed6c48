/* nomem_io_test - the n-th allocation fails: streams, servers, processes, files,
 * threads and signals. SPDX-License-Identifier: MIT */
#include "nomem.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/rio-nomem-XXXXXX";
static char address[64]; /* "unix:" and the path of a socket in dir */

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(address, sizeof address, "unix:%s/s", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

RIO_AWAITS static long end_stream(rio_stream *s)
{
    long rc;

    if (s == NULL)
        return 0;
    (void)rio_stream_close(s);
    rc = await(rio_stream_wait_closed(s));
    rio_stream_free(s);
    return rc;
}

/* ---- streams ---- */

enum { BYTES = 100000 };

static long pour(void *arg)
{
    rio_stream *s = arg;
    static char bytes[BYTES];
    long rc = 0;

    for (int i = 0; i < 10 && rc == 0; i++) {
        rc = rio_stream_write(s, bytes, BYTES / 10);
        if (rc == 0)
            rc = await(rio_stream_drain(s));
    }
    rc = first_error(rc, rio_stream_write_eof(s));
    if (rc < 0)
        rio_stream_abort(s); /* so that the other one does not wait */
    return rc;
}

NOMEM_IO_TEST(streams_carry_all_or_break, -ECONNRESET, -EPIPE, -EPROTO, 0)
{
    rio_stream *s[2] = {NULL, NULL};
    rio_task *t = NULL;
    void *all = NULL;
    ssize_t n;
    int fd[2];
    long rc;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -errno;
    rc = rio_stream_from_fd(fd[0], &s[0]);
    rc = first_error(rc, rio_stream_from_fd(fd[1], &s[1]));
    if (rc == 0)
        rc = made(t = rio_create_task(pour, s[0]));
    if (rc == 0) {
        n = await(rio_stream_readall(s[1], BYTES, &all));
        rc = n < 0 ? n : n == BYTES ? 0 : -EPROTO;
        free(all);
    }
    if (t != NULL) {
        if (rc < 0) /* nobody reads */
            rio_task_cancel(t);
        n = await(rio_join_unref(t));
        rc = first_error(rc, n == -ECANCELED ? 0 : n);
    }
    if (rc < 0)
        for (int i = 0; i < 2; i++)
            if (s[i] != NULL)
                rio_stream_abort(s[i]);
    rc = first_error(rc, await(end_stream(s[0])));
    return first_error(rc, await(end_stream(s[1])));
}

/* ---- servers ---- */

static long echo_line(rio_stream *s, void *arg)
{
    char line[16];
    ssize_t n = await(rio_stream_readline(s, line, sizeof line));

    (void)arg;
    return n < 0 ? n : rio_stream_write(s, line, (size_t)n);
}

RIO_AWAITS static long say(const char *host, const char *port)
{
    static const rio_connect_opts race = {.attempt_delay = RIO_SEC};
    rio_stream *s;
    char line[16];
    long rc;

    RIO_TRY(await(rio_open_connection_ex(host, port, &race, &s)));
    rc = rio_stream_write(s, "hello\n", 6);
    if (rc == 0) {
        rc = await(rio_stream_readline(s, line, sizeof line));
        rc = rc < 0 ? rc : rc == 6 ? 0 : -ENODATA;
    }
    return first_error(rc, await(end_stream(s)));
}

RIO_AWAITS static long serve(const char *host)
{
    struct sockaddr_in sa = {0};
    socklen_t len = sizeof sa;
    char port[8];
    rio_server *s;
    long rc = 0;

    RIO_TRY(await(rio_start_server(echo_line, NULL, host, "0", &s)));
    (void)getsockname(rio_server_fd(s), (struct sockaddr *)&sa, &len);
    (void)snprintf(port, sizeof port, "%u", (unsigned)ntohs(sa.sin_port));
    for (int i = 0; i < 2; i++) /* a client that is lost is not the last one */
        rc = first_error(rc, await(say(host, port)));
    rio_server_close(s);
    return first_error(rc, await(rio_server_wait_closed(s)));
}

NOMEM_IO_TEST(servers_refuse_or_serve, -ECONNRESET, -EPIPE, -ENODATA, 0)
{
    RIO_TRY(await(serve(address)));
    RIO_TRY(await(serve("127.0.0.1")));
    return await(serve("localhost")); /* by a thread, and perhaps several addresses */
}

/* ---- processes ---- */

NOMEM_IO_TEST(processes_end_and_are_reaped, -ECONNRESET, -EPIPE, 0)
{
    char *argv[] = {(char *)(uintptr_t) "cat", NULL};
    rio_process *p;
    void *out = NULL;
    size_t n = 0;
    long rc;

    RIO_TRY(await(rio_create_subprocess_exec(argv, RIO_PIPE_IN | RIO_PIPE_OUT, &p)));
    rc = await(rio_process_communicate(p, "hello", 5, &out, &n));
    if (rc == 0 && n != 5)
        rc = -EPROTO;
    free(out);
    if (rc == 0)
        rc = await(rio_process_wait(p));
    rio_process_close(p);
    while (waitpid(-1, NULL, WNOHANG) == 0)
        if (await(rio_yield()) < 0)
            return -EPROTO;
    return rc;
}

/* ---- files ---- */

RIO_AWAITS static long use_file(int d)
{
    char byte, **names = NULL;
    struct statx st;
    ssize_t n;
    long rc;
    int fd = await(rio_openat(d, "f", O_CREAT | O_RDWR, 0600));

    if (fd < 0)
        return fd;
    rc = await(rio_pwrite(fd, "x", 1, 0));
    rc = first_error(rc, await(rio_fsync(fd)));
    rc = first_error(rc, await(rio_pread(fd, &byte, 1, 0)));
    rc = first_error(rc, await(rio_statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &st)));
    n = await(rio_listdir(d, ".", &names));
    rc = first_error(rc, n);
    if (n >= 0) {
        rc = first_error(rc, n == 1 ? 0 : -EPROTO);
        free(names);
    }
    (void)close(fd);
    rc = first_error(rc, await(rio_unlinkat(d, "f", 0)));
    (void)unlinkat(d, "f", 0); /* if that failed */
    return rc;
}

NOMEM_IO_TEST(files_are_used_or_are_not, 0)
{
    int d = await(rio_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0));
    long rc;

    if (d < 0)
        return d;
    rc = await(use_file(d));
    if (await(rio_close(d)) == -ENOMEM) {
        (void)close(d);
        rc = first_error(rc, -ENOMEM);
    }
    return rc;
}

/* ---- sockets ---- */

NOMEM_IO_TEST(datagrams_come_or_do_not, 0)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char buf[8];
    long rc;

    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        return -EPROTO;
    rc = await(rio_sendto(fd, "hello", 5, (struct sockaddr *)&sa, sizeof sa));
    if (rc == 5)
        rc = await(rio_recvfrom(fd, buf, sizeof buf, NULL, NULL));
    (void)close(fd);
    return first_error(rc, rc == 5 ? 0 : -EPROTO);
}

/* ---- threads ---- */

static long add(void *arg)
{
    return *(int *)arg + 1;
}

static long fails(void *arg)
{
    (void)arg;
    return rio_error(-ENOMEM, "in a thread");
}

NOMEM_IO_TEST(threads_work_or_are_not_asked, 0)
{
    int n = 41;
    long rc = await(rio_to_thread(add, &n));
    rio_executor *e = rio_executor_new(2);
    rio_future *f;

    rc = rc == 42 ? made(e) : first_error(rc, -EPROTO);
    for (int i = 0; i < 5 && e != NULL; i++) {
        f = rio_run_in_executor(e, add, &n, sizeof n);
        rc = first_error(rc, made(f));
        if (f != NULL && await(rio_join_unref(f)) != 42)
            rc = -EPROTO;
    }
    if (await(rio_to_thread(fails, NULL)) != -ENOMEM)
        rc = -EPROTO;
    if (e != NULL)
        rc = first_error(rc, await(rio_executor_shutdown(e, RIO_FOREVER)));
    return rc;
}

/* ---- signals ---- */

static long count(void *arg)
{
    ++*(int *)arg;
    return 0;
}

static long raise_usr1(void *arg)
{
    (void)arg;
    return raise(SIGUSR1) == 0 ? 0 : -errno;
}

NOMEM_IO_TEST(signals_are_heard_or_are_not_waited_for, 0)
{
    int heard = 0;
    long rc = rio_add_signal_handler(SIGUSR1, count, &heard);

    if (rc < 0)
        return rc;
    (void)raise(SIGUSR1);
    for (int i = 0; i < 2000 && heard == 0; i++)
        RIO_TRY(await(rio_yield()));
    if (heard != 1)
        rc = -EPROTO;
    if (rio_remove_signal_handler(SIGUSR1) != 1)
        return -EPROTO;
    if (rc == 0 && rio_call_soon(raise_usr1, NULL) == 0)
        rc = -errno;
    if (rc == 0) {
        rc = await(rio_signal_wait(SIGUSR1));
        rc = rc == SIGUSR1 ? 0 : first_error(rc, -EPROTO);
    }
    return rc;
}

/* ---- the end of a run ---- */

static long never_reads(rio_stream *s, void *arg)
{
    static char big[1 << 16];

    ++*(int *)arg;
    for (int i = 0; i < 8; i++)
        RIO_TRY(rio_stream_write(s, big, sizeof big));
    return await(rio_sleep(RIO_FOREVER));
}

static long cleans_up_slowly(void *arg)
{
    long rc = await(rio_gen_yield(arg));

    RIO_IGNORE(await(rio_sleep(RIO_US)));
    return rc == -EPIPE ? 0 : rc;
}

static long works_on(void *arg)
{
    RIO_IGNORE(await(rio_sleep(RIO_FOREVER)));
    return await(rio_to_thread(add, arg));
}

NOMEM_IO_TEST(what_is_left_ends_with_the_loop, -ECONNRESET, -EPIPE, -ENODATA, 0)
{
    static int n;
    char *argv[] = {(char *)(uintptr_t) "cat", NULL};
    rio_process *p;
    rio_server *server;
    rio_stream *s;
    rio_task *t;
    rio_gen *g;
    char byte;

    n = 0;
    RIO_TRY(await(rio_start_server(never_reads, &n, address, NULL, &server)));
    RIO_TRY(await(rio_open_connection(address, NULL, &s)));
    if (await(rio_stream_read(s, &byte, 1)) != 1)
        n = -1;
    rio_stream_free(s);
    if (n < 0)
        return -ENODATA;
    RIO_TRY(made(g = rio_gen_new(cleans_up_slowly, &n, sizeof n)));
    RIO_TRY(await(rio_next(rio_gen_iter(g), &n)));
    RIO_TRY(made(t = rio_create_task(works_on, &n)));
    rio_unref(t);
    RIO_TRY(rio_call_later(RIO_SEC, count, &n) == 0 ? -errno : 0);
    return await(rio_create_subprocess_exec(argv, RIO_PIPE_IN | RIO_PIPE_OUT, &p));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_carry_all_or_break),
        cmocka_unit_test(servers_refuse_or_serve),
        cmocka_unit_test(processes_end_and_are_reaped),
        cmocka_unit_test(files_are_used_or_are_not),
        cmocka_unit_test(datagrams_come_or_do_not),
        cmocka_unit_test(threads_work_or_are_not_asked),
        cmocka_unit_test(signals_are_heard_or_are_not_waited_for),
        cmocka_unit_test(what_is_left_ends_with_the_loop),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
