/* fill - jobs that are there before the measurement begins, put by all lanes together.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "load/load.h"

struct share {
    struct lane *lane;
    uint64_t jobs;
};

static long put_share(void *arg)
{
    struct share *s = arg;

    return await(lane_fill(s->lane, s->jobs));
}

/* Who has nothing to put is left out: queues are empty when little is asked for. */
static int share_out(rio_group *g, struct share *shares, struct lane **lanes,
                     unsigned count, uint64_t jobs)
{
    for (unsigned i = 0; i < count; i++) {
        shares[i] = (struct share){lanes[i], jobs / count + (i < jobs % count)};
        if (shares[i].jobs > 0 && rio_group_spawn(g, put_share, &shares[i]) == NULL)
            return -ENOMEM;
    }
    return 0;
}

RIO_AWAITS long fill(struct load *l, struct lane **lanes, unsigned count)
{
    struct share *shares = calloc(count, sizeof *shares);
    rio_group g;

    if (shares == NULL)
        return -ENOMEM;
    rio_group_enter(&g);
    long rc = share_out(&g, shares, lanes, count, l->plan->prefill);
    rc = await(rio_group_exit(&g, rc));
    rio_group_destroy(&g);
    free(shares);
    return rc;
}
