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

const char *const load_mode_names[LOAD_MODES] = {"put",  "get",  "cycle",   "latency",
                                                 "wake", "fill", "recovery"};

/* The jobs that count: those that went all the way. */
static uint64_t jobs_of(const struct load *l)
{
    switch (l->plan->mode) {
    case LOAD_PUT:
    case LOAD_LATENCY:
    case LOAD_FILL:
        return l->put;
    case LOAD_GET:
    case LOAD_CYCLE:
    case LOAD_RECOVERY:
        return l->done;
    case LOAD_WAKE:
        return l->woken_us.count;
    }
    return 0;
}

static double per_second(const struct load *l)
{
    return (double)jobs_of(l) * 1e9 / (double)l->took_ns;
}

/* What the prefill has added to it. */
static double bytes_a_job(const struct load *l, const struct load_process *of)
{
    return of->filled_bytes <= of->empty_bytes
               ? 0
               : (double)(of->filled_bytes - of->empty_bytes) /
                     (double)l->plan->prefill;
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

static void print_head(const struct load *l)
{
    const struct load_plan *p = l->plan;

    (void)printf("%s, %s: %.0f jobs/s  (", p->dialect->name, load_mode_names[p->mode],
                 per_second(l));
    if (p->consumers > 0)
        (void)printf("%u producers, %u consumers", p->producers, p->consumers);
    else
        (void)printf("%u connections", p->conns);
    (void)printf(", depth %u, batches of %u, %llu B, %.1f s)\n", p->depth, p->batch,
                 (unsigned long long)p->body_bytes, (double)l->took_ns / 1e9);
}

static void print_all_times(const struct load *l)
{
    (void)printf("  us    ");
    for (size_t i = 0; i < QUANTILES; i++)
        (void)printf(" %10s", quantiles[i].name);
    (void)printf("\n");
    print_times("put", &l->put_us);
    print_times("get", &l->got_us);
    print_times("done", &l->done_us);
    print_times("woken", &l->woken_us);
}

static void print_processes(const struct load *l)
{
    const struct load_plan *p = l->plan;

    (void)printf("  processor time a job: generator %.2f us",
                 us_a_job(l, l->own_cpu_s));
    for (size_t i = 0; i < p->process_count; i++)
        (void)printf(", %s %.2f us", p->processes[i].name,
                     us_a_job(l, p->processes[i].cpu_s));
    (void)printf("\n");
    if (p->prefill == 0 || p->process_count == 0)
        return;
    (void)printf("  memory a job that waits:");
    for (size_t i = 0; i < p->process_count; i++)
        (void)printf("%s %s %.0f B", i == 0 ? "" : ",", p->processes[i].name,
                     bytes_a_job(l, &p->processes[i]));
    (void)printf("\n");
}

static void print_table(const struct load *l)
{
    if (l->plan->mode == LOAD_RECOVERY) {
        (void)printf("%s: the first job after %.3f s\n", l->plan->dialect->name,
                     (double)l->took_ns / 1e9);
        return;
    }
    print_head(l);
    print_all_times(l);
    print_processes(l);
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

static void json_plan(const struct load_plan *p)
{
    (void)printf("{\"system\":\"%s\",\"mode\":\"%s\",\"fused\":%s,\"connections\":%u,"
                 "\"producers\":%u,\"consumers\":%u,\"depth\":%u,\"batch\":%u,"
                 "\"body\":%llu,\"queues\":%u,\"idle\":%u,\"prefill\":%llu,"
                 "\"rate\":%llu",
                 p->dialect->name, load_mode_names[p->mode],
                 p->fused ? "true" : "false", p->conns, p->producers, p->consumers,
                 p->depth, p->batch, (unsigned long long)p->body_bytes, p->queues,
                 p->idle, (unsigned long long)p->prefill, (unsigned long long)p->rate);
}

static void json_processes(const struct load *l)
{
    const struct load_plan *p = l->plan;

    (void)printf(",\"cpu_us_per_job\":{\"generator\":%.3f", us_a_job(l, l->own_cpu_s));
    for (size_t i = 0; i < p->process_count; i++)
        (void)printf(",\"%s\":%.3f", p->processes[i].name,
                     us_a_job(l, p->processes[i].cpu_s));
    (void)printf("}");
    if (p->prefill == 0)
        return;
    (void)printf(",\"bytes_per_job\":{");
    for (size_t i = 0; i < p->process_count; i++)
        (void)printf("%s\"%s\":%.1f", i == 0 ? "" : ",", p->processes[i].name,
                     bytes_a_job(l, &p->processes[i]));
    (void)printf("}");
}

static void print_json(const struct load *l)
{
    json_plan(l->plan);
    (void)printf(",\"seconds\":%.6f,\"jobs\":%llu,\"jobs_per_second\":%.1f",
                 (double)l->took_ns / 1e9, (unsigned long long)jobs_of(l),
                 per_second(l));
    json_times("put", &l->put_us);
    json_times("get", &l->got_us);
    json_times("done", &l->done_us);
    json_times("woken", &l->woken_us);
    json_processes(l);
    (void)printf("}\n");
}

int load_print(const struct load *l, bool json)
{
    if (json)
        print_json(l);
    else
        print_table(l);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}
