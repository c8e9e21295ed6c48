/* rio_bench.c - what librio's primitives cost on this machine, beside their targets.
 *
 *     rio_bench [--runs N] [--only WORD] [--io uring|epoll] [--json] [--smoke]
 *
 * Every measurement is made N times (11), in turns with all others, so that a busy
 * moment of the machine hits all of them.  What disturbs only adds time, so the best
 * run is stated and the median beside it; of a ratio, whose two sides are measured one
 * after the other, the median.  It judges nothing: the exit code says only whether
 * everything worked.  --smoke: a thousandth of the work, once.
 * SPDX-License-Identifier: MIT */
#include "rio_bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/num.h"

enum { RUNS = 11, RUNS_MAX = 1000, SMOKE_DIVISOR = 1000 };

/* What is stated of the runs. */
enum figure { BEST_LOW, MEDIAN, LOWEST };

static const struct bench {
    const char *name, *unit;
    double target; /* 0: none */
    bool at_least; /* the target is a lower limit */
    enum figure figure;
    bench_fn *fn;
} benches[] = {
    /* clang-format off */
    {"switch",               "ns",    5,      false, BEST_LOW, bench_switch},
    {"yield",                "ns",    0,      false, BEST_LOW, bench_yield},
    {"spawn + join",         "ns",    60,     false, BEST_LOW, bench_spawn_join},
    {"group member",         "ns",    0,      false, BEST_LOW, bench_group},
    {"queue hand-off",       "ns",    40,     false, BEST_LOW, bench_queue_handoff},
    {"queue of 64",          "ns",    0,      false, BEST_LOW, bench_queue_buffered},
    {"time limit",           "ns",    0,      false, BEST_LOW, bench_timeout},
    {"timer fired",          "ns",    0,      false, BEST_LOW, bench_timer_fire},
    {"idle task",            "KiB",   4.2,    false, MEDIAN,   bench_idle_memory},
    {"sleepers at once",     "tasks", 100000, true,  LOWEST,   bench_sleepers},
    {"tcp ping-pong, 1",     "ratio", 0,      true,  MEDIAN,   bench_tcp_1},
    {"tcp ping-pong, 64",    "ratio", 0.95,   true,  MEDIAN,   bench_tcp_64},
    {"tcp ping-pong, 512",   "ratio", 0,      true,  MEDIAN,   bench_tcp_512},
    /* clang-format on */
};
enum { BENCHES = sizeof benches / sizeof benches[0] };

struct result {
    double values[RUNS_MAX]; /* sorted in the end */
    unsigned count;
};

/* ---- what the measurements share ---- */

static long timed(void *arg)
{
    struct bench_body *body = arg;
    int64_t start = rio_now();
    long rc = body->fn(body);

    if (body->took == 0)
        body->took = rio_now() - start;
    return rc;
}

double bench_time(const struct bench_opts *o, struct bench_body body)
{
    rio_runner *r = rio_runner_new(o->io);
    long rc;

    if (r == NULL)
        return -1;
    body.count = body.count / o->divisor > 0 ? body.count / o->divisor : 1;
    rc = rio_runner_run(r, timed, &body);
    rio_runner_free(r);
    return rc < 0 ? (double)rc : (double)body.took / (double)body.count;
}

/* ---- the table ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median_of(const struct result *r)
{
    unsigned half = r->count / 2;

    return r->count % 2 == 1 ? r->values[half]
                             : (r->values[half - 1] + r->values[half]) / 2;
}

static double stated(const struct bench *b, const struct result *r)
{
    return b->figure == MEDIAN ? median_of(r) : r->values[0];
}

static const char *verdict(const struct bench *b, double value)
{
    if (b->target == 0)
        return "";
    return (b->at_least ? value >= b->target : value <= b->target) ? "met" : "missed";
}

static void print_line(const struct bench *b, const struct result *r)
{
    double value = stated(b, r);

    (void)printf("%-20s %10.2f %-5s median %10.2f", b->name, value, b->unit,
                 median_of(r));
    if (b->target > 0)
        (void)printf("   target %s %9.2f   ratio %5.2f  %s",
                     b->at_least ? ">=" : "<=", b->target, value / b->target,
                     verdict(b, value));
    (void)printf("\n");
}

static void print_json(const struct bench *b, const struct result *r, bool first)
{
    double value = stated(b, r);

    (void)printf("%s\n  {\"name\": \"%s\", \"unit\": \"%s\", \"value\": %.4g, "
                 "\"best\": %.4g, \"median\": %.4g, \"worst\": %.4g, \"runs\": %u",
                 first ? "" : ",", b->name, b->unit, value,
                 r->values[b->at_least ? r->count - 1 : 0], median_of(r),
                 r->values[b->at_least ? 0 : r->count - 1], r->count);
    if (b->target > 0)
        (void)printf(", \"target\": %g, \"at_least\": %s, \"ratio\": %.3f, "
                     "\"met\": %s",
                     b->target, b->at_least ? "true" : "false", value / b->target,
                     strcmp(verdict(b, value), "met") == 0 ? "true" : "false");
    (void)printf("}");
}

static void print_all(const struct result *results, bool json)
{
    bool first = true;

    if (json)
        (void)printf("[");
    for (unsigned i = 0; i < BENCHES; i++) {
        if (results[i].count == 0)
            continue;
        if (json)
            print_json(&benches[i], &results[i], first);
        else
            print_line(&benches[i], &results[i]);
        first = false;
    }
    if (json)
        (void)printf("\n]\n");
}

/* ---- the program ---- */

static bool run_all(const struct bench_opts *o, const char *only, unsigned runs,
                    struct result *results)
{
    bool ok = true;

    for (unsigned run = 0; run < runs; run++) {
        for (unsigned i = 0; i < BENCHES; i++) {
            double value;

            if (only != NULL && strstr(benches[i].name, only) == NULL)
                continue;
            value = benches[i].fn(o);
            if (value < 0) {
                (void)fprintf(stderr, "%s: error %.0f\n", benches[i].name, value);
                ok = false;
                continue;
            }
            results[i].values[results[i].count++] = value;
        }
    }
    for (unsigned i = 0; i < BENCHES; i++)
        qsort(results[i].values, results[i].count, sizeof results[i].values[0],
              by_size);
    return ok;
}

/* 512 connections have 1024 ends. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: rio_bench [--runs N] [--only WORD] "
                          "[--io uring|epoll] [--json] [--smoke]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"runs", required_argument, NULL, 'r'}, {"only", required_argument, NULL, 'o'},
        {"io", required_argument, NULL, 'i'},   {"json", no_argument, NULL, 'j'},
        {"smoke", no_argument, NULL, 's'},      {NULL, 0, NULL, 0},
    };
    static struct result results[BENCHES];
    struct bench_opts o = {.divisor = 1};
    const char *only = NULL;
    uint64_t runs = RUNS;
    bool json = false;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (c == 'r' && rq_num_u64(rq_slice_str(optarg), 1, RUNS_MAX, &runs) == 0)
            continue;
        if (c == 'i' && strcmp(optarg, "uring") == 0)
            o.io = RIO_IO_URING;
        else if (c == 'i' && strcmp(optarg, "epoll") == 0)
            o.io = RIO_IO_EPOLL;
        else if (c == 'o')
            only = optarg;
        else if (c == 'j')
            json = true;
        else if (c == 's')
            o.divisor = SMOKE_DIVISOR, runs = 1;
        else
            return usage();
    }
    allow_descriptors();
    if (!run_all(&o, only, (unsigned)runs, results))
        return 1;
    print_all(results, json);
    return 0;
}
