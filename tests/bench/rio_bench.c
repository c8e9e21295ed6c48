/* rio_bench.c - what librio's primitives cost on this machine.  Prints numbers, judges
 * nothing.  Usage: rio_bench [NAME]
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rio/rio.h"

static const char *wanted;

static bool is_wanted(const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

static void print_ns(const char *name, int64_t start, long count)
{
    (void)printf("%-28s %9.1f ns\n", name, (double)(rio_now() - start) / (double)count);
}

static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "re");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (f != NULL)
        (void)fclose(f);
    return kib;
}

/* ---- switch: two tasks that yield to each other ---- */

enum { SWITCHES = 5000000 };

static long yielder(void *arg)
{
    long *count = arg;

    for (long i = 0; i < SWITCHES; i++) {
        RIO_TRY(await(rio_yield()));
        ++*count;
    }
    return 0;
}

static long bench_yield(void *arg)
{
    long count = 0;
    int64_t start;
    rio_task *a, *b;

    (void)arg;
    start = rio_now();
    a = rio_create_task(yielder, &count);
    b = rio_create_task(yielder, &count);
    RIO_TRY(await(rio_join_unref(a)));
    RIO_TRY(await(rio_join_unref(b)));
    /* A yield is two switches: to the loop, and from it to the next task. */
    print_ns("yield (two switches)", start, count);
    return 0;
}

/* ---- spawn and join ---- */

enum { SPAWNS = 3000000 };

static long nothing(void *arg)
{
    (void)arg;
    return 0;
}

static long bench_spawn(void *arg)
{
    int64_t start = rio_now();

    (void)arg;
    for (long i = 0; i < SPAWNS; i++)
        RIO_TRY(await(rio_join_unref(rio_create_task(nothing, NULL))));
    print_ns("spawn + join", start, SPAWNS);
    return 0;
}

enum { FLOCK = 1000, FLOCKS = 2000 };

static long bench_group(void *arg)
{
    int64_t start = rio_now();

    (void)arg;
    for (long i = 0; i < FLOCKS; i++) {
        rio_group g;

        rio_group_enter(&g);
        for (int k = 0; k < FLOCK; k++)
            rio_group_spawn(&g, nothing, NULL);
        long rc = await(rio_group_exit(&g, 0));
        rio_group_destroy(&g);
        if (rc < 0)
            return rc;
    }
    print_ns("member of a group of 1000", start, (long)FLOCK * FLOCKS);
    return 0;
}

/* ---- queue: an item handed to a waiting task and back ---- */

enum { ITEMS = 3000000 };

struct pair {
    rio_queue *there, *back;
};

static long echoer(void *arg)
{
    struct pair *p = arg;
    long item;

    for (;;) {
        if (await(rio_queue_get(p->there, &item)) < 0)
            return 0;
        RIO_TRY(await(rio_queue_put(p->back, &item)));
    }
}

static long bench_queue(void *arg)
{
    struct pair p = {rio_queue_new(sizeof(long), 0), rio_queue_new(sizeof(long), 0)};
    rio_task *t = rio_create_task(echoer, &p);
    int64_t start = rio_now();

    (void)arg;
    for (long i = 0; i < ITEMS; i++) {
        long item = i;

        RIO_TRY(await(rio_queue_put(p.there, &item)));
        RIO_TRY(await(rio_queue_get(p.back, &item)));
    }
    print_ns("queue hand-off", start, 2L * ITEMS);
    rio_queue_shutdown(p.there, false);
    RIO_TRY(await(rio_join_unref(t)));
    rio_queue_free(p.there);
    rio_queue_free(p.back);
    return 0;
}

static long producer(void *arg)
{
    for (long i = 0; i < ITEMS; i++)
        RIO_TRY(await(rio_queue_put(arg, &i)));
    return 0;
}

static long bench_pipe(void *arg)
{
    rio_queue *q = rio_queue_new(sizeof(long), 64);
    rio_task *t = rio_create_task(producer, q);
    int64_t start = rio_now();

    (void)arg;
    for (long i = 0; i < ITEMS; i++) {
        long item;

        RIO_TRY(await(rio_queue_get(q, &item)));
    }
    print_ns("queue of 64, put + get", start, ITEMS);
    RIO_TRY(await(rio_join_unref(t)));
    rio_queue_free(q);
    return 0;
}

/* ---- many sleepers ---- */

enum { SLEEPERS = 100000 };

static long sleeper(void *arg)
{
    long i = (long)arg;

    return await(rio_sleep(RIO_SEC + i * RIO_US));
}

static long bench_sleepers(void *arg)
{
    long before = resident_kib();
    int64_t start = rio_now();
    rio_stats stats;
    rio_group g;
    long rc;

    (void)arg;
    rio_group_enter(&g);
    for (long i = 0; i < SLEEPERS; i++)
        if (rio_group_spawn(&g, sleeper, (void *)i) == NULL)
            break;
    rc = await(rio_sleep(RIO_MS));
    print_ns("spawn a sleeper, cold", start, SLEEPERS);
    (void)printf("%-28s %9.2f KiB of %zu\n", "memory of a sleeping task",
                 (double)(resident_kib() - before) / (double)g.ntasks, g.ntasks);
    rio_loop_stats(rio_get_running_loop(), &stats);
    (void)printf("%-28s %9s\n", "guard", stats.guard);
    start = rio_now();
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    (void)printf("%-28s %9.1f ms for all\n", "slept",
                 (double)(rio_now() - start) / 1e6);
    return rc;
}

/* ---- timers ---- */

enum { TIMEOUTS = 3000000 };

static long bench_timeout(void *arg)
{
    int64_t start = rio_now();

    (void)arg;
    for (long i = 0; i < TIMEOUTS; i++) {
        rio_timeout t;

        rio_timeout_enter(&t, RIO_SEC);
        RIO_TRY(rio_timeout_exit(&t, 0));
    }
    print_ns("timeout enter + exit", start, TIMEOUTS);
    return 0;
}

/* ---- streams ---- */

enum { PINGS = 100000, CLIENTS = 50 };

static long echo_client(rio_stream *s, void *arg)
{
    (void)arg;
    for (;;) {
        const void *bytes;
        size_t n;
        ssize_t rc = await(rio_stream_fill(s));

        if (rc <= 0)
            return 0;
        n = rio_stream_peek(s, &bytes);
        RIO_TRY(rio_stream_write(s, bytes, n));
        rio_stream_consume(s, n);
    }
}

static long pinger(void *arg)
{
    long *count = arg;
    rio_stream *s;
    char buf[64] = "PING";

    RIO_TRY(await(rio_open_connection("unix:/tmp/rio_bench.sock", NULL, &s)));
    for (long i = 0; i < PINGS / CLIENTS; i++) {
        if (rio_stream_write(s, buf, 64) < 0 ||
            await(rio_stream_readexactly(s, buf, 64, NULL)) < 0)
            break;
        ++*count;
    }
    RIO_IGNORE(rio_stream_close(s));
    RIO_IGNORE(await(rio_stream_wait_closed(s)));
    rio_stream_free(s);
    return 0;
}

static long bench_echo(void *arg)
{
    rio_stats before, after;
    rio_loop *l = rio_get_running_loop();
    rio_server *server;
    rio_group g;
    long count = 0, rc;
    int64_t start;

    (void)arg;
    RIO_TRY(await(rio_start_server(echo_client, NULL, "unix:/tmp/rio_bench.sock", NULL,
                                   &server)));
    rio_loop_stats(l, &before);
    start = rio_now();
    rio_group_enter(&g);
    for (int i = 0; i < CLIENTS; i++)
        rio_group_spawn(&g, pinger, &count);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    rio_loop_stats(l, &after);
    print_ns("echo, 50 connections, both", start, count);
    (void)printf("%-28s %9.3f\n", "enters per echo",
                 (double)(after.enters - before.enters) / (double)count);
    rio_server_close(server);
    RIO_TRY(await(rio_server_wait_closed(server)));
    return rc;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        rio_fn *fn;
    } benches[] = {
        {"yield", bench_yield}, {"spawn", bench_spawn},
        {"group", bench_group}, {"queue", bench_queue},
        {"pipe", bench_pipe},   {"timeout", bench_timeout},
        {"echo", bench_echo},   {"sleepers", bench_sleepers},
    };
    int failed = 0;

    wanted = argc > 1 ? argv[1] : NULL;
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        long rc;

        if (!is_wanted(benches[i].name))
            continue;
        rc = rio_run(benches[i].fn, NULL);
        if (rc < 0) {
            (void)fprintf(stderr, "%s: %ld\n", benches[i].name, rc);
            failed = 1;
        }
    }
    return failed;
}
