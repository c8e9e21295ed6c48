/* task-done - join waits until every item has been dealt with, not just taken.
 *
 *     task-done [--extra]
 *
 * asyncio: queue.task_done(), queue.join().  One call too many is an error.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "rio/examples/demo.h"

static long worker(void *arg)
{
    rio_queue *q = arg;
    int item;

    for (;;) {
        RIO_TRY(await(rio_queue_get(q, &item)));
        RIO_TRY(await(rio_sleep(seconds(0.1)))); /* the work */
        RIO_TRY(rio_queue_task_done(q));
    }
}

static long body(void *arg)
{
    rio_queue *q = rio_queue_new(sizeof(int), /* maxsize= */ 0);
    rio_task *t = rio_create_task(worker, q);

    (void)arg;
    for (int i = 0; i < 5; i++)
        RIO_TRY(await(rio_queue_put(q, &i)));
    RIO_TRY(await(rio_queue_join(q)));
    say("joined at %.1f s", elapsed());
    if (demo_has("--extra"))
        say("-%s", strerrorname_np(-rio_queue_task_done(q)));
    rio_task_cancel(t);
    RIO_IGNORE(await(rio_join_unref(t)));
    rio_queue_free(q);
    return 0;
}

int main(int argc, char **argv)
{
    return demo_main(argc, argv, body);
}
