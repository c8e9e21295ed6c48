/* replace - a job that waits gets another body: row 5.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "core/heir.h"
#include "core/journal.h"

enum { REPLACE_EFFECTS = 2 }; /* MOVE, and FORGET of the old home */

int core_replace(struct core *core, struct job_id id, struct rq_slice body,
                 struct rq_slice attrs, struct effects *fx)
{
    struct job *job = index_get(&core->index, id);

    if (job == NULL || (job->state != JOB_READY && job->state != JOB_DELAYED))
        return 0;
    int rc = effects_reserve(fx, REPLACE_EFFECTS);
    if (rc < 0)
        return rc;
    job = heir_make(core, job, body, attrs);
    if (job == NULL)
        return -ENOMEM;
    journal_move(job, fx);
    journal_forget(job, fx);
    job->home = 0;
    return 1;
}
