/* conn_test - connections over real sockets, with a real broker and a real store: the
 * order of replies, and what is left of clients that go at the wrong moment.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "core/limits.h"
#include "net/conn.h"
#include "net/listener.h"
#include "support/test.h"
#include "unit/broker/rig.h"

struct net {
    struct rig *rig;
    struct api_server api;
    struct conns conns;
    rio_server *server;
    char address[96];
};

RIO_AWAITS static int net_up(struct net *n, struct rig *rig)
{
    char why[200];
    uint16_t port;

    int rc = await(rig_up(rig));
    if (rc < 0)
        return rc;
    *n = (struct net){.rig = rig,
                      .api = {.broker = rig->broker,
                              .connections_max = 100,
                              .body_max = 1 << 20,
                              .frame_max = 17 << 20,
                              .version = "0"}};
    reply_pool_init(&n->api.pool);
    n->conns.server = &n->api;
    rq_list_init(&n->conns.live);
    snprintf(n->address, sizeof n->address, "unix:%s/clients", rig->redis.dir);
    int fd = listener_open(n->address, why, &port);
    return fd < 0 ? fd : rio_start_server_fd(conn_main, &n->conns, fd, &n->server);
}

RIO_AWAITS static int net_down(struct net *n)
{
    rio_server_close(n->server);
    conns_stop(&n->conns);
    int rc = await(rio_server_wait_closed(n->server));
    if (rc == 0)
        rc = await(rig_down(n->rig));
    reply_pool_fini(&n->api.pool);
    return rc;
}

static bool is_empty(void *arg)
{
    struct net *n = arg;

    return n->api.connections == 0;
}

/* ---- clients ---- */

RIO_AWAITS static rio_stream *client(struct net *n)
{
    rio_stream *s = NULL;

    int rc = await(rio_open_connection(n->address, "", &s));
    return rc < 0 ? NULL : s;
}

RIO_AWAITS static int leave(rio_stream *s)
{
    rio_stream_abort(s);
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    return 0;
}

static int say(rio_stream *s, const char *text)
{
    return rio_stream_write(s, text, strlen(text));
}

/* Does exactly `text` come next? */
RIO_AWAITS static bool hears(rio_stream *s, const char *text)
{
    char got[512] = "";
    size_t len = strlen(text), n = 0;
    rio_timeout limit;

    rio_timeout_enter(&limit, 10 * RIO_SEC);
    long rc = await(rio_stream_readexactly(s, got, len, &n));
    rc = rio_timeout_exit(&limit, rc);
    if (rc == (long)len && memcmp(got, text, len) == 0)
        return true;
    print_error("heard %ld: '%.*s', not '%s'\n", rc, (int)n, got, text);
    return false;
}

RIO_AWAITS static bool hears_the_end(rio_stream *s)
{
    char byte;

    return await(rio_stream_read(s, &byte, 1)) == 0;
}

static bool has_getter(void *arg)
{
    return sums(arg).getters == 1;
}

/* ---- replies ---- */

static long replies_come_in_the_order_of_the_commands_body(struct rig *rig)
{
    struct net n;
    rio_stream *c;

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    say(c, "PING 1\r\nPUT q a\r\nPING 2\r\nGET q\r\nPING 3\r\n");
    EXPECT(
        await(hears(c, "$1\r\n1\r\n*3\r\n$3\r\n1-1\r\n$6\r\nqueued\r\n$5\r\nfsync\r\n"
                       "$1\r\n2\r\n*12\r\n$2\r\nid\r\n$3\r\n1-1\r\n")));
    RIO_IGNORE(await(leave(c)));
    return await(net_down(&n));
}

static long hello_changes_the_replies_of_later_commands_only_body(struct rig *rig)
{
    struct net n;
    rio_stream *c;

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    say(c, "GET e BLOCK 50\r\nHELLO 3\r\nGET e BLOCK 0\r\nRESET\r\nGET e BLOCK 0\r\n");
    EXPECT(await(hears(c, "*-1\r\n%14\r\n$6\r\nserver\r\n")));
    char rest[600];
    RIO_IGNORE(await(rio_stream_readuntil(c, "_\r\n", 3, rest, sizeof rest)));
    EXPECT(await(hears(c, "+RESET\r\n*-1\r\n")));
    RIO_IGNORE(await(leave(c)));
    return await(net_down(&n));
}

static long after_no_command_there_is_one_error_and_the_end_body(struct rig *rig)
{
    struct net n;
    rio_stream *c;
    char line[128];

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    say(c, "PUT q a\r\n*1\r\n+PING\r\n*1\r\n$4\r\nPING\r\n");
    EXPECT(await(hears(c, "*3\r\n$3\r\n1-1\r\n$6\r\nqueued\r\n$5\r\nfsync\r\n-ERR ")));
    EXPECT(await(rio_stream_readline(c, line, sizeof line)) > 0);
    EXPECT(await(hears_the_end(c)));
    EXPECT_EQ(n.api.errors, 1);
    RIO_IGNORE(await(leave(c)));
    return await(net_down(&n));
}

static long who_sends_no_more_still_gets_what_is_owed_body(struct rig *rig)
{
    struct net n;
    rio_stream *c;

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    say(c, "PUT q a\r\nGET nothing\r\nPING\r\n");
    rio_stream_write_eof(c);
    EXPECT(await(hears(c, "*3\r\n$3\r\n1-1\r\n$6\r\nqueued\r\n$5\r\nfsync\r\n"
                          "*-1\r\n+PONG\r\n")));
    EXPECT(await(hears_the_end(c)));
    RIO_IGNORE(await(leave(c)));
    return await(net_down(&n));
}

static long stopping_answers_what_is_owed_and_closes_body(struct rig *rig)
{
    struct net n;
    rio_stream *c;

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    say(c, "GET q\r\nPUT other x\r\n");
    EXPECT(await(until(has_getter, rig)));
    conns_stop(&n.conns);
    EXPECT(await(hears(c, "*-1\r\n*3\r\n$3\r\n1-1\r\n$6\r\nqueued\r\n")));
    RIO_IGNORE(await(leave(c)));
    return await(net_down(&n));
}

static long one_too_many_is_told_so_body(struct rig *rig)
{
    struct net n;
    rio_stream *first, *second;

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    n.api.connections_max = 1;
    EXPECT((first = await(client(&n))) != NULL);
    say(first, "PING\r\n");
    EXPECT(await(hears(first, "+PONG\r\n")));
    EXPECT((second = await(client(&n))) != NULL);
    EXPECT(await(hears(second, "-BUSY ")));
    RIO_IGNORE(await(leave(second)));
    RIO_IGNORE(await(leave(first)));
    return await(net_down(&n));
}

/* ---- who goes at the wrong moment ---- */

static long nobody_waits_for_a_client_that_is_gone_body(struct rig *rig)
{
    struct net n;
    rio_stream *c;

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    say(c, "GET q\r\n");
    EXPECT(await(until(has_getter, rig)));
    RIO_IGNORE(await(leave(c)));
    EXPECT(await(until(is_empty, &n)));
    EXPECT_EQ(sums(rig).getters, 0);
    EXPECT_EQ(await(put_stored(rig, "q")), 0);
    EXPECT_EQ(look(rig, "q").ready, 1);
    EXPECT_EQ(look(rig, "q").totals.delivered, 0);
    return await(net_down(&n));
}

/* A blocked GET, and more commands behind it than may be owed: the reader stands
 * still, and yet the end of the client is seen. */
static long the_end_of_a_client_that_is_held_back_is_seen_body(struct rig *rig)
{
    struct net n;
    rio_stream *c;

    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    say(c, "GET q\r\n");
    for (int i = 0; i < LIMIT_PIPELINE_DEPTH + 100; i++)
        say(c, "PING\r\n");
    EXPECT_EQ(await(rio_stream_drain(c)), 0);
    EXPECT(await(until(has_getter, rig)));
    EXPECT_EQ(await(rio_sleep(50 * RIO_MS)), 0);
    RIO_IGNORE(await(leave(c)));
    EXPECT(await(until(is_empty, &n)));
    EXPECT_EQ(sums(rig).getters, 0);
    return await(net_down(&n));
}

/* Bodies that fill the socket: most replies are never written. */
static long a_job_that_was_not_sent_is_not_counted_body(struct rig *rig)
{
    enum { JOBS = 16, BODY = 1 << 20 };
    struct net n;
    rio_stream *c;
    char *body = malloc(BODY + 1);

    EXPECT(body != NULL);
    memset(body, 'x', BODY);
    body[BODY] = '\0';
    EXPECT_EQ(await(net_up(&n, rig)), 0);
    EXPECT((c = await(client(&n))) != NULL);
    for (int i = 0; i < JOBS; i++) {
        say(c, "*3\r\n$3\r\nPUT\r\n$1\r\nq\r\n$1048576\r\n");
        say(c, body);
        say(c, "\r\n");
    }
    free(body);
    say(c, "JOIN none\r\n");
    for (int i = 0; i < JOBS; i++)
        EXPECT(await(hears(c, "*3\r\n$")) &&
               await(rio_stream_readuntil(c, "fsync\r\n", 7, (char[64]){0}, 64)) > 0);
    for (int i = 0; i < JOBS; i++)
        say(c, "GET q\r\n");
    EXPECT_EQ(await(rio_sleep(100 * RIO_MS)), 0);
    RIO_IGNORE(await(leave(c)));
    EXPECT(await(until(is_empty, &n)));
    EXPECT_EQ(look(rig, "q").ready, JOBS);
    EXPECT(look(rig, "q").totals.delivered <= 3); /* a buffer's worth */
    return await(net_down(&n));
}

/* Clients that are cut at random points, again and again. */
static long nothing_is_left_of_clients_that_die_anywhere_body(struct rig *rig)
{
    enum { ROUNDS = 400 };
    static const char script[] = /* no job dies of it */
        "*5\r\n$3\r\nPUT\r\n$1\r\nq\r\n$5\r\nhello\r\n$5\r\nTRIES\r\n$5\r\n65535\r\n"
        "GET q COUNT 2 BLOCK 0\r\nGET other\r\nJOIN q\r\nPUT other x TRIES 65535\r\n"
        "MPUT q TRIES 65535 BODIES 2 a b\r\nGET q\r\nTOUCH ALL\r\nSTATS q\r\nGET "
        "never\r\n";
    struct rq_rand rand;
    struct net n;

    rq_rand_seed(&rand, 7);
    EXPECT_EQ(await(net_up(&n, rig)), 0);
    for (int i = 0; i < ROUNDS; i++) {
        rio_stream *c = await(client(&n));

        EXPECT(c != NULL);
        size_t len = (size_t)rq_rand_below(&rand, sizeof script);
        rio_stream_write(c, script, len);
        for (uint64_t turns = rq_rand_below(&rand, 6); turns > 0; turns--)
            EXPECT_EQ(await(rio_yield()), 0);
        if (rq_rand_below(&rand, 4) == 0)
            rio_stream_write_eof(c);
        if (rq_rand_below(&rand, 2) == 0)
            RIO_IGNORE(await(rio_stream_drain(c)));
        RIO_IGNORE(await(leave(c)));
    }
    EXPECT(await(until(is_empty, &n)));
    EXPECT_EQ(await(broker_flush(rig->broker)), 0);
    EXPECT(rq_list_empty(&n.conns.live));

    struct core_sums s = sums(rig);
    EXPECT_EQ(s.getters + s.joiners, 0);
    EXPECT_EQ(s.leased, 0);
    EXPECT_EQ(s.totals.done + s.totals.dead, 0);
    EXPECT(s.totals.put > 0 && s.totals.delivered > 0);
    EXPECT_EQ(s.jobs, s.totals.put);
    EXPECT_EQ(s.ready, s.totals.put);
    core_check(broker_core(rig->broker));
    return await(net_down(&n));
}

/* clang-format off */
#define SCENARIO(name) \
    static void name(void **state) \
    { \
        (void)state; \
        rig_run(name##_body, rig_always); \
    }
SCENARIO(replies_come_in_the_order_of_the_commands)
SCENARIO(hello_changes_the_replies_of_later_commands_only)
SCENARIO(after_no_command_there_is_one_error_and_the_end)
SCENARIO(who_sends_no_more_still_gets_what_is_owed)
SCENARIO(stopping_answers_what_is_owed_and_closes)
SCENARIO(one_too_many_is_told_so)
SCENARIO(nobody_waits_for_a_client_that_is_gone)
SCENARIO(the_end_of_a_client_that_is_held_back_is_seen)
SCENARIO(a_job_that_was_not_sent_is_not_counted)
SCENARIO(nothing_is_left_of_clients_that_die_anywhere)

TEST_MAIN(cmocka_unit_test(replies_come_in_the_order_of_the_commands),
          cmocka_unit_test(hello_changes_the_replies_of_later_commands_only),
          cmocka_unit_test(after_no_command_there_is_one_error_and_the_end),
          cmocka_unit_test(who_sends_no_more_still_gets_what_is_owed),
          cmocka_unit_test(stopping_answers_what_is_owed_and_closes),
          cmocka_unit_test(one_too_many_is_told_so),
          cmocka_unit_test(nobody_waits_for_a_client_that_is_gone),
          cmocka_unit_test(the_end_of_a_client_that_is_held_back_is_seen),
          cmocka_unit_test(a_job_that_was_not_sent_is_not_counted),
          cmocka_unit_test(nothing_is_left_of_clients_that_die_anywhere))
/* clang-format on */
