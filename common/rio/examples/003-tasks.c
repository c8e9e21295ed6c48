/* 003-tasks - the same two waits as tasks: they overlap, and two seconds are enough.
 *
 * asyncio: the example with `Tasks created`.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct words {
    int64_t delay;
    const char *what;
};

static long say_after(void *arg)
{
    struct words *w = arg;

    RIO_TRY(await(rio_sleep(w->delay)));
    say("%s", w->what);
    return 0;
}

static long body(void *arg)
{
    struct words hello = {seconds(1), "Hello"}, world = {seconds(2), "World"};
    RIO_AUTO_TASK t1 = rio_create_task(say_after, &hello);
    RIO_AUTO_TASK t2 = rio_create_task(say_after, &world);

    (void)arg;
    say("Tasks created");
    RIO_TRY(await(rio_join(t1)));
    RIO_TRY(await(rio_join(t2)));
    say("Tasks completed");
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
