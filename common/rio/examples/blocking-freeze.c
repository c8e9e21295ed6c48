/* blocking-freeze - one blocking call freezes everybody; debug mode says who it was.
 *
 * asyncio: never time.sleep() or requests.get() in a coroutine.
 * SPDX-License-Identifier: MIT */
#include <time.h>

#include "rio/examples/demo.h"

static double longest; /* seconds between two ticks */

static long ticker(void *arg)
{
    (void)arg;
    for (double last = elapsed();; last = elapsed()) {
        RIO_TRY(await(rio_sleep(seconds(0.05))));
        if (elapsed() - last > longest)
            longest = elapsed() - last;
    }
}

static long bad(void *arg)
{
    int64_t ns = seconds(1);

    (void)arg;
    return nanosleep(&(struct timespec){ns / RIO_SEC, ns % RIO_SEC}, NULL);
}

static long body(void *arg)
{
    RIO_AUTO_TASK ticks = rio_create_task(ticker, NULL);
    rio_task *t = rio_create_task_ex(bad, NULL, 0, &(rio_task_opts){.name = "bad"});

    (void)arg;
    rio_set_debug(rio_get_running_loop(), true);
    RIO_TRY(await(rio_join_unref(t)));
    RIO_TRY(await(rio_sleep(seconds(0.1))));
    say("ticker gap %.1f s", longest);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
