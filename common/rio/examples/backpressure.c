/* backpressure - a bounded queue makes a fast producer wait for a slow consumer.
 *
 * asyncio: Queue(maxsize=2)
 * SPDX-License-Identifier: MIT */
#include "rio/examples/demo.h"

enum { ITEMS = 5 };

static long producer(void *arg)
{
    rio_queue *q = arg;

    for (int i = 0; i < ITEMS; i++) {
        if (rio_queue_full(q))
            say("(blocked)");
        RIO_TRY(await(rio_queue_put(q, &i)));
        say("put %d", i);
    }
    return 0;
}

static long consumer(void *arg)
{
    rio_queue *q = arg;
    int item;

    for (int i = 0; i < ITEMS; i++) {
        RIO_TRY(await(rio_sleep(seconds(1))));
        RIO_TRY(await(rio_queue_get(q, &item)));
        say("got %d", item);
    }
    return 0;
}

static long body(void *arg)
{
    rio_queue *q = rio_queue_new(sizeof(int), /* maxsize= */ 2);
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
