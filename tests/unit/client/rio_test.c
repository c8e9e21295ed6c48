/* rio_test - the client library inside a loop, against a server in the same loop: a
 * call that blocked the thread would wait for ever. SPDX-License-Identifier: MIT */
#include <ringq/ringq_rio.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rio/rio.h"
#include "support/rio_test.h"
#include "support/test.h"

#define HELLO "%1\r\n$6\r\nserver\r\n$5\r\nringq\r\n"

/* ---- a server: HELLO is answered, PING too; GET never is ---- */

struct server {
    rio_server *listener;
    char url[64];
    unsigned gets, hung_up;
};

static long serve(rio_stream *s, void *arg)
{
    struct server *server = arg;
    char bytes[512];
    ssize_t n;

    while ((n = await(rio_stream_read(s, bytes, sizeof bytes - 1))) > 0) {
        const char *answer = NULL;

        bytes[n] = '\0';
        if (strstr(bytes, "HELLO") != NULL)
            answer = HELLO;
        else if (strstr(bytes, "PING") != NULL)
            answer = "+PONG\r\n";
        else
            server->gets++;
        if (answer != NULL && rio_stream_write(s, answer, strlen(answer)) < 0)
            break;
    }
    server->hung_up++;
    return 0;
}

RIO_AWAITS static long start(struct server *s, const char *host)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    int rc = await(rio_start_server(serve, s, host, "0", &s->listener));

    if (rc < 0)
        return rc;
    if (strncmp(host, "unix:", 5) == 0) {
        (void)snprintf(s->url, sizeof s->url, "%s", host);
        return 0;
    }
    if (getsockname(rio_server_fd(s->listener), (struct sockaddr *)&at, &len) < 0)
        return -errno;
    (void)snprintf(s->url, sizeof s->url, "ringq://localhost:%u", ntohs(at.sin_port));
    return 0;
}

RIO_AWAITS static long stop(struct server *s)
{
    rio_server_close(s->listener);
    rio_server_close_clients(s->listener);
    return await(rio_server_wait_closed(s->listener));
}

/* ---- tests ---- */

LOOP_TEST(a_call_suspends_while_the_server_answers)
{
    struct server s = {.gets = 0};
    ringq *q;

    EXPECT_EQ(await(start(&s, "127.0.0.1")), 0);
    q = ringq_rio_connect(s.url, NULL); /* by name: resolved in a thread */
    EXPECT_EQ(ringq_error(q), 0);
    EXPECT_EQ(ringq_ping(q), 0);
    ringq_close(q);
    EXPECT_EQ(await(stop(&s)), 0);
    return 0;
}

LOOP_TEST(a_unix_socket_does_too)
{
    char dir[] = "/tmp/ringq-test-XXXXXX", host[64];
    struct server s = {.gets = 0};
    ringq *q;

    EXPECT(mkdtemp(dir) != NULL);
    (void)snprintf(host, sizeof host, "unix:%s/s", dir);
    EXPECT_EQ(await(start(&s, host)), 0);
    q = ringq_rio_connect(s.url, NULL);
    EXPECT_EQ(ringq_ping(q), 0);
    ringq_close(q);
    EXPECT_EQ(await(stop(&s)), 0);
    EXPECT_EQ(rmdir(dir), 0);
    return 0;
}

LOOP_TEST(a_time_limit_ends_a_get_and_its_connection)
{
    struct server s = {.gets = 0};
    ringq_job *job = NULL;
    rio_timeout limit;
    ringq *q;
    long rc;

    EXPECT_EQ(await(start(&s, "127.0.0.1")), 0);
    q = ringq_rio_connect(s.url, NULL);
    rc = rio_timeout_enter(&limit, 30 * RIO_MS);
    if (rc == 0) {
        rc = ringq_rio_result(ringq_get(q, "q", RINGQ_FOREVER, 0, &job));
        rc = rio_timeout_exit(&limit, rc);
    }
    EXPECT_EQ(rc, -ETIMEDOUT);
    EXPECT_EQ(ringq_error(q), RINGQ_CANCELED);
    while (s.hung_up == 0) /* the server sees the end, and takes back what it gave */
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT_EQ(s.gets, 1);
    EXPECT_EQ(ringq_ping(q), 0); /* over a new connection */
    ringq_close(q);
    EXPECT_EQ(await(stop(&s)), 0);
    return 0;
}

/* Takes from a queue that stays empty. */
static long taker(void *arg)
{
    ringq_job *job = NULL;
    ringq *q = ringq_rio_connect(arg, NULL);
    int rc = ringq_get(q, "q", RINGQ_FOREVER, 0, &job);

    ringq_close(q);
    return ringq_rio_result(rc);
}

LOOP_TEST(a_cancelled_task_leaves_its_get)
{
    struct server s = {.gets = 0};
    rio_task *task;

    EXPECT_EQ(await(start(&s, "127.0.0.1")), 0);
    task = rio_create_task(taker, s.url);
    EXPECT(task != NULL);
    while (s.gets == 0)
        EXPECT_EQ(await(rio_sleep(RIO_MS)), 0);
    EXPECT(rio_task_cancel(task));
    EXPECT_EQ(await(rio_join(task)), -ECANCELED);
    rio_unref(task);
    EXPECT_EQ(await(stop(&s)), 0);
    return 0;
}

LOOP_TEST(a_limit_of_the_options_is_the_calls_own)
{
    const ringq_options options = {
        .size = sizeof options, .reply_timeout_ms = 30, .reconnect_ms = -1};
    struct server s = {.gets = 0};
    ringq *q;

    EXPECT_EQ(await(start(&s, "127.0.0.1")), 0);
    q = ringq_rio_connect(s.url, &options);
    EXPECT_EQ(ringq_qsize(q, "q"), RINGQ_TIMEOUT);
    ringq_close(q);
    EXPECT_EQ(await(stop(&s)), 0);
    return 0;
}

LOOP_TEST(nobody_there_is_tried_again_without_blocking)
{
    const ringq_options options = {.size = sizeof options, .reconnect_ms = 100};
    ringq *q = ringq_rio_connect("unix:/nonexistent/ringq.sock", &options);
    int64_t before = rio_now();

    EXPECT_EQ(ringq_error(q), RINGQ_DISCONNECTED);
    EXPECT_EQ(ringq_ping(q), RINGQ_DISCONNECTED);
    EXPECT(rio_now() - before >= 90 * RIO_MS);
    ringq_close(q);
    return 0;
}

LOOP_TEST(a_name_without_an_address_says_so)
{
    ringq *q = ringq_rio_connect("ringq://no-such-host.invalid", NULL);

    EXPECT_EQ(ringq_error(q), RINGQ_DISCONNECTED);
    EXPECT(strstr(ringq_error_text(q), "has no address") != NULL);
    ringq_close(q);
    return 0;
}

static void outside_a_task_a_call_fails(void **state)
{
    ringq *q = ringq_rio_connect("unix:/nonexistent/ringq.sock", NULL);

    (void)state;
    assert_int_equal(ringq_error(q), RINGQ_DISCONNECTED);
    assert_non_null(strstr(ringq_error_text(q), "not inside a task"));
    ringq_close(q);
}

TEST_MAIN(cmocka_unit_test(a_call_suspends_while_the_server_answers),
          cmocka_unit_test(a_unix_socket_does_too),
          cmocka_unit_test(a_time_limit_ends_a_get_and_its_connection),
          cmocka_unit_test(a_cancelled_task_leaves_its_get),
          cmocka_unit_test(a_limit_of_the_options_is_the_calls_own),
          cmocka_unit_test(nobody_there_is_tried_again_without_blocking),
          cmocka_unit_test(a_name_without_an_address_says_so),
          cmocka_unit_test(outside_a_task_a_call_fails))
