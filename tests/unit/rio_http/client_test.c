/* client_test.c - sessions and requests, mostly against the server of this library.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/rio_test.h"
#include "support/test.h"
#include "unit/rio_http/world.h"

enum { MANY = 100, MEGABYTE = 1 << 20 };

/* ---- what comes back ---- */

WORLD_TEST(a_page_comes_back_whole)
{
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_get(w->session, world_url(w, "/hello"), &r)), 0);
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.body_size, 5);
    EXPECT(strcmp(r.body, "hello") == 0);
    EXPECT(strcmp(rio_http_resp_header(&r, "CONTENT-type"),
                  "text/plain; charset=utf-8") == 0);
    EXPECT(rio_http_resp_header(&r, "X-Nope") == NULL);
    rio_http_resp_free(&r);
    EXPECT(r.body == NULL && r.fields == NULL);
    rio_http_resp_free(&r);
    return 0;
}

WORLD_TEST(a_body_goes_there_and_back_with_its_type)
{
    static const char bytes[] = "a\0b";
    const char *const headers[] = {"Content-Type: application/x-test", NULL};
    rio_http_resp r;
    rio_http_req rq = {.url = world_url(w, "/echo"),
                       .headers = headers,
                       .body = bytes,
                       .body_size = sizeof bytes};

    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), 0);
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.body_size, sizeof bytes);
    EXPECT(memcmp(r.body, bytes, sizeof bytes) == 0);
    EXPECT(strcmp(rio_http_resp_header(&r, "content-type"), "application/x-test") == 0);
    rio_http_resp_free(&r);
    return 0;
}

WORLD_TEST(an_empty_response_has_an_empty_body)
{
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_get(w->session, world_url(w, "/nothing"), &r)), 0);
    EXPECT_EQ(r.status, 204);
    EXPECT_EQ(r.body_size, 0);
    EXPECT(strcmp(r.body, "") == 0);
    rio_http_resp_free(&r);
    return 0;
}

WORLD_TEST(any_status_is_a_success)
{
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_get(w->session, world_url(w, "/nope"), &r)), 0);
    EXPECT_EQ(r.status, 404);
    rio_http_resp_free(&r);
    return 0;
}

WORLD_TEST(head_brings_headers_alone)
{
    rio_http_req rq = {.method = "HEAD", .url = world_url(w, "/hello")};
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), 0);
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.body_size, 0);
    EXPECT(strcmp(rio_http_resp_header(&r, "Content-Length"), "5") == 0);
    rio_http_resp_free(&r);
    return 0;
}

WORLD_TEST(a_method_of_ones_own_is_sent)
{
    rio_http_req rq = {.method = "PUT", .url = world_url(w, "/hello")};
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), 0);
    EXPECT_EQ(r.status, 201);
    rio_http_resp_free(&r);
    return 0;
}

WORLD_TEST(redirects_are_followed_as_far_as_allowed)
{
    rio_http_req rq = {.url = world_url(w, "/moved")};
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), 0);
    EXPECT_EQ(r.status, 302);
    EXPECT(strcmp(rio_http_resp_header(&r, "Location"), "/hello") == 0);
    rio_http_resp_free(&r);
    rq.max_redirects = 1;
    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), 0);
    EXPECT_EQ(r.status, 200);
    EXPECT(strcmp(r.body, "hello") == 0);
    EXPECT(rio_http_resp_header(&r, "Location") == NULL);
    rio_http_resp_free(&r);
    return 0;
}

/* ---- limits ---- */

/* 0, or the error, of a body of `size` bytes under the limit. */
RIO_AWAITS static long get_big(struct world *w, size_t size, size_t max)
{
    char path[64];
    rio_http_resp r;
    rio_http_req rq = {.max_body = max};
    long rc;

    (void)snprintf(path, sizeof path, "/big?n=%zu", size);
    rq.url = world_url(w, path);
    rc = await(rio_http_request(w->session, &rq, &r));
    if (rc == 0 && r.body_size != size)
        rc = -EBADMSG;
    rio_http_resp_free(&r);
    return rc;
}

WORLD_TEST(a_body_may_be_as_long_as_its_limit)
{
    EXPECT_EQ(await(get_big(w, 1000, 1000)), 0);
    EXPECT_EQ(await(get_big(w, 1001, 1000)), -EMSGSIZE);
    EXPECT_EQ(await(get_big(w, 8 * MEGABYTE, 0)), 0);
    EXPECT_EQ(await(get_big(w, 17 * MEGABYTE, 0)), -EMSGSIZE);
    return 0;
}

WORLD_TEST(a_limit_in_time_strikes)
{
    rio_http_req rq = {.url = world_url(w, "/gate"), .timeout = 20 * RIO_MS};
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), -ETIMEDOUT);
    EXPECT(r.body == NULL);
    rio_event_set(&w->gate);
    return 0;
}

static long ask_gate(void *arg)
{
    struct world *w = arg;
    rio_http_resp r;
    char url[128];
    long rc;

    (void)snprintf(url, sizeof url, "%s/gate", w->base);
    rc = await(rio_http_get(w->session, url, &r));
    if (rc == 0 && r.status != 200)
        rc = -EBADMSG;
    rio_http_resp_free(&r);
    return rc;
}

WORLD_TEST(a_cancelled_request_ends_at_once)
{
    rio_task *t = rio_create_task(ask_gate, w);

    while (w->in_flight == 0)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    EXPECT(rio_task_cancel(t));
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(w->in_flight, 1); /* the handler knows nothing of it */
    rio_event_set(&w->gate);
    return 0;
}

WORLD_TEST(a_session_goes_on_after_a_cancel)
{
    rio_task *t = rio_create_task(ask_gate, w);
    rio_http_resp r;

    RIO_TRY(await(rio_yield()));
    (void)rio_task_cancel(t);
    EXPECT_EQ(await(rio_join_unref(t)), -ECANCELED);
    EXPECT_EQ(await(rio_http_get(w->session, world_url(w, "/hello"), &r)), 0);
    rio_http_resp_free(&r);
    rio_event_set(&w->gate);
    return 0;
}

WORLD_TEST(closing_a_session_ends_its_requests)
{
    rio_task *t = rio_create_task(ask_gate, w);

    while (w->in_flight == 0)
        RIO_TRY(await(rio_sleep(RIO_MS)));
    EXPECT_EQ(await(rio_http_session_close(w->session)), 0);
    w->session = NULL;
    EXPECT_EQ(await(rio_join_unref(t)), -ESHUTDOWN);
    rio_event_set(&w->gate);
    return 0;
}

/* ---- many ---- */

/* Starts n requests to the gate, opens it when `most` are inside, and waits for all. */
RIO_AWAITS static long ask_together(struct world *w, size_t n, size_t most)
{
    static rio_task *tasks[MANY];
    long rc = 0;

    for (size_t i = 0; i < n; i++)
        tasks[i] = rio_create_task(ask_gate, w);
    while (w->in_flight < most && rc == 0)
        rc = await(rio_sleep(RIO_MS));
    for (int i = 0; i < 10 && rc == 0; i++) /* for those that should not be there */
        rc = await(rio_sleep(RIO_MS));
    if (rc == 0 && w->in_flight != most)
        rc = -EBADMSG;
    rio_event_set(&w->gate);
    for (size_t i = 0; i < n; i++) {
        long asked = await(rio_join_unref(tasks[i]));

        rc = rc < 0 ? rc : asked;
    }
    return rc;
}

WORLD_TEST(a_hundred_requests_run_at_a_time)
{
    EXPECT_EQ(await(ask_together(w, MANY, MANY)), 0);
    EXPECT_EQ(w->ended, MANY);
    return 0;
}

WORLD_TEST(requests_beyond_the_connections_wait)
{
    const rio_http_session_opts opts = {.max_connections = 3};

    EXPECT_EQ(await(rio_http_session_close(w->session)), 0);
    w->session = rio_http_session_new(&opts);
    EXPECT(w->session != NULL);
    EXPECT_EQ(await(ask_together(w, 12, 3)), 0);
    EXPECT_EQ(w->ended, 12);
    return 0;
}

static long count_client(rio_stream *s, void *arg)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    size_t *clients = arg;
    char bytes[1024];
    ssize_t n;

    (*clients)++;
    while ((n = await(rio_stream_readuntil(s, "\r\n\r\n", 4, bytes, sizeof bytes))) > 0)
        RIO_TRY(rio_stream_write(s, reply, sizeof reply - 1));
    return 0;
}

/* A session without a world, and a server that speaks bytes: fn serves each client. */
RIO_AWAITS static long get_from(rio_client_fn *fn, void *arg, size_t times,
                                rio_http_resp *r)
{
    rio_http_session *session = rio_http_session_new(NULL);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof sa;
    rio_server *server;
    char url[64];
    long rc = 0;

    if (session == NULL || bind(listener, (struct sockaddr *)&sa, len) < 0 ||
        listen(listener, 16) < 0 ||
        getsockname(listener, (struct sockaddr *)&sa, &len) < 0)
        return -errno;
    RIO_TRY(rio_start_server_fd(fn, arg, listener, &server));
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(sa.sin_port));
    for (size_t i = 0; i < times && rc == 0; i++) {
        rio_http_resp_free(r);
        rc = await(rio_http_get(session, url, r));
    }
    rio_server_close(server);
    RIO_TRY(await(rio_http_session_close(session)));
    rio_server_abort_clients(server);
    RIO_TRY(await(rio_server_wait_closed(server)));
    return rc;
}

LOOP_TEST(a_connection_is_used_again)
{
    size_t clients = 0;
    rio_http_resp r = {0};

    EXPECT_EQ(await(get_from(count_client, &clients, 20, &r)), 0);
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(clients, 1);
    rio_http_resp_free(&r);
    return 0;
}

/* ---- bad peers ---- */

/* Reads a request and answers with the bytes that arg is. */
static long say(rio_stream *s, void *arg)
{
    const char *bytes = arg;
    char request[1024];

    RIO_TRY(await(rio_stream_readuntil(s, "\r\n\r\n", 4, request, sizeof request)));
    return rio_stream_write(s, bytes, strlen(bytes));
}

RIO_AWAITS static long get_said(const char *bytes, char *message, size_t size)
{
    char said[256];
    rio_http_resp r = {0};
    const char *why;
    long rc;

    (void)snprintf(said, sizeof said, "%s", bytes);
    rc = await(get_from(say, said, 1, &r));
    why = rio_task_error(NULL);
    (void)snprintf(message, size, "%s", rc < 0 && why != NULL ? why : "");
    rio_http_resp_free(&r);
    return rc;
}

LOOP_TEST(a_bad_peer_is_an_error_with_a_message)
{
    static const struct {
        const char *bytes;
        int rc;
    } cases[] = {
        {"", -ECONNRESET},
        {"SSH-2.0-OpenSSH_9\r\n\r\n", -EPROTO},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", -ECONNRESET},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", -EMSGSIZE},
        /* libcurl does not tell a bad chunk from a broken connection. */
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", -ECONNRESET},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[256];
        long rc = await(get_said(cases[i].bytes, message, sizeof message));

        EXPECT_EQ(rc, cases[i].rc);
        EXPECT((strstr(message, "http://127.0.0.1") != NULL) == (rc < 0));
    }
    return 0;
}

WORLD_TEST(nobody_listens_there)
{
    rio_http_session *s = w->session;
    rio_http_resp r;

    /* Port 1 of the loopback; nothing of ours is there. */
    EXPECT_EQ(await(rio_http_get(s, "http://127.0.0.1:1/", &r)), -ECONNREFUSED);
    EXPECT(strstr(rio_task_error(NULL), "http://127.0.0.1:1/") != NULL);
    return 0;
}

WORLD_TEST(what_makes_no_sense_is_refused)
{
    const char *const smuggled[] = {"X: 1\r\nY: 2", NULL};
    static const char *const urls[] = {"", "http://", "file:///etc/passwd",
                                       "gopher://127.0.0.1/", "http://[::1"};
    rio_http_req rq = {.url = world_url(w, "/hello"), .headers = smuggled};
    rio_http_resp r;

    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), -EINVAL);
    rq = (rio_http_req){.url = w->url, .method = "GET /x HTTP/1.1\r\nX:"};
    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), -EINVAL);
    rq = (rio_http_req){.url = w->url, .body_size = 1};
    EXPECT_EQ(await(rio_http_request(w->session, &rq, &r)), -EINVAL);
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        EXPECT_EQ(await(rio_http_get(w->session, urls[i], &r)), -EINVAL);
    return 0;
}

static void outside_a_loop_there_is_no_session(void **state)
{
    (void)state;
    assert_null(rio_http_session_new(NULL));
    assert_int_equal(errno, EPERM);
}

/* clang-format off */
TEST_MAIN(cmocka_unit_test(a_page_comes_back_whole),
          cmocka_unit_test(a_body_goes_there_and_back_with_its_type),
          cmocka_unit_test(an_empty_response_has_an_empty_body),
          cmocka_unit_test(any_status_is_a_success),
          cmocka_unit_test(head_brings_headers_alone),
          cmocka_unit_test(a_method_of_ones_own_is_sent),
          cmocka_unit_test(redirects_are_followed_as_far_as_allowed),
          cmocka_unit_test(a_body_may_be_as_long_as_its_limit),
          cmocka_unit_test(a_limit_in_time_strikes),
          cmocka_unit_test(a_cancelled_request_ends_at_once),
          cmocka_unit_test(a_session_goes_on_after_a_cancel),
          cmocka_unit_test(closing_a_session_ends_its_requests),
          cmocka_unit_test(a_hundred_requests_run_at_a_time),
          cmocka_unit_test(requests_beyond_the_connections_wait),
          cmocka_unit_test(a_connection_is_used_again),
          cmocka_unit_test(a_bad_peer_is_an_error_with_a_message),
          cmocka_unit_test(nobody_listens_there),
          cmocka_unit_test(what_makes_no_sense_is_refused),
          cmocka_unit_test(outside_a_loop_there_is_no_session))
/* clang-format on */
