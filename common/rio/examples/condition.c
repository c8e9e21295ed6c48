/* condition - three consumers wait until there is something; each notify wakes one of
 * them, in the order they came.
 *
 * asyncio: Condition.wait_for(), notify().
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static rio_cond cond;
static int items;

static bool some_item(void *arg)
{
    (void)arg;
    return items > 0;
}

static long consumer(void *arg)
{
    const int *id = arg;
    long rc;

    RIO_WITH_LOCK(cond.lock, &rc)
    {
        RIO_TRY(await(rio_cond_wait_for(&cond, some_item, NULL)));
        items--;
        say("consumer %d", *id);
    }
    return rc;
}

RIO_AWAITS static long produce(void)
{
    long rc;

    RIO_TRY(await(rio_sleep(seconds(1))));
    RIO_WITH_LOCK(cond.lock, &rc)
    {
        items++;
        RIO_TRY(rio_cond_notify(&cond, 1));
    }
    return rc;
}

static long producer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        RIO_TRY(await(produce()));
    return 0;
}

static long body(void *arg)
{
    rio_group g;
    long rc;

    (void)arg;
    rio_cond_init(&cond, NULL);
    RIO_TRY(rio_group_enter(&g));
    for (int i = 1; i <= 3; i++)
        rio_group_spawn_copy(&g, consumer, &i, sizeof i);
    rio_group_spawn(&g, producer, NULL);
    rc = await(rio_group_exit(&g, 0));
    rio_group_destroy(&g);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
