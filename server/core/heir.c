/* heir - see heir.h.
 * SPDX-License-Identifier: MIT */
#include "core/heir.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "core/gate.h"
#include "core/jobs.h"
#include "core/ready.h"

/* All but what the texts are. */
static void inherit(struct job *heir, const struct job *job)
{
    const struct job own = *heir;

    memcpy(heir, job, offsetof(struct job, body));
    heir->body_len = own.body_len;
    heir->has_attrs = own.has_attrs;
    heir->is_away = own.is_away;
    heir->is_wanted = own.is_away && job->is_wanted;
    heir->has_no_body = false;
    if (heir->has_extra)
        heir->more.extra->job = heir;
}

static void take_place(struct core *core, struct job *job, struct job *heir)
{
    ASSERT(job->state != JOB_PENDING && job->state != JOB_ENDING);
    index_swap(&core->index, job, heir);
    if (job->is_late)
        rq_heap_swap(&ready_of(job_queue(job), job)->late, &job->at.late,
                     &heir->at.late);
    else
        rq_list_swap(&job->at.link, &heir->at.link);
}

struct job *heir_make(struct core *core, struct job *job, struct rq_slice body,
                      struct rq_slice attrs)
{
    struct job *heir = job_make(core, body, attrs);

    if (heir == NULL)
        return NULL;
    inherit(heir, job);
    place_count_out(core, job);
    take_place(core, job, heir);
    place_count_in(core, heir);
    if (job_queue(heir)->getter_count > 0)
        gate_look(core, job_queue(heir)); /* they may have waited for its body */
    job_unmake(core, job);                /* its kind and its extra are the heir's */
    return heir;
}
