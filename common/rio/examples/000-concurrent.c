/* 000-concurrent - two tasks at the same time: the slowest one counts.
 *
 * asyncio: concurrent_example()
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct line {
    double delay;
    const char *text;
};

static long say_after(void *arg)
{
    const struct line *line = arg;

    RIO_TRY(await(rio_sleep(seconds(line->delay))));
    say("%s", line->text);
    return 0;
}

static long body(void *arg)
{
    rio_task *hello =
        rio_create_task_copy(say_after, RIO_ARGS(struct line, 1, "Hello"));
    rio_task *world =
        rio_create_task_copy(say_after, RIO_ARGS(struct line, 2, "World"));

    (void)arg;
    RIO_TRY(await(rio_join_unref(hello)));
    return await(rio_join_unref(world));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
