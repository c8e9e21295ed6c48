/* 000-sequential - two waits, one after the other: their times add up.
 *
 * asyncio: basic_async_example().  To call a coroutine is to await it.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct line {
    double delay;
    const char *text;
};

RIO_AWAITS static long say_after(void *arg)
{
    const struct line *line = arg;

    RIO_TRY(await(rio_sleep(seconds(line->delay))));
    say("%s", line->text);
    return 0;
}

static long body(void *arg)
{
    (void)arg;
    RIO_TRY(await(say_after(&(struct line){1, "Hello"})));
    RIO_TRY(await(say_after(&(struct line){2, "World"})));
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
