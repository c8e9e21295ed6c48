/* holder - somebody who holds leases and loses them together.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/assert.h"
#include "core/hand.h"
#include "core/state.h"

struct holder *core_holder_new(struct core *core)
{
    struct holder *holder = calloc(1, sizeof *holder);

    if (holder == NULL)
        return NULL;
    rq_list_init(&holder->leases);
    rq_list_init(&holder->waiters);
    rq_list_push_back(&core->holders, &holder->all);
    return holder;
}

int core_holder_lost(struct core *core, struct holder *holder, struct core_now now,
                     struct effects *fx)
{
    ASSERT(rq_list_empty(&holder->waiters));
    while (!rq_list_empty(&holder->leases)) {
        struct job_extra *x =
            RQ_LIST_ENTRY(holder->leases.next, struct job_extra, of_holder);
        int rc = hand_back(core, x->job, RQ_LIT("the connection was lost"), now, fx);

        if (rc < 0)
            return rc;
    }
    ASSERT(holder->lease_count == 0);
    rq_list_remove(&holder->all);
    free(holder);
    return 0;
}

size_t core_holder_leases(const struct holder *holder)
{
    return holder->lease_count;
}
