/* describe-vs-run - to name a coroutine and its argument is not to run it.
 *
 * asyncio: calling a coroutine function only makes an object.  In C the call runs it,
 * so what describes the work is the function and its argument.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct work {
    rio_fn *fn;
    void *arg;
};

static long hello(void *arg)
{
    (void)arg;
    say("started");
    return 0;
}

static long body(void *arg)
{
    struct work later = {hello, arg};

    RIO_TRY(await(rio_sleep(seconds(1))));
    say("not started");
    return await(rio_join_unref(rio_create_task(later.fn, later.arg)));
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
