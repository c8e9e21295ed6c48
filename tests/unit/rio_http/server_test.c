/* server_test.c - what the server answers, byte by byte, and how it ends.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/rio_test.h"
#include "support/test.h"
#include "unit/rio_http/world.h"

enum { REPLY_MAX = 4096 };

/* ---- a client that speaks bytes ---- */

RIO_AWAITS static int dial(const struct world *w, rio_stream **out)
{
    return await(rio_open_connection("127.0.0.1", strrchr(w->base, ':') + 1, out));
}

RIO_AWAITS static int hang_up(rio_stream *s)
{
    int rc;

    rio_stream_abort(s);
    rc = await(rio_stream_wait_closed(s));
    rio_stream_free(s);
    return rc;
}

/* Sends the bytes and reads until the server closes; they had better ask it to.
 * Returns  the length of what came */
RIO_AWAITS static long converse(const struct world *w, const char *bytes, char *out)
{
    rio_stream *s;
    size_t got = 0;
    ssize_t n = 1;

    RIO_TRY(await(dial(w, &s)));
    (void)rio_stream_write(s, bytes, strlen(bytes));
    while (n > 0 && got < REPLY_MAX - 1) {
        n = await(rio_stream_read(s, out + got, REPLY_MAX - 1 - got));
        if (n > 0)
            got += (size_t)n;
    }
    out[got] = '\0';
    RIO_IGNORE(await(hang_up(s)));
    return n < 0 ? n : (long)got;
}

#define CLOSE "Host: x\r\nConnection: close\r\n"

/* ---- routes ---- */

WORLD_TEST(an_unknown_path_is_404)
{
    static char reply[REPLY_MAX];

    EXPECT(await(converse(w, "GET /nope HTTP/1.1\r\n" CLOSE "\r\n", reply)) > 0);
    EXPECT(strncmp(reply, "HTTP/1.1 404 Not Found\r\n", 24) == 0);
    EXPECT(strstr(reply, "\r\n\r\n404 Not Found\n") != NULL);
    return 0;
}

WORLD_TEST(a_wrong_method_is_405_and_says_which_are_right)
{
    static char reply[REPLY_MAX];

    EXPECT(await(converse(w, "DELETE /hello HTTP/1.1\r\n" CLOSE "\r\n", reply)) > 0);
    EXPECT(strncmp(reply, "HTTP/1.1 405 ", 13) == 0);
    EXPECT(strstr(reply, "\r\nAllow: GET, HEAD, PUT\r\n") != NULL);
    EXPECT(await(converse(w, "get /hello HTTP/1.1\r\n" CLOSE "\r\n", reply)) > 0);
    EXPECT(strncmp(reply, "HTTP/1.1 405 ", 13) == 0); /* methods have cases */
    return 0;
}

WORLD_TEST(a_star_takes_all_that_begins_so)
{
    static char reply[REPLY_MAX];

    EXPECT(await(converse(w, "GET /files/a/b%20c?x=1 HTTP/1.1\r\n" CLOSE "\r\n",
                          reply)) > 0);
    EXPECT(strncmp(reply, "HTTP/1.1 200 ", 13) == 0);
    EXPECT(strstr(reply, "\r\n\r\n/files/a/b c") != NULL);
    EXPECT(await(converse(w, "GET /file HTTP/1.1\r\n" CLOSE "\r\n", reply)) > 0);
    EXPECT(strncmp(reply, "HTTP/1.1 404 ", 13) == 0);
    return 0;
}

WORLD_TEST(what_is_not_http_is_answered_or_dropped)
{
    static const char *const bytes[] = {
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 hello over tls \r\n\r\n",
        "GET\r\n\r\n",
        "GET /hello HTTP/1.1\r\n\r\n", /* no Host */
        "GET /hello HTTP/9.9\r\n" CLOSE "\r\n",
    };

    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        static char reply[REPLY_MAX];

        EXPECT(await(converse(w, bytes[i], reply)) >= 0);
        EXPECT(strstr(reply, "hello") == NULL);
    }
    return 0;
}

WORLD_TEST(a_header_goes_there_and_back)
{
    static char reply[REPLY_MAX];

    EXPECT(await(converse(w, "GET /header HTTP/1.1\r\nX-Asked: why\r\n" CLOSE "\r\n",
                          reply)) > 0);
    EXPECT(strstr(reply, "\r\nX-Answer: why\r\n") != NULL);
    return 0;
}

/* ---- handlers ---- */

WORLD_TEST(a_handler_that_fails_is_500_and_reported)
{
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_get(w->session, world_url(w, "/fail"), &r)), 0);
    EXPECT_EQ(r.status, 500);
    rio_http_resp_free(&r);
    RIO_TRY(await(loop_test_settle()));
    EXPECT_EQ(w->reports, 1);
    return 0;
}

WORLD_TEST(a_handler_without_a_reply_is_204)
{
    static char reply[REPLY_MAX];

    EXPECT(await(converse(w, "GET /nothing HTTP/1.1\r\n" CLOSE "\r\n", reply)) > 0);
    EXPECT(strncmp(reply, "HTTP/1.1 204 ", 13) == 0);
    return 0;
}

WORLD_TEST(requests_in_one_breath_are_answered_in_order)
{
    static char reply[REPLY_MAX];
    const char *first, *second, *third;

    EXPECT(await(converse(w,
                          "GET /slow?ms=20 HTTP/1.1\r\nHost: x\r\n\r\n"
                          "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
                          "GET /nope HTTP/1.1\r\n" CLOSE "\r\n",
                          reply)) > 0);
    first = strstr(reply, "slow");
    second = strstr(reply, "hello");
    third = strstr(reply, "404 Not Found\n");
    EXPECT(first != NULL && second > first && third > second);
    return 0;
}

WORLD_TEST(a_client_may_leave_before_its_reply)
{
    static const char request[] = "GET /gate HTTP/1.1\r\nHost: x\r\n\r\n";
    rio_stream *s;

    RIO_TRY(await(dial(w, &s)));
    RIO_TRY(rio_stream_write(s, request, sizeof request - 1));
    while (w->in_flight == 0)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    RIO_IGNORE(await(hang_up(s)));
    rio_event_set(&w->gate);
    while (w->ended == 0)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    return 0;
}

/* ---- bodies ---- */

/* Returns  the status of a POST of n bytes, or an error */
RIO_AWAITS static long post(struct world *w, size_t n, bool chunked)
{
    const char *const headers[] = {"Transfer-Encoding: chunked", "Expect:", NULL};
    rio_http_req rq = {.url = world_url(w, "/echo"), .body_size = n};
    rio_http_resp r;
    char *bytes = malloc(n);
    long rc;

    if (bytes == NULL)
        return -ENOMEM;
    memset(bytes, 'y', n);
    rq.body = bytes;
    rq.headers = chunked ? headers : headers + 1;
    rc = await(rio_http_request(w->session, &rq, &r));
    if (rc == 0)
        rc = r.status;
    if (rc == 200 && (r.body_size != n || memcmp(r.body, bytes, n) != 0))
        rc = -EBADMSG;
    rio_http_resp_free(&r);
    free(bytes);
    return rc;
}

WORLD_TEST(a_request_may_be_as_long_as_its_limit)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        EXPECT_EQ(await(post(w, WORLD_MAX_BODY, chunked)), 200);
        EXPECT_EQ(await(post(w, WORLD_MAX_BODY + 1, chunked)), 413);
    }
    return 0;
}

WORLD_TEST(a_far_too_long_one_is_refused_by_its_headers)
{
    static char reply[REPLY_MAX];

    EXPECT(await(converse(
               w, "POST /echo HTTP/1.1\r\nContent-Length: 99999999\r\n" CLOSE "\r\n",
               reply)) > 0);
    EXPECT(strncmp(reply, "HTTP/1.1 413 ", 13) == 0);
    return 0;
}

/* ---- the handler's side ---- */

static long fussy(rio_http_exchange *x, void *arg)
{
    long *result = arg;
    size_t size;

    *result = -1;
    EXPECT(strcmp(rio_http_method(x), "GET") == 0);
    EXPECT(strcmp(rio_http_path(x), "/fussy") == 0);
    EXPECT(strcmp(rio_http_query(x, "a"), "b c") == 0);
    EXPECT(strcmp(rio_http_query(x, "empty"), "") == 0);
    EXPECT(strcmp(rio_http_query(x, "bare"), "") == 0);
    EXPECT(rio_http_query(x, "none") == NULL);
    EXPECT(strcmp(rio_http_body(x, &size), "") == 0 && size == 0);
    EXPECT_EQ(rio_http_reply_header(x, "X", "too early"), -EINVAL);
    EXPECT_EQ(rio_http_reply(x, 199, NULL, NULL, 0), -EINVAL);
    EXPECT_EQ(rio_http_reply(x, 600, NULL, NULL, 0), -EINVAL);
    EXPECT_EQ(rio_http_reply(x, 200, "a\r\nb", NULL, 0), -EINVAL);
    EXPECT_EQ(rio_http_reply(x, 200, NULL, NULL, 1), -EINVAL);
    EXPECT_EQ(rio_http_reply_text(x, 418, "short and stout"), 0);
    EXPECT_EQ(rio_http_reply_text(x, 200, "again"), -EINVAL);
    EXPECT_EQ(rio_http_reply_header(x, "X", "a\r\nb: c"), -EINVAL);
    *result = 0;
    return 0;
}

LOOP_TEST(a_handler_sees_the_request_and_makes_one_reply)
{
    long result = -1;
    const rio_http_route route = {"GET", "/fussy", fussy, &result};
    rio_http_session *session = rio_http_session_new(NULL);
    rio_http_server *server;
    rio_http_resp r;
    char url[96];

    RIO_TRY(rio_http_server_start(&route, 1, NULL, &server));
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/fussy?a=b%%20c&empty=&bare",
                   rio_http_server_port(server));
    EXPECT_EQ(await(rio_http_get(session, url, &r)), 0);
    EXPECT_EQ(result, 0);
    EXPECT_EQ(r.status, 418);
    rio_http_resp_free(&r);
    EXPECT_EQ(await(rio_http_session_close(session)), 0);
    return await(rio_http_server_close(server));
}

/* ---- the end ---- */

static long ask_gate(void *arg)
{
    struct world *w = arg;
    char url[128];
    rio_http_resp r;
    long rc;

    (void)snprintf(url, sizeof url, "%s/gate", w->base);
    rc = await(rio_http_get(w->session, url, &r));
    if (rc == 0)
        rc = r.status;
    rio_http_resp_free(&r);
    return rc;
}

RIO_AWAITS static long close_server(void *arg)
{
    struct world *w = arg;
    rio_http_server *s = w->server;

    w->server = NULL;
    return await(rio_http_server_close(s));
}

WORLD_TEST(a_close_waits_for_replies_and_takes_no_clients)
{
    rio_task *asking = rio_create_task(ask_gate, w), *closing;
    rio_stream *s;

    while (w->in_flight == 0)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    closing = rio_create_task(close_server, w);
    RIO_TRY(await(loop_test_settle()));
    EXPECT_EQ(await(dial(w, &s)), -ECONNREFUSED);
    EXPECT_EQ(rio_future_result(closing), -EINPROGRESS);
    rio_event_set(&w->gate);
    EXPECT_EQ(await(rio_join_unref(asking)), 200);
    EXPECT_EQ(await(rio_join_unref(closing)), 0);
    return 0;
}

WORLD_TEST(a_close_out_of_time_cancels_the_handlers)
{
    rio_task *asking = rio_create_task(ask_gate, w);
    long rc;

    while (w->in_flight == 0)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    EXPECT_EQ(await(rio_wait_for_call(close_server, w, 20 * RIO_MS)), -ETIMEDOUT);
    EXPECT_EQ(w->in_flight, 0);
    rc = await(rio_join_unref(asking));
    EXPECT(rc == 503 || rc == -ECONNRESET);
    return 0;
}

WORLD_TEST(a_close_drops_the_idle)
{
    char byte;
    rio_stream *s;

    RIO_TRY(await(dial(w, &s)));
    RIO_TRY(rio_stream_write(s, "GET /hel", 8));
    RIO_TRY(await(rio_sleep(5 * RIO_MS)));
    EXPECT_EQ(await(close_server(w)), 0);
    EXPECT(await(rio_stream_read(s, &byte, 1)) <= 0);
    RIO_IGNORE(await(hang_up(s)));
    return 0;
}

/* ---- the start ---- */

static long hello(rio_http_exchange *x, void *arg)
{
    (void)arg;
    return rio_http_reply_text(x, 200, "hello");
}

static const rio_http_route good = {"GET", "/", hello, NULL};

LOOP_TEST(a_server_that_cannot_be_is_refused)
{
    static const rio_http_route bad[] = {
        {NULL, "/", hello, NULL}, {"GET", NULL, hello, NULL}, {"GET", "/", NULL, NULL}};
    rio_http_server_opts opts = {.host = "localhost"}; /* no names */
    rio_http_server *s;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        EXPECT_EQ(rio_http_server_start(&bad[i], 1, NULL, &s), -EINVAL);
    EXPECT_EQ(rio_http_server_start(&good, 1, &opts, &s), -EINVAL);
    opts = (rio_http_server_opts){.port = 65536};
    EXPECT_EQ(rio_http_server_start(&good, 1, &opts, &s), -EINVAL);
    EXPECT_EQ(rio_http_server_start(&good, 1, NULL, &s), 0);
    opts = (rio_http_server_opts){.port = rio_http_server_port(s)};
    EXPECT_EQ(rio_http_server_start(&good, 1, &opts, &s), -EADDRINUSE);
    return await(rio_http_server_close(s));
}

LOOP_TEST(a_listening_socket_can_be_given)
{
    struct sockaddr_in sa = {.sin_family = AF_INET};
    rio_http_server_opts opts = {.listen_fd = socket(AF_INET, SOCK_STREAM, 0)};
    rio_http_server *s;

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(opts.listen_fd, (struct sockaddr *)&sa, sizeof sa), 0);
    EXPECT_EQ(listen(opts.listen_fd, 8), 0);
    EXPECT_EQ(rio_http_server_start(&good, 1, &opts, &s), 0);
    EXPECT(rio_http_server_port(s) > 0);
    return await(rio_http_server_close(s));
}

static void outside_a_loop_there_is_no_server(void **state)
{
    long before = loop_test_fd_count();
    rio_http_server *s;

    (void)state;
    assert_int_equal(rio_http_server_start(&good, 1, NULL, &s), -EPERM);
    assert_int_equal(loop_test_fd_count(), before);
}

/* clang-format off */
TEST_MAIN(cmocka_unit_test(an_unknown_path_is_404),
          cmocka_unit_test(a_wrong_method_is_405_and_says_which_are_right),
          cmocka_unit_test(a_star_takes_all_that_begins_so),
          cmocka_unit_test(what_is_not_http_is_answered_or_dropped),
          cmocka_unit_test(a_header_goes_there_and_back),
          cmocka_unit_test(a_handler_that_fails_is_500_and_reported),
          cmocka_unit_test(a_handler_without_a_reply_is_204),
          cmocka_unit_test(requests_in_one_breath_are_answered_in_order),
          cmocka_unit_test(a_client_may_leave_before_its_reply),
          cmocka_unit_test(a_request_may_be_as_long_as_its_limit),
          cmocka_unit_test(a_far_too_long_one_is_refused_by_its_headers),
          cmocka_unit_test(a_handler_sees_the_request_and_makes_one_reply),
          cmocka_unit_test(a_close_waits_for_replies_and_takes_no_clients),
          cmocka_unit_test(a_close_out_of_time_cancels_the_handlers),
          cmocka_unit_test(a_close_drops_the_idle),
          cmocka_unit_test(a_server_that_cannot_be_is_refused),
          cmocka_unit_test(a_listening_socket_can_be_given),
          cmocka_unit_test(outside_a_loop_there_is_no_server))
/* clang-format on */
