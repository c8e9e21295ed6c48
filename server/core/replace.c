/* replace - a job that waits gets another body: row 5.
 *
 * The body stands in the struct, so the struct is another one; everything else moves
 * into it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "core/attrs.h"
#include "core/batches.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/kind.h"
#include "core/limits.h"
#include "core/ready.h"
#include "core/state.h"

enum { REPLACE_EFFECTS = 2 }; /* MOVE, and FORGET of the old home */

static struct job *make_heir(struct job *old, struct rq_slice body,
                             struct rq_slice attrs)
{
    struct job *job = job_new(old->kind, old->number, body, attrs, old->put_wall_ms);

    if (job == NULL)
        return NULL;
    job->kind->refs++;
    job->ready_ns = old->ready_ns;
    job->attempts = old->attempts;
    job->extra = old->extra;
    old->extra = NULL;
    if (job->extra != NULL)
        job->extra->job = job;
    return job;
}

/* The heir is in the old one's batch. */
static int inherit(const struct job *old, struct rq_slice attrs, struct rq_buf *out)
{
    int rc = rq_buf_append(out, attrs.ptr, attrs.len);

    return rc < 0 ? rc : attrs_add_batch(out, batch_of(old)->id);
}

static int replace(struct core *core, struct job *old, struct rq_slice body,
                   struct rq_slice attrs, struct effects *fx)
{
    enum job_state state = (enum job_state)old->state;
    struct job *job;
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

int core_replace(struct core *core, struct job_id id, struct rq_slice body,
                 struct rq_slice attrs, struct effects *fx)
{
    struct job *old = index_get(&core->index, id);
    struct rq_buf inherited;
    struct job_id batch;

    if (old == NULL || (old->state != JOB_READY && old->state != JOB_DELAYED))
        return 0;
    ASSERT(!attrs_find_batch(attrs, &batch)); /* nobody changes his batch */
    if (batch_of(old) == NULL)
        return replace(core, old, body, attrs, fx);
    rq_buf_init(&inherited, LIMIT_ATTRS_BYTES);
    int rc = inherit(old, attrs, &inherited);
    if (rc == 0)
        rc = replace(core, old, body, rq_buf_slice(&inherited), fx);
    rq_buf_fini(&inherited);
    return rc;
}
