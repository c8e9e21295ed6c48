/* holder - somebody who holds leases and loses them together.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "core/hand.h"
#include "core/keeper.h"
#include "core/state.h"

struct holder *core_holder_new(struct core *core)
{
    struct holder *holder = calloc(1, sizeof *holder);

    if (holder == NULL)
        return NULL;
    rq_list_init(&holder->leases);
    rq_list_init(&holder->waiters);
    rq_list_init(&holder->of_keeper);
    rq_list_push_back(&core->holders, &holder->all);
    return holder;
}

static void leave_keeper(struct holder *holder)
{
    rq_list_remove(&holder->of_keeper);
    keeper_unref(holder->keeper);
    holder->keeper = NULL;
}

int core_holder_keep(struct core *core, struct holder *holder, struct rq_slice name)
{
    struct keeper *keeper = NULL;

    if (name.len > 0) {
        keeper = keeper_need(core, name);
        if (keeper == NULL)
            return -ENOMEM;
    }
    leave_keeper(holder);
    if (keeper == NULL)
        return 0;
    holder->keeper = keeper;
    rq_list_push_front(&keeper->holders, &holder->of_keeper);
    while (!rq_list_empty(&keeper->nobody.leases))
        holder_take(holder, RQ_LIST_ENTRY(keeper->nobody.leases.next, struct job_extra,
                                          of_holder));
    return 0;
}

/* What is kept goes to another holder of the name, or runs on without one. */
static void pass_on(struct holder *holder)
{
    RQ_LIST_EACH_SAFE(link, &holder->leases)
    {
        struct job_extra *x = RQ_LIST_ENTRY(link, struct job_extra, of_holder);

        if (x->keeper != NULL)
            holder_take(keeper_heir(x->keeper), x);
    }
}

int core_holder_lost(struct core *core, struct holder *holder, struct core_now now,
                     struct effects *fx)
{
    ASSERT(rq_list_empty(&holder->waiters));
    leave_keeper(holder);
    pass_on(holder);
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
