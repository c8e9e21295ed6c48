/* wake - how long a put takes to reach a consumer that waits, on a quiet server.
 * SPDX-License-Identifier: MIT */
#include "load/load.h"

enum { QUIET_NS = 2000000 };

struct consumer {
    struct lane *lane;
    rio_event got;
    long rc;
};

static long consume_one(void *arg)
{
    struct consumer *c = arg;

    c->rc = await(lane_ask(c->lane, VERB_GET));
    rio_event_set(&c->got);
    return c->rc;
}

RIO_AWAITS static long one_job(struct load *l, struct lane *producer,
                               struct lane *consumer)
{
    struct consumer c = {.lane = consumer};
    rio_group g;
    long rc;

    rio_group_enter(&g);
    rc = rio_group_spawn(&g, consume_one, &c) == NULL ? -1 : 0;
    /* The consumer's request is there, and everything has come to rest. */
    if (rc == 0)
        rc = await(rio_sleep(QUIET_NS));
    int64_t begin_ns = rio_now();
    if (rc == 0)
        rc = await(lane_ask(producer, VERB_PUT));
    if (rc == 0)
        rc = await(rio_event_wait(&c.got));
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    if (rc == 0 && l->is_measuring)
        rq_hist_add(&l->woken_us,
                    (uint64_t)(lane_answered_ns(consumer) - begin_ns) / 1000);
    return rc < 0 ? rc : await(lane_ask(consumer, VERB_DONE));
}

RIO_AWAITS long wake(struct load *l, struct lane *producer, struct lane *consumer)
{
    while (!l->is_over)
        RIO_TRY(await(one_job(l, producer, consumer)));
    return 0;
}
