/* apart - jobs whose body does not stand in their record of the log: recovery brings
 * it when all records are read, or says that it is lost.
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/assert.h"
#include "base/err.h"
#include "core/aways.h"
#include "core/gate.h"
#include "core/heir.h"
#include "core/jobs.h"
#include "core/journal.h"
#include "core/state.h"

int core_give_body(struct core *core, struct job_id id, struct rq_slice body)
{
    struct job *job = index_get(&core->index, id);

    ASSERT(core->is_replaying);
    if (job == NULL)
        return -ENOENT;
    if (body.len != job->body_len)
        return RQ_E_MALFORMED;
    if (!job->is_away || !away_has_memory(core, body.len))
        return 0; /* it is read again when its turn comes */
    return heir_make(core, job, body, job_attrs(job)) == NULL ? -ENOMEM : 0;
}

/* The record that says so goes to the log, too: the next replay finds a dead job. */
static int die(struct core *core, const struct job *job, struct rq_slice reason,
               struct core_now now, struct effects *fx)
{
    const struct record died = {.type = RECORD_STATE,
                                .job = job_id(job),
                                .state = RECORD_DEAD,
                                .attempts = job->attempts,
                                .error = reason};

    int rc = effects_reserve(fx, 1 + CORE_REPLAY_EFFECTS);
    if (rc == 0)
        rc = core_replay(core, &died, job->home, now, fx);
    if (rc < 0)
        return rc;
    effects_add(fx, EFFECT_RECORD)->u.log.record = died;
    gate_look(core, job_queue(job)); /* perhaps too many have died now */
    return 0;
}

int core_lose_body(struct core *core, struct job_id id, struct rq_slice reason,
                   struct core_now now, struct effects *fx)
{
    struct job *job = index_get(&core->index, id);

    ASSERT(core->is_replaying);
    if (job == NULL)
        return -ENOENT;
    ASSERT(job->is_away); /* its record has no body */
    if (job->state != JOB_DEAD) {
        int rc = die(core, job, reason, now, fx);
        if (rc < 0)
            return rc;
    }
    job->has_no_body = true;
    return 0;
}
