/* 000-generator - a coroutine that yields values.
 *
 * asyncio: async def async_generator() with yield, async for.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long count(void *arg)
{
    const int *end = arg;

    for (int i = 0; i < *end; i++) {
        RIO_TRY(await(rio_sleep(seconds(0.1))));
        RIO_TRY(await(rio_gen_yield(&i)));
    }
    return 0;
}

static long body(void *arg)
{
    int end = 5, value;
    rio_gen *numbers = rio_gen_new(count, &end, sizeof value);
    long rc;

    (void)arg;
    RIO_FOR_EACH(rio_gen_iter(numbers), &value, rc)
    {
        say("%d", value);
    }
    say("end rc=%ld", rc);
    return await(rio_gen_free(numbers));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
