/* 004-asyncrange - a generator: a coroutine that gives its values one by one, and
 * stands still in between.
 *
 * asyncio: async for i in async_range(5).
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long async_range(void *arg)
{
    const int *count = arg;

    for (int i = 0; i < *count; i++) {
        RIO_TRY(await(rio_gen_yield(&i)));
        RIO_TRY(await(rio_sleep(seconds(0.5))));
    }
    return 0;
}

static long body(void *arg)
{
    int i, count = 5;
    rio_gen *range = rio_gen_new(async_range, &count, sizeof i);
    long rc;

    (void)arg;
    RIO_FOR_EACH(rio_gen_iter(range), &i, rc)
    {
        say("%d", i);
    }
    if (rc == 0)
        say("迭代结束");
    RIO_IGNORE(await(rio_gen_free(range)));
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
