/* result-done - asks a task for its result without waiting.
 *
 * asyncio: task.result(), and InvalidStateError.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio/examples/demo.h"

static long work(void *arg)
{
    (void)arg;
    RIO_TRY(await(rio_sleep(seconds(1))));
    return 7;
}

static long body(void *arg)
{
    rio_task *t = rio_create_task(work, NULL);

    (void)arg;
    say("-%s", strerrorname_np((int)-rio_future_result(t)));
    RIO_TRY(await(rio_join(t)));
    say("%ld", rio_future_result(t));
    rio_unref(t);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
