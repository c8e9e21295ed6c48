/* 004-executor - a blocking function runs in a thread, the loop goes on meanwhile.
 *
 * asyncio: loop.run_in_executor(None, blocking_io).
 * SPDX-License-Identifier: MIT */
#include <time.h>

#include "rio/examples/demo.h"

/* In a thread: blocks it, and nobody else. */
static long blocking_io(void *arg)
{
    const char **result = arg;
    int64_t ns = seconds(2);

    say("阻塞操作开始...");
    (void)nanosleep(&(struct timespec){ns / RIO_SEC, ns % RIO_SEC}, NULL);
    say("阻塞操作结束.");
    *result = "阻塞操作结果";
    return 0;
}

static long body(void *arg)
{
    const char *result = NULL;
    rio_future *f = rio_run_in_executor(NULL, blocking_io, &result, 0);
    long rc;

    (void)arg;
    say("主协程可以继续做其他事...");
    RIO_TRY(await(rio_sleep(seconds(0.5))));
    say("主协程等待阻塞操作完成...");
    rc = await(rio_join_unref(f));
    if (rc == 0)
        say("获取到结果: %s", result);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
