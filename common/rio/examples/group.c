/* group - tasks that belong together: when one of them fails, the others are cancelled,
 * and nobody leaves before the last one has ended.
 *
 * asyncio: async with TaskGroup() as g: g.create_task(...).
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long failing(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    return rio_error(-EIO, "disk error");
}

static long patient(void *arg)
{
    long rc = await(rio_sleep(seconds(60)));

    (void)arg;
    if (rc == -ECANCELED)
        say("the other was cancelled");
    return rc;
}

static long body(void *arg)
{
    rio_group g;
    long rc;

    RIO_TRY(rio_group_enter(&g));
    rio_group_spawn(&g, failing, arg);
    rio_group_spawn(&g, patient, arg);
    rc = await(rio_group_exit(&g, 0));
    say("group rc=%ld", rc);
    rio_group_destroy(&g);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
