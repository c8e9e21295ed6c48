/* replace - a job that waits gets another body: row 5.
 *
 * With another GROUP it goes there, and stands where it would if it had come with it.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "core/attrs.h"
#include "core/batches.h"
#include "core/heir.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/kind.h"
#include "core/limits.h"
#include "core/ready.h"

enum { REPLACE_EFFECTS = 2 }; /* MOVE, and FORGET of the old home */

/* Owns  consumes a reference to `kind`, in whose group there is room. */
static void become(struct core *core, struct job *job, struct job_kind *kind)
{
    struct job_kind *old = job->kind;
    enum job_state state = (enum job_state)job->state;

    if (kind != old) {
        place_leave(core, job);
        job->kind = kind;
        place_enter(core, job, state);
    }
    kind_unref(core, old);
}

/* Owns  consumes a reference to `kind`, unless it fails: then nothing has changed. */
static int make_heir(struct core *core, struct job **job, struct job_kind *kind,
                     struct rq_slice body, struct rq_slice attrs)
{
    int rc = kind == (*job)->kind ? 0 : ready_reserve_any(kind);

    if (rc < 0)
        return rc;
    struct job *heir = heir_make(core, *job, body, attrs);
    if (heir == NULL)
        return -ENOMEM;
    become(core, heir, kind);
    *job = heir;
    return 0;
}

static int replace(struct core *core, struct job *job, struct rq_slice body,
                   struct rq_slice attrs, struct effects *fx)
{
    const struct job_kind_key *key = &job->kind->key;
    int rc = effects_reserve(fx, REPLACE_EFFECTS);

    if (rc < 0)
        return rc;
    struct job_kind *kind =
        kind_need(core, job_queue(job), attrs, key->epoch, &key->policy);
    if (kind == NULL)
        return -ENOMEM;
    rc = make_heir(core, &job, kind, body, attrs);
    if (rc < 0) {
        kind_unref(core, kind);
        return rc;
    }
    journal_move(job, fx);
    journal_forget(job, fx);
    job->home = 0;
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
