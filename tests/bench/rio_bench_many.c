/* rio_bench_many.c - a hundred thousand tasks asleep at once, and what one costs.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio_bench.h"

enum { SLEEPERS = 100000 };

struct sleepers {
    long count;
    double kib_each; /* resident, once all are asleep */
    size_t asleep;
};

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

/* Long enough for all of them to fall asleep, on a slow machine, too: whoever measures
 * cancels them. */
static long sleeps(void *arg)
{
    (void)arg;
    return await(rio_sleep(3600 * RIO_SEC));
}

static long all_sleep(void *arg)
{
    struct sleepers *s = arg;
    long before = resident_kib(), rc;
    rio_stats stats;
    rio_group g;

    rio_group_enter(&g);
    for (long i = 0; i < s->count; i++)
        if (rio_group_spawn(&g, sleeps, NULL) == NULL)
            break;
    do {
        rc = await(rio_yield());
        rio_loop_stats(rio_get_running_loop(), &stats);
    } while (rc == 0 && stats.waiters < g.ntasks);
    s->asleep = stats.waiters;
    s->kib_each = (double)(resident_kib() - before) / (double)s->asleep;
    rio_group_cancel(&g);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc;
}

static long measure(const struct bench_opts *o, struct sleepers *s)
{
    rio_runner *r = rio_runner_new(o->io);
    long rc;

    if (r == NULL)
        return -1;
    s->count = SLEEPERS / o->divisor;
    rc = rio_runner_run(r, all_sleep, s);
    rio_runner_free(r);
    return rc;
}

/* Both figures come from the same night: bench_sleepers comes after bench_idle_memory,
 * unless it is wanted alone. */
static size_t last_asleep;

double bench_idle_memory(const struct bench_opts *o)
{
    struct sleepers s = {0};
    long rc = measure(o, &s);

    last_asleep = rc < 0 ? 0 : s.asleep;
    return rc < 0 ? (double)rc : s.kib_each;
}

double bench_sleepers(const struct bench_opts *o)
{
    double kib = last_asleep > 0 ? 0 : bench_idle_memory(o);
    size_t asleep = last_asleep;

    last_asleep = 0;
    return kib < 0 ? kib : (double)asleep;
}
