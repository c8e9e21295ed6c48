/* 001-lock - ten tasks count up; the lock makes them take turns.
 *
 *     001-lock [--no-lock]
 *
 * asyncio: async with lock.  Without it each task writes what it read before all of
 * them waited.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct counter {
    rio_lock lock;
    int value;
};

RIO_AWAITS static long add_one(struct counter *c)
{
    int seen = c->value;

    RIO_TRY(await(rio_sleep(seconds(0.1))));
    c->value = seen + 1;
    return 0;
}

static long increment(void *arg)
{
    struct counter *c = arg;
    long rc;

    if (demo_has("--no-lock"))
        return await(add_one(c));
    RIO_WITH_LOCK(&c->lock, &rc)
    {
        rc = await(add_one(c));
    }
    return rc;
}

static long body(void *arg)
{
    struct counter counter = {0};
    rio_group g;
    long rc;

    (void)arg;
    rio_group_enter(&g);
    for (int i = 0; i < 10; i++)
        rio_group_spawn(&g, increment, &counter);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    say("结果: %d", counter.value);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
