/* io-bottleneck - does a task wait, or does it compute?  Waiting is what asyncio makes
 * cheap; computing needs threads or processes.
 *
 * asyncio: look for the I/O bottleneck first (the summary of tutorial 004).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct meter {
    const char *name;
    double waited, computed;
};

/* What await(rio_sleep()) costs is waiting; so are the turns of other tasks. */
RIO_AWAITS static long wait_for_answer(struct meter *m, double s)
{
    double start = elapsed();

    RIO_TRY(await(rio_sleep(seconds(s))));
    m->waited += elapsed() - start;
    return 0;
}

static void compute(struct meter *m, double s)
{
    double start = elapsed();

    while (elapsed() - start < s)
        continue;
    m->computed += elapsed() - start;
}

static void report(const struct meter *m)
{
    say("%s is bound by %s", m->name, m->waited > m->computed ? "I/O" : "the CPU");
}

static long fetch(void *arg)
{
    struct meter m = {.name = "fetch"};

    (void)arg;
    for (int i = 0; i < 3; i++) {
        RIO_TRY(await(wait_for_answer(&m, 1)));
        compute(&m, 0.001);
    }
    report(&m);
    return 0;
}

static long hash(void *arg)
{
    struct meter m = {.name = "hash"};

    (void)arg;
    for (int i = 0; i < 3; i++) {
        compute(&m, 0.5);
        RIO_TRY(await(wait_for_answer(&m, 0))); /* lets the others have a turn */
    }
    report(&m);
    return 0;
}

static long body(void *arg)
{
    RIO_AUTO_TASK t1 = rio_create_task(fetch, arg);
    RIO_AUTO_TASK t2 = rio_create_task(hash, arg);

    RIO_TRY(await(rio_join(t2)));
    return await(rio_join(t1));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
