/* callbacks - below the coroutines there is the loop, which calls plain functions:
 * soon, later, and when something is done.
 *
 * asyncio: loop.call_soon(), call_later(), add_done_callback().
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

static long print_word(void *arg)
{
    say_word("%s", (const char *)arg);
    return 0;
}

static void print_last_word(rio_future *f, void *arg)
{
    (void)f;
    say("%s", (const char *)arg);
}

static long work(void *arg)
{
    (void)arg;
    return await(rio_sleep(seconds(1)));
}

static long body(void *arg)
{
    RIO_AUTO_TASK task = rio_create_task(work, NULL);

    (void)arg;
    RIO_TRY(rio_future_add_done_callback(task, print_last_word, "done"));
    rio_call_later(seconds(0.5), print_word, "later");
    rio_call_soon(print_word, "soon");
    return await(rio_sleep(seconds(1.5))); /* callbacks do not keep the loop running */
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
