/* core_bench - what the rules cost, printed in nanoseconds and bytes; asserts neither.
 *
 *     build/tests/core_bench [rounds [backlog]]
 *
 * A cycle is PUT, its confirmation, GET, DONE and its confirmation: all that the core
 * does for a job.  It runs with an empty queue, behind a backlog of waiting jobs, and
 * with the same backlog in groups.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/num.h"
#include "core/attrs.h"
#include "core/core.h"

enum { BODY_BYTES = 100 };

struct bench {
    struct core *core;
    struct holder *holder;
    struct effects fx;
    struct core_now now;
};

static void must(int rc)
{
    ASSERT(rc == 0);
}

/* Group 0: none. */
static struct job *put_in(struct bench *b, uint8_t pri, uint32_t group)
{
    static const uint8_t body[BODY_BYTES];
    uint8_t attrs[] = {ATTR_GROUP, 0, sizeof group, 0, 0, 0, 0, 0, 0, 0};
    const struct core_put put = {.queue = RQ_LIT("emails"),
                                 .body = rq_slice(body, sizeof body),
                                 .attrs = rq_slice(attrs, group > 0 ? sizeof attrs : 0),
                                 .policy = {.ttr_ms = 60000,
                                            .backoff_base_ms = 1000,
                                            .backoff_max_ms = 3600000,
                                            .tries = 25,
                                            .backoff = JOB_BACKOFF_EXP,
                                            .jitter_pct = 10,
                                            .pri = pri}};
    struct job *job;

    memcpy(attrs + sizeof attrs - sizeof group, &group, sizeof group);
    must(core_put(b->core, &put, b->now, &b->fx, &job, &(struct job_id){0}));
    core_set_home(b->core, &b->fx.items[0], 1);
    b->fx.count = 0;
    must(core_confirmed(b->core, job, b->now, &b->fx));
    return job;
}

static struct job *put(struct bench *b, uint8_t pri)
{
    return put_in(b, pri, 0);
}

static void get_and_finish(struct bench *b)
{
    const struct rq_slice queue = RQ_LIT("emails");
    const struct core_get get = {
        .queues = &queue, .queue_count = 1, .count = 1, .bytes_max = SIZE_MAX};
    struct waiter *waiter;
    struct job_view view;

    must(core_get(b->core, &get, b->holder, NULL, b->now, &b->fx, &waiter));
    struct job *job = b->fx.items[b->fx.count - 1].u.deliver.job;
    uint64_t lease = b->fx.items[b->fx.count - 1].u.deliver.lease;
    b->fx.count = 0;
    job_view(job, &view);
    must(core_done(b->core, view.id, lease, rq_slice(NULL, 0), false, b->now, &b->fx));
    b->fx.count = 0;
    must(core_confirmed(b->core, job, b->now, &b->fx));
    b->fx.count = 0;
}

static size_t used_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void report(const char *what, uint64_t n, int64_t since_ns)
{
    printf("%-36s %7.1f ns\n", what,
           (double)(rq_clock_boottime_ns() - since_ns) / (double)n);
}

static void cycle(struct bench *b, const char *what, uint64_t rounds)
{
    int64_t since_ns = rq_clock_boottime_ns();

    for (uint64_t i = 0; i < rounds; i++) {
        put(b, 100);
        get_and_finish(b);
        b->now.mono_ns += 1000;
    }
    report(what, rounds, since_ns);
}

static void measure_backlog(struct bench *b, uint64_t backlog, uint64_t rounds)
{
    size_t before = used_bytes();
    int64_t since_ns = rq_clock_boottime_ns(), slowest_ns = 0, last_ns = since_ns;

    for (uint64_t i = 0; i < backlog; i++) {
        put(b, 100);
        int64_t now_ns = rq_clock_boottime_ns();
        if (now_ns - last_ns > slowest_ns)
            slowest_ns = now_ns - last_ns;
        last_ns = now_ns;
    }
    report("put, growing", backlog, since_ns);
    printf("%-36s %7.1f us\n", "  the slowest", (double)slowest_ns / 1000);
    printf("%-36s %7.1f bytes\n", "  overhead per waiting job",
           (double)(used_bytes() - before) / (double)backlog - BODY_BYTES);
    cycle(b, "cycle behind the backlog", rounds);
    since_ns = rq_clock_boottime_ns();
    for (uint64_t i = 0; i < backlog; i++)
        get_and_finish(b);
    report("get + done, draining", backlog, since_ns);
}

/* Every priority at once: most jobs come out of order. */
static void measure_priorities(struct bench *b, uint64_t jobs)
{
    int64_t since_ns = rq_clock_boottime_ns();

    for (uint64_t i = 0; i < jobs; i++)
        put(b, (uint8_t)(i * 37));
    report("put, 256 priorities", jobs, since_ns);
    since_ns = rq_clock_boottime_ns();
    for (uint64_t i = 0; i < jobs; i++)
        get_and_finish(b);
    report("get + done, 256 priorities", jobs, since_ns);
}

static void measure_groups(struct bench *b, uint32_t groups, uint64_t jobs)
{
    struct record_settings limit = {.grouplimit = 1};
    size_t before = used_bytes();
    char what[64];
    int64_t since_ns;

    must(core_queue_set(b->core, RQ_LIT("emails"), &limit, &b->fx));
    b->fx.count = 0;
    since_ns = rq_clock_boottime_ns();
    for (uint64_t i = 0; i < jobs; i++)
        put_in(b, 100, (uint32_t)(i % groups) + 1);
    snprintf(what, sizeof what, "put, %" PRIu32 " groups", groups);
    report(what, jobs, since_ns);
    printf("%-36s %7.1f bytes\n", "  overhead per waiting job",
           (double)(used_bytes() - before) / (double)jobs - BODY_BYTES);
    since_ns = rq_clock_boottime_ns();
    for (uint64_t i = 0; i < jobs; i++) {
        get_and_finish(b);
        put_in(b, 100, (uint32_t)(i % groups) + 1);
        b->now.mono_ns += 1000;
    }
    snprintf(what, sizeof what, "cycle behind them, %" PRIu32 " groups", groups);
    report(what, jobs, since_ns);
    for (uint64_t i = 0; i < jobs; i++)
        get_and_finish(b);
}

int main(int argc, char **argv)
{
    struct bench b = {.now = {1000000000, 1700000000000}};
    uint64_t rounds = 2000000, backlog = 1000000;

    if ((argc > 1 && rq_num_u64(rq_slice_str(argv[1]), 1, UINT32_MAX, &rounds) < 0) ||
        (argc > 2 && rq_num_u64(rq_slice_str(argv[2]), 1, UINT32_MAX, &backlog) < 0)) {
        fprintf(stderr, "usage: core_bench [rounds [backlog]]\n");
        return 2;
    }
    effects_init(&b.fx);
    b.core = core_new(1);
    ASSERT(b.core != NULL);
    core_set_epoch(b.core, 1);
    b.holder = core_holder_new(b.core);
    ASSERT(b.holder != NULL);

    cycle(&b, "cycle: put, get, done", rounds);
    printf("backlog of %" PRIu64 " jobs\n", backlog);
    measure_backlog(&b, backlog, rounds);
    measure_priorities(&b, backlog);
    measure_groups(&b, 1, backlog);
    measure_groups(&b, 100, backlog);
    measure_groups(&b, 100000, backlog);
    core_check(b.core);
    core_free(b.core);
    effects_fini(&b.fx);
    return 0;
}
