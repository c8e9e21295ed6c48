/* sync-vs-async - n waits of 200 ms: one after the other, then all at once.
 *
 * asyncio: the two models.
 *
 *     sync-vs-async [N]
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

RIO_AWAITS static long request(void *arg)
{
    (void)arg;
    return await(rio_sleep(seconds(0.2)));
}

RIO_AWAITS static long one_by_one(long n)
{
    for (long i = 0; i < n; i++)
        RIO_TRY(await(request(NULL)));
    return 0;
}

RIO_AWAITS static long all_at_once(long n)
{
    rio_group g;
    long rc = rio_group_enter(&g);

    for (long i = 0; i < n && rc == 0; i++)
        if (rio_group_spawn(&g, request, NULL) == NULL)
            rc = -ENOMEM;
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    return rc;
}

static long body(void *arg)
{
    long n = demo_number(0, 5);
    double start = elapsed();

    (void)arg;
    RIO_TRY(await(one_by_one(n)));
    say("sync %.1f s", elapsed() - start);
    start = elapsed();
    RIO_TRY(await(all_at_once(n)));
    say("async %.1f s", elapsed() - start);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
