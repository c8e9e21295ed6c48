/* recover - how long a server that is just starting keeps its first consumer waiting:
 * until it listens, has read its log, and hands out a job.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "load/load.h"

enum { AGAIN_NS = 2000000 };
#define PATIENCE_NS (600 * RIO_SEC)

/* One job, got and finished.  Errors  it does not listen, or refuses: it is not up */
RIO_AWAITS static long try_one(struct load *l)
{
    struct lane *lane = NULL;
    long rc = await(lane_open(l, 0, &lane));

    if (rc == 0)
        rc = await(lane_ask(lane, VERB_GET));
    l->took_ns = rio_now() - l->begin_ns;
    if (rc == 0)
        rc = await(lane_ask(lane, VERB_DONE));
    lane_free(lane);
    return rc;
}

RIO_AWAITS long recover(struct load *l)
{
    l->begin_ns = rio_now();
    l->is_measuring = true;
    for (;;) {
        long rc = await(try_one(l));

        if (rc == 0 || rc == -ECANCELED || l->took_ns > PATIENCE_NS)
            return rc;
        l->why[0] = '\0';
        l->is_unreachable = false;
        RIO_TRY(await(rio_sleep(AGAIN_NS)));
    }
}
