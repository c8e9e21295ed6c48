/* callbacks - below the coroutines there is the loop, which calls plain functions:
 * soon, later, and when something is done.
 *
 * asyncio: loop.call_soon(), call_later(), add_done_callback().
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "rio/examples/demo.h"

static char trace[32];
static size_t used;

static void note(const char *what)
{
    used += (size_t)snprintf(trace + used, sizeof trace - used, "%s%s",
                             used > 0 ? " " : "", what);
}

static long on_time(void *arg)
{
    note(arg);
    return 0;
}

static void on_done(rio_future *f, void *arg)
{
    (void)f;
    note(arg);
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
    RIO_TRY(rio_future_add_done_callback(task, on_done, "done"));
    rio_call_later(seconds(0.5), on_time, "later");
    rio_call_soon(on_time, "soon");
    RIO_TRY(await(rio_sleep(seconds(1.5))));
    say("%s", trace);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
