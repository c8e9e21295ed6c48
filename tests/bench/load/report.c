/* report - what came of a load.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "load/load.h"

static const struct {
    const char *name;
    unsigned permille;
} quantiles[] = {
    {"p50", 500}, {"p90", 900}, {"p99", 990}, {"p99.9", 999}, {"max", 1000}};
enum { QUANTILES = sizeof quantiles / sizeof quantiles[0] };

static const char *const mode_names[] = {"put", "take", "cycle", "paced", "wake"};

/* The jobs that count: those that went all the way. */
static uint64_t jobs_of(const struct load *l)
{
    switch (l->plan->mode) {
    case LOAD_PUT:
    case LOAD_PACED:
        return l->put;
    case LOAD_TAKE:
    case LOAD_CYCLE:
        return l->done;
    case LOAD_WAKE:
        return l->got_us.count;
    }
    return 0;
}

static double per_second(const struct load *l)
{
    return (double)jobs_of(l) * 1e9 / (double)l->took_ns;
}

static double us_a_job(const struct load *l, double cpu_s)
{
    return jobs_of(l) == 0 ? 0 : cpu_s * 1e6 / (double)jobs_of(l);
}

/* ---- for people ---- */

static void print_times(const char *name, const struct rq_hist *h)
{
    if (h->count == 0)
        return;
    (void)printf("  %-6s", name);
    for (size_t i = 0; i < QUANTILES; i++)
        (void)printf(" %10llu",
                     (unsigned long long)rq_hist_quantile_us(h, quantiles[i].permille));
    (void)printf("\n");
}

static void print_table(const struct load *l)
{
    const struct load_plan *p = l->plan;

    (void)printf(
        "%s, %s: %.0f jobs/s  (%u connections, depth %u, batches of %u, %llu B, "
        "%.1f s)\n",
        p->dialect->name, mode_names[p->mode], per_second(l), p->conns, p->depth,
        p->batch, (unsigned long long)p->body_bytes, (double)l->took_ns / 1e9);
    (void)printf("  us    ");
    for (size_t i = 0; i < QUANTILES; i++)
        (void)printf(" %10s", quantiles[i].name);
    (void)printf("\n");
    print_times("put", &l->put_us);
    print_times("get", &l->got_us);
    print_times("done", &l->done_us);
    (void)printf("  processor time a job: generator %.2f us",
                 us_a_job(l, l->own_cpu_s));
    for (size_t i = 0; i < p->process_count; i++)
        (void)printf(", %s %.2f us", p->processes[i].name,
                     us_a_job(l, p->processes[i].cpu_s));
    (void)printf("\n");
}

/* ---- for programs ---- */

static void json_times(const char *name, const struct rq_hist *h)
{
    if (h->count == 0)
        return;
    (void)printf(",\"%s_us\":{", name);
    for (size_t i = 0; i < QUANTILES; i++)
        (void)printf("%s\"%s\":%llu", i == 0 ? "" : ",", quantiles[i].name,
                     (unsigned long long)rq_hist_quantile_us(h, quantiles[i].permille));
    (void)printf("}");
}

static void print_json(const struct load *l)
{
    const struct load_plan *p = l->plan;

    (void)printf("{\"system\":\"%s\",\"mode\":\"%s\",\"fused\":%s,\"connections\":%u,"
                 "\"depth\":%u,\"batch\":%u,\"body\":%llu,\"queues\":%u,\"idle\":%u,"
                 "\"prefill\":%llu,\"rate\":%llu,\"seconds\":%.3f,\"jobs\":%llu,"
                 "\"jobs_per_second\":%.1f",
                 p->dialect->name, mode_names[p->mode], p->fused ? "true" : "false",
                 p->conns, p->depth, p->batch, (unsigned long long)p->body_bytes,
                 p->queues, p->idle, (unsigned long long)p->prefill,
                 (unsigned long long)p->rate, (double)l->took_ns / 1e9,
                 (unsigned long long)jobs_of(l), per_second(l));
    json_times("put", &l->put_us);
    json_times("get", &l->got_us);
    json_times("done", &l->done_us);
    (void)printf(",\"cpu_us_per_job\":{\"generator\":%.3f", us_a_job(l, l->own_cpu_s));
    for (size_t i = 0; i < p->process_count; i++)
        (void)printf(",\"%s\":%.3f", p->processes[i].name,
                     us_a_job(l, p->processes[i].cpu_s));
    (void)printf("}}\n");
}

void load_print(const struct load *l, bool json)
{
    if (json)
        print_json(l);
    else
        print_table(l);
}
