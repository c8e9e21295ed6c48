/* 003-future - a value that one task waits for and another one provides.
 *
 * asyncio: set_result() by another task.
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

struct promise {
    rio_future *done;
    const char *text; /* the value; what a future itself carries is a long */
};

static long set_after(void *arg)
{
    struct promise *p = arg;

    RIO_TRY(await(rio_sleep(seconds(1))));
    p->text = "Future Result";
    return rio_future_set_result(p->done, 0);
}

static long body(void *arg)
{
    struct promise p = {.done = rio_future_new()};
    RIO_AUTO_TASK setter = rio_create_task(set_after, &p);
    long rc = await(rio_join_unref(p.done));

    (void)arg;
    if (rc == 0)
        say("%s", p.text);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
