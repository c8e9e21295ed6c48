/* 001-queue - one task makes data, another one uses it up.
 *
 * asyncio: asyncio.Queue under gather().  The tutorial's consumer waits for ever; here
 * the queue is shut down when all that was put has been dealt with.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

static long producer(void *arg)
{
    rio_queue *q = arg;

    for (int i = 0; i < 5; i++) {
        RIO_TRY(await(rio_sleep(seconds(1))));
        RIO_TRY(await(rio_queue_put(q, &i)));
        say("生产: 数据 %d", i);
    }
    RIO_TRY(await(rio_queue_join(q)));
    rio_queue_shutdown(q, /* immediate= */ false);
    return 0;
}

static long consumer(void *arg)
{
    rio_queue *q = arg;
    int item, rc;

    while ((rc = await(rio_queue_get(q, &item))) == 0) {
        say("消费: 数据 %d", item);
        RIO_TRY(rio_queue_task_done(q));
    }
    return rc == -ESHUTDOWN ? 0 : rc;
}

static long body(void *arg)
{
    rio_queue *q = rio_queue_new(sizeof(int), /* maxsize= */ 0);
    rio_task *both[] = {rio_create_task(producer, q), rio_create_task(consumer, q)};
    long rc = await(rio_gather(both, 2, NULL, 0));

    (void)arg;
    rio_unref(both[0]);
    rio_unref(both[1]);
    rio_queue_free(q);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
