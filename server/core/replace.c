/* replace - a job that waits gets another body: row 5.
 *
 * The body stands in the struct, so the struct is another one; everything else moves
 * into it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

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

/* In no place yet, perhaps in another group; it has nothing of the old one's extra.
 * NULL: no memory */
static struct job *make_heir(struct core *core, const struct job *old,
                             struct rq_slice body, struct rq_slice attrs)
{
    struct queue *q = job_queue(old);
    const struct job_kind_key *key = &old->kind->key;
    struct job_kind *kind = kind_need(core, q, attrs, key->epoch, &key->policy);

    if (kind == NULL)
        return NULL;
    struct job *job = job_new(kind, old->number, body, attrs, old->put_wall_ms);
    if (job == NULL || rq_heap_reserve(&ready_of(q, job)->late, 1) < 0) {
        kind_unref(core, kind);
        free(job);
        return NULL;
    }
    job->ready_ns = old->ready_ns;
    job->attempts = old->attempts;
    return job;
}

static void inherit(struct job *job, struct job *old)
{
    job->extra = old->extra;
    old->extra = NULL;
    if (job->extra != NULL)
        job->extra->job = job;
}

static int replace(struct core *core, struct job *old, struct rq_slice body,
                   struct rq_slice attrs, struct effects *fx)
{
    enum job_state state = (enum job_state)old->state;
    int rc = effects_reserve(fx, REPLACE_EFFECTS);

    if (rc < 0)
        return rc;
    struct job *job = make_heir(core, old, body, attrs);
    if (job == NULL)
        return -ENOMEM;

    place_leave(core, old);
    inherit(job, old);
    place_enter(core, job, state);
    journal_move(job, fx);
    journal_forget(old, fx);
    job_free(core, old);
    return 1;
}

/* The heir is in the old one's batch. */
static int add_batch(const struct job *old, struct rq_slice attrs, struct rq_buf *out)
{
    int rc = rq_buf_append(out, attrs.ptr, attrs.len);

    return rc < 0 ? rc : attrs_add_batch(out, batch_of(old)->id);
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
    int rc = add_batch(old, attrs, &inherited);
    if (rc == 0)
        rc = replace(core, old, body, rq_buf_slice(&inherited), fx);
    rq_buf_fini(&inherited);
    return rc;
}
