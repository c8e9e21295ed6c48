/* replace - a job that waits gets another body: row 5.
 *
 * The body stands in the struct, so the struct is another one; everything else moves
 * into it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/kind.h"
#include "core/ready.h"
#include "core/state.h"

enum { REPLACE_EFFECTS = 2 }; /* MOVE, and FORGET of the old home */

static struct job *make_heir(struct job *old, struct rq_slice body,
                             struct rq_slice attrs)
{
    struct job *job =
        job_new(old->kind, old->number, body, attrs, (int64_t)old->put_wall_ms);

    if (job == NULL)
        return NULL;
    job->kind->refs++;
    job->attempts = old->attempts;
    job->more = old->more;
    job->has_extra = old->has_extra;
    old->has_extra = false;
    if (job->has_extra)
        job->more.extra->job = job;
    return job;
}

int core_replace(struct core *core, struct job_id id, struct rq_slice body,
                 struct rq_slice attrs, struct effects *fx)
{
    struct job *old = index_get(&core->index, id), *job;

    if (old == NULL || (old->state != JOB_READY && old->state != JOB_DELAYED))
        return 0;
    enum job_state state = (enum job_state)old->state;
    int rc = effects_reserve(fx, REPLACE_EFFECTS);
    if (rc == 0)
        rc = rq_heap_reserve(&job_queue(old)->late, 1);
    if (rc < 0)
        return rc;

    place_leave(core, old);
    job = make_heir(old, body, attrs);
    if (job == NULL) {
        place_enter(core, old, state);
        return -ENOMEM;
    }
    place_enter(core, job, state);
    journal_move(job, fx);
    journal_forget(old, fx);
    job_free(core, old);
    return 1;
}
