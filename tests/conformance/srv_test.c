/* srv_test - SRV: servers.
 * SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "servers.h"

/* Echoes one line, after `go` if it is to wait. */
struct service {
    rio_event go;
    bool waits;
    int clients;
    rio_task *cancels; /* what the first client's handler cancels */
};

static long serve_line(rio_stream *s, void *arg)
{
    struct service *v = arg;
    char line[16];
    ssize_t n;

    v->clients++;
    rio_task_cancel(v->cancels);
    if (v->waits)
        RIO_TRY(await(rio_event_wait(&v->go)));
    n = await(rio_stream_readline(s, line, sizeof line));
    return n < 0 ? n : rio_stream_write(s, line, (size_t)n);
}

static long forever(void *arg)
{
    return await(rio_server_serve_forever(arg));
}

static long wait_closed(void *arg)
{
    return await(rio_server_wait_closed(arg));
}

struct client {
    const char *address;
};

static long say_there(void *arg)
{
    return await(say_hello(((struct client *)arg)->address, NULL));
}

RIO_AWAITS static long serve_until_cancelled(const char *host, const char *port)
{
    static const rio_server_opts idle = {.flags = RIO_SERVER_IDLE};
    struct service v = {0};
    rio_server *s;
    struct port p;

    EXPECT_EQ(await(rio_start_server_ex(serve_line, &v, host, port, &idle, &s)), 0);
    EXPECT(!rio_server_is_serving(s));
    p = port_of(s);
    EXPECT_EQ(await(say_hello(host, p.text)), -ECONNREFUSED);
    v.cancels = rio_create_task(forever, s);
    EXPECT_EQ(await(settle()), 0);
    EXPECT(rio_server_is_serving(s));
    EXPECT_EQ(await(rio_server_serve_forever(s)), -EBUSY);
    EXPECT_EQ(await(say_hello(host, p.text)), 0); /* it still gets its answer */
    EXPECT_EQ(await(rio_join(v.cancels)), -ECANCELED);
    EXPECT(rio_future_cancelled(v.cancels));
    rio_unref(v.cancels);
    EXPECT_EQ(v.clients, 1);
    EXPECT(!rio_server_is_serving(s));
    EXPECT_EQ(rio_server_fd(s), -EBADF);
    EXPECT_EQ(await(rio_server_serve_forever(s)), -EBADF);
    EXPECT_EQ(rio_server_start_serving(s), -EBADF);
    EXPECT(await(say_hello(host, p.text)) < 0);
    return 0;
}

LOOP_TEST(test_SRV_01)
{
    struct place place;

    EXPECT(place_make(&place));
    EXPECT_EQ(await(serve_until_cancelled("127.0.0.1", "0")), 0);
    EXPECT_EQ(await(serve_until_cancelled(place.address, NULL)), 0);
    EXPECT(place_remove(&place));
    return 0;
}

LOOP_TEST(test_SRV_02)
{
    struct service v = {.waits = true};
    struct place place;
    rio_server *s;
    rio_task *client, *early, *late;

    EXPECT(place_make(&place));
    EXPECT_EQ(await(rio_start_server(serve_line, &v, place.address, NULL, &s)), 0);
    early = rio_create_task(wait_closed, s);
    client = rio_create_task(say_there, &(struct client){place.address});
    while (v.clients == 0)
        EXPECT_EQ(await(rio_yield()), 0);
    EXPECT(!rio_future_done(early)); /* before close */
    rio_server_close(s);
    late = rio_create_task(wait_closed, s);
    EXPECT_EQ(await(rio_sleep(5 * RIO_MS)), 0);
    EXPECT(!rio_future_done(early)); /* with an active client */
    EXPECT(!rio_future_done(late));
    rio_event_set(&v.go);
    EXPECT_EQ(await(rio_join_unref(client)), 0);
    EXPECT_EQ(await(rio_join_unref(early)), 0);
    EXPECT_EQ(await(rio_join_unref(late)), 0);
    EXPECT_EQ(await(rio_server_wait_closed(s)), 0); /* after it has gone */
    EXPECT(place_remove(&place));
    return 0;
}

LOOP_TEST(test_SRV_03)
{
    struct service v = {0};
    struct place place;
    rio_server *s;
    rio_stream *stream;

    EXPECT(place_make(&place));
    EXPECT_EQ(await(rio_start_server(serve_line, &v, place.address, NULL, &s)), 0);
    EXPECT_EQ(await(rio_open_connection(place.address, NULL, &stream)), 0);
    while (v.clients == 0)
        EXPECT_EQ(await(rio_yield()), 0);
    EXPECT_EQ(rio_stream_close(stream), 0);
    rio_server_close(s);
    EXPECT_EQ(await(rio_server_wait_closed(s)), 0);
    EXPECT_EQ(await(rio_stream_wait_closed(stream)), 0);
    rio_stream_free(stream);
    EXPECT(place_remove(&place));
    return 0;
}

static bool exists(const struct place *p)
{
    struct stat st;

    return lstat(p->path, &st) == 0;
}

LOOP_TEST(test_SRV_05)
{
    static const rio_server_opts keep = {.flags = RIO_SERVER_KEEP_PATH};
    struct service v = {0};
    struct place p;
    rio_server *s, *other;

    EXPECT(place_make(&p));
    EXPECT_EQ(await(rio_start_server(serve_line, &v, p.address, NULL, &s)), 0);
    EXPECT(exists(&p));
    EXPECT_EQ(await(close_server(s)), 0);
    EXPECT(!exists(&p));
    /* Removed already. */
    EXPECT_EQ(await(rio_start_server(serve_line, &v, p.address, NULL, &s)), 0);
    EXPECT_EQ(unlink(p.path), 0);
    EXPECT_EQ(await(close_server(s)), 0);
    /* Replaced by another socket. */
    EXPECT_EQ(await(rio_start_server(serve_line, &v, p.address, NULL, &s)), 0);
    EXPECT_EQ(await(rio_start_server(serve_line, &v, p.address, NULL, &other)), 0);
    EXPECT_EQ(await(close_server(s)), 0);
    EXPECT(exists(&p));
    EXPECT_EQ(await(say_hello(p.address, NULL)), 0);
    EXPECT_EQ(await(close_server(other)), 0);
    EXPECT(!exists(&p));
    /* Cleanup switched off. */
    EXPECT_EQ(await(rio_start_server_ex(serve_line, &v, p.address, NULL, &keep, &s)),
              0);
    EXPECT_EQ(await(close_server(s)), 0);
    EXPECT(exists(&p));
    EXPECT_EQ(unlink(p.path), 0);
    EXPECT(place_remove(&p));
    return 0;
}

LOOP_TEST(test_SRV_06)
{
    static const char *const host = "127.0.0.1";
    static const rio_server_opts reuse = {.flags = RIO_SERVER_REUSE_PORT};
    struct service v = {0}, w = {0};
    rio_server *s, *second;
    struct port p;

    EXPECT_EQ(await(rio_start_server(serve_line, &v, host, "0", &s)), 0);
    p = port_of(s);
    EXPECT_EQ(await(rio_start_server(serve_line, &v, host, p.text, &second)),
              -EADDRINUSE);
    EXPECT_EQ(await(say_hello(host, p.text)), 0);
    EXPECT_EQ(await(close_server(s)), 0);

    v.clients = 0;
    EXPECT_EQ(await(rio_start_server_ex(serve_line, &v, host, "0", &reuse, &s)), 0);
    p = port_of(s);
    EXPECT_EQ(await(rio_start_server_ex(serve_line, &w, host, p.text, &reuse, &second)),
              0);
    for (int i = 0; i < 8; i++)
        EXPECT_EQ(await(say_hello(host, p.text)), 0);
    EXPECT_EQ(await(close_server(s)), 0); /* the other one serves on */
    EXPECT_EQ(await(say_hello(host, p.text)), 0);
    EXPECT_EQ(v.clients + w.clients, 9);
    EXPECT_EQ(await(close_server(second)), 0);
    return 0;
}

TEST_MAIN(cmocka_unit_test(test_SRV_01), cmocka_unit_test(test_SRV_02),
          cmocka_unit_test(test_SRV_03), cmocka_unit_test(test_SRV_05),
          cmocka_unit_test(test_SRV_06))
