/* to-thread - what blocks runs in a thread, and the loop goes on.
 *
 * asyncio: await asyncio.to_thread(blocking)
 * SPDX-License-Identifier: MIT */
#include <time.h>

#include "rio/examples/demo.h"

static long ticker(void *arg)
{
    (void)arg;
    for (int i = 1; i <= 4; i++) {
        RIO_TRY(await(rio_sleep(seconds(0.2))));
        say("tick %d", i);
    }
    return 0;
}

/* In a thread. */
static long blocking(void *arg)
{
    int64_t ns = seconds(1);

    (void)arg;
    (void)nanosleep(&(struct timespec){ns / RIO_SEC, ns % RIO_SEC}, NULL);
    return 42;
}

static long body(void *arg)
{
    rio_task *ticks = rio_create_task(ticker, NULL);
    long value = await(rio_to_thread(blocking, arg));

    say("the thread returned %ld", value);
    return await(rio_join_unref(ticks));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
