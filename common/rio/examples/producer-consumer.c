/* producer-consumer - a queue, a semaphore and a lock work together.
 *
 * asyncio: the tools by which tasks coordinate.  The queue hands items out, the
 * semaphore lets two be worked on at a time, the lock guards a counter across a wait.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "rio/examples/demo.h"

enum { ITEMS = 5, CONSUMERS = 3 };

struct shop {
    rio_queue *q;
    rio_sem places;
    rio_lock lock;
    int produced, consumed, in_flight, most;
};

static long produce(void *arg)
{
    struct shop *shop = arg;

    for (int i = 0; i < ITEMS; i++) {
        RIO_TRY(await(rio_queue_put(shop->q, &i)));
        shop->produced++;
    }
    rio_queue_shutdown(shop->q, /* immediate= */ false);
    return 0;
}

RIO_AWAITS static long work(struct shop *shop)
{
    long rc;

    if (++shop->in_flight > shop->most)
        shop->most = shop->in_flight;
    RIO_TRY(await(rio_sleep(seconds(1))));
    RIO_WITH_LOCK(&shop->lock, &rc)
    {
        int seen = shop->consumed;

        RIO_TRY(await(rio_yield()));
        shop->consumed = seen + 1;
    }
    shop->in_flight--;
    return rc;
}

static long consume(void *arg)
{
    struct shop *shop = arg;
    int item;
    long rc;

    while ((rc = await(rio_queue_get(shop->q, &item))) == 0) {
        RIO_WITH_SEM(&shop->places, &rc)
        {
            rc = await(work(shop));
        }
        RIO_TRY(rc);
    }
    return rc == -ESHUTDOWN ? 0 : rc;
}

static long body(void *arg)
{
    struct shop shop = {.q = rio_queue_new(sizeof(int), /* maxsize= */ 1)};
    rio_group g;
    long rc = rio_sem_init(&shop.places, 2);

    (void)arg;
    rio_group_enter(&g);
    rio_group_spawn(&g, produce, &shop);
    for (int i = 0; i < CONSUMERS; i++)
        rio_group_spawn(&g, consume, &shop);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    rio_queue_free(shop.q);
    say("%d produced, %d consumed, max in flight %d", shop.produced, shop.consumed,
        shop.most);
    return rc;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
