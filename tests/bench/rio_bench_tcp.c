/* rio_bench_tcp.c - ping-pong over TCP: rio's streams against a plain epoll loop.
 *
 * Both sides have clients and server in one thread, so what is compared is the
 * processor time of a round trip, whatever else the machine does.  One measurement is
 * rio, plain, rio, plain; its value the mean of the two ratios.
 * SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "rio_bench.h"

enum { ROUND_TRIPS = 15000 }; /* of all connections together */

struct echo {
    unsigned conns, rounds;
    char port[8];
    rio_event go;
    unsigned connected;
    int64_t took;
};

static long echoes(rio_stream *s, void *arg)
{
    (void)arg;
    for (;;) {
        const void *bytes;
        size_t n = rio_stream_peek(s, &bytes);

        if (n == 0) { /* else the client was faster than this task */
            if (await(rio_stream_fill(s)) <= 0)
                return 0;
            continue;
        }
        RIO_TRY(rio_stream_write(s, bytes, n));
        rio_stream_consume(s, n);
    }
}

RIO_AWAITS static long play(struct echo *e, rio_stream *s)
{
    char buf[ECHO_BYTES] = "PING";

    e->connected++;
    RIO_TRY(await(rio_event_wait(&e->go)));
    for (unsigned i = 0; i < e->rounds; i++) {
        RIO_TRY(rio_stream_write(s, buf, sizeof buf));
        RIO_TRY(await(rio_stream_readexactly(s, buf, sizeof buf, NULL)));
    }
    return 0;
}

static long client(void *arg)
{
    struct echo *e = arg;
    rio_stream *s;
    long rc;

    RIO_TRY(await(rio_open_connection("127.0.0.1", e->port, &s)));
    rc = await(play(e, s));
    rio_stream_free(s);
    return rc;
}

RIO_AWAITS static long all_play(struct echo *e)
{
    int64_t start;
    rio_group g;
    long rc = 0;

    rio_group_enter(&g);
    for (unsigned i = 0; i < e->conns; i++)
        if (rio_group_spawn(&g, client, e) == NULL)
            break;
    while (rc == 0 && e->connected < e->conns)
        rc = await(rio_yield());
    start = rio_now();
    rio_event_set(&e->go);
    rc = await(rio_group_exit(&g, rc));
    e->took = rio_now() - start;
    rio_group_destroy(&g);
    return rc;
}

static long serve_and_play(void *arg)
{
    struct echo *e = arg;
    struct sockaddr_in sa;
    socklen_t len = sizeof sa;
    rio_server *server;
    long rc;

    RIO_TRY(await(rio_start_server(echoes, NULL, "127.0.0.1", "0", &server)));
    if (getsockname(rio_server_fd(server), (struct sockaddr *)&sa, &len) < 0)
        return -1;
    (void)snprintf(e->port, sizeof e->port, "%u", (unsigned)ntohs(sa.sin_port));
    rc = await(all_play(e));
    rio_server_close(server);
    RIO_TRY(await(rio_server_wait_closed(server)));
    return rc;
}

/* Round trips a second, or a negative error. */
static double rio_echo(const struct bench_opts *o, unsigned conns, unsigned rounds)
{
    struct echo e = {.conns = conns, .rounds = rounds};
    rio_runner *r = rio_runner_new(o->io);
    long rc;

    if (r == NULL)
        return -1;
    rc = rio_runner_run(r, serve_and_play, &e);
    rio_runner_free(r);
    return rc < 0 ? (double)rc : (double)conns * rounds * 1e9 / (double)e.took;
}

static double compare(const struct bench_opts *o, unsigned conns)
{
    unsigned rounds = (unsigned)(ROUND_TRIPS / o->divisor) / conns;
    double sum = 0;

    if (rounds == 0)
        rounds = 1;
    for (int i = 0; i < 2; i++) {
        double rio = rio_echo(o, conns, rounds);
        double plain = rio < 0 ? rio : plain_echo(conns, rounds);

        if (rio < 0 || plain < 0)
            return rio < 0 ? rio : plain;
        sum += rio / plain;
    }
    return sum / 2;
}

double bench_tcp_1(const struct bench_opts *o)
{
    return compare(o, 1);
}

double bench_tcp_64(const struct bench_opts *o)
{
    return compare(o, 64);
}

double bench_tcp_512(const struct bench_opts *o)
{
    return compare(o, 512);
}
